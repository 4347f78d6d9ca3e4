/**
 * The window's own check of a proof: RFC 6962 section 2.1.1, the C2SP checkpoint and DSSE, written from the format specifications alone.
 *
 * It shares no code with the service, which made the proof. But it runs in the desk's window: an auditor who trusts neither verifies a bundle elsewhere.
 */
import { ed25519 } from '@noble/curves/ed25519.js';
import { p256 } from '@noble/curves/nist.js';
import { sha256 } from '@noble/hashes/sha2.js';
import { bytesToHex, concatBytes, utf8ToBytes } from '@noble/hashes/utils.js';
import { canonicalBytes } from '../../../shared/canonical.ts';
import type { SigningKey } from '../../../shared/domain/people.ts';

/** Bytes from their one canonical base64 spelling; undefined for any other text. */
export const fromBase64 = (text: string): Uint8Array | undefined => {
  try {
    const bytes = Uint8Array.from(atob(text), (character) => character.charCodeAt(0));
    return toBase64(bytes) === text ? bytes : undefined;
  } catch {
    return undefined;
  }
};
export const toBase64 = (bytes: Uint8Array): string =>
  btoa(Array.from(bytes, (byte) => String.fromCharCode(byte)).join(''));

const same = (a: Uint8Array, b: Uint8Array): boolean => bytesToHex(a) === bytesToHex(b);

export const leafHash = (entry: Uint8Array): Uint8Array =>
  sha256(concatBytes(Uint8Array.of(0), entry));
const nodeHash = (left: Uint8Array, right: Uint8Array): Uint8Array =>
  sha256(concatBytes(Uint8Array.of(1), left, right));

/** Largest power of two below n, n ≥ 2. */
const splitOf = (n: number): number => {
  let width = 1;
  while (width * 2 < n) width *= 2;
  return width;
};

/** The root that a leaf and its audit path lead to, or undefined when the path's length does not fit the tree. */
export const rootOf = (
  leaf: Uint8Array,
  index: number,
  size: number,
  path: readonly Uint8Array[],
): Uint8Array | undefined => {
  if (index < 0 || index >= size) return undefined;
  if (size === 1) return path.length === 0 ? leaf : undefined;
  const beside = path.at(-1);
  if (beside === undefined) return undefined;
  const rest = path.slice(0, -1);
  const split = splitOf(size);
  if (index < split) {
    const left = rootOf(leaf, index, split, rest);
    return left === undefined ? undefined : nodeHash(left, beside);
  }
  const right = rootOf(leaf, index - split, size - split, rest);
  return right === undefined ? undefined : nodeHash(beside, right);
};

export interface Head {
  origin: string;
  size: number;
  root: string;
}
/** The three lines of a checkpoint: origin, size, root. */
export const readNote = (note: string): Head | undefined => {
  const [origin, size, root, empty] = note.split('\n');
  if (origin === undefined || size === undefined || root === undefined || empty !== '')
    return undefined;
  return /^(0|[1-9]\d{0,15})$/.test(size) ? { origin, size: Number(size), root } : undefined;
};

/** Whether this key signed the note under the note's own origin. ECDSA P-256 over SHA-256 of the text, ASN.1 DER. */
export const noteSignedBy = (note: string, spki: string): boolean => {
  const der = fromBase64(spki);
  const head = readNote(note);
  const end = note.indexOf('\n\n');
  if (der === undefined || head === undefined || end < 0) return false;
  const id = sha256(der).subarray(0, 4);
  const text = utf8ToBytes(note.slice(0, end + 1));
  return note
    .slice(end + 2)
    .split('\n')
    .some((line) => {
      const match = /^\u2014 (\S+) (\S+)$/u.exec(line);
      const bytes = match?.[2] === undefined ? undefined : fromBase64(match[2]);
      if (match?.[1] !== head.origin || bytes === undefined || !same(bytes.subarray(0, 4), id))
        return false;
      try {
        return p256.verify(bytes.subarray(4), text, der.subarray(-65), {
          format: 'der',
          lowS: false,
        });
      } catch {
        return false;
      }
    });
};

const PAYLOAD_TYPE = 'application/vnd.keymoot.statement+json';

/** Whether this person's key signed the payload, in DSSE's pre-authentication encoding. */
export const payloadSignedBy = (
  payload: Uint8Array,
  signature: Uint8Array,
  { alg, spki }: Pick<SigningKey, 'alg' | 'spki'>,
): boolean => {
  const der = fromBase64(spki);
  if (der === undefined) return false;
  const message = concatBytes(
    utf8ToBytes(`DSSEv1 ${PAYLOAD_TYPE.length} ${PAYLOAD_TYPE} ${payload.length} `),
    payload,
  );
  try {
    return alg === 'Ed25519'
      ? ed25519.verify(signature, message, der.subarray(-32), { zip215: false })
      : p256.verify(signature, message, der.subarray(-65), { format: 'der', lowS: false });
  } catch {
    return false;
  }
};

/** The subject that an act about this entry names (resources/formats/audit-log.md, section 5). `detail`: without the members that the desk adds. */
export const subjectHash = (entry: {
  type: string;
  outcome: string;
  detail: object;
  ceremony: unknown;
}): string => bytesToHex(sha256(canonicalBytes(entry)));

export const keyHash = (spki: string): string => {
  const der = fromBase64(spki);
  return der === undefined ? '' : bytesToHex(sha256(der));
};
