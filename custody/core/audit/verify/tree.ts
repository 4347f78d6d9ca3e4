/** The tree over the entries read so far. It keeps 64 bytes an entry, so that the root at any earlier size can be asked for. */
import { hash } from 'node:crypto';
import { leafHash, rootAt, type Digest } from '../merkle.ts';

const HASH = 32;
/** Hashes side by side in one piece of memory; even, so that the two halves of a node always lie in one piece. */
const PIECE = 4096;

export class Tree {
  size = 0;
  /** Per level from the leaves up, the hashes of all complete subtrees of that level. Grows as leaves come: a claimed size gets no memory. */
  readonly #levels: Buffer[][] = [];
  readonly #pair = Buffer.alloc(1 + 2 * HASH, 1); // 01 ‖ left ‖ right

  append(entry: Uint8Array): void {
    let index = this.size++;
    this.#put(0, index, leafHash(entry));
    for (let level = 0; index % 2 === 1; level++) {
      const piece = this.#piece(level, index);
      const at = ((index - 1) % PIECE) * HASH;
      piece.copy(this.#pair, 1, at, at + 2 * HASH);
      index = (index - 1) / 2;
      this.#put(level + 1, index, hash('sha256', this.#pair, 'buffer'));
    }
  }

  #piece(level: number, index: number): Buffer {
    const piece = this.#levels[level]?.[Math.floor(index / PIECE)];
    if (piece === undefined) throw new RangeError(`tree: no subtree ${index} on level ${level}`);
    return piece;
  }
  #put(level: number, index: number, digest: Digest): void {
    const pieces = (this.#levels[level] ??= []);
    const piece = (pieces[Math.floor(index / PIECE)] ??= Buffer.alloc(PIECE * HASH));
    piece.set(digest, (index % PIECE) * HASH);
  }

  /** The hash of a complete subtree. */
  readonly node = (level: number, index: number): Digest => {
    if ((index + 1) * 2 ** level > this.size)
      throw new RangeError(`tree: subtree ${index} on level ${level} is not complete`);
    const at = (index % PIECE) * HASH;
    return this.#piece(level, index).subarray(at, at + HASH);
  };

  /** Whether `hashes` at `offset` is that subtree's. */
  holds(level: number, index: number, hashes: Buffer, offset: number): boolean {
    const at = (index % PIECE) * HASH;
    const piece = this.#piece(level, index);
    return (
      offset + HASH <= hashes.length &&
      hashes.compare(piece, at, at + HASH, offset, offset + HASH) === 0
    );
  }

  /** Base64 of the root of the first `size` entries. */
  root(size: number): string {
    return Buffer.from(rootAt(size, this.node)).toString('base64');
  }
}
