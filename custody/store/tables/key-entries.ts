/** Which entries of the log tell of a key: a cache, made with each entry and compared with the log when the desk opens. */
import type { Database } from '../open.ts';

export class KeyEntriesTable {
  readonly #db;
  readonly #insert;
  constructor(db: Database) {
    this.#db = db;
    this.#insert = db.prepare<[string, number]>('INSERT INTO key_entry (key, seq) VALUES (?, ?)');
  }
  add(key: string, seq: number): void {
    this.#insert.run(key, seq);
  }
  /** Of one key, in the order of the log. */
  of(key: string): number[] {
    return this.#db
      .prepare<[string], { seq: number }>('SELECT seq FROM key_entry WHERE key = ? ORDER BY seq')
      .all(key)
      .map(({ seq }) => seq);
  }
  all(): { key: string; seq: number }[] {
    return this.#db
      .prepare<[], { key: string; seq: number }>('SELECT key, seq FROM key_entry ORDER BY seq, key')
      .all();
  }
}
