/** What opening a data folder says when it isn't what it should be, and that it then changes nothing. */
import {
  chmodSync,
  chownSync,
  copyFileSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import Sqlite from 'better-sqlite3';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { KeymootError, type ErrorCode } from '../../shared/errors.ts';
import { DeskClient } from '../../custody/cli/client.ts';
import { Store } from '../../custody/store/store.ts';
import { refusedAs } from '../support/desk.ts';

let home: string;
let folder: string;
beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), 'keymoot-store-'));
  folder = join(home, 'desk');
});
afterEach(() => {
  rmSync(home, { recursive: true, force: true });
});
const file = () => join(folder, 'desk.sqlite');
const make = () => {
  const store = Store.open(folder);
  store.commit(() => {
    for (let i = 0; i < 200; i++) store.evidence.put('text/plain', Buffer.alloc(2000, i));
  });
  store.close();
};
const refuses = (code: ErrorCode, at = folder): KeymootError => {
  let error: unknown;
  try {
    Store.open(at).close();
  } catch (reason) {
    error = reason;
  }
  expect(error).toBeInstanceOf(KeymootError);
  const { code: given, message } = error as KeymootError;
  expect(given, message).toBe(code);
  expect(message).not.toContain(home);
  return error as KeymootError;
};
const unchanged = (act: () => void) => {
  const before = readFileSync(file());
  act();
  expect(readFileSync(file()).equals(before)).toBe(true);
};

describe('a data folder', () => {
  test('is made when it is missing, for its owner alone', () => {
    Store.open(join(folder, 'deeper')).close();
    expect(statSync(join(folder, 'deeper')).mode & 0o777).toBe(0o700);
    expect(statSync(join(folder, 'deeper', 'desk.sqlite')).mode & 0o777).toBe(0o600);
    expect(statSync(join(folder, 'deeper', 'reserve')).size).toBe(1024 * 1024);
  });
  test('is refused when it is a file, or lies below one', () => {
    writeFileSync(folder, 'not a folder');
    expect(refuses('store-read-only').message).toContain('not a folder');
    refuses('store-read-only', join(folder, 'desk'));
    expect(readFileSync(folder, 'utf8')).toBe('not a folder');
  });
  test('is refused when its name is longer than any', () => {
    refuses('store-read-only', join(home, 'x'.repeat(300)));
  });
  test('is refused when its database is a folder', () => {
    mkdirSync(file(), { recursive: true });
    refuses('store-read-only');
  });
  test.skipIf(process.platform !== 'linux')('is refused where nothing can be written', () => {
    refuses('store-read-only', '/sys/keymoot');
  });
  test.skipIf(process.getuid?.() === undefined)(
    'is refused when its database may only be read',
    () => {
      make();
      const nobody = 65534;
      const root = process.getuid?.() === 0;
      chmodSync(file(), 0o400);
      chmodSync(folder, 0o500);
      if (root) {
        chmodSync(home, 0o755);
        for (const path of [file(), folder]) chownSync(path, nobody, nobody);
        process.seteuid?.(nobody);
      }
      try {
        const error = refuses('store-read-only');
        expect(error.message).toContain('nothing was changed');
      } finally {
        if (root) process.seteuid?.(0);
        chmodSync(folder, 0o700);
      }
    },
  );
});

describe('a database', () => {
  beforeEach(make);
  const overwritten: [string, (bytes: Buffer) => Buffer][] = [
    [
      'whose first bytes were overwritten',
      (bytes) => Buffer.concat([Buffer.alloc(64, 0x41), bytes.subarray(64)]),
    ],
    [
      'with a page of noise in it',
      (bytes) =>
        Buffer.concat([bytes.subarray(0, 8192), Buffer.alloc(4096, 0xa5), bytes.subarray(12288)]),
    ],
    ['cut in the middle', (bytes) => bytes.subarray(0, Math.floor(bytes.length / 2))],
    [
      'cut in the middle of a page',
      (bytes) => bytes.subarray(0, Math.floor(bytes.length / 2) - 1111),
    ],
    ['of one byte', (bytes) => bytes.subarray(0, 1)],
    ['that is a text', () => Buffer.from('This was a database.\n'.repeat(100))],
  ];
  for (const [what, change] of overwritten)
    test(`${what} is refused as damaged and left as it is`, () => {
      writeFileSync(file(), change(readFileSync(file())));
      unchanged(() => expect(refuses('store-damaged').message).toContain('Nothing was written'));
    });
  test('that is empty or gone is not taken for a new desk', () => {
    truncateSync(file(), 0);
    expect(refuses('store-damaged').message).toContain('Nothing was written');
    expect(statSync(file()).size).toBe(0);
    rmSync(file());
    refuses('store-damaged');
    expect(() => statSync(file())).toThrow();
  });
  test('from a newer version is refused and left as it is', () => {
    const db = new Sqlite(file());
    db.pragma('user_version = 99');
    db.close();
    const error = refuses('store-newer');
    expect(error.message).toContain('schema 99');
    const after = new Sqlite(file());
    expect(after.pragma('user_version', { simple: true })).toBe(99);
    after.close();
  });
  test('is checked, kept whole and durable', () => {
    const store = Store.open(folder);
    store.commit(() => {
      store.meta.set('epoch', '41');
    });
    // What is answered is on disk: a copy of the files at this instant has it.
    const copy = join(home, 'copy');
    mkdirSync(copy);
    for (const name of ['desk.sqlite', 'desk.sqlite-wal'])
      copyFileSync(join(folder, name), join(copy, name));
    store.close();
    const other = Store.open(copy);
    expect(other.meta.get('epoch')).toBe('41');
    other.close();
  });
});

describe('two desks at once', () => {
  test('the second is refused, whichever is second, and admitted when the first has ended', async () => {
    const first = await DeskClient.start(folder);
    const busy = await refusedAs('desk-busy', DeskClient.start(folder));
    expect(busy.message).toContain('nothing was changed here');
    refuses('desk-busy');
    expect((await first.call('desk.hello', {})).epoch).toBe(1);
    await first.stop();

    const store = Store.open(folder);
    await refusedAs('desk-busy', DeskClient.start(folder));
    store.close();

    const second = await DeskClient.start(folder);
    expect((await second.call('desk.hello', {})).epoch).toBe(2);
    await second.kill();
    const third = await DeskClient.start(folder);
    expect((await third.call('desk.hello', {})).epoch).toBe(3);
    await third.stop();
  });
});
