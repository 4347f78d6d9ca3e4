/** Forming the key: the components' sum, sealed to the token's import key and unwrapped there, under an intent. */
import type { Check } from '../../../shared/domain/keys.ts';
import { KeymootError } from '../../../shared/errors.ts';
import { cleanText } from '../../../shared/text.ts';
import type { NewEntry } from '../../core/audit/entry.ts';
import type { Ceremony } from '../../core/ceremonies/engine.ts';
import { plannedCkaId } from '../../core/keys/planned-id.ts';
import { quirksOf } from '../../core/keys/quirks.ts';
import { ALGORITHM_TABLE } from '../../core/keys/templates.ts';
import type { HolderInput, HolderOutput } from '../../../shared/holder/protocol.ts';
import { DEADLINES, type TokenClient } from '../../tokens/client.ts';
import { rsaSpki } from '../../core/wrapping/spki.ts';
import { uuidv7 } from '../ids.ts';
import type { KeyIntent } from '../desk.ts';
import {
  atToken,
  destroyPlanned,
  planOf,
  requireFree,
  showsLength,
  underIntent,
  unlike,
  type Bench,
  type Opened,
} from '../key-work.ts';
import { planDetail, type KeyPlan } from '../plan.ts';
import { reasonOf } from '../reason.ts';
import { byActor, byCall, type Call } from '../router.ts';
import { telling } from '../telling.ts';
import { controlOf, keyDetail, keyRecord, keyTarget } from './key-facts.ts';
import { entryOf, fail, stepMember, type Due } from './step-record.ts';

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

/** The components' sum, sealed to the token's import key. What the holder refuses is a failure of the step, recorded; nothing is intended on the token yet. */
const sumUp = async (
  ceremony: Ceremony,
  due: Due,
  call: Call,
  to: Omit<HolderInput<'combine'>, 'expected'>,
): Promise<HolderOutput<'combine'>> => {
  const { desk } = call;
  const { expected } = ceremony.definition;
  const holder = await desk.ceremonies.holder(ceremony);
  try {
    const summed = await holder.call('combine', {
      ...to,
      ...(expected === undefined ? {} : { expected }),
    });
    desk.ceremonies.endHolder(ceremony.id);
    return summed;
  } catch (error) {
    if (error instanceof KeymootError && error.code === 'component-refused') {
      desk.ceremonies.endHolder(ceremony.id);
      // What is recorded claims no check that wasn't made: a process that was ended made none, and without an expected value the sum was compared with nothing.
      const { holder: end, sum } = error.fields ?? {};
      const observed =
        end === 'ended'
          ? 'the process that held the components ended before it had added them up'
          : sum === 'unexpected'
            ? 'the components do not add up to the expected key'
            : 'the sum of the components was refused: it is no key';
      desk.journal.record([entryOf(ceremony, due, call, 'failure', observed)]);
    }
    throw error;
  }
};

/** An import key that is not as asked for is a finding about the token, and recorded. */
const noting = async <T>(
  ceremony: Ceremony,
  due: Due,
  call: Call,
  sum: () => Promise<T>,
): Promise<T> => {
  try {
    return await sum();
  } catch (error) {
    if (error instanceof KeymootError && error.code === 'key-not-as-asked')
      fail(ceremony, due, call, cleanText(error.message, 900), error);
    throw error;
  }
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
    at,
    key: uuidv7(),
    kind: 'import',
    ...definition.key,
    ckaid: Buffer.from(
      plannedCkaId(ceremony.definitionSha256, ceremony.id, step.id, due.attempt, 'key'),
    ).toString('hex'),
  };
  const plan = planOf(desk, keyPlan);
  if (!('template' in plan)) throw new Error('ceremony: a plan to import was expected');
  const { family } = desk.devices.row(at.module);
  const oaep = quirksOf(family).oaep[0] ?? 'SHA-1';
  const attempt = { step: step.id, attempt: due.attempt, kind: step.kind };
  const actor = byActor(call);

  const form = async (bench: Bench, client: TokenClient): Promise<void> => {
    // The import key is a session object that can only unwrap; it dies with this process if anything does.
    const { bits } = ALGORITHM_TABLE[definition.importKey];
    const summed = await noting(ceremony, due, call, async () => {
      const label = 'keymoot-import';
      const { modulus, exponent } = await telling(
        call,
        'The token is making a key that only takes the other in. It is gone afterwards.',
        () => client.call('importBegin', { token: at.token, ...opened, bits, label }),
      );
      return telling(call, 'Adding the components up, and sealing the sum.', () => {
        const spki = rsaSpki(modulus, exponent);
        return sumUp(ceremony, due, call, { spki, bits, hash: oaep });
      });
    });
    const keyIntent: KeyIntent = {
      type: 'key.import',
      detail: {
        ...planDetail({ ...keyPlan, check: summed.check, p11: summed.p11 }),
        grade: 'C',
      },
      tokenSerial: at.token.serial,
      ...where,
      ...byCall(call),
    };
    const stepIntent: NewEntry = {
      type: 'ceremony.step',
      detail: attempt,
      ...where,
      ...byCall(call),
    };
    await underIntent(bench, client, {
      entries: [keyIntent, stepIntent],
      deadlineMs: DEADLINES.importFinish,
      ask: () =>
        telling(call, 'The token is taking the key in. This can’t be cancelled.', () =>
          client.call('importFinish', {
            wrapped: summed.wrapped,
            hash: oaep,
            template: plan.template,
            targets: plan.targets,
            cmac: plan.cmac,
            twin: true,
          }),
        ),
      close: async (heard, [keyCorr = '', stepCorr = '']) => {
        const undo = async (reason: string, observed: string) => {
          const outcome = { outcome: 'failure', reason, ...where, ...actor } as const;
          const objects = await destroyPlanned(bench);
          desk.closeIntent(keyCorr, [
            {
              type: 'key.import',
              corr: keyCorr,
              detail: { key: keyPlan.key, objects },
              ...outcome,
            },
            {
              type: 'ceremony.step',
              corr: stepCorr,
              detail: { ...attempt, observed },
              ...outcome,
            },
          ]);
        };
        if ('refused' in heard) {
          await undo(reasonOf(heard.refused), 'the token refused the key');
          throw heard.refused;
        }
        const made = heard.answer;
        const differs = unlike(plan, made) ?? notTheSum(made.check, summed);
        if (differs !== undefined) {
          await undo('key-not-as-asked', differs.slice(0, 900));
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
          keyCorr,
          [
            {
              type: 'key.import',
              corr: keyCorr,
              target: keyTarget(record),
              tokenSerial: at.token.serial,
              detail: keyDetail(record, { grade: 'C' }),
              ...where,
              ...actor,
            },
            {
              type: 'ceremony.step',
              corr: stepCorr,
              detail: {
                ...attempt,
                observed: `the token holds the key; origin ${record.origin}, in quarantine; ${made.check === undefined ? 'the token gives no check value, so that is our word' : `check value confirmed by the token (${made.check.method}${made.twin === true ? ', of a session twin of the same bytes' : ''})`}${showsLength(plan, made) ? '' : '; the token does not show its length'}`,
              },
              ...where,
              ...actor,
            },
          ],
          () => {
            desk.store.keys.insert(record);
          },
        );
      },
    });
  };

  await atToken({ desk, at, opened, plan }, async (bench) => {
    await telling(call, 'Looking whether the token has a key of that label already.', () =>
      requireFree(bench),
    );
    await bench.inNew((client) => form(bench, client));
  });
};
