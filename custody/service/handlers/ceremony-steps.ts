/** What each kind of step does. A step either records its success, or records its failure and says so; the engine has already said that it may happen. */
import type { StepInput } from '../../../shared/contract/ceremonies.ts';
import type { Step } from '../../../shared/domain/ceremonies.ts';
import type { Check } from '../../../shared/domain/keys.ts';
import { KeymootError } from '../../../shared/errors.ts';
import type { NewEntry } from '../../core/audit/entry.ts';
import { dueStep, type Ceremony, type StepState } from '../../core/ceremonies/engine.ts';
import { makeCheck, sameCheck } from '../../core/checkvalues/check-values.ts';
import { hexToWords } from '../../core/checkvalues/fingerprint.ts';
import { plannedCkaId } from '../../core/keys/planned-id.ts';
import { quirksOf } from '../../core/keys/quirks.ts';
import { ALGORITHM_TABLE } from '../../core/keys/templates.ts';
import { rsaSpki } from '../../core/wrapping/spki.ts';
import { sameToken } from '../devices.ts';
import { uuidv7 } from '../ids.ts';
import {
  destroyPlanned,
  isUncertain,
  planOf,
  reasonOf,
  requireFree,
  unlike,
  type KeyPlan,
  type Opened,
} from '../key-work.ts';
import { byActor, byCall, type Call } from '../router.ts';
import { controlOf, keyDetail, keyRecord, keyTarget } from './key-facts.ts';

interface Due {
  state: StepState;
  attempt: number;
}
type Of<K extends StepInput['kind']> = Extract<StepInput, { kind: K }>;

/** Room clock and desk clock may differ by this much, ms (R14). */
const CLOCK_MS = 2 * 60_000;

const member = (ceremony: Ceremony, { state }: Due) => ({
  ceremony: { id: ceremony.id, definition_sha256: ceremony.definitionSha256, step: state.step.id },
});

const entryOf = (
  ceremony: Ceremony,
  due: Due,
  call: Call,
  outcome: 'success' | 'failure',
  observed: string,
): NewEntry => ({
  type: 'ceremony.step',
  outcome,
  detail: { step: due.state.step.id, attempt: due.attempt, kind: due.state.step.kind, observed },
  ...member(ceremony, due),
  ...byCall(call),
});

const succeed = (
  ceremony: Ceremony,
  due: Due,
  call: Call,
  observed: string,
  also: NewEntry[] = [],
  apply = () => {},
): void => {
  call.desk.journal.record([...also, entryOf(ceremony, due, call, 'success', observed)], { apply });
};
/** Records the failed check, then refuses: a failed check is never only a message (R5). */
const fail = (
  ceremony: Ceremony,
  due: Due,
  call: Call,
  observed: string,
  error: KeymootError,
): never => {
  call.desk.journal.record([entryOf(ceremony, due, call, 'failure', observed)]);
  throw error;
};

const clock = (ceremony: Ceremony, due: Due, input: Of<'clock'>, call: Call): void => {
  const differsMs = Date.parse(input.roomTime) - Date.now();
  const seconds = Math.round(differsMs / 1000);
  const observed = `room ${input.roomTime}, ${Math.abs(seconds)} s ${seconds < 0 ? 'behind' : 'ahead of'} the desk`;
  if (Math.abs(differsMs) > CLOCK_MS)
    fail(
      ceremony,
      due,
      call,
      observed,
      new KeymootError(
        'step-refused',
        `The room’s clock and this desk’s differ by ${Math.abs(seconds)} seconds. Find out which is right; two people then record what was decided.`,
      ),
    );
  succeed(ceremony, due, call, observed);
};

const readDefinition = (
  ceremony: Ceremony,
  due: Due,
  input: Of<'definition.read'>,
  call: Call,
): void => {
  const { desk } = call;
  const what = `${ceremony.id}/definition`;
  const positions = desk.ceremonies.readBack(what, 32, 4);
  const words = hexToWords(ceremony.definitionSha256);
  const right =
    input.words.length === positions.length &&
    positions.every(
      (position, at) =>
        words[position - 1]?.toLowerCase() === input.words[at]?.trim().toLowerCase(),
    );
  desk.ceremonies.clearReadBack(what);
  if (!right)
    fail(
      ceremony,
      due,
      call,
      'the words typed are not the definition’s',
      new KeymootError(
        'readback-wrong',
        'The words typed are not the words of the definition that was approved. Compare the printed copy; other words are asked for now.',
      ),
    );
  succeed(ceremony, due, call, `words ${positions.join(', ')} read back`);
};

const checkToken = async (ceremony: Ceremony, due: Due, call: Call): Promise<void> => {
  const { at } = ceremony.definition;
  const tokens = await call.desk.devices.with(at.module, 'look', (client) =>
    client.call('tokens', {}),
  );
  const found = tokens.find(({ identity }) => sameToken(identity, at.token));
  const observed = `${tokens.length} token(s); ${found === undefined ? 'the one named is not there' : `serial ${at.token.serial} is there`}`;
  if (found === undefined)
    return fail(
      ceremony,
      due,
      call,
      observed,
      new KeymootError(
        'token-missing',
        'The token that the definition names is not there. Insert it; two people record what was decided.',
      ),
    );
  succeed(ceremony, due, call, observed);
};

const enterComponent = async (
  ceremony: Ceremony,
  due: Due,
  input: Of<'component.enter'>,
  call: Call,
): Promise<void> => {
  const { desk, channel } = call;
  const { definition } = ceremony;
  const { index, serial } = input;
  if (index !== due.state.step.component)
    throw new KeymootError(
      'step-refused',
      `Component ${due.state.step.component ?? 0} is due, not ${index}.`,
    );
  const earlier = ceremony.components.get(index);
  const known = desk.store.ceremonies.envelope(serial);
  const reused =
    known !== undefined && (known.ceremony !== ceremony.id || known.component !== index);
  if (reused || (earlier !== undefined && earlier.serial !== serial))
    throw new KeymootError(
      'component-refused',
      'That envelope serial belongs to another envelope. Check the number on the envelope; if it is right, record an exception.',
      { fields: { serial: 'known' } },
    );
  const typed = desk.secrets.take(input.component, { purpose: 'component', channel });
  let received;
  try {
    const holder = await desk.ceremonies.holder(ceremony);
    received = await holder.call('receive', {
      index,
      typed,
      check: input.check,
      ...(earlier === undefined ? {} : { commitment: earlier.commitment }),
    });
    holder.held.add(index);
  } catch (error) {
    if (
      error instanceof KeymootError &&
      error.code === 'component-refused' &&
      error.fields?.['holder'] === undefined
    )
      fail(ceremony, due, call, `component ${index} was refused`, error);
    throw error;
  } finally {
    typed.fill(0);
  }
  const person = ceremony.seats.get(`custodian-${index}`) ?? '';
  succeed(
    ceremony,
    due,
    call,
    `component ${index} of ${definition.components.count} received, ${received.check.method} ${received.check.value}`,
    [
      {
        type: 'component.receive',
        detail: {
          index,
          of: definition.components.count,
          attempt: due.attempt,
          commitment: received.commitment,
          check: received.check,
          serial,
        },
        ...member(ceremony, due),
      },
    ],
    () => {
      desk.store.ceremonies.putEnvelope({
        serial,
        ceremony: ceremony.id,
        component: index,
        person,
        state: 'OPENED',
      });
    },
  );
};

/** Does the device's own check value, of the key or of a twin unwrapped from the same bytes, contradict the sum? */
const notTheSum = (
  made: Check | undefined,
  summed: { check: Check; p11: Check },
): string | undefined => {
  const expected = [summed.check, summed.p11].find(({ method }) => method === made?.method);
  return made === undefined || expected === undefined || expected.value === made.value
    ? undefined
    : 'the token’s check value is not the one of the components’ sum';
};

const formKey = async (ceremony: Ceremony, due: Due, call: Call, opened: Opened): Promise<void> => {
  const { desk } = call;
  const { definition } = ceremony;
  const { at } = definition;
  const { step } = due.state;
  const where = member(ceremony, due);
  const keyPlan: KeyPlan = {
    what: `forming ${definition.key.algorithm} “${definition.key.label}” on token “${at.token.label}”`,
    at,
    key: uuidv7(),
    kind: 'import',
    ...definition.key,
    ckaid: Buffer.from(
      plannedCkaId(ceremony.definitionSha256, ceremony.id, step.id, due.attempt, 'key'),
    ).toString('hex'),
    ceremony: ceremony.id,
    step: step.id,
    attempt: due.attempt,
  };
  const plan = planOf(desk, keyPlan);
  if (!('template' in plan)) throw new Error('ceremony: a plan to import was expected');
  await requireFree(desk, at, opened, plan);
  const holder = await desk.ceremonies.holder(ceremony);
  const { family } = desk.devices.row(at.module);
  const oaep = quirksOf(family).oaep[0] ?? 'SHA-1';

  const client = await desk.devices.start(at.module, 'act');
  let intents: { step: string; key: string } | undefined;
  const actor = byActor(call);
  const failed = (reason: string, observed: string, objects: number): NewEntry[] =>
    intents === undefined
      ? [entryOf(ceremony, due, call, 'failure', observed)]
      : [
          {
            type: 'key.import',
            outcome: 'failure',
            corr: intents.key,
            reason,
            detail: { key: keyPlan.key, objects },
            ...where,
            ...actor,
          },
          {
            type: 'ceremony.step',
            outcome: 'failure',
            corr: intents.step,
            reason,
            detail: { step: step.id, attempt: due.attempt, kind: step.kind, observed },
            ...where,
            ...actor,
          },
        ];
  try {
    // The import key is a session object that can only unwrap; it dies with this process if anything does.
    const importKey = await client.call('importBegin', {
      token: at.token,
      pin: opened.pin,
      lastTry: opened.lastTry,
      bits: ALGORITHM_TABLE[definition.importKey].bits,
      label: 'keymoot-import',
    });
    let summed;
    try {
      summed = await holder.call('combine', {
        spki: rsaSpki(importKey.modulus, importKey.exponent),
        hash: oaep,
        ...(definition.expected === undefined ? {} : { expected: definition.expected }),
      });
    } catch (error) {
      if (error instanceof KeymootError && error.code === 'component-refused') {
        desk.ceremonies.endHolder(ceremony.id);
        // A process that was ended says nothing about the components.
        const observed =
          error.fields?.['holder'] === 'ended'
            ? 'the process that held the components ended before it had added them up'
            : 'the components do not add up to the expected key';
        desk.journal.record(failed(error.code, observed, 0));
      }
      throw error;
    }
    desk.ceremonies.endHolder(ceremony.id);
    keyPlan.check = summed.check;
    keyPlan.p11 = summed.p11;
    const stepIntent: NewEntry = {
      type: 'ceremony.step',
      outcome: 'intent',
      detail: { step: step.id, attempt: due.attempt, kind: step.kind },
      ...where,
      ...byCall(call),
    };
    const keyIntent: NewEntry = {
      type: 'key.import',
      detail: {
        key: keyPlan.key,
        algorithm: definition.key.algorithm,
        label: definition.key.label,
        purpose: definition.key.purpose,
        extractable: definition.key.extractable,
        ckaid: keyPlan.ckaid,
        token: at.token,
        grade: 'C',
      },
      tokenSerial: at.token.serial,
      ...where,
      ...byCall(call),
    };
    const [writtenKey, writtenStep] = desk.openIntents([keyIntent, stepIntent], keyPlan, 30_000);
    intents = { key: writtenKey.id, step: writtenStep.id };
    let made;
    try {
      made = await client.call('importFinish', {
        wrapped: summed.wrapped,
        hash: oaep,
        template: plan.template,
        targets: plan.targets,
        cmac: plan.cmac,
        twin: true,
      });
    } catch (error) {
      if (isUncertain(error)) {
        desk.ceremonies.forget(ceremony.id);
        throw new KeymootError(
          'recovery-needed',
          'The token was interrupted while it took the key. Whether it has it is not known yet. Settle it under Recovery; nothing is repeated blindly.',
          { cause: error, fields: { intent: intents.key } },
        );
      }
      const objects = await destroyPlanned(desk, at, opened, plan);
      desk.closeIntent(intents.key, failed(reasonOf(error), 'the token refused the key', objects));
      throw error;
    }
    const differs = unlike(plan, made) ?? notTheSum(made.check, summed);
    if (differs !== undefined) {
      const objects = await destroyPlanned(desk, at, opened, plan);
      desk.closeIntent(intents.key, failed('key-not-as-asked', differs.slice(0, 900), objects));
      throw new KeymootError(
        'key-not-as-asked',
        `The token holds something other than was formed: ${differs}. It was destroyed again, and its absence checked.`,
      );
    }
    const record = keyRecord(
      {
        id: keyPlan.key,
        at,
        request: plan.request,
        state: 'quarantine',
        control: controlOf(desk, at),
        ceremony: ceremony.id,
        check: summed.check,
        created: new Date().toISOString(),
      },
      made,
    );
    desk.closeIntent(
      intents.key,
      [
        {
          type: 'key.import',
          corr: intents.key,
          target: keyTarget(record),
          tokenSerial: at.token.serial,
          detail: keyDetail(record, { grade: 'C' }),
          ...where,
          ...actor,
        },
        {
          type: 'ceremony.step',
          corr: intents.step,
          detail: {
            step: step.id,
            attempt: due.attempt,
            kind: step.kind,
            observed: `the token holds the key; origin ${record.origin}, in quarantine; ${made.check === undefined ? 'the token gives no check value, so that is our word' : `check value confirmed by the token (${made.check.method}${made.twin === true ? ', of a session twin of the same bytes' : ''})`}`,
          },
          ...where,
          ...actor,
        },
      ],
      () => {
        desk.store.keys.insert(record);
      },
    );
  } finally {
    await desk.devices.end(client);
  }
};

const verifyKey = (ceremony: Ceremony, due: Due, input: Of<'key.verify'>, call: Call): void => {
  const { check, key } = ceremony;
  if (check === undefined || key === undefined)
    throw new KeymootError(
      'state-refused',
      'There is no key yet whose check value could be compared.',
    );
  let typed;
  try {
    typed = makeCheck(check.method, input.check);
  } catch {
    throw new KeymootError(
      'input-invalid',
      `A check value by ${check.method} has ten hex digits, or six for short.`,
      {
        fields: { check: 'form' },
      },
    );
  }
  if (sameCheck(check, typed) !== 'same')
    fail(
      ceremony,
      due,
      call,
      'the check value typed from the letter is not the key’s',
      new KeymootError(
        'readback-wrong',
        'The check value typed is not the key’s. The key stays in quarantine. Two people decide: type it again after an exception, or abort and destroy it.',
      ),
    );
  succeed(
    ceremony,
    due,
    call,
    `${check.method} ${check.value} compared; the key is released`,
    [],
    () => {
      call.desk.store.keys.setState(key, 'active');
    },
  );
};

const destroyEnvelopes = (
  ceremony: Ceremony,
  due: Due,
  input: Of<'envelopes.destroy'>,
  call: Call,
): void => {
  const opened = [...ceremony.components.values()];
  const wanted = opened.map(({ serial }) => serial).sort();
  if (wanted.join('\n') !== [...input.serials].sort().join('\n'))
    throw new KeymootError(
      'readback-wrong',
      'The serials typed are not the ones of the envelopes that were opened. Every one of them is destroyed and named.',
      { fields: { serials: 'differ' } },
    );
  succeed(
    ceremony,
    due,
    call,
    `${wanted.length} envelopes destroyed`,
    [{ type: 'component.destroy', detail: { serials: wanted }, ...member(ceremony, due) }],
    () => {
      for (const { serial, index, person } of opened)
        call.desk.store.ceremonies.putEnvelope({
          serial,
          ceremony: ceremony.id,
          component: index,
          person,
          state: 'DESTROYED',
        });
    },
  );
};

const agree = (ceremony: Ceremony, due: Due, input: Of<'agree'>, call: Call): void => {
  const [person] = call.people;
  if (person === undefined) return;
  if (!input.agree && input.because === undefined)
    throw new KeymootError(
      'input-invalid',
      'Whoever does not agree says why, in their own words.',
      {
        fields: { because: 'missing' },
      },
    );
  const spoken: NewEntry = {
    type: input.agree ? 'ceremony.agree' : 'ceremony.disagree',
    detail: {
      person: person.id,
      ...(input.because === undefined ? {} : { because: input.because }),
    },
    ...member(ceremony, due),
    ...byCall(call),
  };
  const all =
    ceremony.agreed.length + ceremony.disagreed.length + 1 === due.state.step.seats.length;
  const done: NewEntry = {
    type: 'ceremony.step',
    detail: {
      step: due.state.step.id,
      attempt: due.attempt,
      kind: 'agree',
      observed: `everyone has spoken: ${ceremony.agreed.length + (input.agree ? 1 : 0)} agree`,
    },
    ...member(ceremony, due),
    ...byCall(call),
  };
  call.desk.journal.record(all ? [spoken, done] : [spoken]);
};

/** R7: before what can't be taken back, the exact phrase is typed. */
const requirePhrase = (step: Step, typed: string): void => {
  if (typed !== step.phrase)
    throw new KeymootError(
      'readback-wrong',
      `The phrase typed is not “${step.phrase ?? ''}”. Nothing was done.`,
      { fields: { phrase: 'differs' } },
    );
};

export const runStep = async (
  ceremony: Ceremony,
  due: Due,
  input: StepInput,
  call: Call,
): Promise<void> => {
  const { desk, channel } = call;
  const { step } = due.state;
  if (dueStep(ceremony, desk.ceremonies.held(ceremony.id)) !== due.state)
    throw new Error('ceremony: that step is not due');
  switch (input.kind) {
    case 'arrive':
      for (const { id } of call.people) desk.here.add(id);
      succeed(ceremony, due, call, `${call.people.length} people proved who they are`);
      return;
    case 'clock':
      clock(ceremony, due, input, call);
      return;
    case 'definition.read':
      readDefinition(ceremony, due, input, call);
      return;
    case 'token.check':
      await checkToken(ceremony, due, call);
      return;
    case 'component.enter':
      await enterComponent(ceremony, due, input, call);
      return;
    case 'key.form':
      desk.signer.require();
      requirePhrase(step, input.phrase);
      await desk.withPin(input.login, channel, (pin) =>
        formKey(ceremony, due, call, { pin, lastTry: input.login.lastTry }),
      );
      return;
    case 'key.verify':
      verifyKey(ceremony, due, input, call);
      return;
    case 'envelopes.destroy':
      requirePhrase(step, input.phrase);
      destroyEnvelopes(ceremony, due, input, call);
      return;
    case 'agree':
      agree(ceremony, due, input, call);
      return;
  }
};
