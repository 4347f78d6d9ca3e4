/** Keys: listed, shown, generated and destroyed, always with what the device itself says. */
import { randomBytes } from 'node:crypto';
import type { KeyView, LifeEvent } from '../../../shared/contract/keys.ts';
import type { KeyRecord, KeySummary } from '../../../shared/domain/keys.ts';
import { KeymootError } from '../../../shared/errors.ts';
import { hexToWords } from '../../core/checkvalues/fingerprint.ts';
import { claimsOf } from '../../core/keys/readback.ts';
import { purposesOf } from '../../core/keys/templates.ts';
import type { Desk } from '../desk.ts';
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
import { byActor, byCall, requireRole, type Call, type Part } from '../router.ts';
import { destroyKey, requireMayDestroy } from './key-destroy.ts';
import { controlOf, keyDetail, keyRecord, keyTarget, requireKey } from './key-facts.ts';
import type { Input } from '../../../shared/contract/index.ts';

/** R23: the witness types a check value from the letter, so no view of a key gives it before that; not among the attributes either. */
const blind = (key: KeyRecord): KeyRecord => {
  if (key.state !== 'quarantine') return key;
  const { check: _check, ...rest } = key;
  const { CKA_CHECK_VALUE: _value, ...attributes } = key.attributes;
  return { ...rest, attributes };
};
const blindSummary = (key: KeySummary): KeySummary => {
  if (key.state !== 'quarantine') return key;
  const { check: _check, ...rest } = key;
  return rest;
};

export const keyView = (desk: Desk, record: KeyRecord): KeyView => {
  const key = blind(record);
  const family = desk.store.modules.get(key.at.module)?.family ?? 'other';
  return {
    key,
    claims: [
      ...claimsOf(
        key.attributes,
        key.check?.method === 'P11-CHECK' ? key.check : undefined,
        family,
      ),
      {
        says: 'desk',
        claim:
          key.control === 'pin-halves'
            ? 'The token’s PIN is in two halves, and both were entered while two people proved themselves.'
            : 'Single control: this token’s PIN was not set in halves at this desk, so one person may know all of it.',
      },
    ],
    words: key.spkiSha256 === undefined ? [] : hexToWords(key.spkiSha256),
  };
};

const lifeOf = (desk: Desk, key: string): LifeEvent[] => {
  const entries = desk.store.keyEntries.of(key).map((seq) => desk.journal.entry(seq));
  const settled = new Set(entries.map(({ corr }) => corr));
  return entries
    .filter(({ id, outcome }) => outcome !== 'intent' || !settled.has(id))
    .map(({ seq, time, type, outcome }) => ({ seq, time, type, outcome }));
};

const checkPolicy = (
  desk: Desk,
  { algorithm, purpose, extractable }: Input<'keys.generate'>,
): void => {
  const policy = desk.policy();
  const refuse = (rule: string, words: string) =>
    new KeymootError(
      'policy-refused',
      `${words} (policy version ${policy.version}, rule “${rule}”; two administrators or officers can change it). Nothing was made.`,
      { fields: { rule } },
    );
  if (!policy.algorithms.includes(algorithm))
    throw refuse('algorithms', `The policy does not allow ${algorithm}.`);
  if (extractable && !policy.extractable.includes(purpose))
    throw refuse('extractable', `The policy lets no ${purpose} key leave the token.`);
  if (!purposesOf(algorithm).includes(purpose))
    throw new KeymootError(
      'input-invalid',
      `${algorithm} keys are for: ${purposesOf(algorithm).join(', ')}. Nothing was made.`,
      { fields: { purpose: `not for ${algorithm}` } },
    );
};

const generate = async (
  input: Input<'keys.generate'>,
  call: Call,
  opened: Opened,
): Promise<KeyView> => {
  const { desk } = call;
  const { at, algorithm, purpose, extractable, label } = input;
  const key = uuidv7();
  const keyPlan: KeyPlan = {
    what: `generating ${algorithm} “${label}” on token “${at.token.label}”`,
    at,
    key,
    kind: 'generate',
    algorithm,
    purpose,
    extractable,
    label,
    ckaid: randomBytes(16).toString('hex'),
  };
  const plan = planOf(desk, keyPlan);
  if (!('mechanism' in plan)) throw new Error('keys: a plan to generate was expected');
  await requireFree(desk, at, opened, plan);
  const target = keyTarget({ label, ckaid: keyPlan.ckaid });
  const intent = desk.openIntent(
    {
      type: 'key.generate',
      detail: {
        key,
        algorithm,
        label,
        purpose,
        extractable,
        ckaid: keyPlan.ckaid,
        token: at.token,
      },
      target,
      tokenSerial: at.token.serial,
      ...byCall(call),
    },
    keyPlan,
    plan.deadlineMs,
  );
  const started = Date.now();
  const ticker = setInterval(() => {
    desk.emit('progress', {
      request: call.requestId,
      text: `The token is generating ${algorithm}. This can’t be cancelled.`,
      elapsedMs: Date.now() - started,
    });
  }, 500);
  const failed = (reason: string, objects: number) => ({
    type: 'key.generate' as const,
    outcome: 'failure' as const,
    corr: intent.id,
    reason,
    target,
    tokenSerial: at.token.serial,
    detail: { key, objects },
    ...byActor(call),
  });
  let made;
  try {
    made = await desk.devices.with(at.module, 'act', (client) =>
      client.call(
        'generate',
        {
          token: at.token,
          pin: opened.pin,
          lastTry: opened.lastTry,
          mechanism: plan.mechanism,
          ...(plan.secret ? { secret: plan.secret } : {}),
          ...(plan.publicKey ? { publicKey: plan.publicKey } : {}),
          ...(plan.privateKey ? { privateKey: plan.privateKey } : {}),
          targets: plan.targets,
          label,
          cmac: plan.cmac,
        },
        { deadlineMs: plan.deadlineMs },
      ),
    );
  } catch (error) {
    if (isUncertain(error))
      // The intent stays open: the device may still finish. Recovery looks again after its deadline, and never repeats.
      throw new KeymootError(
        'recovery-needed',
        `${error instanceof Error ? error.message : 'The token failed.'} Whether a key was made is not known yet. Settle it under Recovery; nothing else is done on this token before.`,
        {
          cause: error,
          fields: {
            intent: intent.id,
            cause: error instanceof KeymootError ? error.code : 'internal',
          },
        },
      );
    // The device refused in words. It may still have made half of something, so look, and leave nothing behind.
    // If even that can't be done the intent stays open, and Recovery looks again.
    const objects = await destroyPlanned(desk, at, opened, plan).catch(() => undefined);
    if (objects === undefined) throw error;
    desk.closeIntent(intent.id, [failed(reasonOf(error), objects)]);
    await desk.seal();
    throw error;
  } finally {
    clearInterval(ticker);
  }
  const difference = unlike(plan, made);
  if (difference !== undefined) {
    const objects = await destroyPlanned(desk, at, opened, plan);
    desk.closeIntent(intent.id, [failed('key-not-as-asked', objects)]);
    await desk.seal();
    throw new KeymootError(
      'key-not-as-asked',
      `The token made something other than was asked for: ${difference}. It was destroyed again, and its absence checked.`,
    );
  }
  const record = keyRecord(
    {
      id: key,
      at,
      request: plan.request,
      state: 'active',
      control: controlOf(desk, at),
      created: new Date().toISOString(),
    },
    made,
  );
  desk.closeIntent(
    intent.id,
    [
      {
        type: 'key.generate',
        corr: intent.id,
        target: keyTarget(record),
        tokenSerial: at.token.serial,
        detail: keyDetail(record),
        ...byActor(call),
      },
    ],
    () => {
      desk.store.keys.insert(record);
    },
  );
  await desk.seal();
  return keyView(desk, record);
};

export const keysHandlers: Part<'keys'> = {
  'keys.list': { reads: true, run: (_input, { desk }) => desk.store.keys.all().map(blind) },
  'keys.page': {
    reads: true,
    run: ({ from, limit }, { desk }) => {
      const { keys, ...page } = desk.store.keys.page(from, limit);
      return { ...page, keys: keys.map(blindSummary) };
    },
  },
  'keys.show': { reads: true, run: ({ key }, { desk }) => keyView(desk, requireKey(desk, key)) },
  'keys.life': {
    reads: true,
    run: ({ key }, { desk }) => lifeOf(desk, requireKey(desk, key).id),
  },
  'keys.generate': {
    run: async (input, call) => {
      const { desk, channel } = call;
      desk.requireReady();
      desk.signer.require();
      requireRole(call, ['administrator', 'officer', 'operator'], 'Generating keys');
      desk.requireSettled(input.at);
      checkPolicy(desk, input);
      return desk.withPin(input.login, channel, (pin) =>
        generate(input, call, { pin, lastTry: input.login.lastTry }),
      );
    },
  },
  'keys.destroy': {
    run: async ({ key: id, typed, login }, call) => {
      const { desk, channel } = call;
      desk.requireReady();
      desk.signer.require();
      const key = requireKey(desk, id);
      requireMayDestroy(key, typed, call);
      desk.requireSettled(key.at);
      if (key.ceremony !== undefined && desk.ceremonies.isOpen(key.ceremony))
        throw new KeymootError(
          'state-refused',
          'This key’s ceremony is not over. Abort the ceremony: that destroys its key. Nothing was destroyed.',
          { fields: { ceremony: key.ceremony } },
        );
      await desk.withPin(login, channel, (pin) =>
        destroyKey(key, call, { pin, lastTry: login.lastTry }),
      );
      await desk.seal();
      return requireKey(desk, id);
    },
  },
};
