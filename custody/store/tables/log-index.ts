/** An index of entries by type, key, ceremony, export and person, so that a query reads only the matching entries and not the whole log. */
import type { Database } from '../open.ts';

export type IndexKind = 'type' | 'key' | 'ceremony' | 'export' | 'person';
export interface IndexRow {
  kind: IndexKind;
  id: string;
  seq: number;
}

export class LogIndexTable {
  readonly #db;
  readonly #insert;
  readonly #select;
  constructor(db: Database) {
    this.#db = db;
    this.#insert = db.prepare<[string, string, number]>(
      'INSERT INTO log_index (kind, id, seq) VALUES (?, ?, ?)',
    );
    this.#select = db.prepare<[string, string], { seq: number }>(
      'SELECT seq FROM log_index WHERE kind = ? AND id = ? ORDER BY seq',
    );
  }
  add({ kind, id, seq }: IndexRow): void {
    this.#insert.run(kind, id, seq);
  }
  /** In the order of the log. */
  of(kind: IndexKind, id: string): number[] {
    return this.#select.all(kind, id).map(({ seq }) => seq);
  }
  /** All rows, grouped by entry, in no particular order within one: for comparison with the entries. */
  *bySeq(): Generator<IndexRow> {
    yield* this.#db
      .prepare<[], IndexRow>('SELECT kind, id, seq FROM log_index ORDER BY seq, kind, id')
      .iterate();
  }
}
