/** A policy as people read it: a sentence for each rule. */
import { Text } from '@mantine/core';
import type { Policy } from '../../shared/domain/policy.ts';
import { policySentences } from '../../shared/policy/rules.ts';

export const PolicySentences = ({ policy }: { policy: Policy }) => (
  <ul style={{ margin: 0, paddingLeft: '1.2em', maxWidth: '44em' }}>
    {policySentences(policy).map((sentence) => (
      <li key={sentence} style={{ marginBottom: 4 }}>
        <Text component="span">{sentence}</Text>
      </li>
    ))}
  </ul>
);
