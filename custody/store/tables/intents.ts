/** Intents without an outcome, and the processes that may still be carrying one out. */
import type { Database } from '../open.ts';

export interface IntentRow {
  /** The intent entry's id. */
  entry: string;
  seq: number;
  type: string;
  /** What was planned, as the handler wrote it; parsed by whoever reconciles. */
  plan: unknown;
  /** ms since 1970 until which the device may still finish. */
  untilMs: number;
}
export interface ProcessRow {
  pid: number;
  /** When the kernel started it, so that a later process with the same number is not taken for it. */
  started: string;
  epoch: number;
  module: string;
  purpose: string;
}

export class IntentsTable {
  readonly #db;
  constructor(db: Database) {
    this.#db = db;
  }
  open(row: IntentRow): void {
    this.#db
      .prepare('INSERT INTO intent (entry, seq, type, plan, until_ms) VALUES (?, ?, ?, ?, ?)')
      .run(row.entry, row.seq, row.type, JSON.stringify(row.plan), row.untilMs);
  }
  close(entry: string): void {
    this.#db.prepare('DELETE FROM intent WHERE entry = ?').run(entry);
  }
  get(entry: string): IntentRow | undefined {
    return this.all().find((row) => row.entry === entry);
  }
  all(): IntentRow[] {
    return this.#db
      .prepare<[], { entry: string; seq: number; type: string; plan: string; until_ms: number }>(
        'SELECT * FROM intent ORDER BY seq',
      )
      .all()
      .map((row) => ({
        entry: row.entry,
        seq: row.seq,
        type: row.type,
        plan: JSON.parse(row.plan) as unknown,
        untilMs: row.until_ms,
      }));
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
