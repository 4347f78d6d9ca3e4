/**
 * The key that an intent is about: written into its entry, and read from there alone. SECURITY: an interrupted act is settled, and so a key adopted or destroyed, by
 * this, so nothing of it lies where it could be changed unseen.
 */
import { z } from 'zod';
import { Hex, Time, Uuid } from '../../shared/domain/basics.ts';
import { Algorithm, Check, KeyLabel, Purpose } from '../../shared/domain/keys.ts';
import { TokenIdentity, type TokenRef } from '../../shared/domain/tokens.ts';
import type { Detail, Entry } from '../../shared/log/entries.ts';

/** What the intent's detail must say for the act to be settled. All of it public. */
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

/** The wish as an intent's entry says it. Of which ceremony and step it is, the entry's frame says; until when, whoever writes it. */
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

/** Undefined when nothing of it can be on a token, as of a wrap, whose objects die with its process; and when the entry does not say enough. */
export const wishIn = ({ type, detail }: Entry): KeyWish | undefined => {
  if (type !== 'key.generate' && type !== 'key.import' && type !== 'key.destroy') return undefined;
  const planned = Planned.safeParse(detail);
  if (!planned.success) return undefined;
  const { module, token, until: _until, ...wish } = planned.data;
  return { ...wish, kind: KINDS[type], at: { module, token } };
};

/** In words, for whoever reads that it is not settled. */
export const whatIn = (entry: Entry): string => {
  const wish = wishIn(entry);
  return wish === undefined
    ? `wrapping “${entry.target?.label ?? ''}” for an export`
    : `${DOING[wish.kind]} ${wish.algorithm} “${wish.label}” on token “${wish.at.token.label}”`;
};

/** Until when the device may still finish, ms since 1970; 0 when the entry does not say. */
export const untilIn = ({ detail }: Entry): number =>
  'until' in detail && detail.until !== undefined ? Date.parse(detail.until) : 0;

/** No device is given longer for one call, ms. */
const LONGEST_CALL_MS = 3_600_000;

/** SECURITY: by what an open intent says a key is adopted or destroyed, and what it says that people did not sign must make sense by itself. */
export const canBeSettled = (intent: Entry): boolean => {
  const { type, time } = intent;
  if (untilIn(intent) > Date.parse(time) + LONGEST_CALL_MS) return false;
  return !Object.hasOwn(KINDS, type) || wishIn(intent) !== undefined;
};
