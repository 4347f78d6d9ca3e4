/** One presence never satisfies `two`, and a proof is good for one call by one person with one input, once (design 08, T2). */
import { hash } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { canonicalBytes } from '../../shared/canonical.ts';
import type { ChannelName } from '../../shared/contract/index.ts';
import { ADA, CLEO, OTTO, TestDesk, WIM, possible, refusedAs } from '../support/desk.ts';

const digest = (input: unknown): string => hash('sha256', canonicalBytes(input));

describe.skipIf(!possible)('proofs', () => {
  let desk: TestDesk;
  beforeAll(async () => {
    desk = await TestDesk.found();
  });
  afterAll(() => desk.remove());

  /** A call that needs two people and makes a visible change. */
  const channel = 'people.setRole';
  const input = () => ({ person: desk.person(CLEO), role: 'operator' as const });
  const send = (proofs: { person: string; secret: string }[], to: ChannelName = channel) =>
    desk.room.desk.send({ channel: to, input: input(), proofs });
  const proof = async (
    name: string,
    as = name,
    bound: ChannelName = channel,
    over: unknown = input(),
  ) => ({
    person: desk.person(as),
    secret: await desk.proof(name, bound, digest(over)),
  });

  test('refuses without any, and with one where two are needed', async () => {
    await desk.unchanged('two-required', () => desk.call(channel, input()));
    await desk.unchanged('two-required', () => desk.call(channel, input(), ADA));
    await desk.unchanged('act-required', () =>
      desk.call('desk.open', { login: { first: desk.person(ADA), second: desk.person(ADA) } }),
    );
  });
  test('refuses one person who proves themselves twice', () =>
    desk.unchanged('two-required', () => desk.call(channel, input(), ADA, ADA)));
  test('refuses one handle given twice', () =>
    desk.unchanged('secret-unknown', async () => {
      const one = await proof(ADA);
      return send([one, one]);
    }));
  test('refuses one person’s proof under another’s name', () =>
    desk.unchanged('secret-unknown', async () => send([await proof(ADA), await proof(ADA, OTTO)])));
  test('refuses a proof made for another call', () =>
    desk.unchanged('secret-unknown', async () =>
      send([await proof(ADA), await proof(OTTO, OTTO, 'people.remove')]),
    ));
  test('refuses a proof made for another input', () =>
    desk.unchanged('secret-unknown', async () =>
      send([await proof(ADA), await proof(OTTO, OTTO, channel, { ...input(), role: 'witness' })]),
    ));
  test('refuses an input that was changed after people proved themselves', () =>
    desk.unchanged('secret-unknown', async () =>
      desk.room.desk.send({
        channel,
        input: { ...input(), role: 'administrator' },
        proofs: [await proof(ADA), await proof(OTTO)],
      }),
    ));
  test('refuses a handle that nobody was given', () =>
    desk.unchanged('secret-unknown', async () =>
      send([await proof(ADA), { person: desk.person(OTTO), secret: desk.person(OTTO) }]),
    ));
  test('refuses a passphrase that was sealed for something else', () =>
    desk.unchanged('secret-unknown', async () => {
      const { passphrase } = desk.room.player(OTTO);
      const secret = await desk.room.desk.secret(Uint8Array.from(passphrase), {
        purpose: 'passphrase',
        channel,
      });
      return send([await proof(ADA), { person: desk.person(OTTO), secret }]);
    }));
  test('refuses proofs by somebody who is not enrolled', () =>
    desk.unchanged('person-unknown', async () => {
      const person = '0198c0de-0000-7000-8000-0000000000ff';
      const secret = await desk.room.desk.secret(Buffer.from('a passphrase of nobody'), {
        purpose: 'proof',
        channel,
        person,
        input_sha256: digest(input()),
      });
      return send([await proof(ADA), { person, secret }]);
    }));
  test('refuses a wrong passphrase, and the log says whose', async () => {
    const before = await desk.logSize();
    const secret = await desk.room.desk.secret(Buffer.from('not the passphrase'), {
      purpose: 'proof',
      channel,
      person: desk.person(OTTO),
      input_sha256: digest(input()),
    });
    await refusedAs('act-refused', send([await proof(ADA), { person: desk.person(OTTO), secret }]));
    const people = await desk.room.desk.call('people.list', {});
    expect(people.find(({ name }) => name === CLEO)?.role).toBe('custodian');
    await desk.call('presence.arrive', { person: desk.person(ADA) }, ADA);
    expect((await desk.entries(before))[0]).toMatchObject({
      type: 'session.login_failed',
      outcome: 'failure',
      detail: { what: 'passphrase', person: desk.person(OTTO) },
    });
  });
  test('does not take presence for an act', async () => {
    for (const name of [ADA, OTTO])
      await desk.call('presence.arrive', { person: desk.person(name) }, name);
    await desk.unchanged('two-required', () => desk.call(channel, input()));
    await desk.unchanged('act-refused', () =>
      desk.call('presence.arrive', { person: desk.person(WIM) }, ADA),
    );
  });
  test('shows nothing of the log to an empty room', async () => {
    for (const name of [ADA, OTTO])
      await desk.room.desk.call('presence.leave', { person: desk.person(name) });
    await refusedAs('presence-required', desk.room.desk.call('log.entries', { from: 0, limit: 1 }));
    await refusedAs('presence-required', desk.room.desk.call('log.proof', { seq: 0 }));
  });

  test('spends a proof by the call that carries it, refused or not', async () => {
    const [ada, otto] = [await proof(ADA), await proof(OTTO)];
    await desk.unchanged('secret-unknown', () =>
      desk.room.desk.send({
        channel,
        input: { ...input(), role: 'administrator' },
        proofs: [ada, otto],
      }),
    );
    await desk.unchanged('secret-unknown', () => send([ada, otto]));
  });
  test('spends a proof by the call that succeeds', async () => {
    const proofs = [await proof(ADA), await proof(OTTO)];
    await send(proofs);
    const people = await desk.room.desk.call('people.list', {});
    expect(people.find(({ name }) => name === CLEO)?.role).toBe('operator');
    await desk.unchanged('secret-unknown', () => send(proofs));
  });
  test('signs each act with a nonce of its own, over the call and its input', async () => {
    const before = await desk.logSize();
    await send([await proof(ADA), await proof(OTTO)]);
    const [entry] = (await desk.entries(before)) as { acts: { payload: string }[] }[];
    const said = (entry?.acts ?? []).map(
      ({ payload }) =>
        JSON.parse(Buffer.from(payload, 'base64').toString()) as Record<string, unknown>,
    );
    expect(said.map(({ person }) => person)).toEqual([desk.person(ADA), desk.person(OTTO)]);
    for (const act of said)
      expect(act).toMatchObject({ channel, input_sha256: digest(input()), kind: 'act' });
    expect(new Set(said.map(({ nonce }) => nonce)).size).toBe(2);
  });
  test('refuses people who left, at once', async () => {
    await desk.room.enrol('Olga Weiss', 'officer', ADA, OTTO);
    await desk.call(
      'people.remove',
      { person: desk.person('Olga Weiss'), why: 'moved away' },
      ADA,
      OTTO,
    );
    await desk.unchanged('person-unknown', () => desk.call(channel, input(), ADA, 'Olga Weiss'));
  });
});
