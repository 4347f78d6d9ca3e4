/**
 * The log's rows: entries with the subtrees they complete, and checkpoints. Append only; the tree is kept in memory as its right edge and restored when a
 * transaction fails.
 *
 * Hashes lie in the row of the leaf that completes them, so a commit touches one page and not one for each level.
 */
import { KeymootError } from '../../shared/errors.ts';
import { GrowingTree, leafHash, nodeHash, rootAt, type Digest } from '../core/audit/merkle.ts';
import type { Database } from './open.ts';

interface CheckpointRow {
  size: number;
  root: Uint8Array;
  note: string | undefined;
}
interface RawCheckpoint {
  size: number;
  root: Buffer;
  note: string | null;
}
const checkpointRow = ({ size, root, note }: RawCheckpoint): CheckpointRow => ({
  size,
  root,
  note: note ?? undefined,
});

/** A subtree is completed by its last leaf: leaf m completes one subtree of each level from 0 up to the number of trailing ones of m. */
const lastLeaf = (level: number, index: number): number => (index + 1) * 2 ** level - 1;
const HASH_BYTES = 32;

export class LogStore {
  readonly #db;
  readonly #insertEntry;
  readonly #selectEntry;
  readonly #selectNode;
  readonly #selectCheckpoint;
  #tree: GrowingTree;

  constructor(db: Database) {
    this.#db = db;
    this.#insertEntry = db.prepare<[number, Uint8Array, Uint8Array]>(
      'INSERT INTO log (seq, entry, hashes) VALUES (?, ?, ?)',
    );
    this.#selectEntry = db.prepare<[number], { entry: Buffer }>(
      'SELECT entry FROM log WHERE seq = ?',
    );
    this.#selectNode = db.prepare<[number, number], { hash: Buffer }>(
      `SELECT substr(hashes, ?, ${HASH_BYTES}) AS hash FROM log WHERE seq = ?`,
    );
    this.#selectCheckpoint = db.prepare<[number], RawCheckpoint>(
      'SELECT size, root, note FROM checkpoint WHERE size = ?',
    );
    const row = db
      .prepare<[], { size: number; count: number }>(
        'SELECT coalesce(max(seq) + 1, 0) AS size, count(*) AS count FROM log',
      )
      .get();
    if (row === undefined || row.size !== row.count)
      throw new KeymootError('store-damaged', 'The log has a gap. Nothing was written.');
    this.#tree = new GrowingTree(row.size, this.node);
    this.#checkHead();
  }

  /** The last entry's leaf must be the one in the tree. */
  #checkHead(): void {
    const { size } = this;
    if (size === 0) return;
    if (!Buffer.from(leafHash(this.entry(size - 1))).equals(this.node(0, size - 1)))
      throw new KeymootError(
        'store-damaged',
        'The log’s last entry and its tree do not fit each other. Nothing was written.',
      );
  }

  get size(): number {
    return this.#tree.size;
  }
  get root(): Digest {
    return this.#tree.root;
  }
  readonly node = (level: number, index: number): Digest => {
    const row = this.#selectNode.get(level * HASH_BYTES + 1, lastLeaf(level, index));
    if (row?.hash.length !== HASH_BYTES)
      throw new KeymootError(
        'store-damaged',
        `The log’s tree lacks its node ${level}/${index}. Nothing was written. Keep the data folder as evidence and restore a copy.`,
      );
    return row.hash;
  };
  rootAt(size: number): Digest {
    return rootAt(size, this.node);
  }
  entry(seq: number): Buffer {
    const row = this.#selectEntry.get(seq);
    if (row === undefined) throw new KeymootError('not-found', `The log has no entry ${seq}.`);
    return row.entry;
  }
  *entries(from = 0, to = this.size): Generator<{ seq: number; entry: Buffer }> {
    for (let seq = from; seq < to; seq++) yield { seq, entry: this.entry(seq) };
  }
  /**
   * Whether this entry's audit path leads to the right edge, whose root the checkpoints sign. Every hash on the path is computed: a stored one proves nothing
   * about the entries below it.
   */
  recheckLeaf(seq: number): boolean {
    let digest = leafHash(this.entry(seq));
    for (let level = 0, index = seq; ; level++, index = Math.floor(index / 2)) {
      if (!Buffer.from(digest).equals(this.node(level, index))) return false;
      const parent = Math.floor(index / 2);
      if (lastLeaf(level + 1, parent) >= this.size) return true;
      digest = nodeHash(this.node(level, parent * 2), this.node(level, parent * 2 + 1));
    }
  }

  /** Inside a transaction only. */
  append(entry: Uint8Array): void {
    const seq = this.size;
    const hashes = this.#tree.append(leafHash(entry)).map(({ hash }) => hash);
    this.#insertEntry.run(seq, entry, Buffer.concat(hashes));
  }
  /** Saves the tree, for {@link restore} when the surrounding transaction fails. */
  remember(): () => void {
    const before = this.#tree.copy();
    return () => {
      this.#tree = before;
    };
  }

  checkpoint(size: number): CheckpointRow | undefined {
    const row = this.#selectCheckpoint.get(size);
    return row === undefined ? undefined : checkpointRow(row);
  }
  checkpoints(): CheckpointRow[] {
    return this.#db
      .prepare<[], RawCheckpoint>('SELECT size, root, note FROM checkpoint ORDER BY size')
      .all()
      .map(checkpointRow);
  }
  /** Sizes with a signed checkpoint, smallest first. */
  sealedSizes(): number[] {
    return this.#db
      .prepare<[], { size: number }>(
        'SELECT size FROM checkpoint WHERE note IS NOT NULL ORDER BY size',
      )
      .all()
      .map(({ size }) => size);
  }
  /** The largest size that was signed or sent to the token for signing. */
  lastCheckpoint(signedOnly = true): CheckpointRow | undefined {
    const row = this.#db
      .prepare<[], RawCheckpoint>(
        `SELECT size, root, note FROM checkpoint ${signedOnly ? 'WHERE note IS NOT NULL' : ''} ORDER BY size DESC LIMIT 1`,
      )
      .get();
    return row === undefined ? undefined : checkpointRow(row);
  }
  prepareCheckpoint(size: number, root: Uint8Array): void {
    this.#db.prepare('INSERT OR IGNORE INTO checkpoint (size, root) VALUES (?, ?)').run(size, root);
  }
  signCheckpoint(size: number, note: string): void {
    this.#db
      .prepare('UPDATE checkpoint SET note = ? WHERE size = ? AND note IS NULL')
      .run(note, size);
  }
}
