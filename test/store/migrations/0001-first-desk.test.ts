import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { migrations } from '../../../custody/store/migrations/index.ts';
import { openFile } from '../../../custody/store/open.ts';

const folder = mkdtempSync(join(tmpdir(), 'keymoot-migration-'));
const db = openFile(join(folder, 'new.sqlite'), 1);
afterAll(() => {
  db.close();
  rmSync(folder, { recursive: true, force: true });
});

/** `name TYPE`, with ! where NOT NULL and # where part of the primary key. */
const columns = (table: string): string =>
  db
    .prepare<[], { name: string; type: string; notnull: number; pk: number }>(
      `PRAGMA table_info("${table}")`,
    )
    .all()
    .map(
      ({ name, type, notnull, pk }) =>
        `${name} ${type}${notnull === 1 ? '!' : ''}${pk > 0 ? '#' : ''}`,
    )
    .join(', ');

describe('0001-first-desk, from an empty file', () => {
  test('makes these tables with these columns and no others', () => {
    const tables = db
      .prepare<[], { name: string }>(
        "SELECT name FROM sqlite_schema WHERE type = 'table' ORDER BY name",
      )
      .all();
    expect(Object.fromEntries(tables.map(({ name }) => [name, columns(name)]))).toEqual({
      ceremony: 'id TEXT!#, definition_sha256 TEXT!, opened TEXT!',
      checkpoint: 'size INTEGER#, root BLOB!, note TEXT',
      definition: 'sha256 TEXT!#, title TEXT!, defined TEXT!',
      envelope: 'serial TEXT!#, ceremony TEXT, component INTEGER!, person TEXT!, state TEXT!',
      evidence: 'sha256 TEXT!#, media TEXT!, bytes BLOB!',
      export:
        'id TEXT!#, key TEXT!, target TEXT!, algorithm TEXT!, state TEXT!, created TEXT!, parameters_sha256 TEXT, wrapping_spki_sha256 TEXT, key_ref TEXT, valid_to TEXT, blob_sha256 TEXT, manifest_sha256 TEXT',
      intent: 'entry TEXT!#, seq INTEGER!',
      key: 'id TEXT!#, label TEXT!, algorithm TEXT!, bits INTEGER!, purpose TEXT!, extractable INTEGER!, module TEXT!, token_manufacturer TEXT!, token_model TEXT!, token_serial TEXT!, token_label TEXT!, ckaid TEXT!, state TEXT!, origin TEXT!, control TEXT!, check_method TEXT, check_value TEXT, spki BLOB, spki_sha256 TEXT, attributes TEXT!, ceremony TEXT, created TEXT!',
      log_index: 'kind TEXT!#, id TEXT!#, seq INTEGER!#',
      log: 'seq INTEGER#, entry BLOB!, hashes BLOB!',
      meta: 'name TEXT!#, value TEXT!',
      module:
        'id TEXT!#, path TEXT!, sha256 TEXT!, family TEXT!, label TEXT!, settings_sha256 TEXT!',
      name: 'person TEXT!#, salt BLOB!, name TEXT!',
      person: 'id TEXT!#, role TEXT!, key_sha256 TEXT!, gone INTEGER!',
      settings: 'sha256 TEXT!#, json TEXT!',
      signing_key:
        'person TEXT!#, kdf_log2n INTEGER!, kdf_salt BLOB!, seal_nonce BLOB!, sealed_key BLOB!',
      process: 'pid INTEGER#, started TEXT!, epoch INTEGER!, module TEXT!, purpose TEXT!',
    });
  });
  test('makes every table strict', () => {
    const loose = db
      .prepare<[], { name: string }>(
        "SELECT name FROM pragma_table_list WHERE schema = 'main' AND type = 'table' AND strict = 0 AND name NOT LIKE 'sqlite_%'",
      )
      .all();
    expect(loose).toEqual([]);
  });
  test('guards the log by triggers', () => {
    const triggers = db
      .prepare<[], { name: string; tbl_name: string }>(
        "SELECT name, tbl_name FROM sqlite_schema WHERE type = 'trigger' ORDER BY name",
      )
      .all();
    expect(triggers).toEqual([
      { name: 'log_keeps_deletes', tbl_name: 'log' },
      { name: 'log_keeps_updates', tbl_name: 'log' },
    ]);
  });
  test('counts itself, and does nothing the second time', () => {
    expect(db.pragma('user_version', { simple: true })).toBe(11);
    expect(migrations[0]?.name).toBe('0001-first-desk');
  });
  test('is opened durable and distrustful', () => {
    const pragma = (name: string) => db.pragma(name, { simple: true });
    expect({
      journal: pragma('journal_mode'),
      synchronous: pragma('synchronous'),
      keys: pragma('foreign_keys'),
      trusted: pragma('trusted_schema'),
      cells: pragma('cell_size_check'),
      lock: pragma('locking_mode'),
    }).toEqual({
      journal: 'wal',
      synchronous: 2,
      keys: 1,
      trusted: 0,
      cells: 1,
      lock: 'exclusive',
    });
  });
  test('has no column whose name says that it could hold a key, a PIN or a component', () => {
    const names = db
      .prepare<[], { name: string }>(
        "SELECT p.name FROM sqlite_schema s, pragma_table_info(s.name) p WHERE s.type = 'table'",
      )
      .all();
    // The person's own signing key, sealed under a passphrase, is the one exception (design 08, T1).
    const secret = names
      .map(({ name }) => name)
      .filter((name) => /(^|_)pin|secret|private|component_|passphrase|share/.test(name));
    expect(secret).toEqual([]);
  });
});
