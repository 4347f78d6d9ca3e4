/** Components: what is read, what is refused, what they add up to. Known answers by OpenSSL 3 (`openssl mac … CMAC` over sixteen zero bytes). */
import { describe, expect, test } from 'vitest';
import { KeymootError } from '../../../shared/errors.ts';
import { ComponentSet, readComponent } from '../../../custody/core/ceremonies/components.ts';

const A = '2b7e151628aed2a6abf7158809cf4f3c';
const B = '000102030405060708090a0b0c0d0e0f';
const SUM = '2b7f17152cabd4a1a3fe1f8305c24133';
const CMAC = { [A]: '7ad386c376', [B]: 'be7ed6ae78', [SUM]: 'fd03633fbb' } as const;
const typed = (text: string): Uint8Array => Uint8Array.from(Buffer.from(text));
const hexOf = (bytes: Uint8Array) => Buffer.from(bytes).toString('hex');
const set = (count = 2) => new ComponentSet('c0de'.repeat(8), count, 16, Buffer.alloc(32, 7));
const refusal = (act: () => unknown): KeymootError => {
  try {
    act();
  } catch (error) {
    if (error instanceof KeymootError) return error;
    throw error;
  }
  throw new Error('it was not refused');
};

describe('reading a component', () => {
  test('takes both cases, spaces and line breaks, and zeroes what was typed', () => {
    const bytes = typed(`2B7E1516 28aed2a6\r\n\tabf71588  09CF4F3C\n`);
    expect(hexOf(readComponent(1, bytes, 16))).toBe(A);
    expect(bytes.every((byte) => byte === 0)).toBe(true);
  });
  const wrong: [string, string, RegExp][] = [
    ['a digit short', A.slice(1), /31 hex digits, and 32/],
    ['a digit too long', `${A}0`, /33 hex digits/],
    ['half of it', A.slice(16), /16 hex digits/],
    ['nothing', '', /0 hex digits/],
    ['a letter that is no digit', `${A.slice(0, 31)}g`, /line 1 holds a character/],
    [
      'the letter O on its third line',
      `${A.slice(0, 8)}\n${A.slice(8, 16)}\n${A.slice(16, 31)}O`,
      /line 3/,
    ],
    ['a prefix', `0x${A}`, /line 1/],
    ['colons', A.replace(/(..)(?=.)/g, '$1:'), /line 1/],
    ['a full-width digit', `${A.slice(0, 31)}１`, /line 1/],
    ['a NUL', `${A.slice(0, 31)}\0`, /line 1/],
    ['a character above 255', `${A.slice(0, 31)}ı`, /line 1/],
  ];
  for (const [what, text, why] of wrong)
    test(`refuses ${what}, by the line, without a digit of it`, () => {
      const bytes = typed(text);
      const error = refusal(() => readComponent(2, bytes, 16));
      expect(error.code).toBe('component-refused');
      expect(error.fields?.['component']).toBe('2');
      expect(error.message).toMatch(why);
      expect(error.message).not.toContain(A.slice(0, 6));
      expect(bytes.every((byte) => byte === 0)).toBe(true);
    });
});

describe('a set of components', () => {
  test('adds up to the known key, with its check values', () => {
    const parts = set();
    expect(parts.receive(1, typed(A), CMAC[A], undefined).check).toEqual({
      method: 'X9.24-CMAC',
      value: CMAC[A],
    });
    parts.receive(2, typed(B), CMAC[B].toUpperCase(), undefined);
    const { sum, check } = parts.combine({ method: 'X9.24-CMAC', value: CMAC[SUM] });
    expect(hexOf(sum)).toBe(SUM);
    expect(check.value).toBe(CMAC[SUM]);
  });
  test('takes the short form of a check value', () => {
    expect(set().receive(1, typed(A), CMAC[A].slice(0, 6), undefined).check.value).toBe(CMAC[A]);
  });
  const parts = () => {
    const begun = set(3);
    begun.receive(1, typed(A), CMAC[A], undefined);
    return begun;
  };
  test('refuses all zeros, all ones, and one that is held already', () => {
    expect(
      refusal(() => parts().receive(2, typed('0'.repeat(32)), '', undefined)).message,
    ).toContain('all zeros');
    expect(
      refusal(() => parts().receive(2, typed('F'.repeat(32)), '', undefined)).message,
    ).toContain('all ones');
    expect(refusal(() => parts().receive(2, typed(A), CMAC[A], undefined)).message).toContain(
      'same as component 1',
    );
  });
  test('refuses a number that this key has no component of', () => {
    for (const index of [0, 4, -1]) {
      const bytes = typed(A);
      expect(refusal(() => parts().receive(index, bytes, CMAC[A], undefined)).message).toContain(
        '3 components',
      );
      expect(bytes.every((byte) => byte === 0)).toBe(true);
    }
  });
  for (const check of ['7ad386c377', '7ad387', '', 'x', '7ad3', '7ad386c3760f', CMAC[B]])
    test(`refuses the check value “${check}”`, () => {
      const error = refusal(() => set().receive(1, typed(A), check, undefined));
      expect(error.code).toBe('component-refused');
      expect(error.message).not.toContain(CMAC[A]);
    });
  test('keeps nothing of one that was refused, and the others as they were', () => {
    const begun = parts();
    refusal(() => begun.receive(2, typed(B), '0000000000', undefined));
    expect(refusal(() => begun.combine(undefined)).message).toContain('1 of 3');
    begun.receive(2, typed(B), CMAC[B], undefined);
    expect(refusal(() => begun.combine(undefined)).message).toContain('2 of 3');
  });
  test('takes one again only if it is the same as before', () => {
    const { commitment } = set().receive(1, typed(A), CMAC[A], undefined);
    expect(set().receive(1, typed(A), CMAC[A], commitment).commitment).toBe(commitment);
    expect(refusal(() => set().receive(1, typed(B), CMAC[B], commitment)).message).toContain(
      'before the interruption',
    );
    expect(set(2).receive(2, typed(A), CMAC[A], undefined).commitment).not.toBe(commitment);
  });
  test('forms no key that is zero, a component, or not the expected one, and says nothing of it', () => {
    const zero = set(3);
    zero.receive(1, typed(A), CMAC[A], undefined);
    zero.receive(2, typed(B), CMAC[B], undefined);
    zero.receive(3, typed(SUM), CMAC[SUM], undefined);
    expect(refusal(() => zero.combine(undefined)).message).toContain('add up to zero');

    const other = set(2);
    other.receive(1, typed(A), CMAC[A], undefined);
    other.receive(2, typed(B), CMAC[B], undefined);
    const error = refusal(() => other.combine({ method: 'X9.24-CMAC', value: CMAC[A] }));
    for (const secret of [CMAC[SUM], SUM, CMAC[SUM].slice(0, 4)])
      expect(error.message).not.toContain(secret);
    expect(
      refusal(() => other.combine({ method: 'GP-01', value: CMAC[SUM].slice(0, 6) })).code,
    ).toBe('component-refused');
  });
  test('is empty after it was wiped', () => {
    const wiped = parts();
    wiped.wipe();
    expect(refusal(() => wiped.combine(undefined)).message).toContain('0 of 3');
  });
});
