/**
 * A service is killed while a key is made, and the database is edited before it starts again: recovery takes the plan from the intent's entry, and refuses an
 * entry that can't be settled correctly, sealed or not.
 */
import { copyFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import Sqlite from 'better-sqlite3';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { canonicalBytes, parseCanonical } from '../../shared/canonical.ts';
import { KeymootError } from '../../shared/errors.ts';
import { GrowingTree, leafHash } from '../../custody/core/audit/merkle.ts';
import { Desk } from '../../custody/service/desk.ts';
import { refusedAs } from '../support/desk.ts';
import { withoutTriggers } from '../support/triggers.ts';
import {
  BOTH,
  TOKEN,
  type Stage,
  generateKey,
  possible,
  requireAgreement,
  runs,
  setStage,
  settle,
  tokenProcesses,
  until,
} from './stage.ts';

type Members = Record<string, unknown>;
type Change = (db: Sqlite.Database) => void;
interface Row {
  seq: number;
  entry: Buffer;
  hashes: Buffer;
}

describe.skipIf(!possible)('an intent that was edited while nobody had the desk open', () => {
  let stage: Stage;
  /** An unrelated key. */
  let kept: { id: string; ckaid: string };
  const file = () => join(stage.room.folder, 'desk.sqlite');
  const copy = (name: string) => join(stage.folder, name);

  /** Ends service and token process at a call that the device has answered already. */
  const cutAfter = async (call: string, act: Promise<unknown>) => {
    const { room, steer } = stage;
    const ended = act.catch(() => undefined);
    await until(`${call} has done its work`, () => steer.hanging());
    const processes = tokenProcesses(stage);
    await room.desk.kill();
    for (const pid of processes) {
      process.kill(pid, 'SIGKILL');
      await until('the token process is gone', () => !runs(pid));
    }
    await ended;
    steer.set();
  };
  const keep = (name: string) => {
    const db = new Sqlite(file());
    db.pragma('wal_checkpoint(TRUNCATE)');
    db.close();
    copyFileSync(file(), copy(name));
  };
  const restore = (name: string) => {
    for (const suffix of ['-wal', '-shm']) rmSync(`${file()}${suffix}`, { force: true });
    copyFileSync(copy(name), file());
  };
  const edit = (change: Change) => {
    const db = new Sqlite(file());
    try {
      db.pragma('foreign_keys = OFF');
      change(db);
    } finally {
      db.close();
    }
  };
  const refusesToOpen = async (name: string, change: Change, why = /interrupted/) => {
    restore(name);
    edit(change);
    let error: unknown;
    try {
      (await Desk.open(stage.room.folder, () => undefined)).close();
    } catch (reason) {
      error = reason;
    }
    if (!(error instanceof KeymootError)) throw new Error('the desk opened', { cause: error });
    expect(error.code, error.message).toBe('store-tampered');
    expect(error.message).toMatch(why);
  };
  /** Rewrites the open intent's entry, which no seal covers yet, and all data derived from it. */
  const rewrite =
    (change: (entry: Members & { detail: Members }) => unknown): Change =>
    (db) => {
      const intent = db.prepare<[], { seq: number }>('SELECT seq FROM intent').get();
      const put = db.prepare('UPDATE log SET entry = ?, hashes = ? WHERE seq = ?');
      const tree = new GrowingTree();
      withoutTriggers(db, () => {
        for (const { seq, entry } of db.prepare<[], Row>('SELECT * FROM log ORDER BY seq').all()) {
          let bytes: Uint8Array = entry;
          if (seq === intent?.seq) {
            const told = parseCanonical(entry) as Members & { detail: Members };
            change(told);
            bytes = canonicalBytes(told);
            db.prepare("UPDATE log_index SET id = ? WHERE kind = 'key' AND seq = ?").run(
              told.detail['key'],
              seq,
            );
          }
          const complete = tree.append(leafHash(bytes));
          put.run(bytes, Buffer.concat(complete.map(({ hash }) => hash)), seq);
        }
      });
    };

  const logKeyId = (): string => {
    let id = '';
    edit((db) => {
      const row = db
        .prepare<[], { value: string }>("SELECT value FROM meta WHERE name = 'log_key'")
        .get();
      id = (JSON.parse(row?.value ?? '') as { ckaid: string }).ckaid;
    });
    return id;
  };

  beforeAll(async () => {
    stage = await setStage();
    const { steer } = stage;
    const { key } = await generateKey(stage, 'kept');
    kept = key;
    steer.forget();
    steer.set('C_GenerateKey 1 hang-after');
    await cutAfter('C_GenerateKey', generateKey(stage, 'made'));
    keep('generating');
  });
  afterAll(async () => {
    await stage.remove();
  });

  const rows: [string, string][] = [
    ['names another entry', `UPDATE intent SET seq = seq - 1`],
    ['names an entry that the log does not have', `UPDATE intent SET seq = 9999`],
    ['has another id', `UPDATE intent SET entry = '0198c0de-0000-7000-8000-0000000000fc'`],
    ['is gone', `DELETE FROM intent`],
  ];
  for (const [what, sql] of rows)
    test(`is refused when its row ${what}`, () =>
      refusesToOpen('generating', (db) => db.exec(sql)));

  /** What people agreed to is in their signatures; what the desk added is judged by itself. */
  const SIGNED_OTHERWISE = /signed something else than this entry says|interrupted/;
  const entries: [string, (detail: Members) => unknown][] = [
    ['names the object of a key that this desk has', (d) => (d['ckaid'] = kept.ckaid)],
    ['names the object of the log’s own key', (d) => (d['ckaid'] = logKeyId())],
    ['names a key that this desk has', (d) => (d['key'] = kept.id)],
    ['does not say on which token', (d) => delete d['token']],
    ['does not say until when', (d) => delete d['until']],
    ['says until when, years from now', (d) => (d['until'] = '2999-01-01T00:00:00.000Z')],
    ['asks for a key of no kind', (d) => (d['algorithm'] = 'DES')],
  ];
  for (const [what, change] of entries)
    test(`is refused when its entry ${what}`, () =>
      refusesToOpen(
        'generating',
        rewrite(({ detail }) => change(detail)),
        SIGNED_OTHERWISE,
      ));

  test('is settled rightly when nothing was edited: the key that was asked for, and no other', async () => {
    restore('generating');
    const { room, at } = stage;
    await room.reopen({ KEYMOOT_DEVELOPER: '1' });
    const [open] = await room.desk.call('recovery.list', {});
    expect(open).toMatchObject({ type: 'key.generate', token: at });
    expect(open?.what).toContain('“made”');
    expect((await settle(stage, open?.intent ?? '', 'adopt')).outcome).toBe('adopted');
    await requireAgreement(stage);
    const labels = (await room.desk.call('keys.list', {})).map(({ label }) => label);
    expect(labels.sort()).toEqual(['kept', 'made']);
  });

  test('of a destruction is refused when its entry names another key than the one that is destroyed', async () => {
    const { room, steer } = stage;
    const doomed = (await room.desk.call('keys.list', {})).find(({ label }) => label === 'made');
    const login = await room.login(TOKEN, 'keys.destroy');
    steer.forget();
    steer.set('C_DestroyObject 1 hang-before');
    const destroying = room.call(
      'keys.destroy',
      { key: doomed?.id ?? '', typed: 'made', login },
      ...BOTH,
    );
    const ended = destroying.catch(() => undefined);
    await until('the key is being destroyed', () => steer.count('C_DestroyObject') === 1);
    const processes = tokenProcesses(stage);
    await room.desk.kill();
    for (const pid of processes) process.kill(pid, 'SIGKILL');
    await ended;
    steer.set();
    keep('destroying');
    for (const members of [{ ckaid: kept.ckaid }, { key: kept.id }, { label: 'kept' }])
      await refusesToOpen(
        'destroying',
        rewrite(({ detail }) => Object.assign(detail, members)),
        SIGNED_OTHERWISE,
      );
    restore('destroying');
    await room.reopen({ KEYMOOT_DEVELOPER: '1' });
    const [open] = await room.desk.call('recovery.list', {});
    expect((await settle(stage, open?.intent ?? '', 'destroy')).outcome).toBe('destroyed');
    await requireAgreement(stage);
    await refusedAs('not-found', settle(stage, open?.intent ?? '', 'destroy'));
  });
});
