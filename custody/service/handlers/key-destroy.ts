/** Destroying a key: the token's part, which keys and ceremonies share. */
import type { KeyRecord } from '../../../shared/domain/keys.ts';
import { KeymootError } from '../../../shared/errors.ts';
import type { NewEntry } from '../../core/audit/entry.ts';
import { otherThan } from '../../core/keys/same-key.ts';
import { DEADLINES } from '../../tokens/client.ts';
import type { KeyIntent } from '../desk.ts';
import {
  anotherKey,
  askToDestroy,
  atToken,
  findPlanned,
  planOfKey,
  stillThere,
  underIntent,
  type Opened,
} from '../key-work.ts';
import { planDetail, type KeyPlan } from '../plan.ts';
import { reasonOf } from '../reason.ts';
import { byActor, byCall, requireRole, type Call } from '../router.ts';
import { keyTarget } from './key-facts.ts';
import { MANAGERS } from '../../../shared/domain/people.ts';

/** Who may destroy a key that is in use, and that they mean this one (R7). The proofs of two people are the channel's business. */
export const requireMayDestroy = (key: KeyRecord, typed: string | undefined, call: Call): void => {
  requireRole(call, MANAGERS, 'Destroying keys');
  if (key.state === 'destroyed')
    throw new KeymootError('state-refused', 'This key was destroyed before. Nothing was done.');
  if (typed !== key.label)
    throw new KeymootError(
      'readback-wrong',
      'The name typed is not the key’s label. Nothing was destroyed.',
      { fields: { typed: 'differs' } },
    );
};

/**
 * Destroys a key under an intent, proves its absence from a new process, records both. Another key under its id is not touched, and that it was found is recorded.
 *
 * @returns the number of objects destroyed
 */
export const destroyKey = (
  key: KeyRecord,
  call: Call,
  opened: Opened,
  where: Pick<NewEntry, 'ceremony'> = {},
): Promise<number> => {
  const { desk } = call;
  const { at } = key;
  const common = { target: keyTarget(key), tokenSerial: at.token.serial, ...where };
  const keyPlan: KeyPlan = {
    at,
    key: key.id,
    kind: 'destroy',
    algorithm: key.algorithm,
    purpose: key.purpose,
    extractable: key.extractable,
    label: key.label,
    ckaid: key.ckaid,
  };
  return atToken({ desk, at, opened, plan: planOfKey(desk, key) }, async (bench) => {
    const { byId } = await findPlanned(bench);
    const found = byId.objects;
    const intent: KeyIntent = {
      type: 'key.destroy',
      detail: planDetail(keyPlan),
      ...common,
      ...byCall(call),
    };
    const other = found.length === 0 ? undefined : otherThan(key, byId);
    if (other !== undefined) {
      const error = anotherKey(key, other);
      const [{ id: corr }] = desk.openIntents([intent], 0);
      desk.closeIntent(corr, [
        {
          type: 'key.destroy',
          outcome: 'failure',
          corr,
          reason: reasonOf(error),
          detail: { key: key.id, objects: 0 },
          ...common,
          ...byActor(call),
        },
      ]);
      await desk.seal();
      throw error;
    }
    return bench.inNew((client) =>
      underIntent(bench, client, {
        entries: [intent],
        deadlineMs: DEADLINES.destroy,
        ask: () => askToDestroy(client, bench),
        close: async (heard, [corr = '']) => {
          const left = (await findPlanned(bench)).byId.objects.length;
          const outcome = { type: 'key.destroy', corr, ...common, ...byActor(call) } as const;
          if (left > 0) {
            // Part of it, or all of it against the token's word, is for Recovery to settle.
            if (!('refused' in heard) || left < found.length) throw stillThere();
            desk.closeIntent(corr, [
              {
                ...outcome,
                outcome: 'failure',
                reason: reasonOf(heard.refused),
                detail: { key: key.id, objects: 0 },
              },
            ]);
            await desk.seal();
            throw heard.refused;
          }
          desk.closeIntent(
            corr,
            [{ ...outcome, detail: { key: key.id, objects: found.length } }],
            () => {
              desk.store.keys.setDestroyed(key.id);
            },
          );
          return found.length;
        },
      }),
    );
  });
};
