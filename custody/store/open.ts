/**
 * Opens the desk's database. The only place that sets SQLite's options and translates its errors into messages.
 *
 * One process per desk: the lock is exclusive and held until the process ends. WAL with synchronous=FULL: a commit is on disk before it is answered.
 */
import { chmodSync, existsSync, mkdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type BetterSqlite3 from 'better-sqlite3';
import { KeymootError } from '../../shared/errors.ts';
import { nativeRequire } from '../native.ts';
import { migrations } from './migrations/index.ts';
import { migrate } from './schema.ts';

export type Database = BetterSqlite3.Database;

const RESERVE_BYTES = 1024 * 1024;
const reservePath = (folder: string): string => join(folder, 'reserve');
const databasePath = (folder: string): string => join(folder, 'desk.sqlite');

/** SQLite's error code, if it is an error of SQLite. */
export const sqliteCode = (error: unknown): string | undefined => {
  if (!(error instanceof Error) || !('code' in error)) return undefined;
  return typeof error.code === 'string' && error.code.startsWith('SQLITE_')
    ? error.code
    : undefined;
};

/** Translates SQLite's and the file system's errors. Any other error is returned unchanged. */
export const storeError = (error: unknown): unknown => {
  const code =
    sqliteCode(error) ??
    (error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : '');
  const say = (kind: KeymootError['code'], message: string) =>
    new KeymootError(kind, message, { cause: error, fields: { store: code } });
  if (/^SQLITE_(BUSY|LOCKED)/.test(code))
    return say(
      'desk-busy',
      'Another Keymoot has this desk open. Close that window or command first; nothing was changed here.',
    );
  if (/^SQLITE_(CORRUPT|NOTADB)/.test(code))
    return say(
      'store-damaged',
      'The desk’s database is damaged. Nothing was written. Keep the file as it is, restore a copy, and compare its log with a printed checkpoint.',
    );
  if (/^SQLITE_FULL/.test(code) || code === 'ENOSPC' || code === 'EDQUOT')
    return say(
      'store-full',
      'The disk is full, so nothing more can be recorded and nothing more is done. Free some space and try again.',
    );
  if (
    /^SQLITE_(READONLY|CANTOPEN|PERM|IOERR_LOCK)/.test(code) ||
    /^(EROFS|EACCES|EPERM)$/.test(code)
  )
    return say(
      'store-read-only',
      'The desk’s data folder can not be written. Check who owns it and whether the disk is mounted read-only; nothing was changed.',
    );
  if (/^SQLITE_IOERR/.test(code))
    return say(
      'store-damaged',
      'The disk reported an error. Nothing was acknowledged. Check the disk before going on.',
    );
  return error;
};

/** Opens a database file with every setting and check: for the desk, and for tests of migrations, which give the number of migrations to run. */
export const openFile = (file: string, to = migrations.length): Database => {
  const Sqlite = nativeRequire('better-sqlite3');
  let db: Database | undefined;
  try {
    db = new Sqlite(file, { timeout: 250 });
    db.pragma('locking_mode = EXCLUSIVE');
    db.pragma('journal_mode = WAL');
    db.pragma('synchronous = FULL');
    db.pragma('fullfsync = ON'); // macOS: fsync alone leaves data in the drive's cache
    db.pragma('checkpoint_fullfsync = ON');
    db.pragma('foreign_keys = ON');
    db.pragma('trusted_schema = OFF');
    db.pragma('cell_size_check = ON');
    db.exec('BEGIN EXCLUSIVE; COMMIT'); // takes the lock now, not at the first write
    const check = db.pragma('quick_check(1)', { simple: true });
    if (check !== 'ok')
      throw new KeymootError(
        'store-damaged',
        'The desk’s database is damaged. Nothing was written. Keep the file as it is, restore a copy, and compare its log with a printed checkpoint.',
      );
    migrate(db, to);
    return db;
  } catch (error) {
    db?.close();
    throw storeError(error);
  }
};

/** SQLite treats any file shorter than a page as a new database. */
const LEAST_PAGE_BYTES = 512;
/** A reserve is only ever written beside a database, so a reserve alone means a lost database, never a new desk. */
const requireDatabase = (folder: string): void => {
  const database = statSync(databasePath(folder), { throwIfNoEntry: false });
  if (
    existsSync(reservePath(folder)) &&
    (database === undefined || database.size < LEAST_PAGE_BYTES)
  )
    throw new KeymootError(
      'store-damaged',
      'There was a desk in this folder, and its database is gone or empty. Nothing was written. Restore a copy.',
    );
};

/** Opens the desk in a folder; creates folder and database when missing. */
export const openDesk = (folder: string): Database => {
  try {
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    chmodSync(folder, 0o700);
    requireDatabase(folder);
  } catch (error) {
    const known = storeError(error);
    if (known instanceof KeymootError) throw known;
    throw new KeymootError(
      'store-read-only',
      'The data folder can not be made: something of that name is there and is not a folder, or the name is not one. Choose another.',
      { cause: error },
    );
  }
  const db = openFile(databasePath(folder));
  try {
    chmodSync(databasePath(folder), 0o600);
    if (!existsSync(reservePath(folder)))
      writeFileSync(reservePath(folder), Buffer.alloc(RESERVE_BYTES, 1), {
        flag: 'wx',
        mode: 0o600,
      });
    return db;
  } catch (error) {
    db.close();
    throw storeError(error);
  }
};

/** Deletes the reserve, so that the outcome of a call already made on a device can be written on a full disk. */
export const releaseReserve = (folder: string): boolean => {
  if (!existsSync(reservePath(folder))) return false;
  rmSync(reservePath(folder), { force: true });
  return true;
};
