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
 * Logs may name any of them. This file makes only the first and the zero-block value of an AES key. Its functions take key bytes, so they belong in tests and in the
 * short-lived process that forms a key, never where a token can make the value itself. Buffers passed in are only read; our own intermediate ones are cleared.
 */
import { createCipheriv } from 'node:crypto';
import { cmac } from '@noble/ciphers/aes.js';
import type { Check } from '../../../shared/domain/keys.ts';
import { abytes, hexEncode, zero } from '../bytes.ts';

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
 * Parses a check value: spaces between groups and upper case are normalised, the length must be one of the method's.
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
 * Compares two check values of one method. Values of different methods are not compared: equal digits would be chance and unequal ones mean nothing. For
 * X9.24-CMAC a value of 3 bytes is compared with the first 3 bytes of the other.
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

/** One AES block in ECB. SECURITY: never requested from a token for the zero block (that is the GCM hash subkey); every caller truncates it to three bytes. */
const aesBlock = (key: Uint8Array, block: Uint8Array): Uint8Array => {
  const cipher = createCipheriv(`aes-${aesBits(key)}-ecb`, key, null).setAutoPadding(false);
  return cipher.update(block);
};

/** @param key AES, 16, 24 or 32 bytes */
export const x924Cmac = (key: Uint8Array): Check => {
  aesBits(key);
  return first('X9.24-CMAC', cmac(new Uint8Array(16), key), 5);
};

/** What a token reports as CKA_CHECK_VALUE of an AES key, 16, 24 or 32 bytes. */
export const p11Check = (key: Uint8Array): Check =>
  first('P11-CHECK', aesBlock(key, new Uint8Array(16)), 3);
