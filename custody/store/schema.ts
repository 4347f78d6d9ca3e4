/**
 * The tables, indexes and triggers of the database: made by migrations, and compared with a fresh schema at each opening.
 *
 * SECURITY: a foreign trigger would run inside our own writes, and a missing one no longer protects. Rows are compared with the log later
 * (projections/check.ts); this check ensures that reads and writes do only what our code says.
 */
import { KeymootError } from '../../shared/errors.ts';
import { cleanText } from '../../shared/text.ts';
import { nativeRequire } from '../native.ts';
import { migrations } from './migrations/index.ts';
import type { Database } from './open.ts';

interface Part {
  type: string;
  name: string;
  tbl_name: string;
  sql: string | null;
}

/** The database's user_version is this plus the number of migrations that have run. Smaller values except 0 come from builds whose log had another form. */
const BASE = 10;

const run = (db: Database, from: number, to: number): void => {
  for (const [index, { sql }] of migrations.entries()) {
    if (index < from || index >= to) continue;
    db.transaction(() => {
      db.exec(sql);
      db.pragma(`user_version = ${BASE + index + 1}`);
    }).immediate();
  }
};

const partsOf = (db: Database): Part[] =>
  db.prepare<[], Part>('SELECT type, name, tbl_name, sql FROM sqlite_schema').all();
const encodingOf = (db: Database): unknown => db.pragma('encoding', { simple: true });
const spelled = (part: Part): string => JSON.stringify(part);
const called = ({ type, name }: Part): string => `${cleanText(type, 16)} “${cleanText(name, 64)}”`;

/** The difference, as a message. */
const difference = (db: Database, fresh: Database): string | undefined => {
  const [parts, ours] = [partsOf(db), partsOf(fresh)];
  const known = new Set(ours.map(spelled));
  const strange = parts.find((part) => !known.has(spelled(part)));
  if (strange !== undefined) {
    const changed = ours.some(({ type, name }) => type === strange.type && name === strange.name);
    return changed
      ? `has another ${called(strange)} than Keymoot makes`
      : `has the ${called(strange)}, which Keymoot did not make`;
  }
  const there = new Set(parts.map(spelled));
  const missing = ours.find((part) => !there.has(spelled(part)));
  if (missing !== undefined) return `lacks the ${called(missing)}`;
  return parts.length === ours.length && encodingOf(db) === encodingOf(fresh)
    ? undefined
    : 'is not built as Keymoot builds it';
};

/** @throws KeymootError store-tampered */
const compare = (db: Database, fresh: Database): void => {
  const wrong = difference(db, fresh);
  if (wrong !== undefined)
    throw new KeymootError(
      'store-tampered',
      `The desk’s database ${wrong}. Nothing was changed. Keep the data folder as evidence and restore a copy.`,
    );
};

/**
 * Brings the database to migration `to`, after comparing it with an empty one at the same migration.
 *
 * @throws KeymootError store-older, store-newer, store-tampered
 */
export const migrate = (db: Database, to: number): void => {
  const stored = db.pragma('user_version', { simple: true }) as number;
  if (stored > 0 && stored <= BASE)
    throw new KeymootError(
      'store-older',
      'This desk was made by an earlier build of Keymoot, whose log has another form. Nothing was changed. Look at it with that build; found a new desk with this one.',
    );
  const version = Math.max(0, stored - BASE);
  if (version > migrations.length)
    throw new KeymootError(
      'store-newer',
      `This desk was last used by a newer Keymoot (schema ${stored}; this one knows ${BASE + migrations.length}). Nothing was changed. Start the newer version.`,
    );
  const Sqlite = nativeRequire('better-sqlite3');
  const fresh = new Sqlite(':memory:');
  try {
    run(fresh, 0, version);
    compare(db, fresh);
    run(db, version, to);
  } finally {
    fresh.close();
  }
};
