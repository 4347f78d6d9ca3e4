/** Keys: listed, shown, generated and destroyed, always with what the device itself says. */
import { randomBytes } from 'node:crypto';
import type { KeyView, LifeEvent } from '../../../shared/contract/keys.ts';
import type { KeyRecord, KeySummary } from '../../../shared/domain/keys.ts';
import { KeymootError } from '../../../shared/errors.ts';
import { hexToWords } from '../../core/checkvalues/fingerprint.ts';
import { claimsOf } from '../../core/keys/readback.ts';
import { purposesOf } from '../../core/keys/templates.ts';
import type { Desk, KeyIntent } from '../desk.ts';
import { uuidv7 } from '../ids.ts';
import {
  atToken,
  destroyPlanned,
  planOf,
  requireFree,
  underIntent,
  unlike,
  type Opened,
} from '../key-work.ts';
import { planDetail, type KeyPlan } from '../plan.ts';
import { reasonOf } from '../reason.ts';
import { byActor, byCall, requireRole, type Call, type Part } from '../router.ts';
import { telling } from '../telling.ts';
import { destroyKey, requireMayDestroy } from './key-destroy.ts';
import { controlOf, keyDetail, keyRecord, keyTarget, requireKey } from './key-facts.ts';
import type { Input } from '../../../shared/contract/index.ts';
import { STAFF } from '../../../shared/domain/people.ts';

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
            ? 'The token’s PIN was set here in two halves while two people proved themselves, and both halves were entered while two did.'
            : 'Single control: no two people proved themselves at this desk when this token’s PIN was set, so one person may know all of it.',
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
    .map(({ seq, time, type, outcome, detail }) => ({
      ...{ seq, time, type, outcome },
      recovered: 'recovered' in detail && detail.recovered === true,
    }));
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
  const target = keyTarget({ label, ckaid: keyPlan.ckaid });
  const tokenSerial = at.token.serial;
  const record = await atToken({ desk, at, opened, plan }, async (bench) => {
    await requireFree(bench);
    const intent: KeyIntent = {
      type: 'key.generate',
      detail: planDetail(keyPlan),
      target,
      tokenSerial,
      ...byCall(call),
    };
    return bench.inNew((client) =>
      underIntent(bench, client, {
        entries: [intent],
        deadlineMs: plan.deadlineMs,
        ask: () =>
          telling(call, `The token is generating ${algorithm}. This can’t be cancelled.`, () =>
            client.call(
              'generate',
              {
                token: at.token,
                ...opened,
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
          ),
        close: async (heard, [corr = '']) => {
          // It leaves nothing behind, whether the device refused half way or made something else.
          const undo = async (reason: string) => {
            const objects = await destroyPlanned(bench);
            desk.closeIntent(corr, [
              {
                type: 'key.generate',
                outcome: 'failure',
                corr,
                reason,
                target,
                tokenSerial,
                detail: { key, objects },
                ...byActor(call),
              },
            ]);
            await desk.seal();
          };
          if ('refused' in heard) {
            await undo(reasonOf(heard.refused));
            throw heard.refused;
          }
          const difference = unlike(plan, heard.answer);
          if (difference !== undefined) {
            await undo('key-not-as-asked');
            throw new KeymootError(
              'key-not-as-asked',
              `The token made something other than was asked for: ${difference}. It was destroyed again, and its absence checked.`,
            );
          }
          const made = keyRecord(
            {
              id: key,
              at,
              request: plan.request,
              state: 'active',
              control: controlOf(desk, at),
              created: new Date().toISOString(),
            },
            heard.answer,
          );
          desk.closeIntent(
            corr,
            [
              {
                type: 'key.generate',
                corr,
                target: keyTarget(made),
                tokenSerial,
                detail: keyDetail(made),
                ...byActor(call),
              },
            ],
            () => {
              desk.store.keys.insert(made);
            },
          );
          return made;
        },
      }),
    );
  });
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
      requireRole(call, STAFF, 'Generating keys');
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
