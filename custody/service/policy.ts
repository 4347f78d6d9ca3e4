/** Refusing what the policy does not allow: every refusal names the rule and who can change it (shared/policy). */
import type { Policy } from '../../shared/domain/policy.ts';
import { KeymootError } from '../../shared/errors.ts';
import { refusedBy, type FactsOf, type RuleName } from '../../shared/policy/rules.ts';

/** The refusal of these facts by one rule, or undefined. `then`: what was not done, or what to do next; the last sentence. */
export const refusedByPolicy = <N extends RuleName>(
  policy: Policy,
  name: N,
  facts: FactsOf<N>,
  then: string,
): KeymootError | undefined => {
  const why = refusedBy(policy, name, facts);
  return why === undefined
    ? undefined
    : new KeymootError('policy-refused', `${why}. ${then}`, { fields: { rule: name } });
};
