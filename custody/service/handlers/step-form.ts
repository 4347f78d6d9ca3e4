/** Forming the key: the components' sum, sealed to the token's import key and unwrapped there, under an intent. */
import type { Check } from '../../../shared/domain/keys.ts';
import { KeymootError } from '../../../shared/errors.ts';
import type { NewEntry } from '../../core/audit/entry.ts';
import type { Ceremony } from '../../core/ceremonies/engine.ts';
import { plannedCkaId } from '../../core/keys/planned-id.ts';
import { quirksOf } from '../../core/keys/quirks.ts';
import { ALGORITHM_TABLE } from '../../core/keys/templates.ts';
import { rsaSpki } from '../../core/wrapping/spki.ts';
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
import { entryOf, stepMember, type Due } from './step-record.ts';

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

export const formKey = async (
  ceremony: Ceremony,
  due: Due,
  call: Call,
  opened: Opened,
): Promise<void> => {
  const { desk } = call;
  const { definition } = ceremony;
  const { at } = definition;
  const { step } = due.state;
  const where = stepMember(ceremony, due);
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
