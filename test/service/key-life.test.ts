/** A key's life is the list of the log's entries about it. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { ADA, OTTO, TestDesk, newLabel, possible, refusedAs } from '../support/desk.ts';

describe.skipIf(!possible)('the life of a key', () => {
  let desk: TestDesk;
  beforeAll(async () => {
    desk = await TestDesk.found();
  });
  afterAll(() => desk.remove());

  test('begins when it is made and ends when it is destroyed, each told once', async () => {
    const label = newLabel();
    const { id } = await desk.generate(label);
    await desk.generate(newLabel('another'));
    const told = async () =>
      (await desk.call('keys.life', { key: id })).map(({ type, outcome, recovered }) => [
        type,
        outcome,
        recovered,
      ]);
    expect(await told()).toEqual([['key.generate', 'success', false]]);
    await desk.call(
      'keys.destroy',
      { key: id, typed: label, login: await desk.room.login('work', 'keys.destroy') },
      ADA,
      OTTO,
    );
    expect(await told()).toEqual([
      ['key.generate', 'success', false],
      ['key.destroy', 'success', false],
    ]);
  });

  test('of a key that is not there is not found', () =>
    refusedAs(
      'not-found',
      desk.call('keys.life', { key: '0198c0de-0000-7000-8000-0000000000ff' }),
    ));
});
