/** Public artefacts that entries name by hash: definitions, policies, manifests. */
import { hash } from 'node:crypto';
import type { Database } from '../open.ts';

export class EvidenceTable {
  readonly #db;
  constructor(db: Database) {
    this.#db = db;
  }
  put(media: string, bytes: Uint8Array): { sha256: string; media: string; bytes: number } {
    const sha256 = hash('sha256', bytes);
    this.#db
      .prepare('INSERT OR IGNORE INTO evidence (sha256, media, bytes) VALUES (?, ?, ?)')
      .run(sha256, media, bytes);
    return { sha256, media, bytes: bytes.length };
  }
  get(sha256: string): Uint8Array | undefined {
    return this.#db
      .prepare<[string], { bytes: Buffer }>('SELECT bytes FROM evidence WHERE sha256 = ?')
      .get(sha256)?.bytes;
  }
}
