/** Edits rows that triggers guard, as an attacker would who hides it: the triggers are restored afterwards. */
import type Sqlite from 'better-sqlite3';

export const withoutTriggers = (db: Sqlite.Database, edit: () => unknown): void => {
  const triggers = db
    .prepare<[], { name: string; sql: string }>(
      "SELECT name, sql FROM sqlite_schema WHERE type = 'trigger'",
    )
    .all();
  for (const { name } of triggers) db.exec(`DROP TRIGGER ${name}`);
  edit();
  for (const { sql } of triggers) db.exec(sql);
};
