/**
 * The part of DER (X.690) that public keys need, parsed strictly: definite lengths in their shortest form, no trailing bytes.
 *
 * A second encoding of the same key would have a second fingerprint, so everything that X.690 sections 10 and 11 exclude is refused.
 */
import { concat } from '../bytes.ts';

export const TAG = {
  integer: 0x02,
  bitString: 0x03,
  octetString: 0x04,
  null: 0x05,
  oid: 0x06,
  sequence: 0x30,
} as const;

const NAMES: Readonly<Record<number, string>> = {
  0x02: 'an INTEGER',
  0x03: 'a BIT STRING',
  0x04: 'an OCTET STRING',
  0x05: 'a NULL',
  0x06: 'an OBJECT IDENTIFIER',
  0x30: 'a SEQUENCE',
};
const nameOf = (tag: number): string => NAMES[tag] ?? `tag 0x${tag.toString(16).padStart(2, '0')}`;

/** Reads elements one after the other; offsets in messages count from the start of the outermost bytes. Every fault is a RangeError. */
export class DerReader {
  readonly #bytes: Uint8Array;
  readonly #base: number;
  #at = 0;

  constructor(bytes: Uint8Array, base = 0) {
    this.#bytes = bytes;
    this.#base = base;
  }

  /** The tag of the next element, or undefined at the end. */
  get nextTag(): number | undefined {
    return this.#bytes[this.#at];
  }

  #fail(what: string): never {
    throw new RangeError(`${what} at byte ${this.#base + this.#at}`);
  }

  #byte(): number {
    const byte = this.#bytes[this.#at];
    if (byte === undefined) this.#fail('the data ends too early');
    this.#at++;
    return byte;
  }

  #length(): number {
    const lead = this.#byte();
    if (lead < 0x80) return lead;
    const count = lead & 0x7f;
    if (count === 0) this.#fail('an indefinite length is not DER');
    if (count > 3) this.#fail('a length of more than 16 MiB');
    let length = 0;
    for (let i = 0; i < count; i++) length = length * 256 + this.#byte();
    if (length < 0x80 || length < 256 ** (count - 1))
      this.#fail('a length is not in its shortest form');
    return length;
  }

  /** The content of the next element, which must have this tag. */
  read(tag: number): Uint8Array {
    return this.#read(tag).content;
  }

  /** A reader for the content of the next element. */
  enter(tag: number): DerReader {
    const { content, start } = this.#read(tag);
    return new DerReader(content, start);
  }

  #read(tag: number): { content: Uint8Array; start: number } {
    const found = this.nextTag;
    if (found === undefined) this.#fail(`${nameOf(tag)} was expected, but the data ends`);
    if (found !== tag) this.#fail(`${nameOf(tag)} was expected, found ${nameOf(found)}`);
    this.#at++;
    const length = this.#length();
    const start = this.#at;
    if (this.#bytes.length - start < length)
      this.#fail(`${nameOf(tag)} says ${length} bytes, ${this.#bytes.length - start} are left`);
    this.#at += length;
    return {
      content: this.#bytes.subarray(start, this.#at),
      start: this.#base + start,
    };
  }

  /** Big-endian magnitude of a positive INTEGER, without its sign byte. */
  positiveInteger(): Uint8Array {
    const content = this.read(TAG.integer);
    const [first, second] = content;
    if (first === undefined) this.#fail('an INTEGER is empty');
    if (first >= 0x80) this.#fail('an INTEGER is negative');
    if (first !== 0) return content;
    if (second === undefined) this.#fail('an INTEGER is zero');
    if (second < 0x80) this.#fail('an INTEGER is not in its shortest form');
    return content.subarray(1);
  }

  /** The bytes of a BIT STRING that has no unused bits, and a reader's base for them. */
  enterBitString(): DerReader {
    const inner = this.enter(TAG.bitString);
    if (inner.#byte() !== 0) inner.#fail('a BIT STRING has unused bits');
    return new DerReader(inner.#bytes.subarray(1), inner.#base + 1);
  }

  null(): void {
    if (this.read(TAG.null).length !== 0) this.#fail('a NULL has content');
  }

  end(): void {
    if (this.#at !== this.#bytes.length)
      this.#fail(`${this.#bytes.length - this.#at} bytes too many`);
  }
}

/** Dotted form of an OBJECT IDENTIFIER's content, for messages. */
export const oidText = (content: Uint8Array): string => {
  const arcs: bigint[] = [];
  let value = 0n;
  for (const byte of content) {
    value = (value << 7n) | BigInt(byte & 0x7f);
    if ((byte & 0x80) === 0) {
      arcs.push(value);
      value = 0n;
    }
  }
  const [head = 0n, ...rest] = arcs;
  const root = head < 80n ? head / 40n : 2n;
  return [root, head - root * 40n, ...rest].join('.');
};

/** One element. */
export const der = (tag: number, ...content: Uint8Array[]): Uint8Array => {
  const body = concat(...content);
  const size: number[] = [];
  for (let left = body.length; left > 0; left = Math.floor(left / 256)) size.unshift(left % 256);
  const length = body.length < 0x80 ? [body.length] : [0x80 | size.length, ...size];
  return concat(Uint8Array.of(tag, ...length), body);
};

/** A positive INTEGER from its big-endian magnitude; leading zeros are dropped and a sign byte added where it is needed. */
export const derPositiveInteger = (magnitude: Uint8Array): Uint8Array => {
  const from = magnitude.findIndex((byte) => byte !== 0);
  if (from === -1) throw new RangeError('an INTEGER that must be positive is zero or empty');
  const digits = magnitude.subarray(from);
  return der(TAG.integer, Uint8Array.of(...((digits[0] as number) >= 0x80 ? [0] : [])), digits);
};

/** A BIT STRING of whole bytes. */
export const derBitString = (bytes: Uint8Array): Uint8Array =>
  der(TAG.bitString, Uint8Array.of(0), bytes);
