/**
 * A small tree with our scripts, our packages and a program of a few lines, so that the scripts can
 * be tried for what they do without the weight of the real program.
 */
import { spawn } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { at } from '../../scripts/lib/project.mjs';
import { ENDED_LATE } from '../support/ended-late.ts';

const PROGRAM = {
  'custody/main.ts': `
    declare const __KEYMOOT_VERSION__: string;
    declare const __KEYMOOT_BUILD__: string;
    import { readFileSync } from 'node:fs';
    const [what = '', , given = ''] = process.argv.slice(2);
    const deeds: Record<string, () => unknown> = {
      '--version': () => console.log(__KEYMOOT_VERSION__, __KEYMOOT_BUILD__),
      lazy: () => console.log('not evaluated'),
      eager: async () => console.log((await import('./late.ts')).late),
      folder: () => console.log(process.cwd()),
      read: () => console.log(readFileSync(Number(given), 'utf8').trim()),
      fail: () => process.exit(7),
      die: () => process.kill(process.pid, 'SIGKILL'),
      wait: () => {
        process.on('SIGTERM', () => process.exit(9));
        setTimeout(() => process.exit(1), 30_000);
        console.log('waiting');
      },
      options: () => console.log(...process.execArgv),
      environment: () => console.log(...Object.keys(process.env)),
      natives: async () => (await import('./native.ts')).tryNatives(),
    };
    void deeds[what]?.();
  `,
  'custody/late.ts': `
    console.log('evaluated');
    export const late = 'late';
  `,
  'custody/native.ts': `
    import { createRequire } from 'node:module';
    import { dirname, join } from 'node:path';
    import { isSea } from 'node:sea';
    export function tryNatives(): void {
      const beside = isSea() ? join(dirname(process.execPath), 'native', '_') : import.meta.filename;
      const require = createRequire(beside);
      const database = new (require('better-sqlite3'))(':memory:');
      console.log(database.prepare('select 40 + 2 as n').get().n, typeof require('pkcs11js').PKCS11);
    }
  `,
  'shared/README.md': 'Nothing here.\n',
  'resources/note.txt': 'a resource\n',
};

export function stubProject() {
  const folder = mkdtempSync(join(tmpdir(), 'keymoot-stub-'));
  const files = ['shared/environment.json', 'package.json', 'package-lock.json', 'LICENSE'];
  for (const name of ['scripts', ...files]) {
    cpSync(at(name), join(folder, name), { recursive: true });
  }
  symlinkSync(at('node_modules'), join(folder, 'node_modules'));
  const write = (file, text) => {
    mkdirSync(dirname(join(folder, file)), { recursive: true });
    writeFileSync(join(folder, file), text);
  };
  for (const [file, text] of Object.entries(PROGRAM)) write(file, text);
  const path = (...parts) => join(folder, ...parts);
  return { folder, path, write, remove: () => rmSync(folder, { recursive: true, force: true }) };
}

/** Starts a program; `ended` resolves to its code, signal and output. Nothing of npm's is passed on. */
export function start(
  command,
  args,
  { env = {}, stdio = ['ignore', 'pipe', 'pipe'], ...rest } = {},
) {
  const clean = Object.fromEntries(
    Object.entries(process.env).filter(([name]) => !/^(npm_|INIT_CWD$|NODE_OPTIONS$)/.test(name)),
  );
  const child = spawn(command, args, { ...ENDED_LATE, ...rest, stdio, env: { ...clean, ...env } });
  const output = { stdout: '', stderr: '' };
  for (const name of ['stdout', 'stderr']) {
    child[name]?.setEncoding('utf8').on('data', (text) => (output[name] += text));
  }
  const ended = new Promise((done, fail) => {
    child.once('error', fail);
    child.once('close', (code, signal) => done({ code, signal, ...output }));
  });
  return { child, ended };
}
