/** The journal after a jump of the clock, and the entries that it refuses to write. */
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { ADA, TestDesk, possible, type Inside } from '../support/desk.ts';

describe.skipIf(!possible)('the journal', () => {
  let desk: TestDesk;
  let inside: Inside;
  beforeAll(async () => {
    desk = await TestDesk.found();
    await desk.room.desk.stop();
    vi.useFakeTimers({ toFake: ['Date'], now: Date.now() });
    inside = await desk.inside();
  });
  afterAll(async () => {
    inside.desk.close();
    vi.useRealTimers();
    await desk.remove();
  });
  const arrive = async () => {
    const { size } = inside.desk.store.log;
    await inside.call('presence.arrive', { person: desk.person(ADA) }, ADA);
    return Array.from({ length: inside.desk.store.log.size - size }, (_, at) =>
      inside.desk.journal.entry(size + at),
    );
  };
  /** Fake time stands still while the monotonic clock goes on: synchronises them again. */
  const jump = (ms: number) => vi.setSystemTime(Date.now() + ms);

  for (const [what, hours] of [
    ['forward', 2],
    ['back', -3],
  ] as const)
    test(`notes a clock that jumped ${what}, before what it writes next`, async () => {
      await arrive();
      jump(hours * 3600_000);
      const written = await arrive();
      expect(written.map(({ type }) => type)).toEqual(['clock.changed', 'session.login']);
      const step = (written[0]?.detail as { step_ms: number }).step_ms;
      expect(Math.abs(step - hours * 3600_000)).toBeLessThan(60_000);
      expect((await arrive()).map(({ type }) => type)).toEqual(['session.login']);
    });
  test('notes a jump with the next thing that is written, when what came first was not', async () => {
    await arrive();
    jump(2 * 3600_000);
    expect(() =>
      inside.desk.journal.record([{ type: 'session.login', detail: {} } as never]),
    ).toThrow(TypeError);
    expect((await arrive()).map(({ type }) => type)).toEqual(['clock.changed', 'session.login']);
  });
  test('gives entries ids that never go back, whatever the clock does', () => {
    const { log } = inside.desk.store;
    const ids = Array.from({ length: log.size }, (_, seq) =>
      inside.desk.journal.entry(seq).id.slice(0, 13),
    );
    const [before] = ids.slice(-4);
    expect(ids.at(-1)?.localeCompare(before ?? '')).toBeGreaterThanOrEqual(0);
    expect(
      new Set(Array.from({ length: log.size }, (_, seq) => inside.desk.journal.entry(seq).id)).size,
    ).toBe(log.size);
  });
  test('writes no entry that its format does not have, and then changes nothing', () => {
    const { size } = inside.desk.store.log;
    const write = (detail: unknown) =>
      inside.desk.journal.record([{ type: 'session.login', detail } as never], {
        beside: () => inside.desk.store.meta.set('epoch', '99'),
      });
    for (const detail of [{}, { person: 'x' }, { person: desk.person(ADA), pin: '1234' }])
      expect(() => write(detail)).toThrow();
    expect(inside.desk.store.log.size).toBe(size);
    expect(inside.desk.store.meta.get('epoch')).not.toBe('99');
  });
  test('writes nothing that an auditor would refuse, and nothing that came with it', () => {
    const { journal, store } = inside.desk;
    const looks = () => ({
      size: store.log.size,
      root: Buffer.from(store.log.root).toString('hex'),
      indexed: [...store.index.bySeq()].length,
      people: store.people.all(),
      members: [...journal.state.members],
      facts: journal.state.facts,
      epoch: store.meta.get('epoch'),
    });
    const before = looks();
    const login = { type: 'session.login', detail: { person: desk.person(ADA) } } as const;
    const refused = [
      [{ type: 'person.left', detail: { person: desk.person(ADA) } }, '0 of 2'],
      [
        { type: 'policy.changed', detail: { version: 7, policy_sha256: 'ab'.repeat(32) } },
        '0 of 2',
      ],
      [
        { type: 'key.state', detail: { key: desk.person(ADA), from: 'active', to: 'suspended' } },
        '0 of 2',
      ],
      [
        {
          type: 'token.module_changed',
          detail: { module: desk.person(ADA), sha256: 'ab'.repeat(32) },
        },
        'was not added',
      ],
    ] as const;
    for (const [entry, why] of refused) {
      let error: unknown;
      try {
        journal.record([login, entry], { beside: () => store.meta.set('epoch', '99') });
      } catch (reason) {
        error = reason;
      }
      expect(error).toMatchObject({ code: 'internal' });
      expect((error as Error).message).toMatch(why);
      expect((error as Error).message).toContain('Nothing was written');
      expect(looks()).toEqual(before);
    }
  });
  test('names nobody: people are ids in the log', () => {
    const { log } = inside.desk.store;
    const all = Array.from({ length: log.size }, (_, seq) =>
      Buffer.from(log.entry(seq)).toString('utf8'),
    ).join('\n');
    for (const { name } of desk.room.players) expect(all).not.toContain(name);
  });
});
