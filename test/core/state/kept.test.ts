/** A collection that can take its changes back is, at every moment, what a plain map would be. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { Kept } from '../../../custody/core/state/kept.ts';

const id = fc.constantFrom('a', 'b', 'c', 'd', 'e');
type Change = ['set', string, number] | ['delete', string] | ['begin' | 'keep' | 'drop'];
const change: fc.Arbitrary<Change> = fc.oneof(
  { weight: 4, arbitrary: fc.tuple(fc.constant('set' as const), id, fc.nat(9)) },
  { weight: 3, arbitrary: fc.tuple(fc.constant('delete' as const), id) },
  { weight: 3, arbitrary: fc.tuple(fc.constantFrom('begin' as const, 'keep', 'drop')) },
);
const sorted = (entries: Iterable<[string, number]>) =>
  [...entries].toSorted(([a], [b]) => (a < b ? -1 : 1));

describe('a collection that can take its changes back', () => {
  test('holds what a map holds that is copied at the beginning and put back when changes are dropped', () => {
    fc.assert(
      fc.property(fc.array(change, { maxLength: 40 }), (changes) => {
        const kept = new Kept<number>();
        let now = new Map<string, number>();
        let before: Map<string, number> | undefined;
        for (const [what, key = '', value = 0] of changes) {
          switch (what) {
            case 'set':
              kept.set(key, value);
              now.set(key, value);
              break;
            case 'delete':
              kept.delete(key);
              now.delete(key);
              break;
            case 'begin':
              // Beginning anew drops what was not kept.
              kept.begin();
              now = new Map(before ?? now);
              before = new Map(now);
              break;
            case 'keep':
              kept.keep();
              before = undefined;
              break;
            case 'drop':
              kept.drop();
              now = before ?? now;
              before = undefined;
          }
          expect(sorted(kept.entries())).toEqual(sorted(now));
          expect([...kept].toSorted()).toEqual([...now.values()].toSorted());
          expect(kept.size).toBe(now.size);
          for (const one of ['a', 'b', 'c', 'd', 'e', 'f']) {
            expect(kept.get(one)).toBe(now.get(one));
            expect(kept.has(one)).toBe(now.has(one));
          }
        }
      }),
    );
  });
  test('holds what is false as well as what is true', () => {
    const kept = new Kept<boolean>();
    kept.begin();
    kept.set('a', false);
    kept.keep();
    expect([kept.has('a'), kept.get('a'), kept.size]).toEqual([true, false, 1]);
  });
  test('names each once while what was named already is changed', () => {
    for (const begun of [false, true]) {
      const kept = new Kept<number>();
      kept.set('a', 1);
      kept.set('b', 2);
      if (begun) kept.begin();
      const seen: string[] = [];
      for (const [one, value] of kept.entries()) {
        seen.push(one);
        kept.set(one, value + 1);
      }
      expect(seen).toEqual(['a', 'b']);
    }
  });
});
