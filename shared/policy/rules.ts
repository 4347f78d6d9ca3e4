/**
 * The rules of the policy document, each declared once: what it demands, in a sentence, and whether it refuses an act. The service refuses by them, the page disables
 * choices by them and shows their sentences, and core checks definitions by them.
 *
 * A new rule is a member of the document (shared/domain/policy.ts) and an entry here. Rules about other things, a key's state or what a provider takes, are not the policy's.
 */
import { ALGORITHMS, type Algorithm, type Purpose } from '../domain/keys.ts';
import type { Policy } from '../domain/policy.ts';

export type RuleName = Exclude<keyof Policy, 'v' | 'version'>;

interface PolicyRule<Facts> {
  /** What it demands, for people who read the policy. */
  says: (policy: Policy) => string;
  /** Why these facts are refused, in words; undefined when they are not. */
  refuses: (policy: Policy, facts: Facts) => string | undefined;
}

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

const TARGET_WORDS: Readonly<Record<Policy['targets'][number], string>> = { 'aws-kms': 'AWS KMS' };

const joined = (words: readonly string[]): string =>
  words.length < 2 ? (words[0] ?? '') : `${words.slice(0, -1).join(', ')} and ${words.at(-1)}`;

const rule = <Facts>(of: PolicyRule<Facts>): PolicyRule<Facts> => of;

export const POLICY_RULES = {
  algorithms: rule<{ algorithm: Algorithm }>({
    says: ({ algorithms }) => {
      const missing = ALGORITHMS.filter((algorithm) => !algorithms.includes(algorithm));
      return missing.length === 0
        ? 'Keys of every algorithm that Keymoot knows may be made.'
        : `Keys may be made of ${joined(algorithms)}; not of ${joined(missing)}.`;
    },
    refuses: ({ algorithms }, { algorithm }) =>
      algorithms.includes(algorithm) ? undefined : `The policy does not allow ${algorithm}`,
  }),
  extractable: rule<{ purpose: Purpose; extractable: boolean }>({
    says: ({ extractable }) =>
      extractable.length === 0
        ? 'No key may leave its token, not even wrapped.'
        : `Only keys for ${joined(extractable.map(purposeWords))} may be made so that they can leave their token, and then only wrapped.`,
    refuses: (policy, { purpose, extractable }) =>
      extractable && !policy.extractable.includes(purpose)
        ? `The policy lets no key for ${purposeWords(purpose)} leave its token`
        : undefined,
  }),
  components: rule<{ count: number }>({
    says: ({ components: { least, most } }) =>
      `A key formed from components has ${least === most ? String(least) : `${least} to ${most}`} of them.`,
    refuses: ({ components: { least, most } }, { count }) =>
      count < least || count > most
        ? `The policy asks for ${least} to ${most} components`
        : undefined,
  }),
  approvals: rule<{ approvals: number }>({
    says: ({ approvals }) =>
      `A ceremony’s definition needs approvals by ${approvals} different people.`,
    refuses: (policy, { approvals }) =>
      approvals < policy.approvals
        ? `The policy asks for ${policy.approvals} approvals, and there are ${approvals}`
        : undefined,
  }),
  strict: rule<{ grade: 'A' | 'B' | 'C' | 'D' }>({
    says: ({ strict }) =>
      strict
        ? 'Strict mode: components are never entered on this computer.'
        : 'Components may be entered on this computer; the record of the ceremony says so in its grade.',
    refuses: ({ strict }, { grade }) =>
      strict && grade !== 'A'
        ? 'The policy is strict: components may not be entered on this computer'
        : undefined,
  }),
  targets: rule<{ target: Policy['targets'][number] }>({
    says: ({ targets }) =>
      targets.length === 0
        ? 'Keys are exported to no provider.'
        : `Keys may be exported to ${joined(targets.map((target) => TARGET_WORDS[target]))}.`,
    refuses: ({ targets }, { target }) =>
      targets.includes(target)
        ? undefined
        : `The policy does not allow exports to ${TARGET_WORDS[target]}`,
  }),
  wrappingBits: rule<{ bits: number }>({
    says: ({ wrappingBits }) =>
      `The provider’s RSA wrapping key has at least ${wrappingBits} bits.`,
    refuses: ({ wrappingBits }, { bits }) =>
      bits < wrappingBits
        ? `The wrapping key has ${bits} bits, and the policy asks for ${wrappingBits}`
        : undefined,
  }),
  pinHalf: rule<{ characters: number }>({
    says: ({ pinHalf }) => `Each half of a token’s PIN has at least ${pinHalf} characters.`,
    refuses: ({ pinHalf }, { characters }) =>
      characters < pinHalf ? `Each half of a PIN has at least ${pinHalf} characters` : undefined,
  }),
} as const satisfies Record<RuleName, PolicyRule<never>>;

export type FactsOf<R extends RuleName> = Parameters<(typeof POLICY_RULES)[R]['refuses']>[1];

/** How the policy is changed, for the end of a refusal. */
const WHO = 'two administrators or officers can change it';

/** Why the policy refuses these facts: the rule's words with its name, the version, and who can change it. Undefined when it does not. */
export const refusedBy = <R extends RuleName>(
  policy: Policy,
  name: R,
  facts: FactsOf<R>,
): string | undefined => {
  const { refuses } = POLICY_RULES[name] as unknown as PolicyRule<FactsOf<R>>;
  const why = refuses(policy, facts);
  return why === undefined
    ? undefined
    : `${why} (policy version ${policy.version}, rule “${name}”; ${WHO}).`;
};

/** A sentence for each rule, in the order of the document. */
export const policySentences = (policy: Policy): string[] =>
  Object.values(POLICY_RULES).map(({ says }) => says(policy));
