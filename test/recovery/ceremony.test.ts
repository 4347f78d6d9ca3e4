import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { CeremonyView } from '../../shared/contract/ceremonies.ts';
import type { Definition } from '../../shared/domain/ceremonies.ts';
import {
  type Envelopes,
  defineAndApprove,
  draftDefinition,
  packEnvelopes,
  playStep,
} from '../../custody/cli/rehearsal/ceremony.ts';
import {
  type Cut,
  type Stage,
  TOKEN,
  childrenOf,
  commandOf,
  cutShort,
  entriesOf,
  possible,
  requireAgreement,
  requireVerified,
  runs,
  setStage,
  settle,
  until,
  wordsOf,
} from './stage.ts';

const DEVELOPER = { KEYMOOT_DEVELOPER: '1' };

interface Play {
  definition: Definition;
  envelopes: Envelopes;
  view: CeremonyView;
}

/** A ceremony of AES-128, armed. A key that may sign can prove by its own check value that it is the sum; one for wrapping can't. */
const arm = async (
  { room, at }: Stage,
  label: string,
  purpose: 'mac' | 'wrap' = 'wrap',
): Promise<Play> => {
  const envelopes = packEnvelopes(16);
  const draft = await draftDefinition(room, at, 'AES-128', label, envelopes.expected);
  const definition = {
    ...draft,
    key: { ...draft.key, purpose },
    importKey: 'RSA-2048' as const,
  };
  const { sha256 } = await defineAndApprove(room, definition);
  const view = await room.call('ceremonies.arm', { definitionSha256: sha256 }, 'administrator');
  return { definition, envelopes, view };
};

const show = ({ room }: Stage, { view }: Play): Promise<CeremonyView> =>
  room.desk.call('ceremonies.show', { ceremony: view.id });
const next = async (stage: Stage, play: Play): Promise<void> => {
  const { view, definition, envelopes } = play;
  play.view = await playStep(stage.room, view, definition, envelopes, TOKEN);
};
const kindOf = ({ steps, due }: CeremonyView): string =>
  steps.find(({ step }) => step.id === due)?.step.kind ?? 'none';
/** Plays until a step of that kind is due. */
const playTo = async (stage: Stage, play: Play, kind: string): Promise<void> => {
  while (kindOf(play.view) !== kind) await next(stage, play);
};
const close = async (stage: Stage, play: Play): Promise<void> => {
  await playTo(stage, play, 'none');
  const { id } = play.view;
  play.view = await stage.room.call(
    'ceremonies.close',
    { ceremony: id },
    'administrator',
    'witness',
  );
  expect(play.view).toMatchObject({ status: 'CLOSED', verdict: 'AGREED' });
};
/** The custodian enters another component than the first time, with its own right check value, as if a different envelope were read. */
const enterAnother = async ({ room }: Stage, { view, definition, envelopes }: Play) => {
  const { step } = view.steps.find((state) => state.step.id === view.due) ?? {};
  const index = step?.component ?? 0;
  const [other] = packEnvelopes(16).components;
  const serial = envelopes.components[index - 1]?.serial ?? '';
  if (step === undefined || other === undefined) throw new Error('no component is due');
  const names = step.seats.map((seat) => definition.seats.find((taken) => taken.seat === seat));
  const channel = 'ceremonies.step';
  const component = await room.desk.secret(Buffer.from(other.hex), {
    purpose: 'component',
    channel,
  });
  return room.call(
    channel,
    {
      ceremony: view.id,
      step: step.id,
      input: { kind: 'component.enter', index, component, check: other.check, serial },
    },
    ...room.byId(...names.map((taken) => taken?.person ?? '')),
  );
};
const holderOf = ({ room }: Stage): number => {
  const isHolder = (pid: number) => commandOf(pid).includes('keymoot holder');
  const [holder, ...others] = childrenOf(room.desk.pid).filter(isHolder);
  if (holder === undefined || others.length > 0) throw new Error('there is not one holder');
  return holder;
};
const decide = async ({ room }: Stage, play: Play): Promise<void> => {
  play.view = await room.call(
    'ceremonies.exception',
    {
      ceremony: play.view.id,
      observed: 'the power failed while the token was at work',
      decision: 'enter the components again',
    },
    'administrator',
    'witness',
  );
};

/** In the order of the token's calls: the look before, the import key, the key itself, its twin, cleaning up. */
const CUTS: (Cut & { left: 'no intent' | 'nothing' | 'a key' })[] = [
  { at: 'C_Login', when: 'before', victim: 'power', left: 'no intent' },
  { at: 'C_Login', when: 'after', looked: true, victim: 'service', left: 'no intent' },
  { at: 'C_GenerateKeyPair', when: 'before', looked: true, victim: 'token', left: 'no intent' },
  { at: 'C_GenerateKeyPair', when: 'after', looked: true, victim: 'power', left: 'no intent' },
  { at: 'C_FindObjectsInit', when: 'before', looked: true, victim: 'token', left: 'nothing' },
  { at: 'C_UnwrapKey', when: 'before', looked: true, victim: 'power', left: 'nothing' },
  { at: 'C_UnwrapKey', when: 'after', looked: true, victim: 'token', left: 'a key' },
  { at: 'C_UnwrapKey', when: 'after', nth: 2, looked: true, victim: 'power', left: 'a key' },
  { at: 'C_DestroyObject', when: 'before', looked: true, victim: 'token', left: 'a key' },
  { at: 'C_DestroyObject', when: 'after', looked: true, victim: 'service', left: 'a key' },
];

describe.skipIf(!possible)('a key formed from components, cut short', () => {
  let stage: Stage;
  beforeAll(async () => {
    stage = await setStage();
  });
  afterAll(async () => {
    await stage.remove();
  });

  test('a service killed as each step is committed stands at the step after it, and asks for the components again', async () => {
    const { room } = stage;
    const play = await arm(stage, 'step-by-step');
    for (const step of play.definition.steps) {
      // Before a component or the key, every component that was held is entered again.
      while (play.view.due !== step.id) {
        expect(play.view.again.length).toBeGreaterThan(0);
        await next(stage, play);
      }
      const { desk } = room;
      const committed = new Promise<void>((resolve) => {
        desk.on('log.changed', () => {
          resolve();
        });
      });
      const acting = next(stage, play).catch(() => undefined);
      await committed;
      await desk.kill();
      await acting;
      await room.reopen(DEVELOPER);
      play.view = await show(stage, play);
      expect(play.view.held).toEqual([]);
      const [open] = await room.desk.call('recovery.list', {});
      if (step.kind === 'key.form') {
        // Its first commit is the intent; only a look shows whether the token was called by then.
        expect(play.view.status).toBe('RECOVERY');
        await settle(stage, open?.intent ?? '', 'destroy');
        play.view = await show(stage, play);
        expect(play.view.steps.find((state) => state.step.id === step.id)?.state).toBe('failed');
        await playTo(stage, play, 'key.form');
        await next(stage, play);
      } else {
        expect(open).toBeUndefined();
        const state = play.view.steps.find((known) => known.step.id === step.id);
        // Each person agrees separately: the first has agreed and is not asked again.
        if (step.kind === 'agree') expect(play.view.agreed).toHaveLength(1);
        else expect(state).toMatchObject({ state: 'done', attempts: 1 });
      }
      if (step.kind === 'agree') break;
    }
    const spoken = play.view.agreed;
    for (const { person } of play.definition.seats)
      if (!spoken.includes(person))
        play.view = await room.call(
          'ceremonies.step',
          {
            ceremony: play.view.id,
            step: play.view.due ?? '',
            input: { kind: 'agree', agree: true },
          },
          ...room.byId(person),
        );
    await close(stage, play);
    expect(play.view.exceptions).toEqual([]);
    await requireAgreement(stage);
  });

  describe('one ceremony, its forming cut short again and again', () => {
    let play: Play;
    let failures = 0;
    beforeAll(async () => {
      play = await arm(stage, 'cut-again');
      await playTo(stage, play, 'key.form');
    });

    for (const { left, ...cut } of CUTS)
      test(`${wordsOf(cut)}: ${left === 'no intent' ? 'nothing was begun' : `${left} is left`}`, async () => {
        const { room } = stage;
        const outcome = await cutShort(stage, cut, () => next(stage, play));
        expect(outcome).toHaveProperty('error');
        const [open, ...others] = await room.desk.call('recovery.list', {});
        expect(others).toEqual([]);
        if (left === 'no intent') expect(open).toBeUndefined();
        else {
          play.view = await show(stage, play);
          expect(play.view.status).toBe('RECOVERY');
          await expect(next(stage, play)).rejects.toMatchObject({ code: 'recovery-needed' });
          if (left === 'a key')
            // This key may not sign, so it can't prove that it is the sum, and must not be adopted.
            await expect(settle(stage, open?.intent ?? '', 'adopt')).rejects.toMatchObject({
              code: 'key-not-as-asked',
            });
          const settled = await settle(stage, open?.intent ?? '', 'destroy');
          expect(settled.outcome).toBe(left === 'a key' ? 'destroyed' : 'nothing-was-made');
          failures += 1;
        }
        await requireAgreement(stage);

        play.view = await show(stage, play);
        if (failures === 3) {
          // A third failure no longer counts as a slip: two people decide (R5, R23).
          await expect(next(stage, play)).rejects.toMatchObject({ code: 'state-refused' });
          await decide(stage, play);
          failures = 0;
        }
        const lost = cut.victim !== 'token' || left !== 'no intent';
        expect(play.view.again).toEqual(lost ? [1, 2, 3] : []);
        await playTo(stage, play, 'key.form');
        expect(play.view.held).toEqual([1, 2, 3]);
      });

    test('it can be finished all the same, with one key', async () => {
      await next(stage, play);
      expect((await requireAgreement(stage)).length).toBe(2);
      await close(stage, play);
      const { key } = await stage.room.desk.call('keys.show', { key: play.view.key ?? '' });
      expect(key).toMatchObject({ state: 'active', origin: 'imported', label: 'cut-again' });
      expect(key.check?.value).toBe(play.envelopes.expected);
    });
  });

  for (const cut of [
    { at: 'C_UnwrapKey', when: 'before', looked: true, victim: 'service' },
    { at: 'C_Sign', when: 'after', looked: true, victim: 'power' },
  ] satisfies Cut[])
    test(`${wordsOf(cut)}: a key whose own check value is the sum’s is adopted into quarantine, and the ceremony goes on`, async () => {
      const { room } = stage;
      const label = `adopted-${cut.victim}`;
      const play = await arm(stage, label, 'mac');
      await playTo(stage, play, 'key.form');
      await cutShort(stage, cut, () => next(stage, play));
      const [open] = await room.desk.call('recovery.list', {});
      expect(await settle(stage, open?.intent ?? '', 'adopt')).toMatchObject({
        outcome: 'adopted',
      });
      await requireAgreement(stage);
      play.view = await show(stage, play);
      expect(play.view).toMatchObject({ status: 'VERIFYING', again: [] });
      expect(kindOf(play.view)).toBe('key.verify');
      const known = await room.desk.call('keys.list', {});
      expect(known.find((key) => key.label === label)?.state).toBe('quarantine');
      await close(stage, play);
      const said = (await entriesOf(room)).filter(({ corr }) => corr === open?.intent);
      expect(said).toMatchObject([{ type: 'key.import', detail: { recovered: true, grade: 'C' } }]);
    });

  test('a holder process that is killed takes the components with it; only the same ones are taken again', async () => {
    const play = await arm(stage, 'holder-gone');
    await playTo(stage, play, 'key.form');
    expect(play.view.held).toEqual([1, 2, 3]);
    const holder = holderOf(stage);
    process.kill(holder, 'SIGKILL');
    await until('the holder is gone', () => !runs(holder));
    do play.view = await show(stage, play);
    while (play.view.held.length > 0); // until the service notices
    expect(play.view.again).toEqual([1, 2, 3]);
    expect(kindOf(play.view)).toBe('component.enter');
    // The first component was committed to: another one is refused, and the refusal reveals nothing about the first.
    await expect(enterAnother(stage, play)).rejects.toMatchObject({ code: 'component-refused' });
    play.view = await show(stage, play);
    expect(play.view.again).toEqual([1, 2, 3]);
    const before = play.view.components;
    await playTo(stage, play, 'key.form');
    expect(play.view.components).toEqual(before);
    await next(stage, play);
    await close(stage, play);
    await requireAgreement(stage);
  });

  test('a token that takes the key and then answers with a failure of its own leaves an intent', async () => {
    const { room, steer } = stage;
    const play = await arm(stage, 'failed-after', 'mac');
    await playTo(stage, play, 'key.form');
    steer.set('C_UnwrapKey 1 return-after 0x5');
    await expect(next(stage, play)).rejects.toMatchObject({
      code: 'recovery-needed',
      fields: { cause: 'module-failed' },
    });
    steer.set();
    play.view = await show(stage, play);
    expect(play.view.status).toBe('RECOVERY');
    const [open] = await room.desk.call('recovery.list', {});
    expect(await settle(stage, open?.intent ?? '', 'adopt')).toMatchObject({ outcome: 'adopted' });
    play.view = await show(stage, play);
    await close(stage, play);
    await requireAgreement(stage);
  });

  test('nobody else logs in on the module while a key is formed', async () => {
    const { room, steer, at } = stage;
    const play = await arm(stage, 'undisturbed');
    await playTo(stage, play, 'key.form');
    steer.forget();
    steer.set('C_GenerateKeyPair 1 hang-before 1000');
    const forming = next(stage, play);
    await until('the import key is being made', () => steer.count('C_GenerateKeyPair') === 1);
    const login = await room.login(TOKEN, 'tokens.objects');
    const looking = room.call('tokens.objects', { at, login }, 'administrator');
    await Promise.all([forming, looking]);
    steer.set();
    const calls = steer.calls();
    const from = calls.indexOf('C_GenerateKeyPair');
    expect(calls.slice(from, calls.indexOf('C_Finalize', from))).not.toContain('C_Login');
    await close(stage, play);
    await requireAgreement(stage);
  });

  test('a holder process that is killed while it adds up is not called a wrong sum', async () => {
    const { steer } = stage;
    const play = await arm(stage, 'holder-adding');
    await playTo(stage, play, 'key.form');
    const holder = holderOf(stage);
    process.kill(holder, 'SIGSTOP');
    steer.forget();
    const forming = next(stage, play);
    const refused = expect(forming).rejects.toMatchObject({ code: 'component-refused' });
    // The import key is made and its public half read; the sum comes next.
    await until('the sum is due', () => steer.count('C_GetAttributeValue') > 2);
    await sleep(150);
    process.kill(holder, 'SIGKILL');
    await refused;
    play.view = await show(stage, play);
    const form = play.view.steps.find(({ step }) => step.kind === 'key.form');
    expect(form).toMatchObject({ state: 'failed', attempts: 1 });
    expect(form?.observed).toContain('the process that held the components ended');
    await playTo(stage, play, 'key.form');
    await next(stage, play);
    await close(stage, play);
    await requireAgreement(stage);
  });

  test('a ceremony whose key is being destroyed when the power fails can be aborted to the end', async () => {
    const { room } = stage;
    const play = await arm(stage, 'aborted');
    await playTo(stage, play, 'key.verify');
    const abort = async () =>
      room.call(
        'ceremonies.abort',
        {
          ceremony: play.view.id,
          because: 'the letter never came',
          login: await room.login(TOKEN, 'ceremonies.abort'),
        },
        'administrator',
        'witness',
      );
    const cut: Cut = { at: 'C_DestroyObject', when: 'after', looked: true, victim: 'power' };
    await cutShort(stage, cut, abort);
    play.view = await show(stage, play);
    expect(play.view.status).toBe('ABORTING');
    const [open] = await room.desk.call('recovery.list', {});
    await expect(abort()).rejects.toMatchObject({ code: 'recovery-needed' });
    expect(await settle(stage, open?.intent ?? '', 'destroy')).toMatchObject({
      outcome: 'destroyed',
    });
    expect((await abort()).status).toBe('ABORTED');
    await requireAgreement(stage);
  });

  test('what was cut short again and again leaves a log that a stranger can verify', async () => {
    await requireVerified(stage);
  });
});
