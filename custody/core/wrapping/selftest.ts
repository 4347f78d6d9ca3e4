/**
 * Judges a token's wrapping self-test: known inputs, opened in software with a throw-away RSA key.
 *
 * A mechanism number is never trusted: measured modules accept SHA-256 for OAEP and use SHA-1 (SoftHSM 2.7.0 inside CKM_RSA_AES_KEY_WRAP), or pad a plaintext
 * with zeros, which makes an unaligned key another key (SoftHSM 2.6.1 in 0x210A). No production key is used here, so a plain EME-OAEP decoder may explain a
 * failure.
 */
import { constants, createHash, createPrivateKey, privateDecrypt } from 'node:crypto';
import { KeymootError } from '../../../shared/errors.ts';
import { OaepHash } from '../../../shared/token/protocol.ts';
import { abytes, equalBytes, xor, zero } from '../bytes.ts';
import { openOaep, privateModulusBytes } from './oaep.ts';

type SelfTestFault =
  | 'wrong-length'
  | 'wrong-hash'
  | 'wrong-mgf'
  | 'does-not-open'
  | 'zero-padded'
  | 'plaintext-differs';

export type Verdict =
  | { readonly ok: true; readonly shown: readonly string[] }
  | { readonly ok: false; readonly fault: SelfTestFault; readonly message: string };

const failed = (fault: SelfTestFault, message: string): Verdict => ({ ok: false, fault, message });
const passed = (...shown: string[]): Verdict => ({ ok: true, shown });

/**
 * A secret wrapped directly with CKM_RSA_PKCS_OAEP.
 *
 * @param test.blob what the token gave
 * @param test.privateKey DER PKCS#8 of the throw-away key whose public half wrapped
 * @param test.hash the hash that was asked for, as OAEP and as MGF1 hash
 * @param test.plaintext the secret that went in
 * @throws TypeError, RangeError when the inputs of the test itself are wrong
 */
export const judgeOaep = (test: {
  readonly blob: Uint8Array;
  readonly privateKey: Uint8Array;
  readonly hash: OaepHash;
  readonly plaintext: Uint8Array;
}): Verdict => {
  const opened = openAsAsked(test);
  if (!(opened instanceof Uint8Array)) return opened;
  try {
    return judgePlaintext(opened, test.plaintext, [
      `opens with OAEP ${test.hash}`,
      ...(test.hash === 'SHA-1' ? [] : ['does not open with SHA-1']),
    ]);
  } finally {
    zero(opened);
  }
};

/** @throws KeymootError `self-test-failed` with the verdict's words and the fault as a field */
export const requirePassed = (verdict: Verdict, what: string): void => {
  if (verdict.ok) return;
  throw new KeymootError(
    'self-test-failed',
    `The self-test of ${what} failed: ${verdict.message}. Only throw-away keys were used; nothing was exported. ` +
      'This token can not make this package: choose another method of the provider, or another token.',
    { fields: { selfTest: verdict.fault } },
  );
};

const openAsAsked = (test: {
  readonly blob: Uint8Array;
  readonly privateKey: Uint8Array;
  readonly hash: OaepHash;
}): Uint8Array | Verdict => {
  const { blob, privateKey, hash } = test;
  abytes(blob, undefined, 'blob');
  const k = privateModulusBytes(privateKey);
  if (blob.length !== k)
    return failed('wrong-length', `the token gave ${blob.length} bytes where OAEP gives ${k}`);
  const opened = openOaep(privateKey, blob, hash);
  const withSha1 = hash === 'SHA-1' ? undefined : openOaep(privateKey, blob, 'SHA-1');
  if (opened !== undefined && withSha1 === undefined) return opened;
  zero(opened, withSha1);
  return explainOaep(privateKey, blob, hash);
};

/** Finds the hashes that the token really used. A blob that opens as requested never gets here. */
const explainOaep = (privateKey: Uint8Array, blob: Uint8Array, hash: OaepHash): Verdict => {
  const encoded = openRaw(privateKey, blob);
  try {
    for (const used of OaepHash.options)
      for (const mgf of OaepHash.options) {
        if (!decodes(encoded, used, mgf)) continue;
        return used === mgf
          ? failed('wrong-hash', `the token was asked for OAEP with ${hash} and used ${used}`)
          : failed(
              'wrong-mgf',
              `the token was asked for OAEP with ${hash} throughout and used ${used} with ${mgf} in MGF1`,
            );
      }
  } finally {
    zero(encoded);
  }
  return failed(
    'does-not-open',
    `what the token gave does not open with the private key and OAEP ${hash}, nor with any other hash`,
  );
};

/** EM of RFC 8017, whatever its content; empty when the blob is not below the modulus, which a faulty device may return. */
const openRaw = (privateKey: Uint8Array, blob: Uint8Array): Uint8Array => {
  const key = createPrivateKey({ key: Buffer.from(privateKey), format: 'der', type: 'pkcs8' });
  try {
    return privateDecrypt({ key, padding: constants.RSA_NO_PADDING }, blob);
  } catch {
    return new Uint8Array(); // key and length were checked before, so the number is at fault
  }
};

const digest = (hash: OaepHash, ...parts: Uint8Array[]): Uint8Array => {
  const state = createHash(hash.replace('-', ''));
  for (const part of parts) state.update(part);
  return state.digest();
};

/** MGF1, RFC 8017 appendix B.2.1; `length` in bytes. */
const mgf1 = (hash: OaepHash, seed: Uint8Array, length: number): Uint8Array => {
  const mask = new Uint8Array(length);
  for (let counter = 0, at = 0; at < length; counter++) {
    const block = digest(hash, seed, Uint8Array.of(0, 0, counter >> 8, counter & 0xff));
    mask.set(block.subarray(0, length - at), at);
    at += block.length;
  }
  return mask;
};

/** Whether EM is EME-OAEP with an empty label (RFC 8017 section 7.1.2 step 3). Not constant-time: only for throw-away keys. */
const decodes = (em: Uint8Array, hash: OaepHash, mgf: OaepHash): boolean => {
  const labelHash = digest(hash);
  const h = labelHash.length;
  if (em[0] !== 0 || em.length < 2 * h + 2) return false;
  const maskedDb = em.subarray(1 + h);
  const seed = xor(em.subarray(1, 1 + h), mgf1(mgf, maskedDb, h));
  const db = xor(maskedDb, mgf1(mgf, seed, maskedDb.length));
  const one = db.findIndex((byte, i) => i >= h && byte !== 0);
  const fits = equalBytes(db.subarray(0, h), labelHash) && db[one] === 1;
  zero(seed, db);
  return fits;
};

const judgePlaintext = (
  opened: Uint8Array,
  plaintext: Uint8Array,
  shown: readonly string[],
): Verdict => {
  if (equalBytes(opened, plaintext))
    return passed(...shown, `the ${plaintext.length} bytes inside are the ones that went in`);
  if (isZeroPadded(opened, plaintext))
    return failed(
      'zero-padded',
      `the token added ${opened.length - plaintext.length} zero bytes to the key before wrapping it, which makes it another key`,
    );
  return failed(
    'plaintext-differs',
    opened.length === plaintext.length
      ? 'what is inside is not what went in'
      : `${opened.length} bytes are inside, ${plaintext.length} went in`,
  );
};

const isZeroPadded = (opened: Uint8Array, plaintext: Uint8Array): boolean =>
  opened.length > plaintext.length &&
  equalBytes(opened.subarray(0, plaintext.length), plaintext) &&
  opened.subarray(plaintext.length).every((byte) => byte === 0);
