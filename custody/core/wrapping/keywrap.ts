/**
 * AES key wrap in software, to open what a token wrapped in its self-test. Real keys are wrapped inside the token.
 *
 * - KWP: RFC 5649, SP 800-38F section 6.3; any length from 1 byte; initial value A65959A6 ‖ length
 * - KW: RFC 3394, SP 800-38F section 6.2; multiples of 8 bytes from 16; initial value A6 eight times
 *
 * For 32 bytes both give 40, and only unwrapping tells them apart: one is never accepted in place of the other.
 */
import { aeskw, aeskwp } from '@noble/ciphers/aes.js';
import { abytes, copy } from '../bytes.ts';

/** The longest plaintext taken here, in bytes: far above any key, far below what would be slow. */
export const MAX_PLAINTEXT = 65_536;

const akek = (kek: Uint8Array): void => {
  abytes(kek, undefined, 'kek');
  if (![16, 24, 32].includes(kek.length))
    throw new RangeError(`"kek" expected 16, 24 or 32 bytes, got length=${kek.length}`);
};

/** Length in bytes of `plaintextBytes` wrapped with KWP. */
export const kwpLength = (plaintextBytes: number): number => 8 * Math.ceil(plaintextBytes / 8) + 8;

/**
 * @param kek AES key of 16, 24 or 32 bytes
 * @param plaintext 1 to 65,536 bytes
 * @returns `kwpLength(plaintext.length)` bytes
 * @throws TypeError, RangeError
 */
export const wrapKwp = (kek: Uint8Array, plaintext: Uint8Array): Uint8Array => {
  akek(kek);
  abytes(plaintext, undefined, 'plaintext');
  if (plaintext.length === 0 || plaintext.length > MAX_PLAINTEXT)
    throw new RangeError(
      `"plaintext" expected 1 to ${MAX_PLAINTEXT} bytes, got length=${plaintext.length}`,
    );
  return aeskwp(kek).encrypt(plaintext);
};

/**
 * @param kek AES key of 16, 24 or 32 bytes
 * @param wrapped a multiple of 8 from 16 to 65,544 bytes
 * @returns the plaintext, or undefined when the integrity check of RFC 5649 section 3 fails
 * @throws TypeError, RangeError for lengths that KWP never produces
 */
export const unwrapKwp = (kek: Uint8Array, wrapped: Uint8Array): Uint8Array | undefined => {
  akek(kek);
  abytes(wrapped, undefined, 'wrapped');
  if (wrapped.length < 16 || wrapped.length > MAX_PLAINTEXT + 8 || wrapped.length % 8 !== 0)
    throw new RangeError(
      `"wrapped" expected a multiple of 8 from 16 to ${MAX_PLAINTEXT + 8} bytes, got length=${wrapped.length}`,
    );
  return opened(() => aeskwp(kek).decrypt(wrapped));
};

/**
 * @param kek AES key of 16, 24 or 32 bytes
 * @param plaintext a multiple of 8 from 16 to 65,536 bytes
 * @returns 8 bytes more
 * @throws TypeError, RangeError
 */
export const wrapKw = (kek: Uint8Array, plaintext: Uint8Array): Uint8Array => {
  akek(kek);
  abytes(plaintext, undefined, 'plaintext');
  if (plaintext.length < 16 || plaintext.length > MAX_PLAINTEXT || plaintext.length % 8 !== 0)
    throw new RangeError(
      `"plaintext" expected a multiple of 8 from 16 to ${MAX_PLAINTEXT} bytes, got length=${plaintext.length}`,
    );
  return aeskw(kek).encrypt(plaintext);
};

/**
 * @param kek AES key of 16, 24 or 32 bytes
 * @param wrapped a multiple of 8 from 24 to 65,544 bytes
 * @returns the plaintext, or undefined when the integrity check of RFC 3394 section 2.2.3 fails
 * @throws TypeError, RangeError for lengths that KW never produces
 */
export const unwrapKw = (kek: Uint8Array, wrapped: Uint8Array): Uint8Array | undefined => {
  akek(kek);
  abytes(wrapped, undefined, 'wrapped');
  if (wrapped.length < 24 || wrapped.length > MAX_PLAINTEXT + 8 || wrapped.length % 8 !== 0)
    throw new RangeError(
      `"wrapped" expected a multiple of 8 from 24 to ${MAX_PLAINTEXT + 8} bytes, got length=${wrapped.length}`,
    );
  return opened(() => aeskw(kek).decrypt(wrapped));
};

/** With key and lengths checked before, the one thing left for the library to refuse is integrity. */
const opened = (decrypt: () => Uint8Array): Uint8Array | undefined => {
  try {
    return copy(decrypt());
  } catch {
    return undefined; // as said above
  }
};
