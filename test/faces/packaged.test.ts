/** The window as it is installed: packed, its fuses set, run by an ordinary person with the browser's sandbox on. */
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import {
  chmodSync,
  chownSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readlinkSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeAll, describe, expect, test, vi } from 'vitest';
import { packWindow } from '../../scripts/lib/packaging.mjs';
import { at } from '../../scripts/lib/project.mjs';
import { makePackage, packaged } from '../../scripts/package.mjs';
import { endsWithSuite } from '../support/at-end.ts';
import { buildAll, childrenOf, electronDist, startDisplay } from './faces.ts';
import { askForDebugger } from '../support/debugger.ts';

/** In the order of the fuse wire (electron/fuses, version 1). */
const WIRE = [
  'runAsNode',
  'enableCookieEncryption',
  'enableNodeOptionsEnvironmentVariable',
  'enableNodeCliInspectArguments',
  'enableEmbeddedAsarIntegrityValidation',
  'onlyLoadAppFromAsar',
  'loadBrowserProcessSpecificV8Snapshot',
  'grantFileProtocolExtraPrivileges',
];
/** Parsed here, not by the tool that set them. */
const fusesOf = (program: string): Record<string, boolean | string> => {
  const bytes = readFileSync(program);
  const wire = bytes.indexOf('dL7pKGdnNz796PbbjQWNKmHXBZaB9tsX') + 32;
  expect(bytes[wire]).toBe(1);
  const states = bytes.toString('latin1', wire + 2, wire + 2 + (bytes[wire + 1] ?? 0));
  return Object.fromEntries(
    Array.from(states, (state, i) => [
      WIRE[i] ?? `the ${i}th, which has no name here`,
      state === '1' ? true : state === '0' ? false : `neither on nor off: ${state}`,
    ]),
  );
};
const fusesWanted = (): Record<string, boolean> => {
  const [, block = ''] =
    /^electronFuses:\n((?: .*\n)+)/m.exec(readFileSync(at('electron-builder.yml'), 'utf8')) ?? [];
  return Object.fromEntries(
    [...block.matchAll(/^ {2}(\w+): (true|false)$/gm)].map(([, name, on]) => [name, on === 'true']),
  );
};
/** The names in an asar archive: a header's length in four words, then JSON. */
const filesIn = (archive: string): string[] => {
  const bytes = readFileSync(archive);
  type Node = { files?: Record<string, Node> };
  const list = ({ files }: Node): string[] =>
    Object.entries(files ?? {}).flatMap(([name, node]) =>
      node.files === undefined ? [name] : list(node).map((below) => `${name}/${below}`),
    );
  return list(JSON.parse(bytes.toString('utf8', 16, 16 + bytes.readUInt32LE(12))) as Node);
};

/** How many colours a display shows, from its memory: an XWD header, a colour map of 12 bytes an entry, then four bytes a pixel. */
const shadesOn = (screen: string): number => {
  const bytes = readFileSync(screen);
  const pixels = bytes.subarray(bytes.readUInt32BE(0) + 12 * bytes.readUInt32BE(19 * 4));
  return new Set(new Uint32Array(Uint8Array.from(pixels).buffer, 0, 1280 * 800)).size;
};

describe.runIf(electronDist !== undefined && process.platform === 'linux')(
  'the packed window',
  () => {
    const folder = mkdtempSync(join(tmpdir(), 'keymoot-packed-'));
    const window = join(folder, 'window');
    const program = join(window, 'keymoot-window');
    const person = join(folder, 'person');
    const asRoot = process.getuid?.() === 0;
    const NOBODY = 65534;
    let display: string;
    const atEnd = endsWithSuite();
    atEnd(() => {
      rmSync(folder, { recursive: true, force: true, maxRetries: 5, retryDelay: 100 });
    });

    beforeAll(async () => {
      await buildAll();
      if (!existsSync(packaged)) await makePackage();
      await packWindow({ runtime: electronDist!, folder: window, anyVersion: true }, console.warn);
      chmodSync(folder, 0o755);
      mkdirSync(person);
      if (asRoot) chownSync(person, NOBODY, NOBODY);
      const screen = await startDisplay('1280x800', folder);
      ({ display } = screen);
      atEnd(screen.end);
    }, 300_000);

    /** As a person who isn't the administrator, with an environment of their own. */
    const start = (args: string[], env: Record<string, string> = {}): ChildProcess =>
      spawn(program, args, {
        cwd: person,
        env: { PATH: process.env['PATH'] ?? '', HOME: person, ...env },
        stdio: ['ignore', 'pipe', 'pipe'],
        ...(asRoot ? { uid: NOBODY, gid: NOBODY } : {}),
      });
    const ended = (child: ChildProcess) =>
      new Promise<{ code: number | null; out: string }>((done) => {
        let out = '';
        child.stdout?.on('data', (bytes: Buffer) => (out += bytes.toString()));
        child.once('close', (code) => {
          done({ code, out });
        });
      });

    test('has every fuse as electron-builder.yml says, and none that it doesn’t name', () => {
      expect(Object.keys(fusesWanted()).sort()).toEqual([...WIRE].sort());
      expect(fusesOf(program)).toEqual(fusesWanted());
      // The runtime it was made from is as it was.
      expect(fusesOf(join(electronDist!, 'electron'))['runAsNode']).toBe(true);
    });
    test('holds the faces and the page, no package, no source and no other face', () => {
      const files = filesIn(join(window, 'resources/app.asar'));
      expect(files).toContain('out/window/main/main.cjs');
      expect(files).toContain('out/window/preload/preload.cjs');
      expect(files).toContain('out/window/renderer/index.html');
      for (const file of files)
        expect(file).toMatch(/^(package\.json|out\/window\/(main|preload|renderer)\/[\w./-]+)$/);
      expect(files.filter((file) => /fallback|node_modules|\.tsx?$|\.map$/.test(file))).toEqual([]);
      expect(existsSync(join(window, 'resources/app'))).toBe(false);
      expect(existsSync(join(window, 'resources/default_app.asar'))).toBe(false);
    });

    test('opens for an ordinary person, its pages in the browser’s sandbox, on the program beside it', async () => {
      const child = start(['--data', join(person, 'desk')], { DISPLAY: display });
      const end = ended(child);
      const about = (pid: number, what: string) => {
        try {
          return readFileSync(`/proc/${pid}/${what}`, 'utf8');
        } catch {
          return ''; // ended meanwhile
        }
      };
      const all = () => childrenOf(child.pid ?? 0);
      await vi.waitFor(
        () => {
          // Drawn, and not only opened: antialiased letters have many shades.
          expect(shadesOn(join(folder, 'Xvfb_screen0'))).toBeGreaterThan(100);
        },
        { timeout: 30_000, interval: 300 },
      );
      const pages = all().filter((pid) => about(pid, 'cmdline').includes('--type=renderer'));
      expect(pages.length).toBeGreaterThan(0);
      const network = (pid: number) => readlinkSync(`/proc/${pid}/ns/net`);
      for (const page of pages) {
        // A filter on system calls, and a network of its own without anything on it.
        expect(about(page, 'status')).toMatch(/^Seccomp:\s*2$/m);
        expect(network(page)).not.toBe(network(process.pid));
      }
      const services = all().filter((pid) => about(pid, 'cmdline').startsWith('keymoot serve'));
      expect(services.map((pid) => readlinkSync(`/proc/${pid}/exe`))).toEqual([
        join(window, 'resources/keymoot/keymoot'),
      ]);
      // Neither opens a debugger on the signal for it.
      const asked = [child.pid ?? 0, ...services];
      expect(await askForDebugger(asked)).toEqual({ ports: [], ended: [] });
      child.kill('SIGTERM');
      expect((await end).code).toBe(0);
      expect(all()).toEqual([]);
    });

    test('is no Node, takes no NODE_OPTIONS and no debugger', async () => {
      const evil = join(person, 'evil.cjs');
      const mark = join(person, 'evil-ran');
      writeFileSync(evil, `require('node:fs').writeFileSync(${JSON.stringify(mark)}, '')`);
      const runs: [string[], Record<string, string>][] = [
        [[evil], { ELECTRON_RUN_AS_NODE: '1' }],
        [['-r', evil], { ELECTRON_RUN_AS_NODE: '1' }],
        [[], { NODE_OPTIONS: `--require=${evil}` }],
        [[evil], {}],
      ];
      // Without a display: each ends by itself, after it has loaded its code.
      for (const [args, env] of runs) expect((await ended(start(args, env))).code).not.toBe(0);
      expect(existsSync(mark)).toBe(false);
      const inspected = start(['--inspect=127.0.0.1:0'], {});
      let said = '';
      inspected.stderr?.on('data', (bytes: Buffer) => (said += bytes.toString()));
      await ended(inspected);
      expect(said).not.toMatch(/Debugger listening/);
    });

    test('loads nothing from a folder in the archive’s place', async () => {
      const resources = join(window, 'resources');
      const mark = join(person, 'folder-ran');
      renameSync(join(resources, 'app.asar'), join(resources, 'kept.asar'));
      mkdirSync(join(resources, 'app'));
      writeFileSync(join(resources, 'app/package.json'), '{"main":"main.js"}');
      const script = `require('node:fs').writeFileSync(${JSON.stringify(mark)}, ''); process.exit(7);`;
      writeFileSync(join(resources, 'app/main.js'), script);
      try {
        expect((await ended(start([], { DISPLAY: display }))).code).not.toBe(7);
        expect(existsSync(mark)).toBe(false);
      } finally {
        rmSync(join(resources, 'app'), { recursive: true });
        renameSync(join(resources, 'kept.asar'), join(resources, 'app.asar'));
      }
    });

    test.runIf(asRoot)('does not run as root: it says so and starts no service', async () => {
      const { pid, stderr } = await new Promise<{ pid: number; stderr: string }>((resolve) => {
        const child = spawn(program, ['--no-sandbox', '--data', join(folder, 'roots')], {
          env: { PATH: process.env['PATH'] ?? '', HOME: folder, DISPLAY: display },
          stdio: ['ignore', 'ignore', 'pipe'],
        });
        let stderr = '';
        child.stderr.on('data', (bytes: Buffer) => (stderr += bytes.toString()));
        setTimeout(() => {
          resolve({ pid: child.pid ?? 0, stderr });
        }, 2500);
        atEnd(() => child.kill('SIGKILL'));
      });
      const lines = spawnSync('ps', ['-o', 'args=', '-p', [pid, ...childrenOf(pid)].join(',')]);
      expect(lines.stdout.toString()).not.toMatch(/serve/);
      expect(stderr).not.toMatch(/Segmentation/);
      expect(existsSync(join(folder, 'roots'))).toBe(false);
    });
  },
);
