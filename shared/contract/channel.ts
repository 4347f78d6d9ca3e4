/** The parts of a channel of the contract. */
import type { z } from 'zod';

/**
 * How much of a person a call needs (design 08, T2):
 * `none`: open data, or the call proves itself by the secrets it carries;
 * `presence`: someone who may read is here;
 * `proof`: a fresh proof by a named person, bound to this channel and this input, valid once;
 * `two`: two different people, a proof each;
 * `seats`: exactly the people whose seats a ceremony's step names, a proof each.
 */
export type ActLevel = 'none' | 'presence' | 'proof' | 'two' | 'seats';

export interface Channel<I extends z.ZodType = z.ZodType, O extends z.ZodType = z.ZodType> {
  input: I;
  output: O;
  act: ActLevel;
  /** Needs no proof while the desk is being founded, since no person could give one yet. */
  founding: boolean;
}

export const channel = <I extends z.ZodType, O extends z.ZodType>(
  act: ActLevel,
  input: I,
  output: O,
  options: { founding?: boolean } = {},
): Channel<I, O> => ({
  act,
  input,
  output,
  founding: options.founding ?? false,
});
