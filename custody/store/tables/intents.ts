/** Intents without an outcome, and the processes that may still be executing one. */
import type { Database } from '../open.ts';

/** The plan and its deadline are in the entry. */
export interface IntentRow {
  /** The intent entry's id. */
  entry: string;
  seq: number;
}
export interface ProcessRow {
  pid: number;
  /** The kernel's start time of the process, which distinguishes it from a later process with the same pid. */
  started: string;
  epoch: number;
  module: string;
  purpose: string;
}

export class IntentsTable {
  readonly #db;
  readonly #insert;
  readonly #delete;
  constructor(db: Database) {
    this.#db = db;
    this.#insert = db.prepare<[string, number]>(
      'INSERT OR REPLACE INTO intent (entry, seq) VALUES (?, ?)',
    );
    this.#delete = db.prepare<[string]>('DELETE FROM intent WHERE entry = ?');
  }
  put({ entry, seq }: IntentRow): void {
    this.#insert.run(entry, seq);
  }
  remove(entry: string): void {
    this.#delete.run(entry);
  }
  get(entry: string): IntentRow | undefined {
    return this.#db
      .prepare<[string], IntentRow>('SELECT entry, seq FROM intent WHERE entry = ?')
      .get(entry);
  }
  all(): IntentRow[] {
    return this.#db.prepare<[], IntentRow>('SELECT entry, seq FROM intent ORDER BY seq').all();
  }
}

export class ProcessesTable {
  readonly #db;
  constructor(db: Database) {
    this.#db = db;
  }
  add(row: ProcessRow): void {
    this.#db
      .prepare(
        'INSERT OR REPLACE INTO process (pid, started, epoch, module, purpose) VALUES (?, ?, ?, ?, ?)',
      )
      .run(row.pid, row.started, row.epoch, row.module, row.purpose);
  }
  remove(pid: number): void {
    this.#db.prepare('DELETE FROM process WHERE pid = ?').run(pid);
  }
  all(): ProcessRow[] {
    return this.#db.prepare<[], ProcessRow>('SELECT * FROM process').all();
  }
}
