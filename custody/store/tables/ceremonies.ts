/** Ceremonies: the list of definitions, sessions and envelopes. The state of a ceremony is derived from its entries. */
import type { Database } from '../open.ts';

export interface CeremonyRow {
  id: string;
  definitionSha256: string;
  opened: string;
}
export interface DefinitionRow {
  sha256: string;
  title: string;
  defined: string;
}
export interface EnvelopeRow {
  serial: string;
  ceremony: string | undefined;
  component: number;
  person: string;
  state: string;
}
type RawEnvelope = Omit<EnvelopeRow, 'ceremony'> & { ceremony: string | null };
const readEnvelope = ({ ceremony, ...row }: RawEnvelope): EnvelopeRow => ({
  ...row,
  ceremony: ceremony ?? undefined,
});

export class CeremoniesTable {
  readonly #db;
  constructor(db: Database) {
    this.#db = db;
  }
  putDefinition({ sha256, title, defined }: DefinitionRow): void {
    this.#db
      .prepare('INSERT OR REPLACE INTO definition (sha256, title, defined) VALUES (?, ?, ?)')
      .run(sha256, title, defined);
  }
  definitions(): DefinitionRow[] {
    return this.#db
      .prepare<[], DefinitionRow>('SELECT * FROM definition ORDER BY defined, sha256')
      .all();
  }
  put({ id, definitionSha256, opened }: CeremonyRow): void {
    this.#db
      .prepare('INSERT OR REPLACE INTO ceremony (id, definition_sha256, opened) VALUES (?, ?, ?)')
      .run(id, definitionSha256, opened);
  }
  all(): CeremonyRow[] {
    return this.#db
      .prepare<[], { id: string; definition_sha256: string; opened: string }>(
        'SELECT * FROM ceremony ORDER BY opened, id',
      )
      .all()
      .map(({ definition_sha256: definitionSha256, ...row }) => ({ ...row, definitionSha256 }));
  }
  envelope(serial: string): EnvelopeRow | undefined {
    const row = this.#db
      .prepare<[string], RawEnvelope>('SELECT * FROM envelope WHERE serial = ?')
      .get(serial);
    return row === undefined ? undefined : readEnvelope(row);
  }
  envelopes(): EnvelopeRow[] {
    return this.#db
      .prepare<[], RawEnvelope>('SELECT * FROM envelope ORDER BY serial')
      .all()
      .map(readEnvelope);
  }
  putEnvelope(row: EnvelopeRow): void {
    this.#db
      .prepare(
        'INSERT OR REPLACE INTO envelope (serial, ceremony, component, person, state) VALUES (?, ?, ?, ?, ?)',
      )
      .run(row.serial, row.ceremony ?? null, row.component, row.person, row.state);
  }
}
