/** Key records: the desk's data about each key. The keys themselves are on tokens. */
import { canonical } from '../../../shared/canonical.ts';
import { KeyRecord, KeySummary } from '../../../shared/domain/keys.ts';
import type { Database } from '../open.ts';

interface RawSummary {
  id: string;
  label: string;
  algorithm: string;
  bits: number;
  purpose: string;
  extractable: number;
  module: string;
  token_manufacturer: string;
  token_model: string;
  token_serial: string;
  token_label: string;
  ckaid: string;
  state: string;
  origin: string;
  control: string;
  check_method: string | null;
  check_value: string | null;
  spki_sha256: string | null;
  ceremony: string | null;
  created: string;
}
interface Raw extends RawSummary {
  spki: Buffer | null;
  attributes: string;
}
const SUMMARY = `id, label, algorithm, bits, purpose, extractable, module, token_manufacturer, token_model, token_serial, token_label,
  ckaid, state, origin, control, check_method, check_value, spki_sha256, ceremony, created`;

const summary = (raw: RawSummary) => ({
  id: raw.id,
  label: raw.label,
  algorithm: raw.algorithm,
  bits: raw.bits,
  purpose: raw.purpose,
  extractable: raw.extractable === 1,
  at: {
    module: raw.module,
    token: {
      manufacturer: raw.token_manufacturer,
      model: raw.token_model,
      serial: raw.token_serial,
      label: raw.token_label,
    },
  },
  ckaid: raw.ckaid,
  state: raw.state,
  origin: raw.origin,
  control: raw.control,
  ...(raw.check_method === null
    ? {}
    : { check: { method: raw.check_method, value: raw.check_value } }),
  ...(raw.spki_sha256 === null ? {} : { spkiSha256: raw.spki_sha256 }),
  ...(raw.ceremony === null ? {} : { ceremony: raw.ceremony }),
  created: raw.created,
});

/** A row as stored, its form unchecked. */
const plain = (raw: Raw) => ({
  ...summary(raw),
  ...(raw.spki === null ? {} : { spki: raw.spki.toString('base64') }),
  attributes: JSON.parse(raw.attributes) as unknown,
});
const read = (raw: Raw): KeyRecord => KeyRecord.parse(plain(raw));

export class KeysTable {
  readonly #db;
  /** Rises with each change by this process, the only writer. */
  #revision = 0;
  constructor(db: Database) {
    this.#db = db;
  }
  put(key: KeyRecord): void {
    this.#revision += 1;
    const { token } = key.at;
    this.#db
      .prepare(
        `INSERT OR REPLACE INTO key (id, label, algorithm, bits, purpose, extractable, module, token_manufacturer, token_model, token_serial, token_label,
           ckaid, state, origin, control, check_method, check_value, spki, spki_sha256, attributes, ceremony, created)
         VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
      )
      .run(
        key.id,
        key.label,
        key.algorithm,
        key.bits,
        key.purpose,
        key.extractable ? 1 : 0,
        key.at.module,
        token.manufacturer,
        token.model,
        token.serial,
        token.label,
        key.ckaid,
        key.state,
        key.origin,
        key.control,
        key.check?.method ?? null,
        key.check?.value ?? null,
        key.spki === undefined ? null : Buffer.from(key.spki, 'base64'),
        key.spkiSha256 ?? null,
        canonical(key.attributes),
        key.ceremony ?? null,
        key.created,
      );
  }
  get(id: string): KeyRecord | undefined {
    const raw = this.#db.prepare<[string], Raw>('SELECT * FROM key WHERE id = ?').get(id);
    return raw === undefined ? undefined : read(raw);
  }
  /** Oldest first; a new key comes at the end. */
  page(from: number, limit: number): { revision: number; total: number; keys: KeySummary[] } {
    const total =
      this.#db.prepare<[], { n: number }>('SELECT count(*) AS n FROM key').get()?.n ?? 0;
    const rows = this.#db
      .prepare<[number, number], RawSummary>(
        `SELECT ${SUMMARY} FROM key ORDER BY created, id LIMIT ? OFFSET ?`,
      )
      .all(limit, from);
    return {
      revision: this.#revision,
      total,
      keys: rows.map((row) => KeySummary.parse(summary(row))),
    };
  }
  /** Every row by its id, for comparison with the log's state: the form is not checked, since only equality counts. */
  rows(): Map<string, unknown> {
    const rows = this.#db.prepare<[], Raw>('SELECT * FROM key').iterate();
    return new Map([...rows].map((raw) => [raw.id, plain(raw)]));
  }
  all(): KeyRecord[] {
    return this.#db.prepare<[], Raw>('SELECT * FROM key ORDER BY created, id').all().map(read);
  }
}
