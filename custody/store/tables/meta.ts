/** Facts about the installation: its origin, its mode, the log key's place, the epoch. */
import type { Database } from '../open.ts';

export type MetaName = 'origin' | 'mode' | 'installation' | 'epoch' | 'log_key';

export class MetaTable {
  readonly #db;
  constructor(db: Database) {
    this.#db = db;
  }
  get(name: MetaName): string | undefined {
    return this.#db.prepare<[string], { value: string }>('SELECT value FROM meta WHERE name = ?').get(name)
      ?.value;
  }
  set(name: MetaName, value: string): void {
    this.#db
      .prepare('INSERT INTO meta (name, value) VALUES (?, ?) ON CONFLICT (name) DO UPDATE SET value = excluded.value')
      .run(name, value);
  }
}
