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

/** What is left after a cut: nothing at all, an intent of which nothing came, or an intent and the key that was made. */
type Left = 'no intent' | 'nothing' | 'a key';
const made = (cut: Cut): Left => {
  if (cut.looked !== true) return 'no intent';
  // A process that outlives the service finishes what it was asked.
  if (cut.victim === 'service') return 'a key';
  const before = ['C_Login', 'C_FindObjectsInit'].includes(cut.at);
  return before || (cut.at === 'C_GenerateKey' && cut.when === 'before') ? 'nothing' : 'a key';
};

const CUTS: Cut[] = [
  { at: 'C_Login', when: 'before', victim: 'service' },
  { at: 'C_FindObjectsInit', when: 'before', victim: 'power' },
  { at: 'C_Login', when: 'before', looked: true, victim: 'service' },
  { at: 'C_Login', when: 'after', looked: true, victim: 'token' },
  { at: 'C_FindObjectsInit', when: 'before', looked: true, victim: 'power' },
  { at: 'C_GenerateKey', when: 'before', looked: true, victim: 'service' },
  { at: 'C_GenerateKey', when: 'before', looked: true, victim: 'token' },
  { at: 'C_GenerateKey', when: 'before', looked: true, victim: 'power' },
  { at: 'C_GenerateKey', when: 'after', looked: true, victim: 'service' },
  { at: 'C_GenerateKey', when: 'after', looked: true, victim: 'token' },
  { at: 'C_GenerateKey', when: 'after', looked: true, victim: 'power' },
  { at: 'C_GetAttributeValue', when: 'before', looked: true, victim: 'service' },
  { at: 'C_GetAttributeValue', when: 'before', looked: true, victim: 'token' },
  { at: 'C_GetAttributeValue', when: 'after', looked: true, victim: 'power' },
  { at: 'C_Logout', when: 'before', looked: true, victim: 'service' },
  { at: 'C_Logout', when: 'after', looked: true, victim: 'token' },
  { at: 'C_CloseSession', when: 'before', looked: true, victim: 'power' },
];

const DEVELOPER = { KEYMOOT_DEVELOPER: '1' };
const DESTROYING: (Cut & { gone: boolean })[] = [
  { at: 'C_DestroyObject', when: 'before', looked: true, victim: 'power', gone: false },
  { at: 'C_DestroyObject', when: 'before', looked: true, victim: 'service', gone: true },
  { at: 'C_DestroyObject', when: 'after', looked: true, victim: 'token', gone: true },
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
        // Whoever settles it goes by what the log says, and by nothing that lies beside it.
        const intent = (await entriesOf(room)).find(({ id }) => id === open?.intent);
        expect(intent?.detail).toMatchObject({
          ...{ algorithm: 'AES-256', label, ...stage.at },
          until: open?.until,
        });
        expect(open?.token).toEqual(stage.at);
        expect(outcome.error.code).toBe(cut.victim === 'token' ? 'recovery-needed' : 'internal');
        // Never blindly again: nothing new on this token before that is settled.
        await expect(generateKey(stage, `${label}-again`)).rejects.toMatchObject({
          code: 'recovery-needed',
          fields: { intent: open?.intent },
        });
        const started = performance.now();
        const settled = await settle(stage, open?.intent ?? '', wish);
        const adopted = wish === 'adopt' ? 'adopted' : 'destroyed';
        expect(settled.outcome).toBe(left === 'nothing' ? 'nothing-was-made' : adopted);
        // The token is software: once its process has ended nothing can appear any more, so nobody waits for the deadline.
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
      // The old process is waited for, not shot: shooting it now would be declaring failure while the device still works.
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
    // Whether the token was asked by then is for nobody to guess.
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
      // Who wants to keep it can, as long as it is there.
      const settled = await settle(stage, open?.intent ?? '', 'adopt');
      expect(settled.outcome).toBe(gone ? 'destroyed' : 'adopted');
      await requireAgreement(stage);
      const after = await room.desk.call('keys.show', { key: key.id });
      expect(after.key.state).toBe(gone ? 'destroyed' : 'active');
    });

  test('destroying a pair: of which half is gone already, it is not said to be as it was', async () => {
    const { room } = stage;
    const { key } = await generateKey(stage, 'halved', 'P-256');
    const cut: Cut = {
      at: 'C_DestroyObject',
      when: 'before',
      nth: 2,
      looked: true,
      victim: 'power',
    };
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
