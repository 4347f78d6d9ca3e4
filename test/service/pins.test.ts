/** A wrong PIN is never right because something was logged in already (design 08, T4), and half a PIN is none (T3). */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { ErrorCode } from '../../shared/errors.ts';
import { ADA, OTTO, TestDesk, newLabel, possible, refusedAs } from '../support/desk.ts';

describe.skipIf(!possible)('PINs', () => {
  let desk: TestDesk;
  beforeAll(async () => {
    desk = await TestDesk.found();
  });
  afterAll(() => desk.remove());

  const generate = async (token: string, login: { first: string; second: string }) =>
    desk.call(
      'keys.generate',
      {
        at: desk.room.token(token),
        algorithm: 'AES-128',
        purpose: 'mac',
        label: newLabel(),
        login,
      },
      ADA,
      OTTO,
    );
  const objects = (token: string, login: { first: string; second: string }) =>
    desk.call('tokens.objects', { at: desk.room.token(token), login }, ADA);
  const wrong = (
    channel: 'keys.generate' | 'tokens.objects',
    first = '11111111',
    second = '22222222',
  ) => desk.pin(first, second, channel);

  test('a wrong one is refused on the log’s own token while the signer is logged in to it', async () => {
    expect((await desk.room.desk.call('log.state', {})).signer).not.toBe('NO SIGNER');
    for (let i = 0; i < 2; i++) {
      await desk.unchanged('pin-wrong', async () => generate('log', await wrong('keys.generate')));
      await refusedAs('pin-wrong', objects('log', await wrong('tokens.objects')));
    }
    expect((await desk.call('log.seal', {}, ADA)).signer).toBe('SEALING');
  });
  test('a wrong one is refused right after the right one, and the other way round', async () => {
    for (let i = 0; i < 2; i++) {
      await objects('work', await desk.room.login('work', 'tokens.objects'));
      await refusedAs('pin-wrong', objects('work', await wrong('tokens.objects')));
    }
    await generate('work', await desk.room.login('work', 'keys.generate'));
    await desk.unchanged('pin-wrong', async () => generate('work', await wrong('keys.generate')));
  });
  test('a wrong one is refused while a right one is at work on the same token', async () => {
    const right = desk.room.login('work', 'tokens.objects').then((login) => objects('work', login));
    const guesses = Array.from({ length: 3 }, async () =>
      refusedAs('pin-wrong', objects('work', await wrong('tokens.objects'))),
    );
    expect((await right).publicView).toBe(false);
    await Promise.all(guesses);
  });
  test('an open desk is not opened again by a wrong one, and is then closed', async () => {
    await refusedAs(
      'pin-wrong',
      desk.call('desk.open', { login: await desk.pin('1111', '2222', 'desk.open') }, ADA),
    );
    expect((await desk.room.desk.call('log.state', {})).signer).toBe('NO SIGNER');
    await desk.room.open();
  });
  test('one half, halves in the wrong order, both in one field and empty ones are refused', async () => {
    const { first, second } = desk.room.pins.get('work') ?? { first: [], second: [] };
    const [left, right] = [Buffer.from(first).toString(), Buffer.from(second).toString()];
    const tries: [string, string, ErrorCode][] = [
      [left, '', 'pin-half-missing'],
      ['', right, 'pin-half-missing'],
      ['', '', 'pin-half-missing'],
      [left + right, '', 'pin-half-missing'],
      [right, left, 'pin-wrong'],
      [left, left, 'pin-wrong'],
      [left, `${right} `, 'pin-wrong'],
      [left, right.slice(0, -1), 'pin-wrong'],
    ];
    for (const [one, two, code] of tries)
      await desk.unchanged(code, async () =>
        generate('work', await wrong('keys.generate', one, two)),
      );
  });
  test('a wrong one is in the log, also when it was only to look at a token', async () => {
    await desk.call('presence.arrive', { person: desk.person(ADA) }, ADA);
    const look = async (...names: string[]) => {
      const login = await wrong('tokens.objects', '87654321', '12348765');
      return desk.call('tokens.objects', { at: desk.room.token('work'), login }, ...names);
    };
    await desk.unchanged('pin-wrong', () => look(ADA));
    // Presence is enough for the public objects; a login with the PIN is an act.
    await desk.unchanged('act-required', () => look());
    const { publicView } = await desk.call('tokens.objects', { at: desk.room.token('work') });
    expect(publicView).toBe(true);
  });
  test('one handle for both halves, and halves meant for another call, are refused', async () => {
    const login = await desk.room.login('work', 'keys.generate');
    await desk.unchanged('secret-unknown', () =>
      generate('work', { first: login.first, second: login.first }),
    );
    await desk.unchanged('secret-unknown', async () =>
      generate('work', await desk.room.login('work', 'tokens.objects')),
    );
  });
  test('the device’s own word for it is passed on, and no digit of it', async () => {
    const error = await desk.unchanged('pin-wrong', async () =>
      generate('work', await wrong('keys.generate', '87654321', '12348765')),
    );
    expect(error.fields?.['device']).toContain('CKR_PIN_INCORRECT');
    expect(JSON.stringify([error.message, error.fields])).not.toMatch(/87654321|12348765/);
  });
  test('a key is called dual control only where two people proved themselves when the PIN was set', async () => {
    const control = async (token: string) => {
      const at = desk.room.token(token);
      const login = await desk.room.login(token, 'keys.generate');
      return (await desk.generate(newLabel(), { at, login })).control;
    };
    await desk.room.train('softhsm', 'by one', ADA);
    await desk.room.train('softhsm', 'by two', ADA, OTTO);
    // This kind of token brings a library of its own.
    await desk.unchanged('two-required', () => desk.room.train('nss', 'other', ADA));
    expect(await control('by one')).toBe('single-control');
    expect(await control('by two')).toBe('pin-halves');
    // Made before any person was enrolled, so without any proof.
    expect(await control('log')).toBe('single-control');
  });
  test('a new one is made of two halves of their least length', async () => {
    const train = async (user: [string, string], so?: [string, string]) =>
      desk.call(
        'tokens.train',
        {
          family: 'softhsm',
          label: newLabel('token'),
          userPin: await desk.pin(...user, 'tokens.train'),
          ...(so === undefined ? {} : { soPin: await desk.pin(...so, 'tokens.train') }),
        },
        ADA,
      );
    const before = await desk.room.desk.call('tokens.list', {});
    await desk.unchanged('policy-refused', () =>
      train(['123', '12345678'], ['12345678', '12345678']),
    );
    await desk.unchanged('policy-refused', () =>
      train(['12345678', '12345678'], ['12345678', '123']),
    );
    await desk.unchanged('pin-half-missing', () =>
      train(['12345678', ''], ['12345678', '12345678']),
    );
    await desk.unchanged('pin-half-missing', () => train(['12345678', '12345678']));
    expect(await desk.room.desk.call('tokens.list', {})).toEqual(before);
  });
});
