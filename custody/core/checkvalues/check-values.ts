/**
 * Key check values, each labelled with its method and never compared across methods.
 *
 * | method | key | definition | bytes |
 * |---|---|---|---|
 * | X9.24-CMAC | AES | CMAC (RFC 4493, SP 800-38B) of sixteen zero bytes, ANSI X9.24-1 | 5, or its prefix of 3 |
 * | LEGACY-ZERO | DES, 3DES | encryption of eight zero bytes | 3 |
 * | P11-CHECK | any secret | CKA_CHECK_VALUE, PKCS#11 2.40 (secret key objects): ECB of a zero block; SHA-1 where there is no cipher | 3 |
 * | GP-01 | AES | encryption of sixteen 01 bytes, as GlobalPlatform cards do; only to compare with a partner's | 3 |
 * | HMAC-SHA256KEY | HMAC, generic | SHA-256 of the key | 3 |
 * | HMAC-EMPTY | HMAC | HMAC-SHA256 of the empty message; can't tell a key from itself followed by zeros | 5 |
 *
 * The functions take key bytes, so they belong in tests and in the short-lived process that forms a key, never where a token
 * can make the value itself. The buffers given are only read; what is made here on the way is cleared, as far as it is ours.
 */
import { createCipheriv, createHash, createHmac } from 'node:crypto';
import { cmac } from '@noble/ciphers/aes.js';
import type { Check } from '../../../shared/domain/keys.ts';
import { abytes, concat, hexEncode, zero } from '../bytes.ts';

type CheckMethod = Check['method'];

/** Lengths in hex digits that a value of the method may have; the first is the one we write. */
const DIGITS: Readonly<Record<CheckMethod, readonly number[]>> = {
  'X9.24-CMAC': [10, 6],
  'LEGACY-ZERO': [6],
  'P11-CHECK': [6],
  'GP-01': [6],
  'HMAC-SHA256KEY': [6],
  'HMAC-EMPTY': [10],
};

/**
 * A check value from text: spaces between groups and upper case are folded, the length must be one of the method's.
 *
 * @throws RangeError
 */
export const makeCheck = (method: CheckMethod, text: string): Check => {
  const value = text.replaceAll(' ', '').toLowerCase();
  if (!/^[0-9a-f]*$/u.test(value))
    throw new RangeError(`a ${method} check value expected only hex digits`);
  if (!DIGITS[method].includes(value.length))
    throw new RangeError(
      `a ${method} check value expected ${DIGITS[method].join(' or ')} hex digits, got ${value.length}`,
    );
  return { method, value };
};

export type Comparison = 'same' | 'different' | 'different-methods';

/**
 * Compares two check values of one method. Between methods nothing is said: equal digits would be chance and unequal ones mean nothing.
 * For X9.24-CMAC a value of 3 bytes is compared with the first 3 bytes of the other.
 *
 * @throws RangeError when a value does not have its method's form
 */
export const sameCheck = (a: Check, b: Check): Comparison => {
  const [one, other] = [makeCheck(a.method, a.value), makeCheck(b.method, b.value)];
  if (one.method !== other.method) return 'different-methods';
  const digits = Math.min(one.value.length, other.value.length);
  return one.value.slice(0, digits) === other.value.slice(0, digits) ? 'same' : 'different';
};

const first = (method: CheckMethod, bytes: Uint8Array, count: number): Check => {
  const value = hexEncode(bytes.subarray(0, count));
  zero(bytes);
  return { method, value };
};

const aesBits = (key: Uint8Array): number => {
  abytes(key, undefined, 'key');
  if (![16, 24, 32].includes(key.length))
    throw new RangeError(
      `"key" expected an AES key of 16, 24 or 32 bytes, got length=${key.length}`,
    );
  return key.length * 8;
};

/** One AES block in ECB. SECURITY: never asked of a token for zeros (that is the GCM hash subkey), and cut to three bytes by every caller. */
const aesBlock = (key: Uint8Array, block: Uint8Array): Uint8Array => {
  const cipher = createCipheriv(`aes-${aesBits(key)}-ecb`, key, null).setAutoPadding(false);
  return cipher.update(block);
};

/** 3DES in the three-key form that the library wants: K, K1‖K2 and K1‖K2‖K3 become K‖K‖K, K1‖K2‖K1 and K1‖K2‖K3. */
const desBlock = (key: Uint8Array, block: Uint8Array): Uint8Array => {
  abytes(key, undefined, 'key');
  if (![8, 16, 24].includes(key.length))
    throw new RangeError(`"key" expected a DES key of 8, 16 or 24 bytes, got length=${key.length}`);
  const parts = [0, 8, 16].map((at) => key.subarray(at % key.length, (at % key.length) + 8));
  const whole = concat(...parts);
  try {
    return createCipheriv('des-ede3-ecb', whole, null).setAutoPadding(false).update(block);
  } finally {
    zero(whole);
  }
};

/** @param key AES, 16, 24 or 32 bytes */
export const x924Cmac = (key: Uint8Array): Check => {
  aesBits(key);
  return first('X9.24-CMAC', cmac(new Uint8Array(16), key), 5);
};

/** @param key DES or 3DES, 8, 16 or 24 bytes with or without odd parity */
export const legacyZero = (key: Uint8Array): Check =>
  first('LEGACY-ZERO', desBlock(key, new Uint8Array(8)), 3);

export type SecretKind = 'aes' | 'des' | 'generic';

/** What a token reports as CKA_CHECK_VALUE. `des` covers 3DES; `generic` covers HMAC keys and everything without a cipher. */
export const p11Check = (kind: SecretKind, key: Uint8Array): Check => {
  switch (kind) {
    case 'aes':
      return first('P11-CHECK', aesBlock(key, new Uint8Array(16)), 3);
    case 'des':
      return first('P11-CHECK', desBlock(key, new Uint8Array(8)), 3);
    case 'generic':
      abytes(key, undefined, 'key');
      return first('P11-CHECK', createHash('sha1').update(key).digest(), 3);
  }
};

/** @param key AES, 16, 24 or 32 bytes */
export const gp01 = (key: Uint8Array): Check =>
  first('GP-01', aesBlock(key, new Uint8Array(16).fill(1)), 3);

/** @param key any length but none */
export const hmacSha256Key = (key: Uint8Array): Check => {
  anyKey(key);
  return first('HMAC-SHA256KEY', createHash('sha256').update(key).digest(), 3);
};

/** @param key any length but none */
export const hmacEmpty = (key: Uint8Array): Check => {
  anyKey(key);
  return first('HMAC-EMPTY', createHmac('sha256', key).digest(), 5);
};

const anyKey = (key: Uint8Array): void => {
  abytes(key, undefined, 'key');
  if (key.length === 0) throw new RangeError('"key" expected at least one byte, got length=0');
};
