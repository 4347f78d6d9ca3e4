/** The tree against the vectors of Certificate Transparency and against a plain recursive one. */
import { createHash } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  EMPTY_ROOT,
  GrowingTree,
  edgeOf,
  inclusionProof,
  leafHash,
  nodeHash,
  rootAt,
  type Digest,
  type NodeLookup,
} from '../../../custody/core/audit/merkle.ts';
import { Tree } from '../../../custody/core/audit/verify/tree.ts';

const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex');
const unhex = (text: string): Buffer => Buffer.from(text, 'hex');

/** RFC 6962 section 2.1, as it is written there. */
const sha256 = (...parts: Uint8Array[]): Buffer =>
  createHash('sha256').update(Buffer.concat(parts)).digest();
const naiveRoot = (leaves: readonly Uint8Array[]): Buffer => {
  if (leaves.length === 0) return sha256();
  if (leaves.length === 1) return sha256(Buffer.of(0), leaves[0]!);
  let k = 1;
  while (k * 2 < leaves.length) k *= 2;
  return sha256(Buffer.of(1), naiveRoot(leaves.slice(0, k)), naiveRoot(leaves.slice(k)));
};
/** Section 2.1.1. */
const naivePath = (m: number, leaves: readonly Uint8Array[]): Buffer[] => {
  if (leaves.length === 1) return [];
  let k = 1;
  while (k * 2 < leaves.length) k *= 2;
  const [left, right] = [leaves.slice(0, k), leaves.slice(k)];
  return m < k
    ? [...naivePath(m, left), naiveRoot(right)]
    : [...naivePath(m - k, right), naiveRoot(left)];
};

const grow = (leaves: readonly Uint8Array[]): { tree: GrowingTree; node: NodeLookup } => {
  const nodes = new Map<string, Digest>();
  const tree = new GrowingTree();
  for (const leaf of leaves)
    for (const { level, index, hash } of tree.append(leafHash(leaf)))
      nodes.set(`${level}/${index}`, hash);
  const node: NodeLookup = (level, index) => {
    const found = nodes.get(`${level}/${index}`);
    if (found === undefined) throw new Error(`no node ${level}/${index}`);
    return found;
  };
  return { tree, node };
};

/** The reference tree of Certificate Transparency (google/certificate-transparency, merkle_tree_test). */
const LEAVES = [
  '',
  '00',
  '10',
  '2021',
  '3031',
  '40414243',
  '5051525354555657',
  '606162636465666768696a6b6c6d6e6f',
].map(unhex);
const ROOTS = [
  'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855',
  '6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d',
  'fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125',
  'aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77',
  'd37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7',
  '4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4',
  '76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef',
  'ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c',
  '5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328',
];
const PATHS: { index: number; size: number; path: string[] }[] = [
  { index: 0, size: 1, path: [] },
  {
    index: 0,
    size: 8,
    path: [
      '96a296d224f285c67bee93c30f8a309157f0daa35dc5b87e410b78630a09cfc7',
      '5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e',
      '6b47aaf29ee3c2af9af889bc1fb9254dabd31177f16232dd6aab035ca39bf6e4',
    ],
  },
  {
    index: 5,
    size: 8,
    path: [
      'bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b',
      'ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0',
      'd37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7',
    ],
  },
  {
    index: 2,
    size: 3,
    path: ['fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125'],
  },
  {
    index: 1,
    size: 5,
    path: [
      '6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d',
      '5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e',
      'bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b',
    ],
  },
];

/** The root that an audit path leads to (RFC 9162 section 2.1.3.2), or undefined when the path does not fit. */
const rootFromProof = (
  leaf: Digest,
  index: number,
  size: number,
  proof: readonly Digest[],
): Digest | undefined => {
  if (index >= size) return undefined;
  let fn = index;
  let sn = size - 1;
  let root = leaf;
  for (const sibling of proof) {
    if (sn === 0) return undefined;
    if (fn % 2 === 1 || fn === sn) {
      root = nodeHash(sibling, root);
      while (fn % 2 === 0 && fn !== 0) {
        fn /= 2;
        sn = Math.floor(sn / 2);
      }
    } else root = nodeHash(root, sibling);
    fn = Math.floor(fn / 2);
    sn = Math.floor(sn / 2);
  }
  return sn === 0 ? root : undefined;
};

describe('the reference tree of Certificate Transparency', () => {
  it('has the published roots', () => {
    expect(hex(EMPTY_ROOT)).toBe(ROOTS[0]);
    const { node } = grow(LEAVES);
    ROOTS.forEach((root, size) => {
      expect(hex(grow(LEAVES.slice(0, size)).tree.root)).toBe(root);
      expect(hex(rootAt(size, node))).toBe(root);
    });
  });

  it.each(PATHS)('has the published path of leaf $index in $size', ({ index, size, path }) => {
    const { node } = grow(LEAVES.slice(0, size));
    expect(inclusionProof(index, size, node).map(hex)).toEqual(path);
    const root = rootFromProof(leafHash(LEAVES[index]!), index, size, path.map(unhex));
    expect(root === undefined ? root : hex(root)).toBe(ROOTS[size]);
  });
});

describe('trees of every size up to 40', () => {
  const leaves = Array.from({ length: 40 }, (_, at) => Buffer.from(`leaf ${at}`));
  const { node } = grow(leaves);

  it('have the roots and paths of the plain recursion', () => {
    for (let size = 0; size <= leaves.length; size++) {
      const some = leaves.slice(0, size);
      const root = hex(naiveRoot(some));
      expect(hex(rootAt(size, node))).toBe(root);
      expect(hex(new GrowingTree(size, node).root)).toBe(root);
      for (let index = 0; index < size; index++) {
        const path = inclusionProof(index, size, node);
        expect(path.map(hex)).toEqual(naivePath(index, some).map(hex));
        const found = rootFromProof(leafHash(leaves[index]!), index, size, path);
        expect(hex(found!)).toBe(root);
      }
    }
  });

  it('take no path that is another’s, too short or too long', () => {
    for (let size = 2; size <= 20; size++) {
      const root = hex(rootAt(size, node));
      for (let index = 0; index < size; index++) {
        const leaf = leafHash(leaves[index]!);
        const path = inclusionProof(index, size, node);
        const of = (at: number, to: number, by: Digest[]): string =>
          hex(rootFromProof(leaf, at, to, by) ?? Buffer.alloc(0));
        expect(of((index + 1) % size, size, path)).not.toBe(root);
        expect(of(index, size, path.slice(1))).not.toBe(root);
        expect(of(index, size, [...path, leaf])).not.toBe(root);
        expect(rootFromProof(leaf, size, size, path)).toBeUndefined();
        const bent = path.map((digest, at) => (at === 0 ? nodeHash(digest, digest) : digest));
        expect(of(index, size, bent)).not.toBe(root);
      }
    }
    expect(() => inclusionProof(3, 3, node)).toThrow(RangeError);
    expect(() => inclusionProof(-1, 3, node)).toThrow(RangeError);
  });

  it('go on growing from where they were', () => {
    for (let size = 0; size < leaves.length; size++) {
      const grown = new GrowingTree(size, node);
      const copy = grown.copy();
      grown.append(leafHash(leaves[size]!));
      expect(hex(grown.root)).toBe(hex(rootAt(size + 1, node)));
      expect([copy.size, hex(copy.root)]).toEqual([size, hex(rootAt(size, node))]);
    }
  });
});

it('names the right edge: whole subtrees, widest first, that make up the size', () => {
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 2 ** 48 }), (size) => {
      const edge = edgeOf(size);
      const widths = edge.map(({ level }) => 2 ** level);
      expect(widths.reduce((sum, width) => sum + width, 0)).toBe(size);
      expect(widths).toEqual([...new Set(widths)].sort((a, b) => b - a));
      let start = 0;
      for (const { level, index } of edge) {
        expect(index * 2 ** level).toBe(start);
        start += 2 ** level;
      }
    }),
  );
});

it('tells a leaf from a node of the same bytes', () => {
  const [a, b] = [leafHash(Buffer.of(1)), leafHash(Buffer.of(2))];
  expect(hex(leafHash(Buffer.concat([a, b])))).not.toBe(hex(nodeHash(a, b)));
});

describe('the verifier’s tree', () => {
  it('has every earlier root, and throws for what is not there', () => {
    const leaves = Array.from({ length: 600 }, (_, at) => Buffer.from(`${at}`.repeat(at % 7)));
    const { node } = grow(leaves);
    const tree = new Tree();
    for (const leaf of leaves) tree.append(leaf);
    for (let size = 0; size <= leaves.length; size++)
      expect(tree.root(size)).toBe(Buffer.from(rootAt(size, node)).toString('base64'));
    for (const [level, index] of [
      [0, 599],
      [1, 299],
      [2, 7],
      [3, 74],
      [9, 0],
    ] as const)
      expect(hex(tree.node(level, index))).toBe(hex(node(level, index)));
    expect(() => tree.root(601)).toThrow(RangeError);
    expect(() => tree.node(9, 1)).toThrow(RangeError);
  });

  it('compares hashes where they stand in a tile', () => {
    const tree = new Tree();
    for (let at = 0; at < 257; at++) tree.append(Buffer.of(at % 256));
    const tile = Buffer.concat([tree.node(0, 0), tree.node(0, 1)]);
    expect(tree.holds(0, 1, tile, 32)).toBe(true);
    expect(tree.holds(0, 0, tile, 32)).toBe(false);
    expect(tree.holds(0, 0, tile, 64)).toBe(false);
    expect(tree.holds(8, 0, Buffer.from(tree.node(8, 0)), 0)).toBe(true);
  });
});
