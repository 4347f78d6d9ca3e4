/**
 * The declaration of an entry type: its detail, the members that people agree to, the people whose agreement it needs, whether it belongs to a ceremony, and
 * its sentence.
 *
 * Writer, in-product verifier, quorum, indexes and screens derive from it; a test compares it with resources/formats/audit-log.md. The stand-alone verifier
 * does not use it: it is written from the format page alone.
 */
import type { Rule } from './rules.ts';

/**
 * The people who may agree. `managers` and `staff` by role; `seated` in the entry's ceremony; `step`: everyone with a seat at the step; `named`: the person
 * named in the detail, at the step.
 */
export type By = 'managers' | 'staff' | 'seated' | 'seated-or-managers' | 'step' | 'named';
/** Acts that an entry needs: by this many different keys, in one of these calls. */
export interface Ask {
  channels: readonly string[];
  by: By;
  /** With `step` it is the number of its seats, with `named` one. */
  count: 1 | 2;
}
/** `never`: the entry may not stand there (outside or inside a ceremony); `nobody`: it needs no acts there. */
type Asks = readonly Ask[] | 'never' | 'nobody';

/** Texts beside the detail, for sentences. */
export interface Say {
  outcome: string;
  reason: string;
  /** A person's name, if it is known here. */
  name: (person: string) => string;
}

export interface Declaration<D = unknown> {
  detail: Rule<D>;
  /** Members that the desk adds (marked † on the page): people do not agree to them. */
  desk: readonly string[];
  /** The acts that the entry needs outside a ceremony, and inside one. */
  outside: Asks;
  inside: Asks;
  /** It begins with an intent, which carries the acts. */
  intent: boolean;
  /** One sentence without its full stop. */
  sentence: (detail: D, say: Say) => string;
}

export const by = (who: By, count: 1 | 2, ...channels: string[]): Ask[] => [
  { channels, by: who, count },
];
/** An act by everyone with a seat at the step that the entry names. */
export const AT_THE_STEP: readonly Ask[] = by('step', 2, 'ceremonies.step');

interface Given<D> {
  desk?: readonly (keyof D & string)[];
  outside?: Asks;
  inside?: Asks;
  intent?: true;
  sentence: (detail: D, say: Say) => string;
}
/** A declaration. Defaults: no member is added by the desk, no acts are needed, and the entry may stand inside or outside a ceremony. */
export const declare = <D>(detail: Rule<D>, given: Given<NoInfer<D>>): Declaration<D> => ({
  detail,
  desk: given.desk ?? [],
  outside: given.outside ?? 'nobody',
  inside: given.inside ?? 'nobody',
  intent: given.intent ?? false,
  sentence: given.sentence,
});
