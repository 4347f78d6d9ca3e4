/** Keys: listed, shown, generated and destroyed, always with the device's own answers. */
import type { KeyView, LifeEvent } from '../../../shared/contract/keys.ts';
import type { KeyRecord, KeySummary } from '../../../shared/domain/keys.ts';
import { KeymootError } from '../../../shared/errors.ts';
import { hexToWords } from '../../core/checkvalues/fingerprint.ts';
import { claimsOf } from '../../core/keys/readback.ts';
import { purposesOf } from '../../core/keys/templates.ts';
import type { Desk } from '../desk.ts';
import { requireRole, type Part } from '../router.ts';
import { destroyKey, requireMayDestroy } from './key-destroy.ts';
import { generateKey } from './key-generate.ts';
import { requireKey } from './key-facts.ts';
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
  const entries = desk.store.index.of('key', key).map((seq) => desk.journal.entry(seq));
  const settled = new Set(entries.map(({ corr }) => corr));
  return entries
    .filter(({ id, outcome }) => outcome !== 'intent' || !settled.has(id))
    .map(({ seq, time, type, outcome, detail }) => ({
      ...{ seq, time, type, outcome },
      recovered: 'recovered' in detail && detail.recovered === true,
    }));
};

const checkWish = (
  desk: Desk,
  { algorithm, purpose, extractable }: Input<'keys.generate'>,
): void => {
  desk.requireAllowed('algorithms', { algorithm }, 'Nothing was made.');
  desk.requireAllowed('extractable', { purpose, extractable }, 'Nothing was made.');
  if (!purposesOf(algorithm).includes(purpose))
    throw new KeymootError(
      'input-invalid',
      `${algorithm} keys are for: ${purposesOf(algorithm).join(', ')}. Nothing was made.`,
      { fields: { purpose: `not for ${algorithm}` } },
    );
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
      checkWish(desk, input);
      const { id } = await desk.withPin(input.login, channel, (pin) =>
        generateKey(input, call, { pin, lastTry: input.login.lastTry }),
      );
      await desk.seal();
      return keyView(desk, requireKey(desk, id));
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
