/** A policy as people read it: a sentence for each rule. */
import { Text } from '@mantine/core';
import { ALGORITHMS } from '../../shared/domain/keys.ts';
import type { Policy } from '../../shared/domain/policy.ts';

const PURPOSE_WORDS = {
  encrypt: 'encrypting',
  mac: 'message authentication',
  wrap: 'wrapping other keys',
  sign: 'signing',
  decrypt: 'decrypting',
  unwrap: 'unwrapping other keys',
  agree: 'key agreement',
} as const;
export const purposeWords = (purpose: keyof typeof PURPOSE_WORDS): string => PURPOSE_WORDS[purpose];

const joined = (words: readonly string[]): string =>
  words.length < 2 ? (words[0] ?? '') : `${words.slice(0, -1).join(', ')} and ${words.at(-1)}`;

export const policySentences = (policy: Policy): string[] => {
  const { algorithms, extractable, components, approvals, strict, targets } = policy;
  const all = ALGORITHMS.every((algorithm) => algorithms.includes(algorithm));
  const missing = ALGORITHMS.filter((algorithm) => !algorithms.includes(algorithm));
  return [
    all
      ? 'Keys of every algorithm that Keymoot knows may be made.'
      : `Keys may be made of ${joined(algorithms)}; not of ${joined(missing)}.`,
    extractable.length === 0
      ? 'No key may leave its token, not even wrapped.'
      : `Only keys for ${joined(extractable.map(purposeWords))} may be made so that they can leave their token, and then only wrapped.`,
    components.least === components.most
      ? `A key formed from components has ${components.least} of them.`
      : `A key formed from components has ${components.least} to ${components.most} of them.`,
    `A ceremony’s definition needs approvals by ${approvals} different people.`,
    strict
      ? 'Strict mode: components are never entered on this computer.'
      : 'Components may be entered on this computer; the record of the ceremony says so in its grade.',
    targets.length === 0 ? 'Keys are exported to no provider.' : 'Keys may be exported to AWS KMS.',
    `The provider’s RSA wrapping key has at least ${policy.wrappingBits} bits.`,
    `Each half of a token’s PIN has at least ${policy.pinHalf} characters.`,
  ];
};

export const PolicySentences = ({ policy }: { policy: Policy }) => (
  <ul style={{ margin: 0, paddingLeft: '1.2em', maxWidth: '44em' }}>
    {policySentences(policy).map((sentence) => (
      <li key={sentence} style={{ marginBottom: 4 }}>
        <Text component="span">{sentence}</Text>
      </li>
    ))}
  </ul>
);
