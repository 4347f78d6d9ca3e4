/** Refusing what the policy does not allow: every refusal names the rule and who can change it (shared/policy). */
import { KeymootError, type ErrorCode } from '../../shared/errors.ts';
import { refusedBy, type FactsOf, type RuleName } from '../../shared/policy/rules.ts';
import type { Desk } from './desk.ts';

/**
 * @param then what was not done, or what to do next: the last sentence
 * @throws KeymootError policy-refused, or the code that an act of this kind has
 */
export const requirePolicy = <R extends RuleName>(
  desk: Desk,
  name: R,
  facts: FactsOf<R>,
  then: string,
  code: ErrorCode = 'policy-refused',
): void => {
  const why = refusedBy(desk.policy(), name, facts);
  if (why !== undefined) throw new KeymootError(code, `${why} ${then}`, { fields: { rule: name } });
};
