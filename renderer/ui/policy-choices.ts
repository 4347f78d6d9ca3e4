/** Choices of which the policy refuses some: these are disabled, and the rule stands beside them with who may change it. */
import type { Policy } from '../../shared/domain/policy.ts';
import { refusedBy, ruleWords, type FactsOf, type RuleName } from '../../shared/policy/rules.ts';

/** A reason as a sentence; undefined where the policy allows it or is not known yet. */
export const whyNotByPolicy = <N extends RuleName>(
  policy: Policy | undefined,
  rule: N,
  facts: FactsOf<N>,
): string | undefined => {
  const why = policy === undefined ? undefined : refusedBy(policy, rule, facts);
  return why === undefined ? undefined : `${why}.`;
};

export interface PolicyOption {
  value: string;
  label: string;
  refused: boolean;
}

/** What a select shows of options that one rule is about; `about`: what is said of it in any case. */
export const policyOptions = (
  policy: Policy | undefined,
  rule: RuleName,
  options: readonly PolicyOption[],
  about?: string,
): {
  description: string | undefined;
  data: { value: string; label: string; disabled: boolean }[];
} => ({
  description:
    policy !== undefined && options.some(({ refused }) => refused)
      ? `${about === undefined ? '' : `${about} `}${ruleWords(policy, rule)}.`
      : about,
  data: options.map(({ value, label, refused }) => ({
    value,
    label: refused ? `${label} (not allowed by the policy)` : label,
    disabled: refused,
  })),
});
