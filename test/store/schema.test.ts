/** A database is what its migrations make of an empty file, and nothing else is opened. */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import Sqlite from 'better-sqlite3';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { ErrorCode } from '../../shared/errors.ts';
import { migrations } from '../../custody/store/migrations/index.ts';
import { openFile } from '../../custody/store/open.ts';

let folder: string;
let file: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'keymoot-schema-'));
  file = join(folder, 'desk.sqlite');
});
afterEach(() => {
  rmSync(folder, { recursive: true, force: true });
});
const edit = (...sql: string[]) => {
  const db = new Sqlite(file);
  for (const one of sql) db.exec(one);
  db.close();
};
const refused = (code: ErrorCode = 'store-tampered'): string => {
  try {
    openFile(file).close();
  } catch (error) {
    expect(error).toMatchObject({ code });
    return (error as Error).message;
  }
  throw new Error('the database was opened');
};

test.each(migrations.map((_, count) => count))(
  'is the same, made at once or when %d migrations had run before',
  (count) => {
    openFile(file, count).close();
    openFile(file).close();
    openFile(file).close(); // compares what was migrated with what is made at once
  },
);
test('is compared before a migration runs in it', () => {
  openFile(file, 1).close();
  edit('CREATE TABLE key_entry (key TEXT, seq INTEGER)');
  expect(refused()).toContain('the table “key_entry”, which Keymoot did not make');
  const db = new Sqlite(file);
  expect(db.pragma('user_version', { simple: true })).toBe(11);
  db.close();
});
test.each([1, 2, 9, 10])('of an earlier build, at version %d, is refused in words', (version) => {
  edit(
    'PRAGMA journal_mode = WAL',
    'CREATE TABLE log (seq INTEGER PRIMARY KEY)',
    `PRAGMA user_version = ${version}`,
  );
  const before = readFileSync(file);
  const words = refused('store-older');
  for (const said of ['an earlier build of Keymoot', 'Nothing was changed', 'found a new desk'])
    expect(words).toContain(said);
  expect(readFileSync(file).equals(before)).toBe(true);
});
test('of a newer build is refused in words', () => {
  openFile(file).close();
  edit(`PRAGMA user_version = ${10 + migrations.length + 1}`);
  expect(refused('store-newer')).toContain('Start the newer version');
});
test('of somebody else’s is not taken for an empty one', () => {
  edit('CREATE TABLE notes (text TEXT)');
  expect(refused()).toContain('Nothing was changed');
});
test('in another encoding is refused', () => {
  edit("PRAGMA encoding = 'UTF-16le'", ...migrations.map(({ sql }) => sql));
  edit(`PRAGMA user_version = ${10 + migrations.length}`);
  expect(refused()).toContain('is not built as Keymoot builds it');
});

describe('the words', () => {
  beforeEach(() => {
    openFile(file).close();
  });
  test('name what was added', () => {
    edit('CREATE TRIGGER helpful AFTER INSERT ON key BEGIN SELECT 1; END');
    expect(refused()).toContain('has the trigger “helpful”, which Keymoot did not make');
  });
  test('name what was changed', () => {
    edit('DROP INDEX key_by_label', 'CREATE INDEX key_by_label ON key (label, state)');
    expect(refused()).toContain('has another index “key_by_label” than Keymoot makes');
  });
  test('name what is missing', () => {
    edit('DROP TRIGGER log_keeps_deletes');
    expect(refused()).toContain('lacks the trigger “log_keeps_deletes”');
  });
  test('hold nothing of a name that would steer a terminal', () => {
    edit('CREATE VIEW "\u001b[2Jgood\u202e" AS SELECT 1');
    const words = refused();
    expect(words).toContain('good');
    expect(words).not.toMatch(/[\p{Cc}\u202e]/u);
  });
});
