/** Wrong files chosen in a file dialog: each is refused quickly, with a message and a code, and the service goes on answering. */
import { spawnSync } from 'node:child_process';
import {
  closeSync,
  ftruncateSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  rmSync,
  symlinkSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { createServer, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import { askFile } from '../../electron/common/files.ts';
import { findProgram, serveCommand } from '../../electron/common/program.ts';
import { ServiceLink } from '../../electron/common/service-link.ts';
import type { FilePurpose } from '../../shared/contract/names.ts';
import { root } from '../../scripts/lib/project.mjs';
import { ensureBuild } from '../../scripts/setup.mjs';
import { endsWithSuite } from '../support/at-end.ts';

const GIGABYTE = 1024 ** 3;
const home = mkdtempSync(join(tmpdir(), 'keymoot-chosen-'));
const at = (name: string): string => join(home, name);
const place = (name: string): string => (name.startsWith('/') ? name : at(name));
let link: ServiceLink;
let socket: Server;
const atEnd = endsWithSuite();
atEnd(() => {
  rmSync(home, { recursive: true, force: true });
});

const sparse = (name: string, start: string): void => {
  const file = openSync(at(name), 'w');
  writeSync(file, start);
  ftruncateSync(file, 5 * GIGABYTE);
  closeSync(file);
};

beforeAll(async () => {
  await ensureBuild();
  mkdirSync(at('folder'));
  mkdirSync(at('pretends'));
  spawnSync('mkfifo', [at('pipe'), at('pretends/checkpoint')]);
  sparse('sparse', '{');
  // The first bytes of a library on this system, followed by five gigabytes of zeros.
  sparse('sparse-library', '\u007fELF\u0002\u0001\u0001');
  writeFileSync(at('empty'), '');
  symlinkSync('/dev/zero', at('link-to-device'));
  symlinkSync('nowhere', at('link-to-nothing'));
  socket = createServer();
  await new Promise<void>((done) => socket.listen(at('socket'), done));
  atEnd(() => socket.close());
  link = new ServiceLink({
    command: () => serveCommand(findProgram({ checkout: root }) ?? [], at('desk')),
  });
  link.start();
  atEnd(() => link.stop());
});

/** The result of a choice: refused at the grant or at its use, the message and code, and the time taken, ms. */
const choose = async (purpose: FilePurpose, path: string) => {
  const since = performance.now();
  const granted = await askFile(link, () => Promise.resolve(path), purpose).catch(
    (error: unknown) => String(error),
  );
  const refusal = async () => {
    if (typeof granted === 'string') return { code: 'refused', message: granted };
    const grant = granted?.grant ?? '';
    const uses: Partial<Record<FilePurpose, [string, object]>> = {
      module: ['modules.add', { grant, label: 'chosen' }],
      'verify-bundle': ['log.verify', { bundle: grant }],
    };
    const [channel, input] = uses[purpose] ?? ['log.saveTrust', { grant }];
    const used = await link.request({ channel, input });
    if (used.ok) {
      const { verdict } = used.value as { verdict?: string };
      return { code: verdict ?? 'taken', message: 'a verdict, with its reasons in it' };
    }
    return used.error;
  };
  // Other calls are answered meanwhile: no call blocks on a pipe.
  const [{ code, message }, helloMs] = await Promise.all([
    refusal(),
    link.request({ channel: 'desk.hello', input: {} }).then(() => performance.now() - since),
  ]);
  return { code, message, ms: performance.now() - since, helloMs };
};

const CHOICES = [
  'folder',
  'pipe',
  'socket',
  'sparse',
  'sparse-library',
  'empty',
  'link-to-device',
  'link-to-nothing',
  'nothing-there',
  '/dev/zero',
  '/dev/tty',
  '/proc/self/mem',
];

describe.runIf(process.platform === 'linux')('chosen', () => {
  test.each(CHOICES)('as a library, %s is refused', async (name) => {
    const { code, message, ms, helloMs } = await choose('module', place(name));
    expect(code, message).not.toBe('taken');
    expect(code).not.toBe('internal');
    expect(message.split(' ').length, message).toBeGreaterThan(3);
    expect(message).not.toContain(home);
    expect(
      [ms, helloMs].every((took) => took < 5000),
      `${ms} ms`,
    ).toBe(true);
  });
  test.each([...CHOICES, 'pretends'])(
    'as a bundle to judge, %s is refused or malformed',
    async (name) => {
      const { code, message, ms, helloMs } = await choose('verify-bundle', place(name));
      expect(
        ['refused', 'malformed', 'file-unreadable', 'file-too-large'],
        `${code}: ${message}`,
      ).toContain(code);
      expect(message.split(' ').length, message).toBeGreaterThan(3);
      expect(
        [ms, helloMs].every((took) => took < 5000),
        `${ms} ms`,
      ).toBe(true);
    },
  );
  test.each([
    'folder',
    'pipe',
    'empty',
    'link-to-device',
    'link-to-nothing',
    '/dev/full',
    '/proc/x/y',
  ])('as a place for something new, %s is refused and left as it was', async (name) => {
    const { code, ms } = await choose('trust', place(name));
    expect(code).not.toBe('taken');
    expect(ms).toBeLessThan(5000);
  });
});
