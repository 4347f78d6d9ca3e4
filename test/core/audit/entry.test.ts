/** Entries by their rule: what may be written is what may be read, whatever is done to an entry; and the format page says the same. */
import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { entryBytes, subjectOf } from '../../../custody/core/audit/entry.ts';
import { Broken, readCanonical, readEntry } from '../../../custody/core/audit/reading.ts';
import { canonical, parseCanonical } from '../../../shared/canonical.ts';
import type { Ask } from '../../../shared/log/declaration.ts';
import {
  declarationOf,
  entryRule,
  MAX_ENTRY_BYTES,
  sentenceOf,
  TYPES as DECLARED,
  type Entry,
} from '../../../shared/log/entries.ts';
import { DETAIL, EXTRAS, HEAVY, TYPES, envelope, sample, type Members } from './samples.ts';

const read = (text: string): Members | undefined => {
  try {
    return readEntry(Buffer.from(text));
  } catch (error) {
    if (error instanceof Broken) return undefined;
    throw error;
  }
};
const writes = (entry: unknown): boolean => {
  try {
    entryBytes(entry);
    return true;
  } catch {
    return false;
  }
};

describe.each(TYPES)('%s', (type) => {
  it('is taken with all that it may say, and with as little as it can', () => {
    for (const entry of [sample(type, { ...EXTRAS, ...HEAVY }), sample(type), sample(type, {})]) {
      const text = canonical(entry);
      expect(read(text)).toEqual(entry);
      expect(Buffer.from(entryBytes(entry)).toString()).toBe(text);
    }
  });

  it('is refused with a member too many and without one that is needed', () => {
    const detail = DETAIL[type];
    const more = { ...sample(type), detail: { ...detail, extra: 1 } };
    expect(read(canonical(more))).toBeUndefined();
    expect(writes(more)).toBe(false);
    for (const name of Object.keys(detail)) {
      const { [name]: _, ...rest } = detail;
      const entry = { ...sample(type), detail: rest };
      expect([name, read(canonical(entry)) !== undefined]).toEqual([name, writes(entry)]);
    }
  });

  it('has a sentence, also when its detail is none', () => {
    const said = sentenceOf(sample(type) as unknown as Entry, (id) => `<${id}>`);
    expect(said).toMatch(/^[A-Z<]/u);
    expect(said).not.toMatch(/undefined|\[object/u);
    expect(sentenceOf({ type, detail: 1, outcome: 'success' }, () => '')).toBe(`${type}, success`);
  });

  it('gives people another subject for each member that they agree to, and for no other', () => {
    const entry = sample(type) as unknown as Entry;
    const subject = subjectOf(entry);
    const { desk } = declarationOf(type);
    for (const name of Object.keys(DETAIL[type])) {
      const { [name]: _, ...rest } = DETAIL[type];
      const changed = subjectOf({ ...entry, detail: rest });
      expect([name, changed.sha256 === subject.sha256]).toEqual([name, desk.includes(name)]);
    }
    for (const other of [{ outcome: 'failure' }, { ceremony: undefined }, { type: 'log.genesis' }])
      if (type !== other.type)
        expect(subjectOf({ ...entry, ...other } as Entry).sha256).not.toBe(subject.sha256);
  });
});

describe('the format page', () => {
  const page = readFileSync(
    new URL('../../../resources/formats/audit-log.md', import.meta.url),
    'utf8',
  );
  const rows = (from: string, to: string): string[][] =>
    page
      .slice(page.indexOf(from), page.indexOf(to))
      .split('\n')
      .filter((line) => line.startsWith('| `'))
      .map((line) =>
        line
          .split('|')
          .slice(1, -1)
          .map((cell) => cell.trim()),
      );
  const typesIn = (cell = ''): string[] =>
    [...(cell.split(/, (?:once|later|the) /u)[0] ?? '').matchAll(/`([a-z]+\.[a-z_]+)`/gu)].map(
      ([, type = '']) => type,
    );

  it('has the types that are declared, each with its members and the desk’s own among them', () => {
    const described = new Map(
      rows('## 6. Types', '## 7.').flatMap(([types, detail = '']) =>
        typesIn(types).map((type): [string, string] => [type, detail]),
      ),
    );
    expect([...described.keys()].sort()).toEqual([...DECLARED].sort());
    for (const type of DECLARED) {
      const text = described.get(type) ?? '';
      for (const name of Object.keys(DETAIL[type])) {
        const own = declarationOf(type).desk.includes(name);
        expect(text, `${type} ${name}`).toMatch(
          new RegExp(`\\b${name}\\??${own ? '†' : ''}(?:[:,]|$)`, 'u'),
        );
      }
      expect([...text.matchAll(/(\w+)\??†/gu)].map(([, name]) => name).sort()).toEqual(
        [...declarationOf(type).desk].sort(),
      );
    }
  });

  const WHO: Readonly<Record<Ask['by'], (count: number) => string>> = {
    managers: () => 'two managers',
    staff: (count) => (count === 2 ? 'two staff' : 'one staff'),
    seated: (count) => (count === 2 ? 'two seated' : 'one seated'),
    'seated-or-managers': (count) =>
      count === 2 ? 'two who are seated or managers' : 'one who is seated or a manager',
    step: () => 'everyone at the step',
    named: () => 'the person it names, at the step',
  };
  const cellOf = (asks: readonly Ask[]): string =>
    asks
      .map(
        ({ channels, by, count }) =>
          `${channels.map((name) => `\`${name}\``).join(', ')}: ${WHO[by](count)}`,
      )
      .join('; ');

  it('asks of people what is declared', () => {
    const asked = new Map(
      rows('## 12. Quorum', '## 13.').flatMap(([types, outside, inside]) =>
        typesIn(types).map((type): [string, [string, string]] => [
          type,
          [outside ?? '', inside ?? ''],
        ]),
      ),
    );
    for (const type of DECLARED) {
      const { outside, inside } = declarationOf(type);
      const row = asked.get(type);
      if (row === undefined) {
        expect([type, outside, inside === 'never' ? 'nobody' : inside]).toEqual([
          type,
          'nobody',
          'nobody',
        ]);
        continue;
      }
      if (typeof outside === 'object') expect(row[0]).toContain(cellOf(outside));
      else expect([type, row[0]]).toEqual([type, outside === 'never' ? 'not allowed' : 'nobody']);
      if (typeof inside === 'object') expect(row[1]).toBe(cellOf(inside));
      else expect([type, row[1]]).toEqual([type, inside === 'never' ? '–' : 'nobody']);
    }
  });
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
  const text = canonical(sample('clock.changed')).replace('"seq":12', '"seq": 12');
  const offset = text.indexOf(' 12');
  expect(() => readCanonical(Buffer.from(text), entryRule)).toThrow(
    expect.objectContaining({ message: 'it is not in canonical form', offset }) as Error,
  );
});

it('writes nothing beyond its limit of bytes, and no intent that closes something', () => {
  const attributes = Object.fromEntries(
    Array.from({ length: 60 }, (_, at) => [`CKA_X${at}`, 'x'.repeat(1000)]),
  );
  const long = { ...sample('key.generate'), detail: { ...DETAIL['key.generate'], attributes } };
  expect(() => entryBytes(long)).toThrow(`more than ${MAX_ENTRY_BYTES}`);
  expect(() => entryBytes({ ...sample('key.wrap'), outcome: 'intent' })).toThrow('has corr');
  expect(() => entryBytes({ ...sample('key.wrap'), type: 'constructor' })).toThrow('one we know');
});
