/** C2SP tlog-tiles: which files a tree of a given size consists of, and their content. Source: c2sp.org/tlog-tiles, read 2026-11. */

interface Tile {
  /** Tile level: hashes of tree level 8·level. */
  level: number;
  index: number;
  /** 1 to 256 hashes or entries. */
  width: number;
  path: string;
}
/** Hashes or entries in a full tile. */
export const TILE_WIDTH = 256;

const indexPath = (index: number): string => {
  const groups: string[] = [];
  let rest = index;
  do {
    groups.unshift(String(rest % 1000).padStart(3, '0'));
    rest = Math.floor(rest / 1000);
  } while (rest > 0);
  return groups.map((group, at) => (at === groups.length - 1 ? group : `x${group}`)).join('/');
};
/** Where a tile lies; `kind` is a level or `entries`. */
export const tilePath = (kind: string, index: number, width: number): string =>
  `tile/${kind}/${indexPath(index)}${width === TILE_WIDTH ? '' : `.p/${width}`}`;

const cut = (level: number, kind: string, count: number): Tile[] => {
  const tiles: Tile[] = [];
  for (let index = 0; index * TILE_WIDTH < count; index++) {
    const width = Math.min(TILE_WIDTH, count - index * TILE_WIDTH);
    tiles.push({ level, index, width, path: tilePath(kind, index, width) });
  }
  return tiles;
};

/** Hash tiles of a tree of `size`, lowest level first. */
export const hashTiles = (size: number): Tile[] => {
  const tiles: Tile[] = [];
  for (let level = 0, count = size; count > 0; level++, count = Math.floor(count / TILE_WIDTH))
    tiles.push(...cut(level, String(level), count));
  return tiles;
};
export const entryTiles = (size: number): Tile[] => cut(0, 'entries', size);

export const encodeEntries = (entries: readonly Uint8Array[]): Uint8Array =>
  Buffer.concat(
    entries.flatMap((entry) => {
      const length = Buffer.alloc(2);
      length.writeUInt16BE(entry.length);
      return [length, entry];
    }),
  );
