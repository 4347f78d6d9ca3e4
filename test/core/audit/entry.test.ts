/**
 * Three readings of the entry table that were written apart: the writer's schemas, the verifier's rules, and the regular expressions that the rules
 * spell. What the quickest takes the slower ones must take too, whatever is done to an entry.
 */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  MAX_ENTRY_BYTES,
  entryBytes,
  isEntryType,
  parseEntry,
} from '../../../custody/core/audit/entry.ts';
import { Broken, readCanonical } from '../../../custody/core/audit/verify/rules.ts';
import { ENTRY, TYPES as TABLE, briefly } from '../../../custody/core/audit/verify/table.ts';
import { canonical, parseCanonical } from '../../../shared/canonical.ts';
import { DETAIL, EXTRAS, FRAME, HEAVY, TYPES, envelope, sample, type Members } from './samples.ts';

const read = (text: string): Members | undefined => {
  try {
    return readCanonical(Buffer.from(text), ENTRY) as Members;
  } catch (error) {
    if (error instanceof Broken) return undefined;
    throw error;
  }
};
/** Types whose detail has what no regular expression can judge. */
const INTRICATE = new Set([
  'log.genesis',
  'person.enrolled',
  'component.destroy',
  'audit.exported',
]);

describe.each(TYPES)('%s', (type) => {
  it('is taken with all that it may say, and with as little as it can', () => {
    for (const entry of [sample(type, { ...EXTRAS, ...HEAVY }), sample(type), sample(type, {})]) {
      const text = canonical(entry);
      expect(read(text)).toEqual(entry);
      expect(Buffer.from(entryBytes(entry)).toString()).toBe(text);
    }
  });

  it('is known by sight in plain spelling', () => {
    const plain = Object.fromEntries(
      Object.entries(DETAIL[type]).filter(([name]) => name !== 'attributes' && name !== 'objects'),
    );
    const text = canonical({ ...sample(type), detail: plain });
    const brief = briefly(text);
    if (INTRICATE.has(type)) expect(brief).toBeUndefined();
    else
      expect(brief).toEqual({
        ...{ type, id: FRAME['id'], log: FRAME['log'], outcome: 'success' },
        ...{ seq: 12, corr: EXTRAS['corr'] },
      });
  });

  it('is refused with a member too many and without one that is needed', () => {
    const detail = DETAIL[type];
    expect(read(canonical({ ...sample(type), detail: { ...detail, extra: 1 } }))).toBeUndefined();
    expect(() => parseEntry({ ...sample(type), detail: { ...detail, extra: 1 } })).toThrow();
    for (const name of Object.keys(detail)) {
      const { [name]: _, ...rest } = detail;
      const entry = { ...sample(type), detail: rest };
      const taken = read(canonical(entry)) !== undefined;
      let written = true;
      try {
        parseEntry(entry);
      } catch {
        written = false;
      }
      expect([name, taken]).toEqual([name, written]); // both know what is optional
    }
  });
});

it('has the same types in the writer and in the verifier', () => {
  expect([...TABLE].sort()).toEqual([...TYPES].sort());
  expect(TABLE.every(isEntryType)).toBe(true);
});

const ODD = [
  ...[null, -1, 0.5, 2 ** 53, -0, '', 'a\u200b', '\ud800', 'x'.repeat(2000), 'Ü', [], {}, true],
  ...['2026-02-30T00:00:00.000Z', 'AB==', 'desk', 'intent', 1, 0, 'AA==', '"', '\\', '\u007f'],
];
const JSON_ODD = ODD.map((value) => JSON.stringify(value));

/** Entries, and what becomes of their text when something happens to it. */
const spoilt = fc
  .record({
    type: fc.constantFrom(...TYPES),
    more: fc.constantFrom({}, EXTRAS, { ...EXTRAS, ...HEAVY }, { acts: [envelope] }),
    at: fc.nat(),
    odd: fc.constantFrom(...JSON_ODD),
    sign: fc.constantFrom(...Array.from('{}[],:"\\ 019ae-.\n\0Ü\u007f\u200b')),
    how: fc.constantFrom('value', 'member', 'insert', 'replace', 'remove', 'nothing', 'twice'),
  })
  .map(({ type, more, at, odd, sign, how }) => {
    const text = canonical(sample(type, more));
    const place = at % text.length;
    const members = [...text.matchAll(/"[a-z_A-Z0-9]+":("[^"]*"|-?\d+|true|false)/g)];
    const member = members[at % members.length]!;
    const [whole, value] = [member[0], member[1]!];
    const before = text.slice(0, member.index);
    const after = text.slice(member.index + whole.length);
    switch (how) {
      case 'value':
        return before + whole.slice(0, whole.length - value.length) + odd + after;
      case 'member':
        return before + after.replace(/^,/, '');
      case 'twice':
        return `${before}${whole},${whole}${after}`;
      case 'insert':
        return text.slice(0, place) + sign + text.slice(place);
      case 'replace':
        return text.slice(0, place) + sign + text.slice(place + 1);
      case 'remove':
        return text.slice(0, place) + text.slice(place + 1);
      case 'nothing':
        return text;
    }
  });

it('takes nothing by sight that it would not take when it looks', () => {
  let seen = 0;
  fc.assert(
    fc.property(spoilt, (text) => {
      const brief = briefly(Buffer.from(text).toString('latin1'));
      if (brief === undefined) return;
      seen += 1;
      const entry = read(text);
      for (const [name, value] of Object.entries(brief)) expect(entry?.[name]).toBe(value);
      expect(entry).not.toHaveProperty('acts');
      expect(entry).not.toHaveProperty('evidence');
    }),
    { numRuns: 8000, seed: 5 },
  );
  expect(seen).toBeGreaterThan(500);
});

it('takes nothing that the writer would not write', () => {
  let taken = 0;
  fc.assert(
    fc.property(spoilt, (text) => {
      if (read(text) === undefined) return;
      taken += 1;
      const value = parseCanonical(Buffer.from(text));
      expect(Buffer.from(entryBytes(value)).toString()).toBe(text);
    }),
    { numRuns: 6000, seed: 7 },
  );
  expect(taken).toBeGreaterThan(500);
});

it('says where an entry stops being canonical', () => {
  const text = canonical(sample('app.stop')).replace('"seq":12', '"seq": 12');
  const offset = text.indexOf(' 12');
  expect(() => readCanonical(Buffer.from(text), ENTRY)).toThrow(
    expect.objectContaining({ message: 'it is not in canonical form', offset }) as Error,
  );
});

it('writes nothing beyond its limit of bytes, and no intent that closes something', () => {
  const attributes = Object.fromEntries(
    Array.from({ length: 60 }, (_, at) => [`CKA_X${at}`, 'x'.repeat(1000)]),
  );
  const long = { ...sample('key.generate'), detail: { ...DETAIL['key.generate'], attributes } };
  expect(() => entryBytes(long)).toThrow(`more than ${MAX_ENTRY_BYTES}`);
  expect(() => entryBytes({ ...sample('key.wrap'), outcome: 'intent' })).toThrow('no corr');
  expect(() => entryBytes({ ...sample('key.wrap'), type: 'constructor' })).toThrow('unknown type');
});
