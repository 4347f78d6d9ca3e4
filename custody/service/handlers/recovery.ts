/**
 * Settling what was interrupted: wait until the device can't finish any more, look, then adopt or destroy. Never repeat blindly; never two keys (R8).
 */
import type { Output } from '../../../shared/contract/index.ts';
import type { Entry, NewEntry } from '../../core/audit/entry.ts';
import { quirksOf } from '../../core/keys/quirks.ts';
import { otherThan } from '../../core/keys/same-key.ts';
import { KeymootError } from '../../../shared/errors.ts';
import type { KeyReadback } from '../../../shared/token/protocol.ts';
import {
  anotherKey,
  atToken,
  destroyPlanned,
  findPlanned,
  planOf,
  requestOf,
  showsLength,
  unlike,
  type Bench,
  type Opened,
} from '../key-work.ts';
import { planIn, untilIn, type KeyPlan } from '../plan.ts';
import { byCall, requireRole, type Call, type Part } from '../router.ts';
import { controlOf, keyDetail, keyRecord, keyTarget, requireKey } from './key-facts.ts';
import { MANAGERS } from '../../../shared/domain/people.ts';

type Settled = Output<'recovery.settle'>;

/** Is this the imported key that the holder summed? The device's own check value must agree where it has one. */
const isTheSum = (plan: KeyPlan, found: KeyReadback): boolean => {
  if (plan.kind !== 'import') return true;
  const own = found.check;
  const expected =
    own?.method === plan.p11?.method
      ? plan.p11
      : own?.method === plan.check?.method
        ? plan.check
        : undefined;
  return own !== undefined && expected !== undefined && own.value === expected.value;
};

const settle = async (
  call: Call,
  intent: Entry,
  plan: KeyPlan,
  opened: Opened,
  wish: 'adopt' | 'destroy',
): Promise<Settled> => {
  const { desk } = call;
  const { at } = plan;
  return atToken({ desk, at, opened, plan: planOf(desk, plan) }, (bench) =>
    settleAt(bench, call, intent, plan, wish),
  );
};

const settleAt = async (
  bench: Bench,
  call: Call,
  intent: Entry,
  plan: KeyPlan,
  wish: 'adopt' | 'destroy',
): Promise<Settled> => {
  const { desk, plan: asked } = bench;
  const { at, key } = plan;
  const first = await findPlanned(bench);
  // Looking too early would show what is about to change: no key that then appears, or one that is then gone. Wait out the deadline, then look again (design 01).
  const { finishesAlone } = quirksOf(asked.request.family);
  const there = first.byId.objects.length;
  const pending = plan.kind === 'destroy' ? there > 0 : there < asked.targets.length;
  if (finishesAlone && pending) await desk.devices.waitUntil(untilIn(intent));
  const { byId } = await findPlanned(bench);

  const type =
    plan.kind === 'destroy'
      ? 'key.destroy'
      : plan.kind === 'import'
        ? 'key.import'
        : 'key.generate';
  const where = intent.ceremony === undefined ? {} : { ceremony: intent.ceremony };
  const common = { corr: intent.id, tokenSerial: at.token.serial, ...where, ...byCall(call) };
  const running = where.ceremony === undefined ? undefined : desk.ceremonies.get(where.ceremony.id);
  const stepIntent = running?.openIntent;
  const interrupted = running?.steps.find(({ step }) => step.id === where.ceremony?.step);
  const stepEntry = (success: boolean, observed: string): NewEntry[] =>
    stepIntent === undefined || interrupted === undefined
      ? []
      : [
          {
            type: 'ceremony.step',
            outcome: success ? 'success' : 'failure',
            corr: stepIntent,
            ...where,
            detail: {
              step: interrupted.step.id,
              attempt: interrupted.attempts,
              kind: interrupted.step.kind,
              observed,
            },
          },
        ];

  if (plan.kind === 'destroy') {
    const gone = byId.objects.length === 0;
    const record = requireKey(desk, key);
    const other = gone ? undefined : otherThan(record, byId);
    const halved = !gone && other === undefined && byId.objects.length < asked.targets.length;
    if (halved && wish === 'adopt')
      throw new KeymootError(
        'key-not-as-asked',
        'Half of this pair is destroyed already, so it can not be kept as it was. It can only be destroyed.',
      );
    const wanted = wish === 'destroy' && other === undefined;
    if (!gone && wanted) await destroyPlanned(bench);
    const done = gone || wanted;
    desk.closeIntent(
      intent.id,
      [
        {
          type,
          outcome: done ? 'success' : 'failure',
          ...(other === undefined ? {} : { reason: 'key-not-as-asked' }),
          ...common,
          detail: { key, recovered: true, objects: byId.objects.length },
        },
      ],
      () => {
        if (done) desk.store.keys.setDestroyed(key);
      },
    );
    if (other !== undefined) throw anotherKey(record, other);
    return done
      ? { outcome: 'destroyed', key, says: 'The key is not on the token any more.' }
      : { outcome: 'adopted', key, says: 'The key is still on the token, as it was.' };
  }

  /** There is no key, or none any more. */
  const closeWithout = (objects: number, says: string) =>
    desk.closeIntent(intent.id, [
      {
        type,
        outcome: 'failure',
        reason: 'interrupted',
        ...common,
        detail: { key, recovered: true, objects },
      },
      ...stepEntry(false, says),
    ]);
  if (byId.objects.length === 0) {
    const says =
      'The token was looked at after the last moment at which it could still have finished: nothing was made.';
    closeWithout(0, says);
    return { outcome: 'nothing-was-made', says };
  }
  const difference = unlike(asked, byId);
  if (wish === 'adopt' && (difference !== undefined || !isTheSum(plan, byId)))
    throw new KeymootError(
      'key-not-as-asked',
      difference !== undefined
        ? `What is on the token is not what was asked for: ${difference}. It can only be destroyed.`
        : 'The token has a key under the planned id, but gives no check value that proves it is the sum of the components. It can only be destroyed; the components are then entered again.',
    );
  if (wish === 'destroy') {
    const objects = await destroyPlanned(bench);
    const says =
      'What the interrupted act had made was destroyed, and its absence checked from a new process.';
    closeWithout(objects, says);
    return { outcome: 'destroyed', says };
  }
  const record = keyRecord(
    {
      id: key,
      at,
      request: requestOf(desk, plan),
      state: running === undefined ? 'active' : 'quarantine',
      control: controlOf(desk, at),
      created: new Date().toISOString(),
      ...(running === undefined ? {} : { ceremony: running.id }),
      ...(plan.check === undefined ? {} : { check: plan.check }),
    },
    byId,
  );
  const length = showsLength(asked, byId) ? '' : ' The token does not show its length.';
  const says = `The interrupted act had made the key that was asked for. It was adopted; no second one was made.${length}`;
  desk.closeIntent(
    intent.id,
    [
      {
        type,
        ...common,
        target: keyTarget(record),
        detail: keyDetail(record, {
          recovered: true,
          ...(plan.kind === 'import' ? { grade: 'C' as const } : {}),
        }),
      },
      ...stepEntry(true, says),
    ],
    () => {
      desk.store.keys.insert(record);
    },
  );
  return { outcome: 'adopted', key, says };
};

export const recoveryHandlers: Part<'recovery'> = {
  'recovery.list': { reads: true, run: (_input, { desk }) => desk.unfinished() },
  'recovery.settle': {
    about: ({ intent }, { desk }) => {
      const row = desk.store.intents.get(intent);
      const ceremony = row === undefined ? undefined : desk.journal.entry(row.seq).ceremony;
      return ceremony === undefined ? {} : { ceremony };
    },
    run: async ({ intent, login, found }, call) => {
      const { desk, channel } = call;
      requireRole(call, MANAGERS, 'Settling an interrupted act');
      desk.signer.require();
      const row = desk.store.intents.get(intent);
      if (row === undefined)
        throw new KeymootError('not-found', 'That act is settled already. Nothing was done.');
      const entry = desk.journal.entry(row.seq);
      const plan = planIn(entry);
      if (plan === undefined)
        throw new KeymootError(
          'state-refused',
          'Nothing of that act is on a token, so there is nothing to look for. It is settled by itself when Keymoot starts again.',
        );
      try {
        return await desk.withPin(login, channel, (pin) =>
          settle(call, entry, plan, { pin, lastTry: login.lastTry }, found),
        );
      } finally {
        if (entry.ceremony !== undefined) desk.ceremonies.forget(entry.ceremony.id);
        await desk.seal();
      }
    },
  },
};
