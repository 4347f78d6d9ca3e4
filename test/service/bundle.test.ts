/** A long log is exported in pieces: the bundle is the same as if written at once, and the desk answers other calls meanwhile. */
import { readdirSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Payload } from '../../shared/contract/index.ts';
import { Judge } from '../../custody/judge/client.ts';
import { ADA, TestDesk, possible, refusedAs, type Inside } from '../support/desk.ts';

/** More than three tiles of entries. */
const ENTRIES = 800;

describe.skipIf(!possible)('a bundle of a long log', () => {
  let desk: TestDesk;
  let inside: Inside;
  let heard: (progress: Payload<'progress'>) => void = () => undefined;
  const judge = new Judge();

  beforeAll(async () => {
    desk = await TestDesk.found();
    await desk.room.desk.stop();
    inside = await desk.inside((event, payload) => {
      if (event === 'progress') heard(payload as Payload<'progress'>);
    });
    await inside.call('desk.open', { login: inside.login('log', 'desk.open') }, ADA);
    const person = desk.person(ADA);
    inside.desk.journal.record(
      Array.from({ length: ENTRIES }, () => ({ type: 'session.logout', detail: { person } })),
    );
  });
  afterAll(async () => {
    judge.end();
    inside.desk.close();
    await desk.remove();
  });

  const exportTo = async (name: string) => {
    const place = join(desk.home, name);
    const { grant } = await inside.call('files.grant', { purpose: 'bundle', path: place });
    return { place, exporting: inside.call('log.export', { grant }, ADA) };
  };
  const beside = (place: string) =>
    readdirSync(dirname(place)).filter((name) => name.startsWith(basename(place)));

  const judged = async (place: string) => {
    const trust = JSON.stringify(await inside.call('log.trust', {}));
    return judge.ask({ bundle: place, trust, anchors: [] });
  };

  test('passes, whole, and says how far it is', async () => {
    const told: Payload<'progress'>[] = [];
    heard = (progress) => told.push(progress);
    const { place, exporting } = await exportTo('whole');
    const { size, files } = await exporting;
    const written = readdirSync(place, { recursive: true, withFileTypes: true });
    expect(written.filter((entry) => entry.isFile())).toHaveLength(files);
    expect(await judged(place)).toMatchObject({
      ...{ verdict: 'pass', size, not_proven: expect.any(Array) as [] },
    });
    expect(told.map(({ text }) => text)).toEqual(
      [256, 512, 768, size].map((done) => `Writing the bundle: ${done} of ${size} entries.`),
    );
  });

  test('is written while others are answered', async () => {
    const order: string[] = [];
    heard = ({ text }) => {
      heard = () => undefined;
      void inside.call('log.state', {}).then(() => order.push(text));
    };
    const { exporting } = await exportTo('meanwhile');
    await exporting;
    order.push('written');
    expect(order).toEqual([expect.stringMatching(/256 of/), 'written']);
  });

  test('is not there at all when whoever asked goes away', async () => {
    heard = () => {
      inside.desk.faceGone.abort();
    };
    const { place, exporting } = await exportTo('given-up');
    await refusedAs('cancelled', exporting);
    expect(beside(place)).toEqual([]);
    // The entry about the export is followed by one that records its failure.
    const { log } = inside.desk.store;
    const [said, took] = [2, 1].map((back) => inside.desk.journal.entry(log.size - back));
    expect(said).toMatchObject({ type: 'audit.exported', outcome: 'success' });
    expect(took).toMatchObject({
      ...{ type: 'audit.exported', outcome: 'failure', reason: 'cancelled' },
      detail: said?.detail,
    });
    // The desk also opens with this log: its own judge accepts it.
    inside.desk.close();
    inside = await desk.inside();
    expect(inside.desk.store.log.size).toBe(log.size);
  });
});
