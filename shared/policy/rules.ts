/**
 * The rules of the policy document, each declared once: its title, what it demands, in a sentence, and what it refuses. The service refuses by them, the page disables
 * choices by them and shows their sentences, the command line prints these, and core checks definitions and approvals by them.
 *
 * A new rule is a member of the document (shared/domain/policy.ts) and an entry here. Rules about other things, a key's state or what a provider takes, are not the policy's.
 */
import { ALGORITHMS, type Algorithm, type Purpose } from '../domain/keys.ts';
import type { Policy } from '../domain/policy.ts';

/** A rule is named as its member of the document. */
export type RuleName = Exclude<keyof Policy, 'v' | 'version'>;

interface PolicyRule<Value, Facts> {
  title: string;
  /** What it demands, as a sentence. */
  says: (value: Value) => string;
  /** What of these facts it does not allow, as a noun; undefined when it allows them. */
  refuses: (value: Value, facts: Facts) => string | undefined;
}

/** Who may change a rule. One answer for all, since the document is approved as a whole (`policy.changed` in shared/log). */
const MAY_CHANGE =
  'Two administrators or officers can change it, by approving the next version of the policy';

const PURPOSE_WORDS: Readonly<Record<Purpose, string>> = {
  encrypt: 'encrypting',
  mac: 'message authentication',
  wrap: 'wrapping other keys',
  sign: 'signing',
  decrypt: 'decrypting',
  unwrap: 'unwrapping other keys',
  agree: 'key agreement',
};
export const purposeWords = (purpose: Purpose): string => PURPOSE_WORDS[purpose];

type Target = Policy['targets'][number];
const TARGET_WORDS: Readonly<Record<Target, string>> = { 'aws-kms': 'AWS KMS' };

const joined = (words: readonly string[]): string =>
  words.length < 2 ? (words[0] ?? '') : `${words.slice(0, -1).join(', ')} and ${words.at(-1)}`;

/** In the order in which people read them. */
export const POLICY_RULES = {
  algorithms: {
    title: 'Algorithms',
    says: (allowed) => {
      const missing = ALGORITHMS.filter((algorithm) => !allowed.includes(algorithm));
      return missing.length === 0
        ? 'Keys of every algorithm that Keymoot knows may be made.'
        : `Keys may be made of ${joined(allowed)}; not of ${joined(missing)}.`;
    },
    refuses: (allowed, { algorithm }: { algorithm: Algorithm }) =>
      allowed.includes(algorithm) ? undefined : `a key of ${algorithm}`,
  },
  extractable: {
    title: 'Keys that may leave',
    says: (allowed) =>
      allowed.length === 0
        ? 'No key may leave its token, not even wrapped.'
        : `Only keys for ${joined(allowed.map(purposeWords))} may be made so that they can leave their token, and then only wrapped.`,
    refuses: (allowed, { purpose, extractable }: { purpose: Purpose; extractable: boolean }) =>
      extractable && !allowed.includes(purpose)
        ? `a key for ${purposeWords(purpose)} that can leave its token`
        : undefined,
  },
  components: {
    title: 'Components',
    says: ({ least, most }) =>
      `A key formed from components has ${least === most ? String(least) : `${least} to ${most}`} of them.`,
    refuses: ({ least, most }, { count }: { count: number }) =>
      count < least || count > most ? `${count} components` : undefined,
  },
  approvals: {
    title: 'Approvals',
    says: (least) => `A ceremony’s definition needs approvals by ${least} different people.`,
    refuses: (least, { approvals }: { approvals: number }) =>
      approvals < least ? `${approvals} of ${least} approvals of its definition` : undefined,
  },
  strict: {
    title: 'Strict mode',
    says: (strict) =>
      strict
        ? 'Components are never entered on this computer.'
        : 'Components may be entered on this computer; the record of the ceremony says so in its grade.',
    refuses: (strict, { grade }: { grade: 'A' | 'B' | 'C' | 'D' }) =>
      strict && grade !== 'A' ? `a ceremony of grade ${grade}` : undefined,
  },
  targets: {
    title: 'Exports',
    says: (allowed) =>
      allowed.length === 0
        ? 'Keys are exported to no provider.'
        : `Keys may be exported to ${joined(allowed.map((target) => TARGET_WORDS[target]))}.`,
    refuses: (allowed, { target }: { target: Target }) =>
      allowed.includes(target) ? undefined : `an export to ${TARGET_WORDS[target]}`,
  },
  wrappingBits: {
    title: 'Wrapping keys',
    says: (least) => `The provider’s RSA wrapping key has at least ${least} bits.`,
    refuses: (least, { bits }: { bits: number }) =>
      bits < least ? `a wrapping key of ${bits} bits` : undefined,
  },
  pinHalf: {
    title: 'PIN halves',
    says: (least) => `Each half of a token’s PIN has at least ${least} characters.`,
    // SECURITY: how long a half is that was typed is in no message.
    refuses: (least, { characters }: { characters: number }) =>
      characters < least ? 'a shorter half of a PIN' : undefined,
  },
} as const satisfies { readonly [N in RuleName]: PolicyRule<Policy[N], never> };

export type FactsOf<N extends RuleName> = Parameters<(typeof POLICY_RULES)[N]['refuses']>[1];

/** TypeScript can't tell that an entry and the member of its name fit together; `satisfies` above checked it. */
const ruleOf = <N extends RuleName>(name: N) =>
  POLICY_RULES[name] as unknown as PolicyRule<Policy[N], FactsOf<N>>;

/** A rule of this policy, for a refusal: its title as the policy page has it, its name in the document, the version, what it demands, and who may change it. No full stop at the end. */
export const ruleWords = (policy: Policy, name: RuleName): string => {
  const { title, says } = ruleOf(name);
  return `Rule “${title}” (${name}) of the policy, version ${policy.version}, says: ${says(policy[name])} ${MAY_CHANGE}`;
};

/** Why the policy refuses these facts, in words that begin a message and have no full stop at their end; undefined when it does not. */
export const refusedBy = <N extends RuleName>(
  policy: Policy,
  name: N,
  facts: FactsOf<N>,
): string | undefined => {
  const what = ruleOf(name).refuses(policy[name], facts);
  return what === undefined
    ? undefined
    : `The policy does not allow it: ${what}. ${ruleWords(policy, name)}`;
};

const RULE_NAMES = Object.keys(POLICY_RULES) as RuleName[];

/** The policy as people read it: each rule with its title and sentence. */
export const policySentences = (
  policy: Policy,
): { name: RuleName; title: string; sentence: string }[] =>
  RULE_NAMES.map((name) => {
    const { title, says } = ruleOf(name);
    return { name, title, sentence: says(policy[name]) };
  });
