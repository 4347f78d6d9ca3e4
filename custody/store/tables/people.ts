/** People as the log records them, their sealed signing keys, and their names, which can be erased. */
import type { SealedKey } from '../../core/people/keys.ts';
import type { Database } from '../open.ts';

export interface PersonRow {
  id: string;
  role: string;
  keySha256: string;
  gone: boolean;
}

export class PeopleTable {
  readonly #db;
  constructor(db: Database) {
    this.#db = db;
  }
  put({ id, role, keySha256, gone }: PersonRow): void {
    this.#db
      .prepare('INSERT OR REPLACE INTO person (id, role, key_sha256, gone) VALUES (?, ?, ?, ?)')
      .run(id, role, keySha256, gone ? 1 : 0);
  }
  all(): PersonRow[] {
    return this.#db
      .prepare<[], { id: string; role: string; key_sha256: string; gone: number }>(
        'SELECT id, role, key_sha256, gone FROM person ORDER BY id',
      )
      .all()
      .map(({ id, role, key_sha256: keySha256, gone }) => ({
        id,
        role,
        keySha256,
        gone: gone === 1,
      }));
  }

  /** The data of a person that the log does not contain. */
  keepApart(id: string, sealed: SealedKey, name: { salt: Uint8Array; name: string }): void {
    this.#db
      .prepare(
        'INSERT INTO signing_key (person, kdf_log2n, kdf_salt, seal_nonce, sealed_key) VALUES (?, ?, ?, ?, ?)',
      )
      .run(id, sealed.log2n, sealed.salt, sealed.nonce, sealed.sealed);
    this.#db
      .prepare('INSERT INTO name (person, salt, name) VALUES (?, ?, ?)')
      .run(id, name.salt, name.name);
  }
  sealedKey(id: string): SealedKey | undefined {
    const row = this.#db
      .prepare<
        [string],
        { kdf_log2n: number; kdf_salt: Buffer; seal_nonce: Buffer; sealed_key: Buffer }
      >('SELECT kdf_log2n, kdf_salt, seal_nonce, sealed_key FROM signing_key WHERE person = ?')
      .get(id);
    if (row === undefined) return undefined;
    return {
      v: 1,
      kdf: 'scrypt',
      log2n: row.kdf_log2n,
      salt: row.kdf_salt,
      nonce: row.seal_nonce,
      sealed: row.sealed_key,
    };
  }
  names(): Map<string, string> {
    return new Map([...this.salted()].map(([person, { name }]) => [person, name]));
  }
  /** Names as they were hashed for the log; a person whose name was erased has none. */
  salted(): Map<string, { salt: Uint8Array; name: string }> {
    const rows = this.#db
      .prepare<[], { person: string; salt: Buffer; name: string }>(
        'SELECT person, salt, name FROM name',
      )
      .all();
    return new Map(rows.map(({ person, salt, name }) => [person, { salt, name }]));
  }
}
