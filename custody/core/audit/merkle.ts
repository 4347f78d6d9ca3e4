/**
 * The RFC 6962 Merkle tree, as a compact range: the log stores only the complete subtrees.
 *
 * Levels count from the leaves (0); `index` counts subtrees of that level from the left. A tree of n leaves is the list of complete
 * subtrees in n's binary digits, widest first: its right edge. Source: RFC 6962 section 2.1, SHA-256.
 */
import { hash } from 'node:crypto';

export type Digest = Uint8Array;
interface TreeNode {
  level: number;
  index: number;
  hash: Digest;
}
/** Looks up a complete subtree. Must throw when it isn't there: a hole in the tree is damage, never a default. */
export type NodeLookup = (level: number, index: number) => Digest;

const sha256 = (bytes: Uint8Array): Digest => hash('sha256', bytes, 'buffer');
export const EMPTY_ROOT: Digest = sha256(new Uint8Array());

export const leafHash = (entry: Uint8Array): Digest => {
  const bytes = Buffer.allocUnsafe(entry.length + 1); // from Node's pool: a quarter of the cost of an array of its own
  bytes[0] = 0; // a leaf
  bytes.set(entry, 1);
  return sha256(bytes);
};
export const nodeHash = (left: Digest, right: Digest): Digest => {
  const bytes = Buffer.allocUnsafe(65);
  bytes[0] = 1; // a node: the prefix keeps a leaf from passing for one
  bytes.set(left, 1);
  bytes.set(right, 33);
  return sha256(bytes);
};

/** The complete subtrees that make up a tree of `size` leaves, widest first. */
export const edgeOf = (size: number): { level: number; index: number }[] => {
  const edge: { level: number; index: number }[] = [];
  let start = 0;
  for (let level = Math.floor(Math.log2(size || 1)); level >= 0; level--) {
    const width = 2 ** level;
    if (size - start >= width) {
      edge.push({ level, index: start / width });
      start += width;
    }
  }
  return edge;
};

const foldEdge = (hashes: readonly Digest[]): Digest =>
  hashes.length === 0 ? EMPTY_ROOT : hashes.reduceRight((right, left) => nodeHash(left, right));

/** Root of the first `size` leaves. */
export const rootAt = (size: number, node: NodeLookup): Digest =>
  size === 0 ? EMPTY_ROOT : foldEdge(edgeOf(size).map(({ level, index }) => node(level, index)));

/** The growing tree: holds the right edge, and returns the subtrees that each leaf completes. */
export class GrowingTree {
  #size: number;
  #edge: TreeNode[];
  constructor(size = 0, node?: NodeLookup) {
    this.#size = size;
    this.#edge =
      size === 0 || node === undefined
        ? []
        : edgeOf(size).map(({ level, index }) => ({ level, index, hash: node(level, index) }));
  }
  get size(): number {
    return this.#size;
  }
  get root(): Digest {
    return foldEdge(this.#edge.map((node) => node.hash));
  }
  /** Adds a leaf's hash and returns the subtrees it completes, the leaf first. */
  append(leaf: Digest): TreeNode[] {
    let node: TreeNode = { level: 0, index: this.#size, hash: leaf };
    const complete = [node];
    while (node.index % 2 === 1) {
      const left = this.#edge.pop();
      if (left?.level !== node.level)
        throw new Error('merkle: the right edge does not fit the size');
      node = {
        level: node.level + 1,
        index: (node.index - 1) / 2,
        hash: nodeHash(left.hash, node.hash),
      };
      complete.push(node);
    }
    this.#edge.push(node);
    this.#size += 1;
    return complete;
  }
  copy(): GrowingTree {
    const other = new GrowingTree();
    other.#size = this.#size;
    other.#edge = [...this.#edge];
    return other;
  }
}

/** Hash of leaves [from, to), `from` being the start of a subtree as RFC 6962's MTH splits them. */
const rangeHash = (from: number, to: number, node: NodeLookup): Digest => {
  const width = to - from;
  const level = Math.log2(width);
  if (Number.isInteger(level) && from % width === 0) return node(level, from / width);
  const split = 2 ** Math.ceil(Math.log2(width) - 1);
  return nodeHash(rangeHash(from, from + split, node), rangeHash(from + split, to, node));
};

/** Audit path of leaf `index` in the tree of `size` leaves, leaf's neighbour first (RFC 6962 section 2.1.1). */
export const inclusionProof = (index: number, size: number, node: NodeLookup): Digest[] => {
  if (index < 0 || index >= size) throw new RangeError('merkle: no such leaf');
  const path = (from: number, to: number): Digest[] => {
    if (to - from === 1) return [];
    const split = from + 2 ** Math.ceil(Math.log2(to - from) - 1);
    return index < split
      ? [...path(from, split), rangeHash(split, to, node)]
      : [...path(split, to), rangeHash(from, split, node)];
  };
  return path(0, size);
};
