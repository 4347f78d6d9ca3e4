/** Export jobs and the progress of each. */
import type { ExportView } from '../../../shared/contract/exports.ts';
import type { Database } from '../open.ts';

export interface ExportRow {
  id: string;
  key: string;
  target: string;
  algorithm: string;
  state: ExportView['state'];
  created: string;
  parametersSha256?: string;
  wrappingSpkiSha256?: string;
  keyRef?: string;
  validTo?: string;
  blobSha256?: string;
  manifestSha256?: string;
}
type Raw = Record<string, string | null>;

const COLUMNS = {
  id: 'id',
  key: 'key',
  target: 'target',
  algorithm: 'algorithm',
  state: 'state',
  created: 'created',
  parametersSha256: 'parameters_sha256',
  wrappingSpkiSha256: 'wrapping_spki_sha256',
  keyRef: 'key_ref',
  validTo: 'valid_to',
  blobSha256: 'blob_sha256',
  manifestSha256: 'manifest_sha256',
} as const;

const read = (raw: Raw): ExportRow => {
  const row: Record<string, unknown> = {};
  for (const [name, column] of Object.entries(COLUMNS)) {
    const value = raw[column];
    if (value !== null && value !== undefined) row[name] = value;
  }
  return row as unknown as ExportRow;
};

export class ExportsTable {
  readonly #db;
  constructor(db: Database) {
    this.#db = db;
  }
  put(row: ExportRow): void {
    const names: string[] = Object.values(COLUMNS);
    const values = (Object.keys(COLUMNS) as (keyof typeof COLUMNS)[]).map(
      (name) => row[name] ?? null,
    );
    this.#db
      .prepare(
        `INSERT OR REPLACE INTO export (${names.join(', ')}) VALUES (${names.map(() => '?').join(', ')})`,
      )
      .run(...values);
  }
  get(id: string): ExportRow | undefined {
    const raw = this.#db.prepare<[string], Raw>('SELECT * FROM export WHERE id = ?').get(id);
    return raw === undefined ? undefined : read(raw);
  }
  all(): ExportRow[] {
    return this.#db.prepare<[], Raw>('SELECT * FROM export ORDER BY created, id').all().map(read);
  }
}
