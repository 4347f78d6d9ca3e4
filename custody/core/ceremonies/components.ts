/**
 * XOR components: parsing the typed digits, refusing invalid ones, combining (design 03, R20 to R23).
 *
 * Everything works on buffers that the caller zeroes. Refusals name the component and the line, never a digit.
 */
import { createHash, createHmac, timingSafeEqual } from 'node:crypto';
import type { Check } from '../../../shared/domain/keys.ts';
import { KeymootError } from '../../../shared/errors.ts';
import { makeCheck, p11Check, sameCheck, x924Cmac } from '../checkvalues/check-values.ts';

const refused = (index: number, why: string, fields: Record<string, string> = {}) =>
  new KeymootError(
    'component-refused',
    `Component ${index} was refused: ${why} Nothing was kept of it, and the other components are as they were. Enter this one again.`,
    { fields: { component: String(index), ...fields } },
  );

const SPACES = new Set([0x20, 0x09, 0x0a, 0x0d]);
const nibble = (code: number): number => {
  if (code >= 0x30 && code <= 0x39) return code - 0x30;
  const letter = code | 0x20;
  return letter >= 0x61 && letter <= 0x66 ? letter - 0x57 : -1;
};

/** Decodes typed hex digits without making a string, and zeroes the typed bytes. Accepts both cases and skips white space. */
export const readComponent = (index: number, typed: Uint8Array, bytes: number): Uint8Array => {
  const component = new Uint8Array(bytes);
  let digits = 0;
  let line = 1;
  try {
    for (const code of typed) {
      if (code === 0x0a) line += 1;
      if (SPACES.has(code)) continue;
      const value = nibble(code);
      if (value < 0)
        throw refused(index, `line ${line} holds a character that is no hex digit.`, {
          line: String(line),
        });
      if (digits < bytes * 2) {
        const at = digits >> 1;
        component[at] = ((component[at] ?? 0) << 4) | value;
      }
      digits += 1;
    }
    if (digits !== bytes * 2)
      throw refused(index, `it has ${digits} hex digits, and ${bytes * 2} make a whole component.`);
    return component;
  } catch (error) {
    component.fill(0);
    throw error;
  } finally {
    typed.fill(0); // SECURITY: the only other copy in this process
  }
};

/** R41: identifies a wrong component later and reveals nothing about a right one, since components have at least 128 bits of entropy. */
const commitmentOf = (setId: string, index: number, component: Uint8Array): string =>
  createHash('sha256')
    .update('keymoot/component/1\0')
    .update(Buffer.from(setId, 'hex'))
    .update(Uint8Array.of(index))
    .update(component)
    .digest('hex');

/** The components of one key from entry until forming. One object per ceremony; `wipe` clears it. */
export class ComponentSet {
  readonly #setId: string;
  readonly #count: number;
  readonly #bytes: number;
  readonly #held = new Map<number, Uint8Array>();
  /** R22: duplicates are found by HMAC under a key that exists only in this object. */
  readonly #key: Buffer;

  constructor(setId: string, count: number, bytes: number, hmacKey: Buffer) {
    this.#setId = setId;
    this.#count = count;
    this.#bytes = bytes;
    this.#key = hmacKey;
  }
  #tag(component: Uint8Array): Buffer {
    return createHmac('sha256', this.#key).update(component).digest();
  }

  /** Accepts a component. `check` is the value that the custodian typed from the envelope. */
  receive(
    index: number,
    typed: Uint8Array,
    check: string,
    earlier: string | undefined,
  ): { check: Check; commitment: string } {
    if (index < 1 || index > this.#count) {
      typed.fill(0);
      throw refused(index, `this key has ${this.#count} components.`);
    }
    const component = readComponent(index, typed, this.#bytes);
    try {
      if (component.every((byte) => byte === 0)) throw refused(index, 'it is all zeros.');
      if (component.every((byte) => byte === 0xff)) throw refused(index, 'it is all ones.');
      const tag = this.#tag(component);
      for (const [other, held] of this.#held)
        if (other !== index && timingSafeEqual(this.#tag(held), tag))
          throw refused(
            index,
            `it is the same as component ${other}. Each custodian has a component of their own.`,
          );
      const own = x924Cmac(component);
      let given;
      try {
        given = makeCheck(own.method, check);
      } catch {
        // makeCheck throws only for a malformed value.
        throw refused(
          index,
          `the check value is not one of ${own.method}: ten hex digits, or six for short.`,
        );
      }
      if (sameCheck(own, given) !== 'same')
        throw refused(
          index,
          'its check value is not the one typed from the envelope. A digit of the component or of the check value is wrong.',
        );
      const commitment = commitmentOf(this.#setId, index, component);
      if (earlier !== undefined && earlier !== commitment)
        throw refused(index, 'it is another one than was entered before the interruption.');
      this.#held.get(index)?.fill(0);
      this.#held.set(index, component);
      return { check: own, commitment };
    } catch (error) {
      component.fill(0);
      throw error;
    }
  }

  /** XOR of all components. The caller zeroes the sum. */
  combine(expected: Check | undefined): { sum: Uint8Array; check: Check; p11: Check } {
    if (this.#held.size !== this.#count)
      throw new KeymootError(
        'component-refused',
        `Only ${this.#held.size} of ${this.#count} components are here.`,
      );
    const sum = new Uint8Array(this.#bytes);
    for (const component of this.#held.values())
      for (let at = 0; at < sum.length; at++) sum[at] = (sum[at] ?? 0) ^ (component[at] ?? 0);
    try {
      if (sum.every((byte) => byte === 0))
        throw new KeymootError(
          'component-refused',
          'The components add up to zero, which is no key. Nothing was formed.',
        );
      for (const component of this.#held.values())
        if (timingSafeEqual(component, sum))
          throw new KeymootError(
            'component-refused',
            'The key would be the same as one of its components. Nothing was formed.',
          );
      const check = x924Cmac(sum);
      // SECURITY: a final mismatch reports only that, and nothing about the sum or any part of it (R23).
      if (expected !== undefined && sameCheck(check, expected) !== 'same')
        throw new KeymootError(
          'component-refused',
          'The components do not add up to the key that the definition expects. Nothing was formed. One of the components, or the expected check value, is not the sender’s.',
          { fields: { sum: 'unexpected' } },
        );
      return { sum, check, p11: p11Check(sum) };
    } catch (error) {
      sum.fill(0);
      throw error;
    }
  }

  wipe(): void {
    for (const component of this.#held.values()) component.fill(0);
    this.#held.clear();
    this.#key.fill(0);
  }
}
