/**
 * A desk is what its log says: everything that its tables say of it can be made again from the log, row by row.
 *
 * Random histories with real tokens, cut short by kills; after each part of one, every table that follows from the log is emptied in a copy and filled again.
 */
import { cpSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import Sqlite from 'better-sqlite3';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { KeymootError } from '../../shared/errors.ts';
import { playAws } from '../../custody/cli/rehearsal/aws.ts';
import { defineAndApprove } from '../../custody/cli/rehearsal/ceremony.ts';
import { hexToWords } from '../../custody/core/checkvalues/fingerprint.ts';
import type { State } from '../../custody/core/state/state.ts';
import { rebuild } from '../../custody/projections/rebuild.ts';
import { deriveState } from '../../custody/service/judged-log.ts';
import { Store } from '../../custody/store/store.ts';
import {
  ADA,
  OTTO,
  TestDesk,
  dump,
  WIM,
  newLabel,
  possible,
  type Played,
} from '../support/desk.ts';

/** What lies apart from the log, and the log itself; every other table must come from it. */
const APART = new Set([
  ...['checkpoint', 'evidence', 'log', 'meta'],
  ...['name', 'process', 'settings', 'signing_key'],
]);

/** Repeatable numbers: mulberry32. */
const numbers = (seed: number) => {
  let state = seed;
  return (below: number): number => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return Math.floor((((t ^ (t >>> 14)) >>> 0) / 2 ** 32) * below);
  };
};

/** What a state holds, for comparing two of them. */
const held = (state: State) => ({
  facts: state.facts,
  ...Object.fromEntries(
    Object.entries(state)
      .filter(([name]) => name !== 'documents')
      .map(([name, kept]) => [
        name,
        [...(kept as State['keys']).entries()].toSorted(([a], [b]) => (a < b ? -1 : 1)),
      ]),
  ),
});

describe.skipIf(!possible)('a desk made again from its log alone', () => {
  let desk: TestDesk;
  const copy = () => join(desk.home, 'copy');
  beforeAll(async () => {
    desk = await TestDesk.found();
  });
  afterAll(() => desk.remove());

  /** Empties what follows from the log in a copy of the stopped desk, makes it again, and returns all rows before and after. */
  const madeAgain = async () => {
    rmSync(copy(), { recursive: true, force: true });
    mkdirSync(copy());
    cpSync(join(desk.data, 'desk.sqlite'), join(copy(), 'desk.sqlite'));
    const edit = <T>(work: (db: Sqlite.Database) => T): T => {
      const db = new Sqlite(join(copy(), 'desk.sqlite'));
      try {
        return work(db);
      } finally {
        db.close();
      }
    };
    const before = edit((db) => {
      const all = dump(db);
      for (const table of Object.keys(all))
        if (!APART.has(table)) db.exec(`DELETE FROM "${table}"`);
      return all;
    });
    const store = Store.open(copy());
    try {
      rebuild(store, await deriveState(store, store.meta.get('origin'), () => undefined));
    } finally {
      store.close();
    }
    return { before, after: edit(dump) };
  };

  let played: Played | undefined;
  /** People who sit in no ceremony. */
  const newer = async () =>
    (await desk.call('people.list', {})).filter(({ name }) => name.startsWith('Person'));
  /** Whether the device's part may have been cut off; then two people settle it. */
  const settle = async () => {
    for (const { intent } of await desk.call('recovery.list', {}))
      await desk.call(
        'recovery.settle',
        { intent, found: 'adopt', login: await desk.room.login('work', 'recovery.settle') },
        ADA,
        OTTO,
      );
  };
  const kill = async () => {
    await desk.room.desk.kill();
    await desk.room.reopen();
    await settle();
  };
  type Act = (pick: (below: number) => number) => Promise<unknown>;
  const one = <T>(list: readonly T[], pick: (below: number) => number): T | undefined =>
    list[pick(list.length)];
  const acts: Record<string, Act> = {
    generate: (pick) => {
      const [algorithm, purpose] = one(
        [['AES-256', 'encrypt'] as const, ['P-256', 'sign'] as const],
        pick,
      )!;
      return desk.generate(newLabel(), { algorithm, purpose, extractable: purpose === 'encrypt' });
    },
    enrol: () => desk.room.enrol(`Person ${newLabel('p')}`, 'operator', ADA, OTTO),
    role: async (pick) => {
      const person = one(await newer(), pick);
      if (person !== undefined)
        await desk.call(
          'people.setRole',
          { person: person.id, role: one(['custodian', 'officer', 'auditor'] as const, pick)! },
          ADA,
          OTTO,
        );
    },
    leave: async (pick) => {
      const person = one(await newer(), pick);
      if (person !== undefined)
        await desk.call('people.remove', { person: person.id, why: 'moved away' }, ADA, OTTO);
    },
    policy: async (pick) => {
      const { policy } = await desk.call('policy.get', {});
      await desk.call(
        'policy.approve',
        { policy: { ...policy, version: policy.version + 1, pinHalf: 4 + pick(4) } },
        ADA,
        OTTO,
      );
    },
    define: async () => {
      await defineAndApprove(desk.room, (await desk.draft()).definition);
    },
    arm: async () => {
      played = await desk.arm('3');
    },
    step: async (pick) => {
      if (played === undefined) return;
      // A kill forgets words that were asked for, and what was entered.
      const view = await desk.call('ceremonies.show', { ceremony: played.view.id });
      const at = view.steps.findIndex(({ step }) => step.id === view.due);
      played = await desk.play({ ...played, view }, view.steps[at + 1 + pick(6)]?.step.id);
    },
    pause: async () => {
      const ceremony = played?.view.id ?? '';
      await desk.call('ceremonies.pause', { ceremony, why: 'noon' }, ADA);
      await desk.call('ceremonies.resume', { ceremony }, ADA);
    },
    abort: async () => {
      const { id, key, due } = await desk.call('ceremonies.show', {
        ceremony: played?.view.id ?? '',
      });
      const login =
        key === undefined ? {} : { login: await desk.room.login('work', 'ceremonies.abort') };
      if (due !== undefined)
        await desk.call(
          'ceremonies.abort',
          { ceremony: id, because: 'enough', ...login },
          ADA,
          WIM,
        );
    },
    export: async (pick) => {
      const key = (await desk.call('keys.list', {})).find(
        ({ extractable, state }) => extractable && state === 'active',
      );
      if (key === undefined) return;
      const login = (channel: 'exports.request' | 'exports.wrap') =>
        desk.room.login('work', channel);
      const { id } = await desk.call(
        'exports.request',
        {
          ...{ key: key.id, target: 'aws-kms', algorithm: 'RSAES_OAEP_SHA_1' },
          login: await login('exports.request'),
        } as const,
        ADA,
        OTTO,
      );
      if (pick(4) === 0) return;
      const file = join(desk.home, `${newLabel('params')}.json`);
      writeFileSync(file, (await playAws()).params);
      const grant = await desk.room.desk.grant('parameters', file);
      const loaded = await desk.call('exports.load', { export: id, grant }, ADA);
      if (pick(4) === 0) return;
      const all = hexToWords(loaded.wrapping?.sha256 ?? '');
      const words = (loaded.readBack?.positions ?? []).map((position) => all[position - 1] ?? '');
      await desk.call('exports.confirm', { export: id, words }, ADA, OTTO);
      const place = join(desk.home, newLabel('package'));
      await desk.call(
        'exports.wrap',
        {
          export: id,
          grant: await desk.room.desk.grant('package', place),
          login: await login('exports.wrap'),
        },
        ADA,
        OTTO,
      );
    },
    destroy: async (pick) => {
      const key = one(await desk.call('keys.list', {}), pick);
      if (key === undefined) return;
      await desk.call(
        'keys.destroy',
        { key: key.id, typed: key.label, login: await desk.room.login('work', 'keys.destroy') },
        ADA,
        OTTO,
      );
    },
    kill,
    'kill while generating': async (pick) => {
      const going = desk.generate(newLabel()).catch(() => undefined);
      await sleep(pick(120));
      await kill();
      await going;
    },
  };

  test('says in every row what it said before, whatever happened', async () => {
    const seed = Date.now() % 2 ** 31;
    const pick = numbers(seed);
    const did = new Map<string, number>();
    const story: string[] = [];
    const until = performance.now() + 15_000;
    // Each act once and then by chance, so that every kind of row is there.
    const first = Object.keys(acts);
    const playOne = async (name: string) => {
      story.push(name);
      try {
        await acts[name]?.(pick);
        did.set(name, (did.get(name) ?? 0) + 1);
      } catch (error) {
        // What a desk refuses to do leaves no trace that would matter here.
        if (!(error instanceof KeymootError) || error.code === 'internal') throw error;
        story.push(`(${error.code})`);
      }
    };
    try {
      while (first.length > 0 || performance.now() < until) {
        for (let n = 0; n < 6; n++)
          await playOne(first.shift() ?? one(Object.keys(acts), pick) ?? '');
        await desk.room.desk.stop();
        const { before, after } = await madeAgain();
        for (const [table, rows] of Object.entries(before))
          expect(after[table], table).toEqual(rows);
        await desk.room.reopen();
      }
      expect([...did.keys()].toSorted()).toEqual(Object.keys(acts).toSorted());
    } catch (error) {
      throw new Error(`seed ${seed}: ${story.join(', ')}`, { cause: error });
    }
  }, 60_000);

  test('has in memory what a new judge of its log would have, also after something was taken back', async () => {
    await desk.room.desk.stop();
    const inside = await desk.inside();
    const { journal, store } = inside.desk;
    const same = async () => {
      const fresh = await deriveState(store, journal.origin, () => undefined);
      expect(held(journal.state)).toEqual(held(fresh));
    };
    try {
      await same();
      await inside.call('desk.open', { login: inside.login('log', 'desk.open') }, ADA);
      for (const extractable of [true, false])
        await inside.call(
          'keys.generate',
          {
            ...{ at: desk.room.token('work'), algorithm: 'AES-256', purpose: 'encrypt' },
            ...{ label: newLabel(), extractable },
            login: inside.login('work', 'keys.generate'),
          } as const,
          ADA,
          OTTO,
        );
      await inside.call(
        'people.setRole',
        { person: desk.person('witness'), role: 'auditor' },
        ADA,
        OTTO,
      );
      await same();
      // The second of these contradicts the log, so neither was ever there.
      const [key] = [...journal.state.keys];
      expect(() =>
        journal.record([
          { type: 'session.logout', detail: { person: desk.person(ADA) } },
          { type: 'key.destroy', detail: { key: key?.id ?? '' }, outcome: 'success' },
        ]),
      ).toThrow('an auditor refuses');
      await same();
      expect(store.keys.get(key?.id ?? '')?.state).toBe(key?.state);
    } finally {
      inside.desk.close();
    }
  });
});
