import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import {
  BOTH,
  type Cut,
  type Stage,
  TOKEN,
  cutShort,
  entriesOf,
  generateKey,
  possible,
  requireAgreement,
  requireVerified,
  runs,
  setStage,
  settle,
  tokenProcesses,
  until,
  wordsOf,
} from './stage.ts';

/** What a cut leaves: nothing at all, an intent without a key, or an intent and its key. */
type Left = 'no intent' | 'nothing' | 'a key';
const made = (cut: Cut): Left => {
  if ((cut.skip ?? 0) === 0) return 'no intent';
  // A token process that outlives the service finishes its call.
  if (cut.victim === 'service') return 'a key';
  const before = ['C_Login', 'C_FindObjectsInit'].includes(cut.at);
  return before || (cut.at === 'C_GenerateKey' && cut.when === 'before') ? 'nothing' : 'a key';
};

const CUTS: Cut[] = [
  { at: 'C_Login', when: 'before', victim: 'service' },
  { at: 'C_FindObjectsInit', when: 'before', victim: 'power' },
  { at: 'C_Login', when: 'before', skip: 1, victim: 'service' },
  { at: 'C_Login', when: 'after', skip: 1, victim: 'token' },
  { at: 'C_FindObjectsInit', when: 'before', skip: 1, victim: 'power' },
  { at: 'C_GenerateKey', when: 'before', skip: 1, victim: 'service' },
  { at: 'C_GenerateKey', when: 'before', skip: 1, victim: 'token' },
  { at: 'C_GenerateKey', when: 'before', skip: 1, victim: 'power' },
  { at: 'C_GenerateKey', when: 'after', skip: 1, victim: 'service' },
  { at: 'C_GenerateKey', when: 'after', skip: 1, victim: 'token' },
  { at: 'C_GenerateKey', when: 'after', skip: 1, victim: 'power' },
  { at: 'C_GetAttributeValue', when: 'before', skip: 1, victim: 'service' },
  { at: 'C_GetAttributeValue', when: 'before', skip: 1, victim: 'token' },
  { at: 'C_GetAttributeValue', when: 'after', skip: 1, victim: 'power' },
  { at: 'C_Logout', when: 'before', skip: 1, victim: 'service' },
  { at: 'C_Logout', when: 'after', skip: 1, victim: 'token' },
  { at: 'C_CloseSession', when: 'before', skip: 1, victim: 'power' },
];

const DEVELOPER = { KEYMOOT_DEVELOPER: '1' };
const DESTROYING: (Cut & { gone: boolean })[] = [
  { at: 'C_DestroyObject', when: 'before', skip: 1, victim: 'power', gone: false },
  { at: 'C_DestroyObject', when: 'before', skip: 1, victim: 'service', gone: true },
  { at: 'C_DestroyObject', when: 'after', skip: 1, victim: 'token', gone: true },
];

describe.skipIf(!possible)('generating a key, cut short', () => {
  let stage: Stage;
  beforeAll(async () => {
    stage = await setStage();
  });
  afterAll(async () => {
    await stage.remove();
  });

  for (const [number, cut] of CUTS.entries()) {
    const left = made(cut);
    const wish = number % 2 === 0 ? 'adopt' : 'destroy';
    const ending = left === 'no intent' ? 'nothing was begun' : `${left} is left to ${wish}`;
    test(`${wordsOf(cut)}: ${ending}`, async () => {
      const { room } = stage;
      const label = `cut-${number}`;
      const outcome = await cutShort(stage, cut, () => generateKey(stage, label));
      if (!('error' in outcome)) throw new Error('the cut act was answered with success');
      const [open, ...others] = await room.desk.call('recovery.list', {});
      expect(others).toEqual([]);
      if (left === 'no intent') {
        expect(open).toBeUndefined();
      } else {
        // Recovery goes by the log alone, not by any other data.
        const intent = (await entriesOf(room)).find(({ id }) => id === open?.intent);
        expect(intent?.detail).toMatchObject({
          ...{ algorithm: 'AES-256', label, ...stage.at },
          until: open?.until,
        });
        expect(open?.token).toEqual(stage.at);
        expect(outcome.error.code).toBe(cut.victim === 'token' ? 'recovery-needed' : 'internal');
        // Nothing is repeated blindly: no new key on this token until that one is settled.
        await expect(generateKey(stage, `${label}-again`)).rejects.toMatchObject({
          code: 'recovery-needed',
          fields: { intent: open?.intent },
        });
        const started = performance.now();
        const settled = await settle(stage, open?.intent ?? '', wish);
        const adopted = wish === 'adopt' ? 'adopted' : 'destroyed';
        expect(settled.outcome).toBe(left === 'nothing' ? 'nothing-was-made' : adopted);
        // A software token: after its process has ended no key can appear, so recovery does not wait for the deadline.
        expect(performance.now() - started).toBeLessThan(10_000);
        const said = (await entriesOf(room)).filter(({ corr }) => corr === open?.intent);
        expect(said).toMatchObject([
          {
            type: 'key.generate',
            outcome: settled.outcome === 'adopted' ? 'success' : 'failure',
            detail: { recovered: true },
          },
        ]);
      }
      const keys = await requireAgreement(stage);
      const known = await room.desk.call('keys.list', {});
      const adopted = known.find((key) => key.label === label);
      expect(adopted?.state).toBe(left === 'a key' && wish === 'adopt' ? 'active' : undefined);
      if (adopted === undefined) return;
      expect(keys).toContain(adopted.ckaid);
      const life = await room.desk.call('keys.life', { key: adopted.id });
      expect(life).toMatchObject([{ type: 'key.generate', outcome: 'success', recovered: true }]);
    });
  }

  for (const when of ['before', 'after'] as const)
    test(`a device that works on for four seconds ${when === 'before' ? 'and makes its pair last' : 'after its pair is made'}, its service killed after one, leaves exactly one key`, async () => {
      const { room, steer } = stage;
      steer.forget();
      steer.set(`C_GenerateKeyPair 1 hang-${when} 4000`);
      const label = `slow-${when}`;
      const generating = generateKey(stage, label, 'P-256').catch(() => undefined);
      await until('the pair is being made', () => steer.count('C_GenerateKeyPair') === 1);
      const begun = Date.now();
      await sleep(1000);
      const [old = 0] = tokenProcesses(stage);
      await room.desk.kill();
      await generating;
      steer.set();
      const reopening = room.reopen(DEVELOPER);
      // The old process is waited for, not killed: killing it would declare failure while the device still works.
      await sleep(1000);
      expect(runs(old)).toBe(true);
      await reopening;
      expect(Date.now() - begun).toBeGreaterThan(3900);
      expect(runs(old)).toBe(false);
      const [open] = await room.desk.call('recovery.list', {});
      const wish = when === 'before' ? 'adopt' : 'destroy';
      const settled = await settle(stage, open?.intent ?? '', wish);
      expect(settled.outcome).toBe(when === 'before' ? 'adopted' : 'destroyed');
      const said = (await entriesOf(room)).filter(({ corr }) => corr === open?.intent);
      expect(said).toMatchObject([
        {
          outcome: when === 'before' ? 'success' : 'failure',
          detail: { recovered: true },
        },
      ]);
      await requireAgreement(stage);
      const labels = (await room.desk.call('keys.list', {})).map((key) => key.label);
      expect(labels.includes(label)).toBe(when === 'before');
    });

  test('a service killed as its intent is written leaves a token that is looked at before anything else', async () => {
    const { room, steer } = stage;
    steer.forget();
    const { desk } = room;
    const committed = new Promise<void>((resolve) => {
      desk.on('log.changed', () => {
        resolve();
      });
    });
    const generating = generateKey(stage, 'as-intended').catch(() => undefined);
    await committed;
    await desk.kill();
    await generating;
    await room.reopen(DEVELOPER);
    const [open] = await room.desk.call('recovery.list', {});
    // It is uncertain whether the token was called by then.
    const { outcome } = await settle(stage, open?.intent ?? '', 'adopt');
    expect(['adopted', 'nothing-was-made']).toContain(outcome);
    await requireAgreement(stage);
    const made = (await room.desk.call('keys.list', {})).some((key) => key.label === 'as-intended');
    expect(made).toBe(outcome === 'adopted');
  });

  for (const { gone, ...cut } of DESTROYING)
    test(`destroying a key: ${wordsOf(cut)}, and the key is ${gone ? 'gone' : 'kept'}`, async () => {
      const { room } = stage;
      const label = `doomed-${wordsOf(cut)}`;
      const { key } = await generateKey(stage, label);
      const destroying = async () =>
        room.call(
          'keys.destroy',
          { key: key.id, typed: label, login: await room.login(TOKEN, 'keys.destroy') },
          ...BOTH,
        );
      expect(await cutShort(stage, cut, destroying)).toHaveProperty('error');
      const [open] = await room.desk.call('recovery.list', {});
      // Two people may keep the key, as long as it exists.
      const settled = await settle(stage, open?.intent ?? '', 'adopt');
      expect(settled.outcome).toBe(gone ? 'destroyed' : 'adopted');
      await requireAgreement(stage);
      const after = await room.desk.call('keys.show', { key: key.id });
      expect(after.key.state).toBe(gone ? 'destroyed' : 'active');
    });

  test('destroying a pair: of which half is gone already, it is not said to be as it was', async () => {
    const { room } = stage;
    const { key } = await generateKey(stage, 'halved', 'P-256');
    const cut: Cut = { at: 'C_DestroyObject', when: 'before', nth: 2, skip: 1, victim: 'power' };
    await cutShort(stage, cut, async () =>
      room.call(
        'keys.destroy',
        { key: key.id, typed: 'halved', login: await room.login(TOKEN, 'keys.destroy') },
        ...BOTH,
      ),
    );
    const [open] = await room.desk.call('recovery.list', {});
    const keeping = settle(stage, open?.intent ?? '', 'adopt');
    await expect(keeping).rejects.toMatchObject({ code: 'key-not-as-asked' });
    expect(await room.desk.call('recovery.list', {})).toEqual([open]);
    expect((await settle(stage, open?.intent ?? '', 'destroy')).outcome).toBe('destroyed');
    await requireAgreement(stage);
  });

  test('what was cut short again and again leaves a log that a stranger can verify', async () => {
    await requireVerified(stage);
  });
});
