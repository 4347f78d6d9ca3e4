/** A policy as people read it: a sentence for each rule, under the title by which the rule is found. */
import type { Policy } from '../../shared/domain/policy.ts';
import { policySentences } from '../../shared/policy/rules.ts';
import { Facts } from './messages.tsx';

export const PolicySentences = ({ policy }: { policy: Policy }) => (
  <Facts rows={policySentences(policy).map(({ title, sentence }) => [title, sentence])} />
);
