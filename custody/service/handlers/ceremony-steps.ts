/** The work of each kind of step, after the engine has allowed it. A step either records its success, or records its failure and throws. */
import type { StepInput } from '../../../shared/contract/ceremonies.ts';
import type { Step } from '../../../shared/domain/ceremonies.ts';
import { KeymootError } from '../../../shared/errors.ts';
import type { NewEntry } from '../../core/audit/entry.ts';
import { dueStep, voices } from '../../core/ceremonies/engine.ts';
import { makeCheck, sameCheck } from '../../core/checkvalues/check-values.ts';
import type { DeskCeremony as Ceremony } from '../ceremony-room.ts';
import { sameToken } from '../devices.ts';
import { typedRight } from '../read-back.ts';
import { byCall, type Call } from '../router.ts';
import { enterComponent } from './step-component.ts';
import { formKey } from './step-form.ts';
import { fail, stepMember, succeed, type Due, type Of } from './step-record.ts';

/** Room clock and desk clock may differ by this much, ms (R14). */
const CLOCK_MS = 2 * 60_000;

const clock = (ceremony: Ceremony, at: Due, input: Of<'clock'>, call: Call): void => {
  const due = { ...at, input: { room_time: input.roomTime } };
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
  const positions = desk.readBacks.positions(what);
  const right = typedRight(ceremony.definitionSha256, positions, input.words);
  desk.readBacks.forget(what);
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
  const observed = `${tokens.length === 1 ? 'one token' : `${tokens.length} tokens`}; ${found === undefined ? 'the one named is not there' : `serial ${at.token.serial} is there`}`;
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

const verifyKey = (ceremony: Ceremony, at: Due, input: Of<'key.verify'>, call: Call): void => {
  const { check, key } = ceremony;
  if (check === undefined || key === undefined)
    throw new KeymootError(
      'state-refused',
      'There is no key yet whose check value could be compared. Nothing was done.',
    );
  if (call.desk.store.keys.get(key)?.state !== 'quarantine')
    throw new KeymootError(
      'state-refused',
      'The key is not in quarantine, so there is nothing to release. Abort the ceremony.',
    );
  let typed;
  try {
    typed = makeCheck(check.method, input.check);
  } catch {
    // makeCheck throws only for a malformed value.
    throw new KeymootError(
      'input-invalid',
      `A check value by ${check.method} has ten hex digits, or six for short. Nothing was done.`,
      {
        fields: { check: 'form' },
      },
    );
  }
  const due = { ...at, input: { check: typed.value } };
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
  succeed(ceremony, due, call, `${typed.method} ${typed.value} compared; the key is released`, [
    {
      type: 'key.state',
      detail: { key, from: 'quarantine', to: 'active' },
      ...stepMember(ceremony, due),
      ...byCall(call),
    },
  ]);
};

const destroyEnvelopes = (
  ceremony: Ceremony,
  at: Due,
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
  const due = { ...at, input: { serials: wanted } };
  succeed(
    ceremony,
    due,
    call,
    `the serial numbers of ${wanted.length} envelopes typed, all that were opened`,
    [{ type: 'component.destroy', detail: { serials: wanted }, ...stepMember(ceremony, due) }],
  );
};

const agree = (ceremony: Ceremony, due: Due, input: Of<'agree'>, call: Call): void => {
  const [person] = call.people;
  if (person === undefined) return;
  if (!input.agree && input.because === undefined)
    throw new KeymootError(
      'input-invalid',
      'Whoever does not agree says why, in their own words. Nothing was done.',
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
    ...stepMember(ceremony, due),
    ...byCall(call),
  };
  const { agreed, open } = voices(ceremony, due.state.step);
  const all = open.every((one) => one === person.id);
  const done: NewEntry = {
    type: 'ceremony.step',
    detail: {
      step: due.state.step.id,
      attempt: due.attempt,
      kind: 'agree',
      observed: `everyone has spoken: ${agreed.length + (input.agree ? 1 : 0)} agree`,
    },
    ...stepMember(ceremony, due),
    ...byCall(call),
  };
  call.desk.journal.record(all ? [spoken, done] : [spoken]);
};

/** R7: before an irreversible step the exact phrase is typed. */
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
