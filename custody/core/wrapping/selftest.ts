/**
 * Judges what a token wrapped in its self-test: known inputs, opened here in software with a throw-away RSA key made for the purpose.
 *
 * A mechanism number is never trusted, because modules were measured that
 * - accept SHA-256 for OAEP and use SHA-1 (SoftHSM 2.7.0 inside CKM_RSA_AES_KEY_WRAP),
 * - pad a plaintext with zeros to a multiple of 8 before KWP, so that an unaligned key becomes another key (SoftHSM 2.6.1, 0x210A),
 * - do RFC 3394 over PKCS#7 padding where others do RFC 5649 (NSS 3.87, 0x210A).
 *
 * So the inputs are chosen unaligned: a generic secret of 33 bytes and a P-256 key, besides the AES-256 key that AWS takes.
 * Nothing here is a production key, which is why a plain EME-OAEP decoder may explain a failure.
 */
import {
  constants,
  createHash,
  createPrivateKey,
  createPublicKey,
  privateDecrypt,
} from 'node:crypto';
import { KeymootError } from '../../../shared/errors.ts';
import { OaepHash } from '../../../shared/token/protocol.ts';
import { abytes, equalBytes, xor, zero } from '../bytes.ts';
import { isSingleSequence } from './der.ts';
import { kwpLength, unwrapKw, unwrapKwp } from './keywrap.ts';
import { openOaep, privateModulusBytes } from './oaep.ts';

export type SelfTestFault =
  | 'wrong-length'
  | 'wrong-hash'
  | 'wrong-mgf'
  | 'does-not-open'
  | 'not-kwp'
  | 'zero-padded'
  | 'plaintext-differs'
  | 'not-pkcs8'
  | 'public-key-differs';

export type Verdict =
  | { readonly ok: true; readonly shown: readonly string[] }
  | { readonly ok: false; readonly fault: SelfTestFault; readonly message: string };

const failed = (fault: SelfTestFault, message: string): Verdict => ({ ok: false, fault, message });
const passed = (...shown: string[]): Verdict => ({ ok: true, shown });

/** What the plaintext inside has to be: these very bytes, or a PKCS#8 whose public half is known. */
export type Expected =
  | { readonly kind: 'raw'; readonly plaintext: Uint8Array }
  | { readonly kind: 'pkcs8'; readonly spki: Uint8Array };

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
    return judgePlaintext(opened, { kind: 'raw', plaintext: test.plaintext }, [
      `opens with OAEP ${test.hash}`,
      ...(test.hash === 'SHA-1' ? [] : ['does not open with SHA-1']),
    ]);
  } finally {
    zero(opened);
  }
};

/**
 * A secret wrapped with AES-KWP under a known key.
 *
 * @param test.wrapped what the token gave
 * @param test.kek the AES key, 16, 24 or 32 bytes
 * @throws TypeError, RangeError when the inputs of the test itself are wrong
 */
export const judgeKwp = (test: {
  readonly wrapped: Uint8Array;
  readonly kek: Uint8Array;
  readonly expected: Expected;
}): Verdict => {
  const { wrapped, kek, expected } = test;
  abytes(wrapped, undefined, 'wrapped');
  if (wrapped.length < 16 || wrapped.length % 8 !== 0)
    return failed(
      'wrong-length',
      `the token gave ${wrapped.length} bytes; AES-KWP gives a multiple of 8 from 16`,
    );
  const opened = unwrapKwp(kek, wrapped);
  if (opened === undefined) return explainKeyWrap(kek, wrapped, expected);
  try {
    if (wrapped.length !== kwpLength(opened.length))
      return failed('wrong-length', 'the length does not fit what is inside');
    return judgePlaintext(opened, expected, ['the integrity check of AES-KWP holds']);
  } finally {
    zero(opened);
  }
};

/**
 * The envelope `OAEP(wrapping key, AES-256 key) ‖ AES-KWP(AES key, plaintext)`, as CKM_RSA_AES_KEY_WRAP and the two-step recipe give it.
 *
 * @throws TypeError, RangeError when the inputs of the test itself are wrong
 */
export const judgeEnvelope = (test: {
  readonly blob: Uint8Array;
  readonly privateKey: Uint8Array;
  readonly hash: OaepHash;
  readonly expected: Expected;
}): Verdict => {
  abytes(test.blob, undefined, 'blob');
  const k = privateModulusBytes(test.privateKey);
  if (test.blob.length < k + 16)
    return failed(
      'wrong-length',
      `the token gave ${test.blob.length} bytes; the envelope has at least ${k + 16}`,
    );
  const kek = openAsAsked({ ...test, blob: test.blob.subarray(0, k) });
  if (!(kek instanceof Uint8Array)) return kek;
  try {
    if (kek.length !== 32)
      return failed(
        'plaintext-differs',
        `the AES key inside has ${kek.length} bytes instead of 32`,
      );
    const inner = judgeKwp({ wrapped: test.blob.subarray(k), kek, expected: test.expected });
    return inner.ok ? passed(`the AES key opens with OAEP ${test.hash}`, ...inner.shown) : inner;
  } finally {
    zero(kek);
  }
};

/** @throws KeymootError `self-test-failed` with the verdict's words and the fault as a field */
export const requirePassed = (verdict: Verdict, what: string): void => {
  if (verdict.ok) return;
  throw new KeymootError(
    'self-test-failed',
    `the self-test of ${what} failed: ${verdict.message}. Only throw-away keys were used; nothing was exported. ` +
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

/** Says which hashes the token really used. One that opens with what was asked for never comes here. */
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

/** EM of RFC 8017, whatever is in it; empty when the blob is no number below the modulus, which a faulty device may well give. */
const openRaw = (privateKey: Uint8Array, blob: Uint8Array): Uint8Array => {
  const key = createPrivateKey({ key: Buffer.from(privateKey), format: 'der', type: 'pkcs8' });
  try {
    return privateDecrypt({ key, padding: constants.RSA_NO_PADDING }, blob);
  } catch {
    return new Uint8Array(); // key and length were checked before, so it is the number
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

/** Whether EM is EME-OAEP with an empty label (RFC 8017 section 7.1.2 step 3). Not constant in time, on purpose only for throw-away keys. */
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

const explainKeyWrap = (kek: Uint8Array, wrapped: Uint8Array, expected: Expected): Verdict => {
  const inner = wrapped.length >= 24 ? unwrapKw(kek, wrapped) : undefined;
  if (inner === undefined)
    return failed('does-not-open', 'the integrity check of AES-KWP (RFC 5649) fails');
  const pad = inner.at(-1) ?? 0;
  const pkcs7 = pad >= 1 && pad <= 16 && inner.subarray(-pad).every((byte) => byte === pad);
  const matches =
    expected.kind === 'pkcs8' || equalBytes(inner.subarray(0, -pad), expected.plaintext);
  zero(inner);
  return failed(
    'not-kwp',
    pkcs7 && matches
      ? 'the token did AES-KW (RFC 3394) over PKCS#7 padding instead of AES-KWP (RFC 5649)'
      : 'the token did AES-KW (RFC 3394) instead of AES-KWP (RFC 5649)',
  );
};

const judgePlaintext = (
  opened: Uint8Array,
  expected: Expected,
  shown: readonly string[],
): Verdict => {
  if (expected.kind === 'pkcs8') return judgePkcs8(opened, expected.spki, shown);
  const { plaintext } = expected;
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

const judgePkcs8 = (opened: Uint8Array, spki: Uint8Array, shown: readonly string[]): Verdict => {
  if (!isSingleSequence(opened)) {
    const whole = opened.findLastIndex((byte) => byte !== 0) + 1;
    // A private key may itself end in a zero byte, so every length up to the next multiple of 8 is tried.
    for (let length = whole; length < opened.length; length++)
      if (isSingleSequence(opened.subarray(0, length)))
        return failed(
          'zero-padded',
          `the token added ${opened.length - length} zero bytes to the PKCS#8 before wrapping it, which strict importers refuse`,
        );
    return failed('not-pkcs8', 'what is inside is not one DER element');
  }
  let publicHalf: Uint8Array;
  try {
    const key = createPrivateKey({ key: Buffer.from(opened), format: 'der', type: 'pkcs8' });
    publicHalf = createPublicKey(key).export({ format: 'der', type: 'spki' });
  } catch {
    // No cause: the library's text may quote what it could not read.
    return failed('not-pkcs8', 'what is inside is not an unencrypted PKCS#8 private key');
  }
  return equalBytes(publicHalf, spki)
    ? passed(...shown, 'the private key inside belongs to the public key of the token')
    : failed('public-key-differs', 'the private key inside belongs to another public key');
};
