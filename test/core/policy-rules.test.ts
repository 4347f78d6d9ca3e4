/** Each rule of the policy: what it refuses, and that the refusal names the rule, the version and who can change it. */
import { describe, expect, it } from 'vitest';
import { DEFAULT_POLICY, type Policy } from '../../shared/domain/policy.ts';
import {
  POLICY_RULES,
  policySentences,
  refusedBy,
  type FactsOf,
  type RuleName,
} from '../../shared/policy/rules.ts';

const STRICT: Policy = {
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
/** Facts that the strict policy refuses, and facts that it allows. */
const CASES: { [R in RuleName]: [refused: FactsOf<R>, allowed: FactsOf<R> | undefined] } = {
  algorithms: [{ algorithm: 'RSA-2048' }, { algorithm: 'AES-256' }],
  extractable: [
    { purpose: 'encrypt', extractable: true },
    { purpose: 'encrypt', extractable: false },
  ],
  components: [{ count: 2 }, { count: 4 }],
  approvals: [{ approvals: 2 }, { approvals: 3 }],
  strict: [{ grade: 'C' }, { grade: 'A' }],
  targets: [{ target: 'aws-kms' }, undefined],
  wrappingBits: [{ bits: 3072 }, { bits: 4096 }],
  pinHalf: [{ characters: 7 }, { characters: 8 }],
};

describe.each(Object.keys(CASES) as RuleName[])('the rule “%s”', (name) => {
  const [refused, allowed] = CASES[name];
  it('is named by its refusal, with the version and who can change it', () => {
    const why = refusedBy(STRICT, name, refused as never);
    expect(why).toContain(`rule “${name}”`);
    expect(why).toContain('policy version 7');
    expect(why).toContain('two administrators or officers can change it');
  });
  it('lets pass what it allows', () => {
    if (allowed !== undefined) expect(refusedBy(STRICT, name, allowed as never)).toBeUndefined();
    expect(
      refusedBy({ ...STRICT, targets: ['aws-kms'] }, 'targets', { target: 'aws-kms' }),
    ).toBeUndefined();
  });
});

it('has a sentence for each member of the document, and another when the member changes', () => {
  const { v: _v, version: _version, ...members } = STRICT;
  expect(Object.keys(POLICY_RULES).sort()).toEqual(Object.keys(members).sort());
  const [before, after] = [policySentences(DEFAULT_POLICY), policySentences(STRICT)];
  expect(after).toHaveLength(before.length);
  expect(after.filter((sentence) => before.includes(sentence))).toEqual([]);
});
