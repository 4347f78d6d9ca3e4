import { describe, expect, it } from 'vitest';
import { groupedHex, hexToWords } from '../../../custody/core/checkvalues/fingerprint.ts';
import { EVEN_WORDS, ODD_WORDS } from '../../../shared/pgp-words.ts';

const EXAMPLE = 'E58294F2E9A227486E8B061B31CC528FD7FA3F19';
const WORDS =
  'topmost Istanbul Pluto vagabond treadmill Pacific brackish dictator goldfish Medusa afflict bravado chatter revolver Dupont midsummer stopwatch whimsical cowbell bottomless';

describe('the PGP word list', () => {
  it('says the published example', () => {
    expect(hexToWords(EXAMPLE).join(' ')).toBe(WORDS);
    expect(hexToWords('41559711308F2A21B9D5072D621958AFCB50B5F9').join(' ')).toBe(
      'cranky equipment preshrunk Babylon chairlift midsummer brickyard Camelot sentence specialist ahead clergyman flagpole bottomless endorse pharmacy spheroid embezzle scorecard Waterloo',
    );
  });

  it('has 256 different words in each half, in alphabetical order, and none in both', () => {
    for (const words of [EVEN_WORDS, ODD_WORDS]) {
      const lower = words.map((word) => word.toLowerCase());
      expect(new Set(lower).size).toBe(256);
      expect(lower.filter((word) => !/^[a-z]+$/u.test(word))).toEqual([]);
      // The published table has one pair the other way round: applicant before Apollo.
      const sorted = lower.toSorted();
      const moved = lower.flatMap((word, i) => (word === sorted[i] ? [] : [i]));
      expect(moved).toEqual(words === ODD_WORDS ? [0x09, 0x0a] : []);
    }
    const even = new Set(EVEN_WORDS.map((word) => word.toLowerCase()));
    expect(ODD_WORDS.filter((word) => even.has(word.toLowerCase()))).toEqual([]);
  });

  it('refuses half a byte and what is not hex', () => {
    expect(() => hexToWords('abc')).toThrow(RangeError);
    expect(() => hexToWords('0x12')).toThrow(RangeError);
  });
});

describe('grouped hex', () => {
  it('puts four digits in a group and eight groups in a line', () => {
    expect(groupedHex('AB'.repeat(32))).toEqual([
      'abab abab abab abab abab abab abab abab',
      'abab abab abab abab abab abab abab abab',
    ]);
    expect(groupedHex('aabbccddee')).toEqual(['aabb ccdd ee']);
    expect(groupedHex('')).toEqual([]);
    expect(() => groupedHex('ab cd')).toThrow(RangeError);
  });
});
