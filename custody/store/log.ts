/** The log's rows: entries, complete subtrees, checkpoints. Append only; the tree is held as its right edge and put back when a transaction fails. */
import { KeymootError } from '../../shared/errors.ts';
import { GrowingTree, leafHash, rootAt, type Digest } from '../core/audit/merkle.ts';
import type { Database } from './open.ts';

export interface CheckpointRow {
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

export class LogStore {
  readonly #db;
  readonly #insertEntry;
  readonly #insertNode;
  readonly #selectEntry;
  readonly #selectNode;
  #tree: GrowingTree;

  constructor(db: Database) {
    this.#db = db;
    this.#insertEntry = db.prepare<[number, Uint8Array]>('INSERT INTO log (seq, entry) VALUES (?, ?)');
    this.#insertNode = db.prepare<[number, number, Uint8Array]>(
      'INSERT INTO node (level, idx, hash) VALUES (?, ?, ?)',
    );
    this.#selectEntry = db.prepare<[number], { entry: Buffer }>('SELECT entry FROM log WHERE seq = ?');
    this.#selectNode = db.prepare<[number, number], { hash: Buffer }>(
      'SELECT hash FROM node WHERE level = ? AND idx = ?',
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

  /** The last entry's leaf must be in the tree, and no subtree may lie beyond the size. */
  #checkHead(): void {
    const { size } = this;
    const beyond = this.#db
      .prepare<[number], { n: number }>('SELECT count(*) AS n FROM node WHERE level = 0 AND idx >= ?')
      .get(size);
    const last = size === 0 ? undefined : leafHash(this.entry(size - 1));
    const fits = last === undefined || Buffer.from(last).equals(this.node(0, size - 1));
    if (beyond?.n !== 0 || !fits)
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
    const row = this.#selectNode.get(level, index);
    if (row === undefined)
      throw new KeymootError('store-damaged', `The log’s tree lacks node ${level}/${index}.`);
    return row.hash;
  };
  rootAt(size: number): Digest {
    return rootAt(size, this.node);
  }
  entry(seq: number): Uint8Array {
    const row = this.#selectEntry.get(seq);
    if (row === undefined) throw new KeymootError('not-found', `The log has no entry ${seq}.`);
    return row.entry;
  }
  *entries(from = 0, to = this.size): Generator<{ seq: number; entry: Uint8Array }> {
    for (let seq = from; seq < to; seq++) yield { seq, entry: this.entry(seq) };
  }
  /** Entries whose bytes hold `"type":"<one of types>"`, in order: a wide net; the caller parses and checks. */
  ofTypes(types: readonly string[]): { seq: number; entry: Uint8Array }[] {
    const where = types.map(() => 'instr(entry, ?) > 0').join(' OR ');
    return this.#db
      .prepare<Uint8Array[], { seq: number; entry: Buffer }>(
        `SELECT seq, entry FROM log WHERE ${where} ORDER BY seq`,
      )
      .all(...types.map((type) => Buffer.from(`"type":"${type}"`)));
  }
  recheckLeaf(seq: number): boolean {
    return Buffer.from(leafHash(this.entry(seq))).equals(this.node(0, seq));
  }

  /** Inside a transaction only. */
  append(entry: Uint8Array): void {
    const seq = this.size;
    this.#insertEntry.run(seq, entry);
    for (const { level, index, hash } of this.#tree.append(leafHash(entry)))
      this.#insertNode.run(level, index, hash);
  }
  /** Remembers the tree, for {@link restore} when the transaction around it fails. */
  remember(): () => void {
    const before = this.#tree.copy();
    return () => {
      this.#tree = before;
    };
  }

  checkpoint(size: number): CheckpointRow | undefined {
    const row = this.#db
      .prepare<[number], RawCheckpoint>('SELECT size, root, note FROM checkpoint WHERE size = ?')
      .get(size);
    return row === undefined ? undefined : checkpointRow(row);
  }
  checkpoints(): CheckpointRow[] {
    return this.#db
      .prepare<[], RawCheckpoint>('SELECT size, root, note FROM checkpoint ORDER BY size')
      .all()
      .map(checkpointRow);
  }
  /** The largest that was signed, or that the token was asked to sign. */
  lastCheckpoint(signedOnly = true): CheckpointRow | undefined {
    const row = this.#db
      .prepare<[], RawCheckpoint>(
        `SELECT size, root, note FROM checkpoint ${signedOnly ? 'WHERE note IS NOT NULL' : ''} ORDER BY size DESC LIMIT 1`,
      )
      .get();
    return row === undefined ? undefined : checkpointRow(row);
  }
  planCheckpoint(size: number, root: Uint8Array): void {
    this.#db.prepare('INSERT OR IGNORE INTO checkpoint (size, root) VALUES (?, ?)').run(size, root);
  }
  signCheckpoint(size: number, note: string): void {
    this.#db.prepare('UPDATE checkpoint SET note = ? WHERE size = ? AND note IS NULL').run(note, size);
  }
}
