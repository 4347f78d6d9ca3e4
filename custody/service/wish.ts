/**
 * The key that an intent is about: written into its entry, and read only from there. SECURITY: recovery adopts or destroys a key by the wish, so it must not be
 * stored where it could be changed unnoticed.
 */
import { z } from 'zod';
import { Hex, Time, Uuid } from '../../shared/domain/basics.ts';
import { Algorithm, Check, KeyLabel, Purpose } from '../../shared/domain/keys.ts';
import { TokenIdentity, type TokenRef } from '../../shared/domain/tokens.ts';
import type { Detail, Entry } from '../../shared/log/entries.ts';

/** The members that the intent's detail must have for the act to be settled. All of them are public. */
const Planned = z.object({
  key: Uuid,
  algorithm: Algorithm,
  purpose: Purpose,
  extractable: z.boolean(),
  label: KeyLabel,
  ckaid: Hex,
  module: Uuid,
  token: TokenIdentity,
  /** Import: what the holder computed, to recognise the key by; `p11` is by the token's own method. */
  check: Check.optional(),
  p11: Check.optional(),
  until: Time,
});

export interface KeyWish extends Omit<z.infer<typeof Planned>, 'module' | 'token' | 'until'> {
  kind: 'generate' | 'import' | 'destroy';
  at: TokenRef;
}

/** The wish as detail of an intent's entry. The entry's frame has the ceremony and step; the writer of the entry adds the deadline. */
export const wishDetail = (wish: KeyWish): Detail<'key.generate'> => {
  const { key, at, algorithm, purpose, extractable, label, ckaid, check, p11 } = wish;
  return {
    ...{ key, algorithm, purpose, extractable, label, ckaid, ...at },
    ...(check === undefined ? {} : { check }),
    ...(p11 === undefined ? {} : { p11 }),
  };
};

const KINDS = {
  'key.generate': 'generate',
  'key.import': 'import',
  'key.destroy': 'destroy',
} as const;
const DOING = { generate: 'generating', import: 'forming', destroy: 'destroying' } as const;

/** Undefined when the act leaves nothing on a token (a wrap's objects end with its process) or when the entry lacks members. */
export const wishIn = ({ type, detail }: Entry): KeyWish | undefined => {
  if (type !== 'key.generate' && type !== 'key.import' && type !== 'key.destroy') return undefined;
  const planned = Planned.safeParse(detail);
  if (!planned.success) return undefined;
  const { module, token, until: _until, ...wish } = planned.data;
  return { ...wish, kind: KINDS[type], at: { module, token } };
};

/** A description of the unsettled act, for people. */
export const whatIn = (entry: Entry): string => {
  const wish = wishIn(entry);
  return wish === undefined
    ? `wrapping “${entry.target?.label ?? ''}” for an export`
    : `${DOING[wish.kind]} ${wish.algorithm} “${wish.label}” on token “${wish.at.token.label}”`;
};

/** Until when the device may still finish, ms since 1970; 0 when the entry does not say. */
export const untilIn = ({ detail }: Entry): number =>
  'until' in detail && detail.until !== undefined ? Date.parse(detail.until) : 0;

/** The longest deadline of one call to a device, ms. */
const LONGEST_CALL_MS = 3_600_000;

/** SECURITY: recovery adopts or destroys a key by an open intent, so the members that people did not sign must be plausible by themselves. */
export const canBeSettled = (intent: Entry): boolean => {
  const { type, time } = intent;
  if (untilIn(intent) > Date.parse(time) + LONGEST_CALL_MS) return false;
  return !Object.hasOwn(KINDS, type) || wishIn(intent) !== undefined;
};
