/** Which files a tree consists of, and what is in those of entries. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  encodeEntries,
  entryTiles,
  hashTiles,
  tilePath,
} from '../../../custody/core/audit/tiles.ts';

const paths = (size: number): string[] => hashTiles(size).map(({ path }) => path);

describe('tile paths', () => {
  it('are those of C2SP tlog-tiles', () => {
    expect(tilePath('0', 1_234_067, 256)).toBe('tile/0/x001/x234/067');
    expect(tilePath('entries', 273, 112)).toBe('tile/entries/273.p/112');
    expect(tilePath('15', 0, 1)).toBe('tile/15/000.p/1');
  });

  it('go up while a level has a hash', () => {
    expect(paths(0)).toEqual([]);
    expect(paths(1)).toEqual(['tile/0/000.p/1']);
    expect(paths(256)).toEqual(['tile/0/000', 'tile/1/000.p/1']);
    // The example of tlog-tiles has 70,000 leaves: 273 full tiles and one of 112, one of 256 and one of 17, and one of 1.
    const tiles = paths(70_000);
    expect(tiles).toHaveLength(274 + 2 + 1);
    expect(tiles).toEqual(expect.arrayContaining(['tile/0/273.p/112', 'tile/1/001.p/17']));
    expect(tiles.at(-1)).toBe('tile/2/000.p/1');
  });

  it('hold floor(size / 256^L) hashes on level L, and each entry once', () => {
    fc.assert(
      fc.property(fc.nat(200_000), (size) => {
        const byLevel = new Map<number, number>();
        for (const { level, width } of hashTiles(size))
          byLevel.set(level, (byLevel.get(level) ?? 0) + width);
        for (const [level, hashes] of byLevel) expect(hashes).toBe(Math.floor(size / 256 ** level));
        expect(entryTiles(size).reduce((sum, { width }) => sum + width, 0)).toBe(size);
        expect(new Set(paths(size)).size).toBe(paths(size).length);
      }),
      { numRuns: 30 },
    );
  });
});

describe('tiles of entries', () => {
  const entries = fc.array(fc.uint8Array({ maxLength: 300 }), { maxLength: 20 });

  it('are the entries in their order, two bytes of length before each', () => {
    fc.assert(
      fc.property(entries, (list) => {
        const bytes = encodeEntries(list);
        const found: number[][] = [];
        for (let at = 0; at < bytes.length;) {
          const length = ((bytes[at] ?? 0) << 8) | (bytes[at + 1] ?? 0);
          found.push([...bytes.subarray(at + 2, at + 2 + length)]);
          at += 2 + length;
        }
        expect(found).toEqual(list.map((entry) => [...entry]));
      }),
    );
  });
});
