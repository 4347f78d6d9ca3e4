/** The log's rows and its tree, against a slow and obvious tree; append-only; whole after a failed transaction. */
import { createHash } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import Sqlite from 'better-sqlite3';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { Store } from '../../custody/store/store.ts';
import { withoutTriggers } from '../support/triggers.ts';

let folder: string;
let store: Store;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'keymoot-log-'));
  store = Store.open(folder);
});
afterEach(() => {
  store.close();
  rmSync(folder, { recursive: true, force: true });
});

const sha256 = (...parts: Buffer[]): Buffer => {
  const digest = createHash('sha256');
  for (const part of parts) digest.update(part);
  return digest.digest();
};
/** RFC 6962 section 2.1, as it is written there. */
const mth = (leaves: readonly Buffer[]): Buffer => {
  const [only] = leaves;
  if (only === undefined) return sha256(Buffer.alloc(0));
  if (leaves.length === 1) return sha256(Buffer.of(0), only);
  let k = 1;
  while (k * 2 < leaves.length) k *= 2;
  return sha256(Buffer.of(1), mth(leaves.slice(0, k)), mth(leaves.slice(k)));
};
const entry = (seq: number): Buffer => Buffer.from(`{"type":"t.${seq % 3}","seq":${seq}}`);
const append = (count: number): Buffer[] => {
  const from = store.log.size;
  const added = Array.from({ length: count }, (_, at) => entry(from + at));
  store.commit(() => {
    for (const bytes of added) store.log.append(bytes);
  });
  return added;
};
const reopen = () => {
  store.close();
  store = Store.open(folder);
};
const edit = (change: (db: Sqlite.Database) => unknown) => {
  store.close();
  const db = new Sqlite(join(folder, 'desk.sqlite'));
  try {
    change(db);
  } finally {
    db.close();
  }
};
const direct = (sql: string) => {
  edit((db) => db.exec(sql));
};
const unguarded = (sql: string) => {
  edit((db) => {
    withoutTriggers(db, () => db.exec(sql));
  });
};

describe('the log', () => {
  test('has the root of RFC 6962 at every size, now and for every size before', () => {
    const leaves: Buffer[] = [];
    expect(Buffer.from(store.log.root)).toEqual(mth([]));
    for (let size = 1; size <= 70; size++) {
      leaves.push(...append(1));
      expect(Buffer.from(store.log.root)).toEqual(mth(leaves));
    }
    for (let size = 0; size <= 70; size++)
      expect(Buffer.from(store.log.rootAt(size))).toEqual(mth(leaves.slice(0, size)));
  });
  test('is the same after it was opened again, and grows on from there', () => {
    const leaves = append(13);
    reopen();
    expect(store.log.size).toBe(13);
    expect(Buffer.from(store.log.root)).toEqual(mth(leaves));
    leaves.push(...append(6));
    expect(Buffer.from(store.log.root)).toEqual(mth(leaves));
    expect([...store.log.entries(11, 15)].map(({ seq }) => seq)).toEqual([11, 12, 13, 14]);
    expect(Buffer.from(store.log.entry(17))).toEqual(entry(17));
    expect(() => store.log.entry(19)).toThrow(/no entry 19/);
    expect(() => store.log.node(0, 19)).toThrow(/lacks/);
    expect(() => store.log.node(5, 0)).toThrow(/lacks/);
  });
  test('is as it was after a transaction that failed', () => {
    const leaves = append(5);
    const fail = () =>
      store.commit(() => {
        store.log.append(entry(5));
        store.log.append(entry(6));
        store.meta.set('epoch', '9');
        throw new Error('no');
      });
    expect(fail).toThrow('no');
    expect(store.log.size).toBe(5);
    expect(Buffer.from(store.log.root)).toEqual(mth(leaves));
    expect(store.meta.get('epoch')).toBeUndefined();
    leaves.push(...append(3));
    expect(Buffer.from(store.log.root)).toEqual(mth(leaves));
    reopen();
    expect(Buffer.from(store.log.root)).toEqual(mth(leaves));
  });
  test('is as it was when the database itself refuses a row', () => {
    append(2);
    expect(() =>
      store.commit(() => {
        store.log.append(entry(2));
        store.index.add({ kind: 'type', id: 'x', seq: 99 });
      }),
    ).toThrow(/FOREIGN KEY/);
    expect(store.log.size).toBe(2);
  });
  test('can’t be changed or shortened through the database', () => {
    append(3);
    for (const sql of [
      'DELETE FROM log',
      "UPDATE log SET entry = x'00'",
      "UPDATE log SET hashes = x'00' WHERE seq = 1",
    ]) {
      expect(() => direct(sql)).toThrow(/append-only/);
      store = Store.open(folder);
    }
    expect(store.log.size).toBe(3);
  });
  test('with a gap is refused', () => {
    append(8);
    unguarded('DELETE FROM log WHERE seq = 3');
    expect(() => Store.open(folder)).toThrow(/gap/);
    store = Store.open(join(folder, 'other'));
  });
  test('whose last entry is not the one in its tree is refused', () => {
    append(8);
    unguarded(`UPDATE log SET entry = x'7b7d' WHERE seq = 7`);
    expect(() => Store.open(folder)).toThrow(/do not fit/);
    store = Store.open(join(folder, 'other'));
  });
  test('tells for each entry whether it is the one that the tree was made of', () => {
    append(21);
    unguarded(`UPDATE log SET entry = x'7b7d' WHERE seq = 6`);
    store = Store.open(folder);
    expect(Array.from({ length: 21 }, (_, seq) => store.log.recheckLeaf(seq)).indexOf(false)).toBe(
      6,
    );
    const leaf = sha256(Buffer.of(0), Buffer.from('{}'));
    unguarded(`UPDATE log SET hashes = x'${leaf.toString('hex')}' WHERE seq = 6`);
    store = Store.open(folder);
    expect(store.log.recheckLeaf(6)).toBe(false);
    expect(store.log.recheckLeaf(20)).toBe(true);
  });
});

describe('checkpoints', () => {
  test('are planned before they are signed, once for each size, and signed once', () => {
    append(2);
    const root = store.log.root;
    store.commit(() => store.log.prepareCheckpoint(2, root));
    expect(store.log.lastCheckpoint()).toBeUndefined();
    expect(store.log.lastCheckpoint(false)).toMatchObject({ size: 2, note: undefined });
    store.commit(() => {
      store.log.prepareCheckpoint(2, Buffer.alloc(32));
      store.log.signCheckpoint(2, 'first');
      store.log.signCheckpoint(2, 'second');
    });
    expect(store.log.checkpoint(2)).toMatchObject({ size: 2, note: 'first' });
    expect(Buffer.from(store.log.checkpoint(2)?.root ?? [])).toEqual(Buffer.from(root));
    expect(store.log.checkpoints()).toHaveLength(1);
    expect(store.log.checkpoint(1)).toBeUndefined();
  });
});
