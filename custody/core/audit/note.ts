/**
 * Checkpoints: C2SP tlog-checkpoint text in a C2SP signed note, ECDSA P-256 (type 02).
 *
 * The key id is SHA-256(SPKI)[:4] and does not cover the name, so trust pins name and key together. No extension lines.
 * Source: c2sp.org/tlog-checkpoint and c2sp.org/signed-note, read 2026-11.
 */
import { createPublicKey, hash, verify } from 'node:crypto';
import { hasUnseen } from '../../../shared/text.ts';

const encoder = new TextEncoder();
const DASH = '\u2014 ';

export interface Checkpoint {
  origin: string;
  size: number;
  root: Uint8Array;
}
interface NoteSignature {
  name: string;
  keyId: Uint8Array;
  signature: Uint8Array;
}
export interface SignedCheckpoint extends Checkpoint {
  text: Uint8Array;
  signatures: NoteSignature[];
}

export const base64 = (bytes: Uint8Array): string => Buffer.from(bytes).toString('base64');
/** Bytes from their one canonical base64 spelling; undefined for any other text. */
export const fromBase64 = (text: string): Uint8Array | undefined => {
  const bytes = Buffer.from(text, 'base64');
  return bytes.toString('base64') === text ? bytes : undefined;
};

export const checkpointText = ({ origin, size, root }: Checkpoint): Uint8Array =>
  encoder.encode(`${origin}\n${size}\n${base64(root)}\n`);

export const noteKeyId = (spki: Uint8Array): Uint8Array =>
  hash('sha256', spki, 'buffer').subarray(0, 4);

export const signedNote = (
  text: Uint8Array,
  name: string,
  spki: Uint8Array,
  signature: Uint8Array,
): string =>
  `${Buffer.from(text).toString('utf8')}\n${DASH}${name} ${base64(Buffer.concat([noteKeyId(spki), signature]))}\n`;

/** Strict: undefined for anything that the format page does not allow. */
export const parseCheckpoint = (note: string): SignedCheckpoint | undefined => {
  const [body, tail, ...rest] = note.split('\n\n');
  if (body === undefined || tail === undefined || rest.length > 0 || !tail.endsWith('\n'))
    return undefined;
  const [origin, sizeText, rootText, ...more] = body.split('\n');
  if (origin === undefined || sizeText === undefined || rootText === undefined || more.length > 0)
    return undefined;
  if (origin.length === 0 || !/^(0|[1-9]\d{0,15})$/.test(sizeText)) return undefined;
  const size = Number(sizeText);
  const root = fromBase64(rootText);
  if (!Number.isSafeInteger(size) || root?.length !== 32) return undefined;
  const signatures: NoteSignature[] = [];
  const seen = new Set<string>();
  for (const line of tail.slice(0, -1).split('\n')) {
    const match = /^\u2014 (\S+) (\S+)$/u.exec(line);
    const bytes = match?.[2] === undefined ? undefined : fromBase64(match[2]);
    if (match?.[1] === undefined || bytes === undefined || bytes.length < 5) return undefined;
    const name = match[1];
    if (name.includes('+') || hasUnseen(name)) return undefined; // signed-note reserves +
    const keyId = bytes.subarray(0, 4);
    const identity = `${name} ${Buffer.from(keyId).toString('hex')}`;
    if (seen.has(identity)) return undefined;
    seen.add(identity);
    signatures.push({ name, keyId, signature: bytes.subarray(4) });
  }
  return { origin, size, root, text: encoder.encode(`${body}\n`), signatures };
};

/** True when the note carries a valid signature by this key under this name. */
export const signedBy = (note: SignedCheckpoint, name: string, spki: Uint8Array): boolean => {
  const id = Buffer.from(noteKeyId(spki));
  const mine = note.signatures.find((line) => line.name === name && id.equals(line.keyId));
  if (mine === undefined) return false;
  const key = createPublicKey({ key: Buffer.from(spki), format: 'der', type: 'spki' });
  return verify('sha256', note.text, key, mine.signature);
};

/** PKCS#11 gives r ‖ s, the note wants ASN.1 DER: SEQUENCE { INTEGER r, INTEGER s } (SEC 1 section C.5). */
export const ecdsaDer = (raw: Uint8Array): Uint8Array => {
  if (raw.length !== 64)
    throw new RangeError(`"raw" expected 64 bytes of r and s, got ${raw.length}`);
  const integer = (bytes: Uint8Array): Buffer => {
    let start = 0;
    while (start < bytes.length - 1 && bytes[start] === 0) start += 1;
    const value = bytes.subarray(start);
    const sign = (value[0] ?? 0) & 0x80 ? [0] : [];
    return Buffer.from([2, value.length + sign.length, ...sign, ...value]);
  };
  const body = Buffer.concat([integer(raw.subarray(0, 32)), integer(raw.subarray(32))]);
  return Buffer.concat([Buffer.from([0x30, body.length]), body]);
};
