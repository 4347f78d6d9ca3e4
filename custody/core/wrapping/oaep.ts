/**
 * RSAES-OAEP (RFC 8017 section 7.1) in software: the holder seals a sum to a token's import key, and a self-test opens what a token wrapped. Exported keys are
 * wrapped inside the token.
 *
 * The MGF1 hash is always the OAEP hash, and the label is empty except in test vectors, as with every provider here.
 */
import {
  type KeyObject,
  constants,
  createPrivateKey,
  createPublicKey,
  privateDecrypt,
  publicEncrypt,
} from 'node:crypto';
import type { OaepHash } from '../../../shared/token/requests.ts';
import { abytes, copy } from '../bytes.ts';

const HASHES: Readonly<Record<OaepHash, { readonly node: string; readonly bytes: number }>> = {
  'SHA-1': { node: 'sha1', bytes: 20 },
  'SHA-256': { node: 'sha256', bytes: 32 },
  'SHA-384': { node: 'sha384', bytes: 48 },
  'SHA-512': { node: 'sha512', bytes: 64 },
};

/**
 * The longest plaintext in bytes, `k - 2h - 2`: 190 for 2048 bits and SHA-256.
 *
 * @param modulusBits length of the modulus in bits
 */
export const oaepMaxPlaintext = (modulusBits: number, hash: OaepHash): number =>
  Math.ceil(modulusBits / 8) - 2 * HASHES[hash].bytes - 2;

const modulusBytes = (key: KeyObject): number => {
  const bits = key.asymmetricKeyDetails?.modulusLength;
  if (key.asymmetricKeyType !== 'rsa' || bits === undefined)
    throw new RangeError(
      `"key" expected an RSA key, got ${key.asymmetricKeyType ?? 'no key pair'}`,
    );
  return Math.ceil(bits / 8);
};

/**
 * @param spki DER SubjectPublicKeyInfo of an RSA key
 * @param plaintext at most `oaepMaxPlaintext` bytes
 * @returns exactly the modulus' length in bytes
 * @throws TypeError, RangeError
 */
export const sealOaep = (spki: Uint8Array, plaintext: Uint8Array, hash: OaepHash): Uint8Array => {
  abytes(spki, undefined, 'spki');
  abytes(plaintext, undefined, 'plaintext');
  const key = createPublicKey({ key: Buffer.from(spki), format: 'der', type: 'spki' });
  const most = oaepMaxPlaintext(modulusBytes(key) * 8, hash);
  if (plaintext.length > most)
    throw new RangeError(
      `"plaintext" expected at most ${most} bytes for this key and ${hash}, got length=${plaintext.length}`,
    );
  return copy(publicEncrypt({ key, ...padding(hash) }, plaintext));
};

/**
 * @param pkcs8 DER PKCS#8 of a software RSA key
 * @param blob exactly the modulus' length in bytes
 * @returns the plaintext, or undefined when the blob does not open with this key, hash and label, without a reason, as RFC 8017 requires
 * @throws TypeError, RangeError for another length or another kind of key
 */
export const openOaep = (
  pkcs8: Uint8Array,
  blob: Uint8Array,
  hash: OaepHash,
  label: Uint8Array = new Uint8Array(),
): Uint8Array | undefined => {
  abytes(pkcs8, undefined, 'pkcs8');
  const key = privateKeyOf(pkcs8);
  abytes(blob, modulusBytes(key), 'blob');
  try {
    const opened = privateDecrypt({ key, ...padding(hash), oaepLabel: label }, blob);
    const plaintext = copy(opened);
    opened.fill(0);
    return plaintext;
  } catch {
    return undefined; // without a reason, as RFC 8017 requires
  }
};

/** Modulus length in bytes of a software private key. */
export const privateModulusBytes = (pkcs8: Uint8Array): number => modulusBytes(privateKeyOf(pkcs8));

const privateKeyOf = (pkcs8: Uint8Array): KeyObject => {
  try {
    return createPrivateKey({ key: Buffer.from(pkcs8), format: 'der', type: 'pkcs8' });
  } catch {
    // No cause: the library's message may quote its input.
    throw new RangeError('"pkcs8" expected a DER PKCS#8 private key');
  }
};

const padding = (hash: OaepHash): { padding: number; oaepHash: string } => ({
  padding: constants.RSA_PKCS1_OAEP_PADDING,
  oaepHash: HASHES[hash].node,
});
