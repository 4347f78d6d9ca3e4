/** One value, one spelling: the integer-only profile of RFC 8785. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { canonical, canonicalBytes, parseCanonical, sameData } from '../../../shared/canonical.ts';

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);
const { value } = fc.letrec<{ value: unknown }>((tie) => ({
  value: fc.oneof(
    { maxDepth: 3 },
    fc.string({ unit: 'grapheme' }),
    fc.maxSafeInteger().map((n) => n + 0),
    fc.boolean(),
    fc.array(tie('value'), { maxLength: 4 }),
    fc.dictionary(fc.string({ unit: 'grapheme' }), tie('value'), { maxKeys: 4 }),
  ),
}));

describe('canonical text', () => {
  it('is read back to what was written, and written again as it was', () => {
    fc.assert(
      fc.property(value, (data) => {
        fc.pre(!JSON.stringify(data).includes('"__proto__"')); // an object literal can't hold it
        const text = canonical(data);
        expect(JSON.parse(text)).toEqual(JSON.parse(JSON.stringify(data)));
        expect(canonical(parseCanonical(canonicalBytes(data)))).toBe(text);
      }),
      { seed: 8785 },
    );
  });

  it('does not depend on the order in which members were put', () => {
    const turned = (data: unknown): unknown => {
      if (typeof data !== 'object' || data === null) return data;
      if (Array.isArray(data)) return data.map(turned);
      const members = Object.entries(data).map(([name, member]) => [name, turned(member)]);
      return Object.fromEntries(members.reverse()) as unknown;
    };
    fc.assert(
      fc.property(value, (data) => {
        fc.pre(!JSON.stringify(data).includes('"__proto__"'));
        expect(canonical(turned(data))).toBe(canonical(data));
      }),
      { seed: 8785 },
    );
  });

  it('takes text for what it is, also when it looks like an escape', () => {
    expect(canonical(['\\ud800', '\\\\ud'])).toBe(String.raw`["\\ud800","\\\\ud"]`);
  });

  it('sorts members by UTF-16 code units (the example of RFC 8785 section 3.2.3)', () => {
    const names = ['\u20ac', '\r', '\ufb33', '1', '\ud83d\ude00', '\u0080', '\u00f6'];
    const text = canonical(Object.fromEntries(names.map((name) => [name, 1])));
    expect(Object.keys(JSON.parse(text) as object).sort()).toHaveLength(7);
    const order = ['\\r', '1', '\u0080', '\u00f6', '\u20ac', '\ud83d\ude00', '\ufb33'];
    expect(text).toBe(`{${order.map((name) => `"${name}":1`).join(',')}}`);
  });

  it('escapes as RFC 8785 section 3.2.2.2 asks and no more', () => {
    expect(canonical('\u0000\b\t\n\f\r\u001f"\\/\u007f\u2028€')).toBe(
      '"\\u0000\\b\\t\\n\\f\\r\\u001f\\"\\\\/\u007f\u2028€"',
    );
  });

  it('leaves out what is undefined', () => {
    expect(canonical({ b: undefined, a: 1 })).toBe('{"a":1}');
  });
});

it.each<[string, unknown]>([
  ['null', null],
  ['a fraction', 0.5],
  ['minus zero', -0],
  ['what is beyond 2^53', 2 ** 53],
  ['NaN', Number.NaN],
  ['a lone surrogate', '\ud800'],
  ['a lone surrogate in a name', { '\udc00': 1 }],
  ['a date', new Date(0)],
  ['a map', new Map()],
  ['bytes', new Uint8Array(1)],
  ['undefined', undefined],
  ['an array with nothing in a place', [undefined]],
  ['an array with a hole', Object.assign([], { length: 1 })],
  ['a lone surrogate deep inside', { a: [{ b: 'x\ud800' }] }],
  ['a bigint', 1n],
])('is not data: %s', (_, data) => {
  expect(() => canonical(data)).toThrow(TypeError);
});

it.each([
  ' {}',
  '{} ',
  '\ufeff{}',
  '{"b":1,"a":1}',
  '{"a":1,"a":1}',
  '{"a":1,"a":2}',
  '{"a" :1}',
  '[1.0]',
  '[1e0]',
  '[-0]',
  '[01]',
  '[9007199254740993]',
  '[null]',
  '["\\u0041"]',
  '["\\/"]',
  '["\\u000a"]',
  '["\\u001F"]',
  '["\\ud800"]',
  '',
  '{',
  '[NaN]',
])('refuses the spelling %j', (text) => {
  expect(() => parseCanonical(bytes(text))).toThrow();
});

it('refuses bytes that are not UTF-8', () => {
  expect(() => parseCanonical(Uint8Array.of(0x22, 0xff, 0x22))).toThrow(TypeError);
  expect(() => parseCanonical(Uint8Array.of(0x22, 0xed, 0xa0, 0x80, 0x22))).toThrow(TypeError);
});

describe('the same data', () => {
  it('is what has the same spelling, whatever the order of its members', () => {
    const turned = (data: unknown): unknown => {
      if (typeof data !== 'object' || data === null) return data;
      if (Array.isArray(data)) return data.map(turned);
      const members = Object.entries(data).map(([name, member]) => [name, turned(member)]);
      return Object.fromEntries([...members.reverse(), ['absent', undefined]]);
    };
    fc.assert(
      fc.property(value, value, (one, other) => {
        expect(sameData(one, turned(one))).toBe(true);
        expect(sameData(one, other)).toBe(canonical(one) === canonical(other));
      }),
    );
  });
  it.each([
    [{ a: 1 }, { a: 1, b: 1 }],
    [{ a: 1 }, { b: 1 }],
    [{ a: undefined, b: 1 }, { a: 1 }],
    [[1, 2], [1]],
    [['1'], [1]],
    [[], {}],
    [{}, { toString: 'x' }],
    [{ toString: {}.toString }, {}],
    [{ a: { b: [1, { c: true }] } }, { a: { b: [1, { c: false }] } }],
    [{}, undefined],
    [{}, null],
    ['', false],
  ])('is not %j and %j', (one, other) => {
    expect(sameData(one, other)).toBe(false);
    expect(sameData(other, one)).toBe(false);
  });
});
