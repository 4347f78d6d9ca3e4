/** The CKA_ID of a key, computed before the token is asked for it, so that the key can be found after a lost answer (design 03, R8). */
import { createHash } from 'node:crypto';
import { concat, copy } from '../bytes.ts';

const BYTES = 16;

/** A field preceded by its length in four bytes, big-endian: "1","23" and "12","3" give different ids. */
const field = (text: string): Uint8Array => {
  const bytes = new TextEncoder().encode(text);
  const length = new Uint8Array(4);
  new DataView(length.buffer).setUint32(0, bytes.length);
  return concat(length, bytes);
};

/**
 * First 16 bytes of SHA-256 over definition, ceremony, step, attempt (decimal) and role, each preceded by its length.
 *
 * @param definitionSha256 64 hex digits
 * @param ceremonyId 32 hex digits
 */
export const derivedCkaId = (
  definitionSha256: string,
  ceremonyId: string,
  step: string,
  attempt: number,
  role: string,
): Uint8Array => {
  const fields = [definitionSha256, ceremonyId, step, String(attempt), role];
  const digest = createHash('sha256')
    .update(concat(...fields.map(field)))
    .digest();
  return copy(digest.subarray(0, BYTES));
};
