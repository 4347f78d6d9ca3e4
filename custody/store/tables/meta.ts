/** Facts about the installation: its origin, its mode, the log key's place, the epoch. */
import type { Database } from '../open.ts';

type MetaName = 'origin' | 'mode' | 'installation' | 'epoch' | 'log_key';

export class MetaTable {
  readonly #select;
  readonly #upsert;
  constructor(db: Database) {
    this.#select = db.prepare<[string], { value: string }>('SELECT value FROM meta WHERE name = ?');
    this.#upsert = db.prepare<[string, string]>(
      'INSERT INTO meta (name, value) VALUES (?, ?) ON CONFLICT (name) DO UPDATE SET value = excluded.value',
    );
  }
  get(name: MetaName): string | undefined {
    return this.#select.get(name)?.value;
  }
  set(name: MetaName, value: string): void {
    this.#upsert.run(name, value);
  }
}
