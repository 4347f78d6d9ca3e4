/**
 * The component ceremony, driven through the contract by people who skip, repeat, swap and make mistakes. Only the right people at the right step advance it.
 */
import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { CeremonyView, StepInput } from '../../shared/contract/ceremonies.ts';
import type { ErrorCode } from '../../shared/errors.ts';
import { defineAndApprove, draftDefinition } from '../../custody/cli/rehearsal/ceremony.ts';
import { x924Cmac } from '../../custody/core/checkvalues/check-values.ts';
import {
  ADA,
  CARMEN,
  CHIDI,
  CLEO,
  EVERYONE,
  OTTO,
  TestDesk,
  WIM,
  newLabel,
  possible,
  refusedAs,
  type Played,
} from '../support/desk.ts';

const channel = 'ceremonies.step';
const now = () => new Date().toISOString();

describe.skipIf(!possible)('a component ceremony', () => {
  let desk: TestDesk;
  beforeAll(async () => {
    desk = await TestDesk.found();
    await desk.room.enrol('Sol Vidal', 'custodian', ADA, OTTO);
  });
  afterAll(() => desk.remove());

  const step = (view: CeremonyView, id: string, input: StepInput, ...names: string[]) =>
    desk.call(channel, { ceremony: view.id, step: id, input }, ...names);
  /** Expects a refusal without any change of log or ceremony. */
  const stays = async (
    code: ErrorCode,
    view: CeremonyView,
    id: string,
    input: StepInput,
    ...names: string[]
  ) => {
    const before = await desk.call('ceremonies.show', { ceremony: view.id });
    await desk.unchanged(code, () => step(view, id, input, ...names));
    expect(await desk.call('ceremonies.show', { ceremony: view.id })).toEqual(before);
  };
  /** Expects a refusal with the failed check recorded in the log and the ceremony. */
  const fails = async (
    code: ErrorCode,
    view: CeremonyView,
    id: string,
    input: StepInput,
    ...names: string[]
  ) => {
    const size = await desk.logSize();
    const error = await refusedAs(code, step(view, id, input, ...names));
    const entries = await desk.entries(size);
    expect(entries).toMatchObject([
      { type: 'ceremony.step', outcome: 'failure', detail: { step: id } },
    ]);
    return error;
  };
  const component = async (
    played: Played,
    index: number,
    change: Partial<{ hex: string; check: string; serial: string; index: number }> = {},
  ): Promise<StepInput> => {
    const envelope = played.envelopes.components[index - 1];
    if (envelope === undefined) throw new Error('no such envelope');
    const { hex, check, serial } = { ...envelope, ...change };
    const handle = await desk.room.desk.secret(Buffer.from(hex), { purpose: 'component', channel });
    return {
      kind: 'component.enter',
      index: change.index ?? index,
      component: handle,
      check,
      serial,
    };
  };
  const exception = (view: CeremonyView, ...names: string[]) =>
    desk.call(
      'ceremonies.exception',
      { ceremony: view.id, observed: 'as said', decision: 'once more' },
      ...names,
    );

  describe('from its beginning', () => {
    let played: Played;
    beforeAll(async () => {
      played = await desk.arm();
    });
    const view = () => played.view;
    const go = async (upTo: string) => {
      played = await desk.play(played, upTo);
    };
    /** Enters the first component with a value that differs from its envelope. */
    const refusedComponent = async (changes: Parameters<typeof component>[2]) =>
      fails('component-refused', view(), '5', await component(played, 1, changes), CLEO, WIM);

    test('starts with its first step, with everyone, and with nobody else', async () => {
      await stays('step-refused', view(), '2', { kind: 'clock', roomTime: now() }, ADA, WIM);
      await stays('step-refused', view(), '8', { kind: 'arrive' }, ...EVERYONE);
      await stays('step-refused', view(), '1', { kind: 'clock', roomTime: now() }, ...EVERYONE);
      await stays('step-refused', view(), '99', { kind: 'arrive' }, ...EVERYONE);
      await stays('act-required', view(), '1', { kind: 'arrive' }, ADA, CLEO, CHIDI, CARMEN);
      await stays('act-required', view(), '1', { kind: 'arrive' });
      await stays('act-refused', view(), '1', { kind: 'arrive' }, ...EVERYONE, OTTO);
      await stays('two-required', view(), '1', { kind: 'arrive' }, ADA, CLEO, CHIDI, CARMEN, ADA);
      await stays(
        'act-required',
        view(),
        '1',
        { kind: 'arrive' },
        ADA,
        CLEO,
        CHIDI,
        'Sol Vidal',
        WIM,
      );
    });
    test('repeats no step that is done', async () => {
      await go('2');
      await stays('step-refused', view(), '1', { kind: 'arrive' }, ...EVERYONE);
    });
    test('takes a step by two people from two people, and the right ones', async () => {
      const clock = { kind: 'clock', roomTime: now() } as const;
      await stays('act-required', view(), '2', clock, ADA);
      await stays('act-required', view(), '2', clock, WIM);
      await stays('two-required', view(), '2', clock, ADA, ADA);
      await stays('act-required', view(), '2', clock, CLEO, CHIDI);
      await stays('act-required', view(), '2', clock, OTTO, WIM);
      await stays('act-refused', view(), '2', clock, ADA, WIM, CLEO);
    });
    test('stops at a check that failed until two of its people decide', async () => {
      const wrong = {
        kind: 'clock',
        roomTime: new Date(Date.now() + 600_000).toISOString(),
      } as const;
      await fails('step-refused', view(), '2', wrong, ADA, WIM);
      await stays('state-refused', view(), '2', { kind: 'clock', roomTime: now() }, ADA, WIM);
      await desk.unchanged('state-refused', () =>
        desk.call('ceremonies.close', { ceremony: view().id }, ADA, WIM),
      );
      await desk.unchanged('two-required', () => exception(view(), ADA));
      await desk.unchanged('two-required', () => exception(view(), ADA, ADA));
      await desk.unchanged('act-refused', () => exception(view(), ADA, OTTO));
      const decided = await exception(view(), ADA, WIM);
      expect(decided.exceptions).toMatchObject([{ number: 1, step: '2', open: false }]);
      await go('3');
      expect(view().steps[1]).toMatchObject({ state: 'done', attempts: 2 });
    });
    test('does nothing while it is paused', async () => {
      const { id: ceremony } = view();
      await desk.unchanged('act-refused', () =>
        desk.call('ceremonies.pause', { ceremony, why: 'lunch' }, OTTO),
      );
      await desk.call('ceremonies.pause', { ceremony, why: 'lunch' }, WIM);
      await stays('state-refused', view(), '3', { kind: 'definition.read', words: [] }, ADA, WIM);
      await desk.unchanged('state-refused', () =>
        desk.call('ceremonies.pause', { ceremony, why: 'tea' }, WIM),
      );
      await desk.unchanged('state-refused', () =>
        desk.call('ceremonies.close', { ceremony }, ADA, WIM),
      );
      await desk.unchanged('act-refused', () => desk.call('ceremonies.resume', { ceremony }, OTTO));
      await desk.call('ceremonies.resume', { ceremony }, ADA);
      await desk.unchanged('state-refused', () =>
        desk.call('ceremonies.resume', { ceremony }, ADA),
      );
    });
    test('asks for other words when the ones read back are wrong', async () => {
      played.view = await desk.call('ceremonies.show', { ceremony: view().id });
      const asked = view().readBack?.positions;
      await fails(
        'readback-wrong',
        view(),
        '3',
        { kind: 'definition.read', words: ['no', 'no', 'no', 'no'] },
        ADA,
        WIM,
      );
      await fails('readback-wrong', view(), '3', { kind: 'definition.read', words: [] }, ADA, WIM);
      played.view = await desk.call('ceremonies.show', { ceremony: view().id });
      expect(view().readBack?.positions).toHaveLength(4);
      expect(asked).toHaveLength(4);
      await go('5');
    });
    test('gives nobody a custodian’s envelope but that custodian', async () => {
      await stays('act-required', view(), '5', await component(played, 1), CHIDI, WIM);
      await stays('act-required', view(), '5', await component(played, 1), CLEO);
      await stays('act-required', view(), '5', await component(played, 1), CLEO, CHIDI);
      await stays('act-refused', view(), '5', await component(played, 1), CLEO, WIM, CHIDI);
      await stays('step-refused', view(), '6', await component(played, 2), CHIDI, WIM);
      await stays(
        'step-refused',
        view(),
        '8',
        {
          kind: 'key.form',
          phrase: 'x',
          login: { ...(await desk.room.login('work', channel)), lastTry: false },
        },
        ADA,
        WIM,
      );
    });
    test('refuses a component of another number, and a handle that was not one', async () => {
      await stays('step-refused', view(), '5', await component(played, 1, { index: 2 }), CLEO, WIM);
      await stays(
        'input-invalid',
        view(),
        '5',
        await component(played, 1, { index: 0 }),
        CLEO,
        WIM,
      );
      await stays(
        'input-invalid',
        view(),
        '5',
        await component(played, 1, { serial: 'R‮1' }),
        CLEO,
        WIM,
      );
      const handle = await desk.room.desk.secret(Buffer.from('00'), {
        purpose: 'pin-half',
        channel,
      });
      const typed = { ...(await component(played, 1)), component: handle } as StepInput;
      await stays('secret-unknown', view(), '5', typed, CLEO, WIM);
    });
    test('refuses two components that are not whole keys, and names what is wrong with each', async () => {
      const digits = '0123456789abcdef0123456789abcde';
      const short = await refusedComponent({ hex: digits });
      expect(short.fields).toMatchObject({ component: '1' });
      const typo = await refusedComponent({ hex: `${digits.slice(0, 16)}\n${digits.slice(16)}g` });
      expect(typo.fields).toMatchObject({ component: '1', line: '2' });
      expect(`${short.message}${typo.message}`).not.toContain('89abcdef');
    });
    test('makes an exception of the third failure, and goes on after it', async () => {
      await refusedComponent({ hex: '0'.repeat(32) });
      await stays('state-refused', view(), '5', await component(played, 1), CLEO, WIM);
      const open = await desk.call('ceremonies.show', { ceremony: view().id });
      expect(open.exceptions.at(-1)).toMatchObject({ step: '5', open: true });
      await exception(view(), CLEO, WIM);
      await refusedComponent({ hex: 'F'.repeat(32) });
      await refusedComponent({ check: '0000000000' });
      const form = await refusedComponent({ check: 'xyz' });
      expect(form.message).toContain('ten hex digits');
      await exception(view(), CLEO, WIM);
      await go('6');
      expect(view().steps[4]).toMatchObject({ state: 'done', attempts: 7 });
    });
    test('refuses a component that another custodian entered, and an envelope’s number seen before', async () => {
      const first = played.envelopes.components[0];
      const repeated = await fails(
        'component-refused',
        view(),
        '6',
        await component(played, 2, { hex: first?.hex ?? '', check: first?.check ?? '' }),
        CHIDI,
        WIM,
      );
      expect(repeated.message).toContain('same as component 1');
      await stays(
        'component-refused',
        view(),
        '6',
        await component(played, 2, { serial: first?.serial ?? '' }),
        CHIDI,
        WIM,
      );
      await go('8');
      expect(view().held).toEqual([1, 2, 3]);
    });
    test('forms nothing without the phrase, a whole PIN, and the right one', async () => {
      const phrase = view().steps[7]?.step.phrase ?? '';
      const form = async (first: string, second: string, typed = phrase): Promise<StepInput> => ({
        kind: 'key.form',
        phrase: typed,
        login: { ...(await desk.pin(first, second, channel)), lastTry: false },
      });
      await stays(
        'readback-wrong',
        view(),
        '8',
        await form('x', 'y', phrase.toLowerCase()),
        ADA,
        WIM,
      );
      await stays('pin-half-missing', view(), '8', await form('12345678', ''), ADA, WIM);
      await stays('pin-half-missing', view(), '8', await form('', ''), ADA, WIM);
      await stays('pin-wrong', view(), '8', await form('00000000', '00000000'), ADA, WIM);
      await stays('two-required', view(), '8', await form('00000000', '00000000'), ADA, ADA);
      await go('9');
      expect((await desk.room.desk.call('keys.show', { key: view().key ?? '' })).key).toMatchObject(
        {
          state: 'quarantine',
          origin: 'imported',
        },
      );
    });
    test('keeps the key in quarantine until its check value was read from the letter', async () => {
      expect(view().check).toBeUndefined();
      const destroy = async () =>
        desk.call(
          'keys.destroy',
          {
            key: view().key ?? '',
            typed: 'another name',
            login: await desk.room.login('work', 'keys.destroy'),
          },
          ADA,
          OTTO,
        );
      await desk.unchanged('readback-wrong', destroy);
      await stays('input-invalid', view(), '9', { kind: 'key.verify', check: 'not hex' }, ADA, WIM);
      await fails(
        'readback-wrong',
        view(),
        '9',
        { kind: 'key.verify', check: '0123456789' },
        ADA,
        WIM,
      );
      await stays(
        'state-refused',
        view(),
        '9',
        { kind: 'key.verify', check: played.envelopes.expected },
        ADA,
        WIM,
      );
      expect((await desk.room.desk.call('keys.show', { key: view().key ?? '' })).key.state).toBe(
        'quarantine',
      );
      await exception(view(), ADA, WIM);
      // A check value of six digits is compared in six digits, and the record claims no more.
      const check = played.envelopes.expected.slice(0, 6);
      played = {
        ...played,
        view: await step(view(), '9', { kind: 'key.verify', check }, ADA, WIM),
      };
      expect(view().steps[8]?.observed).toBe(`X9.24-CMAC ${check} compared; the key is released`);
      expect((await desk.room.desk.call('keys.show', { key: view().key ?? '' })).key.state).toBe(
        'active',
      );
      expect(view().check?.value).toBe(played.envelopes.expected.toLowerCase());
    });
    test('destroys the envelopes that were opened, each by its number', async () => {
      const phrase = view().steps[9]?.step.phrase ?? '';
      const people = view().steps[9]?.step.seats.map(
        (seat) => played.definition.seats.find((taken) => taken.seat === seat)?.person ?? '',
      );
      const names = desk.room.byId(...(people ?? []));
      await stays(
        'readback-wrong',
        view(),
        '10',
        { kind: 'envelopes.destroy', phrase, serials: ['R-1'] },
        ...names,
      );
      await stays(
        'readback-wrong',
        view(),
        '10',
        { kind: 'envelopes.destroy', phrase, serials: [] },
        ...names,
      );
      const serials = played.envelopes.components.map(({ serial }) => serial);
      await stays(
        'readback-wrong',
        view(),
        '10',
        { kind: 'envelopes.destroy', phrase: phrase.toLowerCase(), serials },
        ...names,
      );
      await go('11');
    });
    test('hears everyone once, alone, and closes on what they said', async () => {
      const yes = { kind: 'agree', agree: true } as const;
      await stays('act-refused', view(), '11', yes, ADA, WIM);
      await stays('act-refused', view(), '11', yes, OTTO);
      await step(view(), '11', yes, ADA);
      await stays('step-refused', view(), '11', yes, ADA);
      await stays(
        'step-refused',
        view(),
        '11',
        { kind: 'agree', agree: false, because: 'changed my mind' },
        ADA,
      );
      await stays('input-invalid', view(), '11', { kind: 'agree', agree: false }, CLEO);
      await step(
        view(),
        '11',
        { kind: 'agree', agree: false, because: 'the clock was wrong at first' },
        CLEO,
      );
      await desk.unchanged('step-refused', () =>
        desk.call('ceremonies.close', { ceremony: view().id }, ADA, WIM),
      );
      for (const name of [CHIDI, CARMEN, WIM]) await step(view(), '11', yes, name);
      await desk.unchanged('two-required', () =>
        desk.call('ceremonies.close', { ceremony: view().id }, ADA),
      );
      await desk.unchanged('two-required', () =>
        desk.call('ceremonies.close', { ceremony: view().id }, ADA, ADA),
      );
      await desk.unchanged('act-refused', () =>
        desk.call('ceremonies.close', { ceremony: view().id }, ADA, OTTO),
      );
      const closed = await desk.call('ceremonies.close', { ceremony: view().id }, ADA, WIM);
      expect(closed).toMatchObject({ status: 'CLOSED', verdict: 'DISPUTED' });
    });
    test('is over when it is closed', async () => {
      const { id: ceremony } = view();
      await stays('state-refused', view(), '11', { kind: 'agree', agree: true }, CARMEN);
      await desk.unchanged('state-refused', () =>
        desk.call('ceremonies.close', { ceremony }, ADA, WIM),
      );
      await desk.unchanged('state-refused', () =>
        desk.call('ceremonies.pause', { ceremony, why: 'x' }, ADA),
      );
      await desk.unchanged('state-refused', () =>
        desk.call('ceremonies.resume', { ceremony }, ADA),
      );
      await desk.unchanged('state-refused', () =>
        desk.call('ceremonies.abort', { ceremony, because: 'x' }, ADA, WIM),
      );
      await desk.unchanged('state-refused', () => exception(view(), ADA, WIM));
    });
  });

  describe('with somebody away', () => {
    test('seats a substitute whom the definition names, and nobody else', async () => {
      const sol = desk.person('Sol Vidal');
      const played = await desk.arm('5', (definition) => ({
        ...definition,
        substitutes: [{ seat: 'custodian-1', person: sol }],
      }));
      const { view } = played;
      const substitute = (seat: string, person: string) =>
        desk.call(
          'ceremonies.exception',
          {
            ceremony: view.id,
            observed: 'empty chair',
            decision: 'Cleo is ill',
            substitute: { seat, person },
          },
          ADA,
          WIM,
        );
      await desk.unchanged('act-refused', () => substitute('custodian-2', sol));
      await desk.unchanged('act-refused', () => substitute('custodian-1', desk.person(OTTO)));
      await desk.unchanged('act-refused', () => substitute('witness', sol));
      await stays('act-required', view, '5', await component(played, 1), CLEO, OTTO);

      const { exceptions } = await substitute('custodian-1', sol);
      expect(exceptions).toMatchObject([
        { decision: 'Cleo is ill', substitute: { seat: 'custodian-1', person: sol }, open: false },
      ]);
      await stays('act-required', view, '5', await component(played, 1), CLEO, WIM);
      const next = await step(view, '5', await component(played, 1), 'Sol Vidal', WIM);
      expect(next.components).toMatchObject([{ index: 1, person: sol }]);
      await stays('act-required', view, '6', await component(played, 2), 'Sol Vidal', WIM);
      const aborted = await desk.call(
        'ceremonies.abort',
        { ceremony: view.id, because: 'enough shown' },
        WIM,
      );
      expect(aborted.status).toBe('ABORTED');
    });
  });

  describe('without an expected check value', () => {
    const drafted = () =>
      draftDefinition(desk.room, desk.room.token('work'), 'AES-128', newLabel('unexpected'));
    test('is defined with words that claim no comparison, and with no others', async () => {
      const definition = await drafted();
      const claiming = structuredClone(definition);
      const forming = claiming.steps[7];
      if (forming === undefined) throw new Error('there is no step 8');
      forming.expected =
        'The token holds one new key, sensitive and not extractable, whose check value is the expected one.';
      const error = await refusedAs(
        'input-invalid',
        desk.call('ceremonies.define', { definition: claiming }, ADA),
      );
      expect(error.fields).toEqual({
        'steps.7.expected': expect.stringContaining('none is compared here') as string,
      });
      expect(definition.expected).toBeUndefined();
      await desk.call('ceremonies.define', { definition }, ADA);
    });
    test('records of components that add up to zero that they are no key, not that they were compared', async () => {
      const [one, two] = [randomBytes(16), randomBytes(16)];
      const zero = one.map((byte, at) => byte ^ (two[at] ?? 0));
      const envelopes = {
        components: [one, two, zero].map((part, at) => ({
          hex: Buffer.from(part).toString('hex'),
          check: x924Cmac(part).value,
          serial: `Z-${at}`,
        })),
        expected: '0000000000',
      };
      const definition = await drafted();
      const { sha256 } = await defineAndApprove(desk.room, definition);
      const view = await desk.call('ceremonies.arm', { definitionSha256: sha256 }, ADA);
      const there = await desk.play({ view, definition, envelopes }, '8');
      const login = { ...(await desk.room.login('work', channel)), lastTry: false };
      const phrase = there.view.steps[7]?.step.phrase ?? '';
      const form = { kind: 'key.form', phrase, login } as const;
      await fails('component-refused', there.view, '8', form, ADA, WIM);
      const after = await desk.call('ceremonies.show', { ceremony: view.id });
      expect(after.steps[7]?.observed).toBe('the sum of the components was refused: it is no key');
      await desk.call('ceremonies.abort', { ceremony: view.id, because: 'no key' }, ADA);
    });
    test('names a parameter of the draft that makes no sense, and records nothing', async () => {
      const { at, seats } = await drafted();
      const ask = (parameters: object) =>
        desk.room.desk.call('ceremonies.draft', {
          template: 'form-key-from-components',
          parameters: { label: 'never', at, seats, ...parameters },
        });
      const twice = seats.map((pair) => ({ ...pair, person: seats[1]?.person ?? '' }));
      const said = [
        [{ seats: twice }, 'seats.custodian-2'],
        [{ components: 2 }, 'seats.custodian-3'],
        [{ expected: { value: 'abcd' } }, 'expected'],
        [{ label: '' }, 'parameters.label'],
      ] as const;
      for (const [parameters, name] of said) {
        const error = await desk.unchanged('input-invalid', () => ask(parameters));
        expect(Object.keys(error.fields ?? {})).toContain(name);
      }
      await desk.unchanged('not-found', () =>
        desk.room.desk.call('ceremonies.draft', {
          template: '../formats/x',
          parameters: { label: 'never', at, seats },
        }),
      );
      expect(await desk.room.desk.call('ceremonies.templates', {})).toMatchObject([
        {
          name: 'form-key-from-components',
          grade: 'C',
          components: { least: 2, most: 9, usual: 3 },
        },
      ]);
    });
  });

  describe('whose components do not add up', () => {
    test('forms nothing and says so, without a sum, a part or a check value', async () => {
      const other = randomBytes(16);
      const played = await desk.arm('5', (definition) => ({
        ...definition,
        expected: { method: 'X9.24-CMAC' as const, value: x924Cmac(other).value },
      }));
      const there = await desk.play(played, '8');
      const size = await desk.logSize();
      const login = { ...(await desk.room.login('work', channel)), lastTry: false };
      const phrase = there.view.steps[7]?.step.phrase ?? '';
      const error = await refusedAs(
        'component-refused',
        step(there.view, '8', { kind: 'key.form', phrase, login }, ADA, WIM),
      );
      expect(error.message).not.toMatch(/[0-9a-f]{6}/i);
      expect(await desk.entries(size)).toMatchObject([
        {
          type: 'ceremony.step',
          outcome: 'failure',
          detail: { observed: 'the components do not add up to the expected key' },
        },
      ]);
      const view = await desk.call('ceremonies.show', { ceremony: played.view.id });
      expect(view).toMatchObject({ held: [], again: [1, 2, 3], due: '5' });
      expect(view.key).toBeUndefined();
    });
    test('takes a component again only if it is the one that was entered before', async () => {
      const [listed] = (await desk.room.desk.call('ceremonies.list', {})).filter(
        ({ status }) => status === 'RUNNING',
      );
      const view = await desk.call('ceremonies.show', { ceremony: listed?.id ?? '' });
      const key = randomBytes(16);
      const handle = await desk.room.desk.secret(Buffer.from(key.toString('hex')), {
        purpose: 'component',
        channel,
      });
      const serial = view.components[0]?.serial ?? '';
      const enter = {
        kind: 'component.enter',
        index: 1,
        component: handle,
        check: x924Cmac(key).value,
        serial,
      } as const;
      await stays('component-refused', view, '5', { ...enter, serial: 'R-other' }, CLEO, WIM);
      const error = await fails(
        'component-refused',
        view,
        '5',
        {
          ...enter,
          component: await desk.room.desk.secret(Buffer.from(key.toString('hex')), {
            purpose: 'component',
            channel,
          }),
        },
        CLEO,
        WIM,
      );
      expect(error.message).toContain('before the interruption');
      await desk.call('ceremonies.abort', { ceremony: view.id, because: 'wrong letter' }, ADA);
    });
  });

  describe('that is aborted with its key in the token', () => {
    test('needs two, destroys the key, and shows that it is gone', async () => {
      const { view } = await desk.arm('9');
      const abort = async (...names: string[]) =>
        desk.call(
          'ceremonies.abort',
          {
            ceremony: view.id,
            because: 'letter lost',
            login: await desk.room.login('work', 'ceremonies.abort'),
          },
          ...names,
        );
      await desk.unchanged('two-required', () => abort(ADA));
      await desk.unchanged('act-refused', () => abort(ADA, OTTO));
      const aborted = await abort(ADA, WIM);
      expect(aborted.status).toBe('ABORTED');
      const { key } = await desk.room.desk.call('keys.show', { key: view.key ?? '' });
      expect(key.state).toBe('destroyed');
      const { objects } = await desk.call(
        'tokens.objects',
        { at: desk.room.token('work'), login: await desk.room.login('work', 'tokens.objects') },
        ADA,
      );
      expect(objects.some(({ attributes }) => attributes['CKA_LABEL'] === key.label)).toBe(false);
      await desk.unchanged('state-refused', () => exception(view, ADA, WIM));
    });
  });
});
