/** Each rule of the policy: what it refuses, and that a refusal says which rule, of which version, demands what, and who may change it. */
import { describe, expect, test } from 'vitest';
import { DEFAULT_POLICY, type Policy } from '../../shared/domain/policy.ts';
import { declarationOf } from '../../shared/log/entries.ts';
import {
  policySentences,
  POLICY_RULES,
  refusedBy,
  type FactsOf,
  type RuleName,
} from '../../shared/policy/rules.ts';
import { refusedByPolicy } from '../../custody/service/policy.ts';

const NARROW: Policy = {
  ...DEFAULT_POLICY,
  version: 7,
  algorithms: ['AES-256'],
  extractable: [],
  components: { least: 3, most: 4 },
  approvals: 3,
  strict: true,
  targets: [],
  wrappingBits: 4096,
  pinHalf: 8,
};
interface Case<N extends RuleName> {
  refused: FactsOf<N>[];
  /** Facts that the narrow policy allows; of a list that is empty there are none. */
  allowed: FactsOf<N>[];
  says: RegExp;
}
const CASES: { [N in RuleName]: Case<N> } = {
  algorithms: {
    refused: [{ algorithm: 'RSA-2048' }],
    allowed: [{ algorithm: 'AES-256' }],
    says: /RSA-2048\. .*Keys may be made of AES-256; not of AES-128, .* and Ed25519\./,
  },
  extractable: {
    refused: [{ purpose: 'encrypt', extractable: true }],
    allowed: [{ purpose: 'encrypt', extractable: false }],
    says: /for encrypting that can leave its token\. .*No key may leave/,
  },
  components: {
    refused: [{ count: 2 }, { count: 5 }],
    allowed: [{ count: 3 }, { count: 4 }],
    says: /[25] components\. .*has 3 to 4 of them/,
  },
  approvals: {
    refused: [{ approvals: 0 }, { approvals: 2 }],
    allowed: [{ approvals: 3 }],
    says: /[02] of 3 approvals of its definition\. .*3 different people/,
  },
  strict: {
    refused: [{ grade: 'B' }, { grade: 'C' }],
    allowed: [{ grade: 'A' }],
    says: /of grade [BC]\. .*never entered on this computer/,
  },
  targets: {
    refused: [{ target: 'aws-kms' }],
    allowed: [],
    says: /an export to AWS KMS\. .*exported to no provider/,
  },
  wrappingBits: {
    refused: [{ bits: 3072 }],
    allowed: [{ bits: 4096 }],
    says: /of 3072 bits\. .*at least 4096 bits/,
  },
  pinHalf: {
    refused: [{ characters: 0 }, { characters: 7 }],
    allowed: [{ characters: 8 }],
    // Not how long it was.
    says: /^[^07]*a shorter half of a PIN\. .*at least 8 characters/,
  },
};

const check = <N extends RuleName>(name: N, { refused, allowed, says }: Case<N>): void => {
  describe(`the rule “${name}”`, () => {
    test.each(refused)('refuses %o, and says what may be done about it', (facts) => {
      const error = refusedByPolicy(NARROW, name, facts, 'Nothing was made.');
      expect(error).toMatchObject({ code: 'policy-refused', fields: { rule: name } });
      const { message = '' } = error ?? {};
      expect(message).toMatch(says);
      expect(message).toContain(
        `Rule “${POLICY_RULES[name].title}” (${name}) of the policy, version 7, says: `,
      );
      expect(message).toMatch(
        / Two administrators or officers can change it, by approving the next version of the policy\. Nothing was made\.$/,
      );
    });
    test('allows everything else', () => {
      for (const facts of allowed) expect(refusedByPolicy(NARROW, name, facts, '')).toBeUndefined();
    });
  });
};
for (const name of Object.keys(CASES) as RuleName[]) check(name, CASES[name] as Case<typeof name>);

test('the policy in force by default allows what its sentences say', () => {
  expect(refusedBy(DEFAULT_POLICY, 'targets', { target: 'aws-kms' })).toBeUndefined();
  expect(refusedBy(DEFAULT_POLICY, 'strict', { grade: 'C' })).toBeUndefined();
});

test('those who may change a rule are those whose agreement the log takes for a policy', () => {
  expect(declarationOf('policy.changed').outside).toEqual([
    { channels: ['policy.approve'], by: 'managers', count: 2 },
  ]);
});

test('every member of the document is a rule with a title and a sentence of its own, which changes with it', () => {
  const { v: _v, version: _version, ...members } = NARROW;
  expect(Object.keys(POLICY_RULES).toSorted()).toEqual(Object.keys(members).toSorted());
  const [before, after] = [policySentences(DEFAULT_POLICY), policySentences(NARROW)];
  expect(new Set(before.map(({ title }) => title)).size).toBe(before.length);
  for (const [at, { sentence }] of after.entries()) expect(sentence).not.toBe(before[at]?.sentence);
});
