/**
 * Byte helpers, all strict: one value has one spelling here, and what came is described without ever being printed.
 *
 * Order of checks is type, then length, then content. A wrong type throws TypeError, everything else RangeError.
 */
import { timingSafeEqual } from 'node:crypto';

const kind = (value: unknown): string => (value === null ? 'null' : typeof value);

/**
 * Requires a Uint8Array (a Buffer is one).
 *
 * @param length bytes it must have; leave it out where any length will do
 * @param name how the value is called in the message
 * @throws TypeError, RangeError: `"kek" expected Uint8Array of length 32, got length=16`
 */
export function abytes(
  value: unknown,
  length: number | undefined,
  name: string,
): asserts value is Uint8Array {
  const wanted = length === undefined ? '' : ` of length ${length}`;
  if (!(value instanceof Uint8Array))
    throw new TypeError(`"${name}" expected Uint8Array${wanted}, got type=${kind(value)}`);
  if (length !== undefined && value.length !== length)
    throw new RangeError(`"${name}" expected Uint8Array${wanted}, got length=${value.length}`);
}

const atext = (value: unknown, name: string): string => {
  if (typeof value !== 'string')
    throw new TypeError(`"${name}" expected string, got type=${kind(value)}`);
  return value;
};

/** Lower-case hex, two digits a byte. */
export const hexEncode = (bytes: Uint8Array): string => {
  abytes(bytes, undefined, 'bytes');
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('hex');
};

/**
 * Lower-case hex only: whoever reads typed text brings it into this form first, and so decides what may be folded.
 *
 * @throws TypeError, RangeError
 */
export const hexDecode = (text: string, name = 'hex'): Uint8Array => {
  atext(text, name);
  if (text.length % 2 !== 0)
    throw new RangeError(
      `"${name}" expected an even number of hex digits, got length=${text.length}`,
    );
  if (!/^[0-9a-f]*$/u.test(text))
    throw new RangeError(`"${name}" expected only the hex digits 0-9 a-f`);
  return copy(Buffer.from(text, 'hex'));
};

/** Standard base64 (RFC 4648 section 4) with padding, on one line. */
export const base64Encode = (bytes: Uint8Array): string => {
  abytes(bytes, undefined, 'bytes');
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('base64');
};

/**
 * Canonical standard base64 (RFC 4648 sections 3.5 and 4): padded, no white space, no URL alphabet, unused bits zero.
 *
 * @throws TypeError, RangeError saying which of these failed
 */
export const base64Decode = (text: string, name = 'base64'): Uint8Array => {
  atext(text, name);
  if (/\s/u.test(text)) throw new RangeError(`"${name}" is base64 with white space or line breaks`);
  if (!/^[A-Za-z0-9+/]*={0,2}$/u.test(text))
    throw new RangeError(`"${name}" has characters that are not standard base64`);
  if (text.length % 4 !== 0)
    throw new RangeError(
      `"${name}" is base64 cut short or without its padding, got length=${text.length}`,
    );
  const bytes = copy(Buffer.from(text, 'base64'));
  if (base64Encode(bytes) !== text)
    throw new RangeError(`"${name}" is base64 whose unused bits are not zero`);
  return bytes;
};

/** Equality in time that depends on the lengths only; different lengths are simply unequal. */
export const equalBytes = (a: Uint8Array, b: Uint8Array): boolean => {
  abytes(a, undefined, 'a');
  abytes(b, undefined, 'b');
  return a.length === b.length && timingSafeEqual(a, b);
};

/** Clears buffers in place. What a library copied for itself, and every string, stays. */
export const zero = (...buffers: (Uint8Array | undefined)[]): void => {
  for (const buffer of buffers) buffer?.fill(0);
};

/**
 * A new buffer with `a XOR b`.
 *
 * @throws TypeError, RangeError when the lengths differ
 */
export const xor = (a: Uint8Array, b: Uint8Array): Uint8Array => {
  abytes(a, undefined, 'a');
  abytes(b, a.length, 'b');
  return Uint8Array.from(a, (byte, i) => byte ^ (b[i] as number));
};

/** A new buffer with all parts in order. */
export const concat = (...parts: Uint8Array[]): Uint8Array => {
  const out = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    out.set(part, at);
    at += part.length;
  }
  return out;
};

/** A copy with memory of its own: a Buffer may share a pool with strangers, which must not hold key bytes. */
export const copy = (bytes: Uint8Array): Uint8Array => Uint8Array.from(bytes);
