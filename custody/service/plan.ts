/**
 * What an intent on a token planned: written into its entry, and told from there alone. SECURITY: whoever settles an interrupted act adopts or destroys a key by
 * this, so nothing of it lies where it could be changed unseen.
 */
import { z } from 'zod';
import { Hex, Time, Uuid } from '../../shared/domain/basics.ts';
import { Algorithm, Check, KeyLabel, Purpose } from '../../shared/domain/keys.ts';
import { TokenIdentity, type TokenRef } from '../../shared/domain/tokens.ts';
import type { Detail, Entry } from '../core/audit/entry.ts';

/** What the intent's detail must say, or nobody could settle it. All of it public. */
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

export interface KeyPlan extends Omit<z.infer<typeof Planned>, 'module' | 'token' | 'until'> {
  kind: 'generate' | 'import' | 'destroy';
  at: TokenRef;
}

/** The plan as an intent's entry says it. Of which ceremony and step it is, the entry's frame says; until when, whoever writes it. */
export const planDetail = (plan: KeyPlan): Detail<'key.generate'> => {
  const { key, at, algorithm, purpose, extractable, label, ckaid, check, p11 } = plan;
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
export const planIn = ({ type, detail }: Entry): KeyPlan | undefined => {
  if (type !== 'key.generate' && type !== 'key.import' && type !== 'key.destroy') return undefined;
  const planned = Planned.safeParse(detail);
  if (!planned.success) return undefined;
  const { module, token, until: _until, ...plan } = planned.data;
  return { ...plan, kind: KINDS[type], at: { module, token } };
};

/** In words, for whoever reads that it is not settled. */
export const whatIn = (entry: Entry): string => {
  const plan = planIn(entry);
  return plan === undefined
    ? `wrapping “${entry.target?.label ?? ''}” for AWS KMS`
    : `${DOING[plan.kind]} ${plan.algorithm} “${plan.label}” on token “${plan.at.token.label}”`;
};

/** Until when the device may still finish, ms since 1970; 0 when the entry does not say. */
export const untilIn = ({ detail }: Entry): number =>
  'until' in detail && detail.until !== undefined ? Date.parse(detail.until) : 0;
