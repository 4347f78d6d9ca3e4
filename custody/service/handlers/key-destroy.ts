/** Destroying a key: the token's part, which keys and ceremonies share. */
import type { KeyRecord } from '../../../shared/domain/keys.ts';
import { KeymootError } from '../../../shared/errors.ts';
import type { NewEntry } from '../../core/audit/entry.ts';
import { DEADLINES } from '../../tokens/client.ts';
import { destroyPlanned, findPlanned, planOfKey, type KeyPlan, type Opened } from '../key-work.ts';
import { byActor, byCall, requireRole, type Call } from '../router.ts';
import { keyTarget } from './key-facts.ts';

/** Who may destroy a key that is in use, and that they mean this one (R7). The proofs of two people are the channel's business. */
export const requireMayDestroy = (key: KeyRecord, typed: string | undefined, call: Call): void => {
  requireRole(call, ['administrator', 'officer'], 'Destroying keys');
  if (key.state === 'destroyed')
    throw new KeymootError('state-refused', 'This key was destroyed before.');
  if (typed !== key.label)
    throw new KeymootError(
      'readback-wrong',
      'The name typed is not the key’s label. Nothing was destroyed.',
      { fields: { typed: 'differs' } },
    );
};

/** Destroys a key under an intent, proves its absence from a new process, records both. Gives the number of objects destroyed. */
export const destroyKey = async (
  key: KeyRecord,
  call: Call,
  opened: Opened,
  where: Pick<NewEntry, 'ceremony'> = {},
): Promise<number> => {
  const { desk } = call;
  const { at } = key;
  const plan = planOfKey(desk, key);
  const { byId } = await findPlanned(desk, at, opened, plan);
  const classes = byId.objects.map(({ objectClass }) => objectClass);
  if (new Set(classes).size !== classes.length)
    throw new KeymootError(
      'ambiguous',
      'Several objects on the token have this key’s id. Nothing was destroyed.',
    );
  const common = { target: keyTarget(key), tokenSerial: at.token.serial, ...where };
  const intent = desk.openIntent(
    {
      type: 'key.destroy',
      detail: { key: key.id, ckaid: key.ckaid, token: at.token },
      ...common,
      ...byCall(call),
    },
    {
      what: `destroying ${key.algorithm} “${key.label}” on token “${at.token.label}”`,
      at,
      key: key.id,
      kind: 'destroy',
      algorithm: key.algorithm,
      purpose: key.purpose,
      extractable: key.extractable,
      label: key.label,
      ckaid: key.ckaid,
    } satisfies KeyPlan,
    DEADLINES.destroy,
  );
  const objects = await destroyPlanned(desk, at, opened, plan);
  desk.closeIntent(
    intent.id,
    [
      {
        type: 'key.destroy',
        corr: intent.id,
        detail: { key: key.id, objects },
        ...common,
        ...byActor(call),
      },
    ],
    () => {
      desk.store.keys.setDestroyed(key.id);
    },
  );
  return objects;
};
