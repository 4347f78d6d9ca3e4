/** Which entries are of a type, or tell of a key, a ceremony, an export or a person: so that finding them reads those and not the whole log. */
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
  /** Of one entry, in no particular order: for comparing it with what the entry says. */
  *bySeq(): Generator<IndexRow> {
    yield* this.#db
      .prepare<[], IndexRow>('SELECT kind, id, seq FROM log_index ORDER BY seq, kind, id')
      .iterate();
  }
}
