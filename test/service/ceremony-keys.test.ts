/** A ceremony's key while the ceremony is not over: its check value is hidden until it is compared, and only authorised people can destroy it. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { InputGiven } from '../../shared/contract/index.ts';
import {
  ADA,
  CARMEN,
  CHIDI,
  CLEO,
  OTTO,
  TestDesk,
  WIM,
  possible,
  type Played,
} from '../support/desk.ts';

describe.skipIf(!possible)('the key of a ceremony that is not over', () => {
  let desk: TestDesk;
  let played: Played;
  const key = () => played.view.key ?? '';
  const state = async () => (await desk.room.desk.call('keys.show', { key: key() })).key.state;
  const destroy = async (...names: string[]) =>
    desk.call(
      'keys.destroy',
      {
        key: key(),
        typed: played.definition.key.label,
        login: await desk.room.login('work', 'keys.destroy'),
      },
      ...names,
    );
  const abort = async (
    more: Partial<InputGiven<'ceremonies.abort'>>,
    ...names: string[]
  ): Promise<unknown> =>
    desk.call(
      'ceremonies.abort',
      {
        ceremony: played.view.id,
        because: 'we feel like it',
        login: await desk.room.login('work', 'ceremonies.abort'),
        ...more,
      },
      ...names,
    );

  beforeAll(async () => {
    desk = await TestDesk.found();
    await desk.room.enrol('Sol Vidal', 'custodian', ADA, OTTO);
    played = await desk.arm('9', (definition) => ({
      ...definition,
      substitutes: [{ seat: 'custodian-1', person: desk.person('Sol Vidal') }],
    }));
  });
  afterAll(() => desk.remove());

  test('shows no check value anywhere that the witness could copy it from', async () => {
    const { desk: client } = desk.room;
    const shown = await client.call('keys.show', { key: key() });
    expect(shown.key.state).toBe('quarantine');
    const listed = (await client.call('keys.list', {})).find(({ id }) => id === key());
    const { keys } = await client.call('keys.page', { from: 0, limit: 500 });
    const paged = keys.find(({ id }) => id === key());
    for (const seen of [shown.key, listed, paged]) expect(seen).not.toHaveProperty('check');
    const all = JSON.stringify([shown, listed, paged]).toLowerCase();
    expect(all).not.toContain(played.envelopes.expected.slice(0, 6).toLowerCase());
    expect(all).not.toContain('cka_check_value');
  });
  test('is destroyed by giving the ceremony up, not behind its back', async () => {
    const error = await desk.unchanged('state-refused', () => destroy(ADA, OTTO));
    expect(error.message).toContain('Abort the ceremony');
    expect(await state()).toBe('quarantine');
  });
  test('is shown with its check value once it was compared', async () => {
    played = await desk.play(played, '10');
    const { key: released } = await desk.room.desk.call('keys.show', { key: key() });
    expect(released).toMatchObject({
      state: 'active',
      check: { value: played.envelopes.expected },
    });
  });
  test('is, once released, still not destroyed behind the ceremony’s back', async () => {
    await desk.unchanged('state-refused', () => destroy(ADA, OTTO));
  });
  test('is, once released, not destroyed by an abort of people who may not destroy keys, nor without its name', async () => {
    const typed = played.definition.key.label;
    await desk.unchanged('role-refused', () => abort({ typed }, CLEO, CHIDI));
    await desk.unchanged('role-refused', () => abort({ typed }, ADA, WIM));
    await desk.unchanged('two-required', () => abort({ typed }, ADA));
    await desk.unchanged('readback-wrong', () => abort({}, ADA, OTTO));
    await desk.unchanged('readback-wrong', () => abort({ typed: 'another' }, ADA, OTTO));
    expect(await state()).toBe('active');
  });
  test('has everyone’s voice only when each who sits there now has spoken', async () => {
    played = await desk.play(played, '11');
    const { id: ceremony } = played.view;
    const agree = (name: string) =>
      desk.call(
        'ceremonies.step',
        { ceremony, step: '11', input: { kind: 'agree', agree: true } },
        name,
      );
    await agree(CLEO);
    await desk.call(
      'ceremonies.exception',
      {
        ceremony,
        observed: 'Cleo had to leave',
        decision: 'her substitute sits',
        substitute: { seat: 'custodian-1', person: desk.person('Sol Vidal') },
      },
      ADA,
      WIM,
    );
    for (const name of ['Sol Vidal', ADA, CHIDI, CARMEN]) played.view = await agree(name);
    expect(played.view.due).toBe('11');
    expect(played.view.claims.at(-1)?.claim).toContain('4 of 5');
    await desk.unchanged('step-refused', () =>
      desk.call('ceremonies.close', { ceremony }, ADA, CHIDI),
    );
    played.view = await agree(WIM);
    expect(played.view.due).toBeUndefined();
    expect(played.view.claims.at(-1)?.claim).toContain('5 of 5');
  });
  test('is, once released, destroyed by an abort of those who may destroy keys, and the log reads so', async () => {
    await abort({ typed: played.definition.key.label }, ADA, OTTO);
    expect(await state()).toBe('destroyed');
    await desk.room.desk.stop();
    await desk.room.reopen();
    expect(await state()).toBe('destroyed');
  });
});
