/** Ceremonies: which definitions and sessions there are and which entries tell their story. Their state is replayed from those entries. */
import type { Database } from '../open.ts';

interface CeremonyRow {
  id: string;
  definitionSha256: string;
  opened: string;
}
interface EnvelopeRow {
  serial: string;
  ceremony: string;
  component: number;
  person: string;
  state: 'OPENED' | 'DESTROYED' | 'VOID';
}

export class CeremoniesTable {
  readonly #db;
  readonly #insertEntry;
  constructor(db: Database) {
    this.#db = db;
    this.#insertEntry = db.prepare<[string, number]>(
      'INSERT INTO ceremony_entry (ceremony, seq) VALUES (?, ?)',
    );
  }
  define(sha256: string, title: string, defined: string): void {
    this.#db
      .prepare('INSERT OR IGNORE INTO definition (sha256, title, defined) VALUES (?, ?, ?)')
      .run(sha256, title, defined);
  }
  definitions(): { sha256: string; title: string; defined: string }[] {
    return this.#db
      .prepare<[], { sha256: string; title: string; defined: string }>(
        'SELECT * FROM definition ORDER BY defined, sha256',
      )
      .all();
  }
  open(row: CeremonyRow): void {
    this.#db
      .prepare('INSERT INTO ceremony (id, definition_sha256, opened) VALUES (?, ?, ?)')
      .run(row.id, row.definitionSha256, row.opened);
  }
  all(): CeremonyRow[] {
    return this.#db
      .prepare<[], { id: string; definition_sha256: string; opened: string }>(
        'SELECT * FROM ceremony ORDER BY opened, id',
      )
      .all()
      .map(({ definition_sha256: definitionSha256, ...row }) => ({ ...row, definitionSha256 }));
  }
  get(id: string): CeremonyRow | undefined {
    return this.all().find((row) => row.id === id);
  }
  addEntry(ceremony: string, seq: number): void {
    this.#insertEntry.run(ceremony, seq);
  }
  entries(ceremony: string): number[] {
    return this.#db
      .prepare<[string], { seq: number }>(
        'SELECT seq FROM ceremony_entry WHERE ceremony = ? ORDER BY seq',
      )
      .all(ceremony)
      .map((row) => row.seq);
  }
  envelope(serial: string): EnvelopeRow | undefined {
    return this.#db
      .prepare<[string], EnvelopeRow>('SELECT * FROM envelope WHERE serial = ?')
      .get(serial);
  }
  putEnvelope(row: EnvelopeRow): void {
    this.#db
      .prepare(
        'INSERT INTO envelope (serial, ceremony, component, person, state) VALUES (?, ?, ?, ?, ?) ON CONFLICT (serial) DO UPDATE SET state = excluded.state',
      )
      .run(row.serial, row.ceremony, row.component, row.person, row.state);
  }
}
