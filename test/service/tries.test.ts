/** Guessing a passphrase through the desk is slow, even for enrolled people, and locks no person out. */
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest';
import { KeymootError } from '../../shared/errors.ts';
import { Tries } from '../../custody/service/tries.ts';
import { ADA, CARMEN, OTTO, TestDesk, possible, refusedAs } from '../support/desk.ts';

describe('tries at a passphrase', () => {
  let tries: Tries;
  beforeEach(() => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'Date'] });
    tries = new Tries();
  });
  afterEach(() => {
    vi.useRealTimers();
  });
  /** The delay of a try whose own work takes no time, ms. */
  const waited = async (person: string, right = false): Promise<number> => {
    const begun = Date.now();
    let ended: number | undefined;
    const over = () => (ended = Date.now());
    const attempt = right
      ? () => Promise.resolve()
      : () => Promise.reject(new KeymootError('act-refused', 'That is not the passphrase.'));
    tries.take(person, attempt).then(over, over);
    while (ended === undefined) await vi.advanceTimersByTimeAsync(50);
    return ended - begun;
  };

  test('wait longer after each wrong one, four seconds at most', async () => {
    const waits = [];
    for (let n = 0; n < 8; n++) waits.push(await waited('a'));
    expect(waits).toEqual([0, 250, 500, 1000, 2000, 4000, 4000, 4000]);
  });
  test('are forgotten by that person’s success, and by nobody else’s', async () => {
    for (let n = 0; n < 4; n++) await waited('a');
    expect(await waited('b', true)).toBe(0);
    expect(await waited('a')).toBe(2000);
    expect(await waited('a', true)).toBe(4000);
    expect(await waited('a')).toBe(0);
  });
  test('of one person do not slow another’s', async () => {
    for (let n = 0; n < 6; n++) await waited('a');
    expect(await waited('b')).toBe(0);
  });
  test('never end in a lock-out', async () => {
    for (let n = 0; n < 40; n++) await waited('a');
    expect(await waited('a', true)).toBe(4000);
  });
  test('come one after the other, however many are begun at once', async () => {
    let running = 0;
    let most = 0;
    const attempt = async () => {
      most = Math.max(most, ++running);
      await Promise.resolve();
      running--;
      throw new KeymootError('act-refused', 'That is not the passphrase.');
    };
    const begun = Date.now();
    const all = Promise.allSettled(Array.from({ length: 5 }, () => tries.take('a', attempt)));
    await vi.runAllTimersAsync();
    await all;
    expect([most, Date.now() - begun]).toEqual([1, 250 + 500 + 1000 + 2000]);
  });
  test('that fail for another reason are no wrong passphrase', async () => {
    const broken = () => Promise.reject(new KeymootError('internal', 'Something else went wrong.'));
    await expect(tries.take('a', broken)).rejects.toThrow();
    expect(await waited('a')).toBe(0);
  });
});

describe.skipIf(!possible)('a desk', () => {
  let desk: TestDesk;
  beforeAll(async () => {
    desk = await TestDesk.found();
  });
  afterAll(() => desk.remove());
  const wrong = (name: string) => ({
    person: desk.person(name),
    passphrase: Buffer.from('wrong wrong wrong'),
  });
  const LEAST = 250 + 500 + 1000 + 2000;

  test('slows guesses down that come with the guesser’s own proof', async () => {
    const begun = performance.now();
    for (let n = 0; n < 5; n++)
      await refusedAs(
        'act-refused',
        desk.room.desk.call('presence.arrive', { person: desk.person(CARMEN) }, [
          ...desk.room.proving(CARMEN),
          wrong(ADA),
        ]),
      );
    expect(performance.now() - begun).toBeGreaterThan(LEAST);
  });
  test('slows guesses down that are made at once, where calls need not wait for each other', async () => {
    const begun = performance.now();
    await Promise.all(
      Array.from({ length: 5 }, () =>
        refusedAs(
          'act-refused',
          desk.room.desk.call('log.entries', { from: 0, limit: 1 }, [wrong(OTTO)]),
        ),
      ),
    );
    expect(performance.now() - begun).toBeGreaterThan(LEAST);
  });
  test('lets those in whose passphrase was guessed at, and forgets it then', async () => {
    for (const name of [ADA, OTTO])
      await desk.call('presence.arrive', { person: desk.person(name) }, name);
  });
});
