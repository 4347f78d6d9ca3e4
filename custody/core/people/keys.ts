/**
 * A person's signing key when they have no card: Ed25519, its seed sealed under scrypt of a passphrase.
 *
 * scrypt: RFC 7914; N = 2^17, r = 8, p = 1 takes 128 MiB and about 0.4 s (OWASP Password Storage Cheat Sheet, 2026-11). A rehearsal's keys are worthless outside it
 * and use N = 2^14, those of invented people 2^10; the parameters are stored beside the blob. Seal: XChaCha20-Poly1305 with the person's id as associated data, so blobs can't be swapped between people.
 */
import { createPrivateKey, createPublicKey, hash, scrypt, sign } from 'node:crypto';
import { xchacha20poly1305 } from '@noble/ciphers/chacha.js';
import type { Mode } from '../../../shared/domain/basics.ts';
import type { SigningKey } from '../../../shared/domain/people.ts';
import { KeymootError } from '../../../shared/errors.ts';
import { preAuthentication } from '../audit/statement.ts';

/** What the desk stores of a person's key. Useless without the passphrase. */
export interface SealedKey {
  v: 1;
  kdf: 'scrypt';
  /** scrypt's cost: N = 2^log2n. */
  log2n: number;
  salt: Uint8Array;
  nonce: Uint8Array;
  sealed: Uint8Array;
}

const COST = { production: 17, rehearsal: 14, invented: 10 } as const;

/**
 * @param invented a rehearsal's person with a random passphrase of 100 bits, which can't be guessed at any speed
 * @returns log2 of scrypt's N
 */
export const costOf = (mode: Mode, invented: boolean): number => {
  if (!invented) return COST[mode];
  // SECURITY: a passphrase that a person chose needs a slow derivation.
  if (mode === 'production')
    throw new KeymootError(
      'input-invalid',
      'A production desk has no invented people. Nobody was enrolled. Enrol the person with a passphrase of their own.',
      { fields: { invented: 'production' } },
    );
  return COST.invented;
};

/** Bytes of an Ed25519 PKCS#8 before its 32-byte seed (RFC 8410 section 7). */
const PKCS8_PREFIX = Buffer.from('302e020100300506032b657004220420', 'hex');

const PASSPHRASE_MIN_BYTES = 12;
export const PASSPHRASE_MAX_BYTES = 256;

const stretch = (passphrase: Uint8Array, salt: Uint8Array, log2n: number): Promise<Buffer> =>
  new Promise((resolve, reject) => {
    const N = 2 ** log2n;
    scrypt(passphrase, salt, 32, { N, r: 8, p: 1, maxmem: N * 8 * 128 + 2 ** 20 }, (error, key) => {
      if (error === null) resolve(key);
      else reject(error);
    });
  });

const privateKey = (seed: Uint8Array) => {
  const der = Buffer.concat([PKCS8_PREFIX, seed]);
  try {
    return createPrivateKey({ key: der, format: 'der', type: 'pkcs8' });
  } finally {
    der.fill(0); // SECURITY: the KeyObject has its own copy, which OpenSSL wipes on collection
  }
};

const aad = (person: string): Uint8Array => Buffer.from(`keymoot/person-key/1 ${person}`);

const checkPassphrase = (passphrase: Uint8Array): void => {
  if (passphrase.length < PASSPHRASE_MIN_BYTES || passphrase.length > PASSPHRASE_MAX_BYTES)
    throw new KeymootError(
      'input-invalid',
      `A passphrase has ${PASSPHRASE_MIN_BYTES} to ${PASSPHRASE_MAX_BYTES} characters, and one beyond plain English letters counts as two or more. Nothing was done. Choose several words that only you know.`,
      { fields: { passphrase: 'length' } },
    );
};

/** Makes a key and its sealed blob. The passphrase is read, not kept; the caller zeroes it. */
export const makePersonKey = async (
  person: string,
  passphrase: Uint8Array,
  log2n: number,
  random: (bytes: number) => Uint8Array,
): Promise<{ key: SigningKey; sealed: SealedKey; sign: (payload: Uint8Array) => Uint8Array }> => {
  checkPassphrase(passphrase);
  const seed = random(32);
  const salt = random(16);
  const nonce = random(24);
  const kek = await stretch(passphrase, salt, log2n);
  try {
    const signer = privateKey(seed);
    const spki = createPublicKey(signer).export({ format: 'der', type: 'spki' });
    const sealed = xchacha20poly1305(kek, nonce, aad(person)).encrypt(seed);
    return {
      key: { alg: 'Ed25519', spki: spki.toString('base64'), sha256: hash('sha256', spki) },
      sealed: { v: 1, kdf: 'scrypt', log2n, salt, nonce, sealed },
      sign: (payload) => sign(null, preAuthentication(payload), signer),
    };
  } finally {
    seed.fill(0);
    kek.fill(0);
  }
};

/**
 * Opens the blob for the signatures of one call. A wrong passphrase is `act-refused`, without a further reason.
 * @param enrolled the key that the log says is this person's
 */
export const openPersonKey = async (
  person: string,
  passphrase: Uint8Array,
  blob: SealedKey,
  enrolled: SigningKey,
): Promise<(payload: Uint8Array) => Uint8Array> => {
  const kek = await stretch(passphrase, blob.salt, blob.log2n);
  let seed: Uint8Array | undefined;
  let signer;
  try {
    seed = xchacha20poly1305(kek, blob.nonce, aad(person)).decrypt(blob.sealed);
    signer = privateKey(seed);
  } catch (cause) {
    throw new KeymootError(
      'act-refused',
      'The passphrase does not open this person’s signing key. Nothing was done. Check Caps Lock and the keyboard layout, then try again.',
      { cause, fields: { person } },
    );
  } finally {
    kek.fill(0);
    seed?.fill(0);
  }
  // SECURITY: an attacker's blob in the database would open with their own passphrase, but it is not this person's key.
  const spki = createPublicKey(signer).export({ format: 'der', type: 'spki' });
  if (spki.toString('base64') !== enrolled.spki)
    throw new KeymootError(
      'store-tampered',
      'The signing key in the database is not the one that this person enrolled with. Nothing was done. Keep the data folder as evidence.',
      { fields: { person } },
    );
  const opened = signer;
  return (payload) => sign(null, preAuthentication(payload), opened);
};
