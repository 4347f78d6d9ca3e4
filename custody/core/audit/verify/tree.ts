/** The tree over the entries read so far. It keeps 40 bytes an entry, so that it can give the root at any earlier size. */
import { hash } from 'node:crypto';
import { nodeHash, rootAt, type Digest } from '../merkle.ts';

const HASH = 32;
/** Hashes in one piece of memory; an even number, so that both children of a node always lie in one piece. */
const PIECE = 4096;
/** Levels above the leaves of which only the last two hashes are kept: they are most of the tree, and quick to compute again. */
const NOT_KEPT = 2;
const isKept = (level: number): boolean => level === 0 || level > NOT_KEPT;
/** The largest two-byte length. */
const MAX_TILE_ENTRY = 0xffff;

// A digest as a binary string (one character a byte) costs half as much as one in a Buffer.
const digest = (bytes: Uint8Array): string => hash('sha256', bytes, 'binary');

export class Tree {
  size = 0;
  /** Per level from the leaves up, hashes of complete subtrees. Grows as leaves come: no memory is allocated for a claimed size. */
  readonly #levels: Buffer[][] = [];
  readonly #leaf = Buffer.alloc(1 + MAX_TILE_ENTRY); // 00 ‖ entry
  /** The root computed last: entries are only appended, so the root at that size stays the same. */
  #asked = { size: -1, root: '' };
  readonly #pair = Buffer.alloc(1 + 2 * HASH, 1); // 01 ‖ left ‖ right

  append(entry: Uint8Array): void {
    let index = this.size++;
    this.#leaf.set(entry, 1);
    this.#put(0, index, digest(this.#leaf.subarray(0, 1 + entry.length)));
    for (let level = 0; index % 2 === 1; level++) {
      const piece = this.#piece(level, index);
      const at = this.#offset(level, index - 1);
      piece.copy(this.#pair, 1, at, at + 2 * HASH);
      index = (index - 1) / 2;
      this.#put(level + 1, index, digest(this.#pair));
    }
  }

  #piece(level: number, index: number): Buffer {
    const piece = this.#levels[level]?.[isKept(level) ? Math.floor(index / PIECE) : 0];
    if (piece === undefined) throw new RangeError(`tree: no subtree ${index} on level ${level}`);
    return piece;
  }
  #offset(level: number, index: number): number {
    return (index % (isKept(level) ? PIECE : 2)) * HASH;
  }
  #put(level: number, index: number, digest: string): void {
    const pieces = (this.#levels[level] ??= []);
    const number = isKept(level) ? Math.floor(index / PIECE) : 0;
    const piece = (pieces[number] ??= Buffer.alloc(PIECE * HASH));
    piece.write(digest, this.#offset(level, index), HASH, 'latin1');
  }

  /** The hash of a complete subtree. */
  readonly node = (level: number, index: number): Digest => {
    if ((index + 1) * 2 ** level > this.size)
      throw new RangeError(`tree: subtree ${index} on level ${level} is not complete`);
    if (!isKept(level))
      return nodeHash(this.node(level - 1, 2 * index), this.node(level - 1, 2 * index + 1));
    const at = this.#offset(level, index);
    return this.#piece(level, index).subarray(at, at + HASH);
  };

  /** Whether `hashes` holds that subtree's hash at `offset`. For the levels of tiles. */
  holds(level: number, index: number, hashes: Buffer, offset: number): boolean {
    const at = this.#offset(level, index);
    const piece = this.#piece(level, index);
    return (
      offset + HASH <= hashes.length &&
      hashes.compare(piece, at, at + HASH, offset, offset + HASH) === 0
    );
  }

  /** Base64 of the root of the first `size` entries. People who act together name the same root, so the last one is cached. */
  root(size: number): string {
    if (this.#asked.size !== size)
      this.#asked = { size, root: Buffer.from(rootAt(size, this.node)).toString('base64') };
    return this.#asked.root;
  }
}
