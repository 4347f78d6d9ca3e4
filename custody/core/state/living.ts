/** Where living keys lie: a CKA_ID is given once on a token. */
import type { KeyDetail } from '../../../shared/log/types/keys.ts';
import { tokenId, type KeyFact, type State } from './state.ts';

const place = ({ module, token, ckaid }: KeyDetail): string | undefined =>
  ckaid === undefined ? undefined : `${tokenId(module, token)} ${ckaid}`;

export const isTaken = ({ living }: State, planned: KeyDetail): boolean => {
  const at = place(planned);
  return at !== undefined && living.has(at);
};
/** The key lies where it says. */
export const settle = ({ living }: State, { id, made }: KeyFact): void => {
  const at = place(made);
  if (at !== undefined) living.set(at, new Set([...(living.get(at) ?? []), id]));
};
/** It does not lie there any more. SECURITY: another key may, since a token can be moved onto one that has the same CKA_ID; the place stays taken then. */
export const unsettle = ({ living }: State, { id, made }: KeyFact): void => {
  const at = place(made);
  if (at === undefined) return;
  const others = new Set([...(living.get(at) ?? [])].filter((other) => other !== id));
  if (others.size > 0) living.set(at, others);
  else living.delete(at);
};
