/**
 * What is said once of each type of entry: its detail, what people agree to, whose agreement it takes, whether it belongs to a ceremony, and its sentence.
 *
 * Writer, in-product verifier, quorum, indexes and screens derive from it; a test holds it against resources/formats/audit-log.md. The stand-alone
 * verifier does not use it: that file is written from the page.
 */
import type { Rule } from './rules.ts';

/** Who may agree. `managers` and `staff` by role; `seated` in the entry's ceremony; `step`: everyone who sits at the step; `named`: the person of the detail, at the step. */
export type By = 'managers' | 'staff' | 'seated' | 'seated-or-managers' | 'step' | 'named';
/** Acts that an entry needs: by this many different keys, in one of these calls. */
export interface Ask {
  channels: readonly string[];
  by: By;
  /** With `step` it is the number of its seats, with `named` one. */
  count: 1 | 2;
}
/** `never`: such an entry has no ceremony, or needs one; `nobody`: it needs no acts there. */
type Asks = readonly Ask[] | 'never' | 'nobody';

/** Words around a detail, for sentences. */
export interface Say {
  outcome: string;
  reason: string;
  /** A person's name, as far as it is known here. */
  name: (person: string) => string;
}

export interface Declaration<D = unknown> {
  detail: Rule<D>;
  /** Members that are the desk's own word (marked † on the page): no part of what people agree to. */
  desk: readonly string[];
  /** Whom such an entry needs outside a ceremony, and in one. */
  outside: Asks;
  inside: Asks;
  /** It begins with an intent, which carries the acts. */
  intent: boolean;
  /** Without further words: one sentence without its full stop. */
  sentence: (detail: D, say: Say) => string;
}

export const by = (who: By, count: 1 | 2, ...channels: string[]): Ask[] => [
  { channels, by: who, count },
];
/** Everyone who sits at the step that the entry names. */
export const AT_THE_STEP: readonly Ask[] = by('step', 2, 'ceremonies.step');

interface Given<D> {
  desk?: readonly (keyof D & string)[];
  outside?: Asks;
  inside?: Asks;
  intent?: true;
  sentence: (detail: D, say: Say) => string;
}
/** A declaration; what is left out: nothing is the desk's own, nobody is needed, and it may stand in a ceremony or not. */
export const declare = <D>(detail: Rule<D>, given: Given<NoInfer<D>>): Declaration<D> => ({
  detail,
  desk: given.desk ?? [],
  outside: given.outside ?? 'nobody',
  inside: given.inside ?? 'nobody',
  intent: given.intent ?? false,
  sentence: given.sentence,
});
