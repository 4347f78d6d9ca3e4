/** Read-back: some words of a long value, drawn afresh, that a person types from another copy of it. */
import { randomInt } from 'node:crypto';
import { hexToWords } from '../core/checkvalues/fingerprint.ts';

/** How many words are asked for. */
const READ_BACK_WORDS = 4;
const WORDS_OF_SHA256 = 32;

/** Positions, from 1, of words of a SHA-256 in rising order. */
const drawPositions = (): number[] => {
  const drawn = new Set<number>();
  while (drawn.size < READ_BACK_WORDS) drawn.add(randomInt(WORDS_OF_SHA256) + 1);
  return [...drawn].sort((a, b) => a - b);
};

/** Whether exactly the words at these positions were typed. Capitals and spaces around a word don't count. */
export const typedRight = (
  sha256: string,
  positions: readonly number[],
  typed: readonly string[],
): boolean => {
  const words = hexToWords(sha256);
  return (
    typed.length === positions.length &&
    positions.every(
      (position, at) => words[position - 1]?.toLowerCase() === typed[at]?.trim().toLowerCase(),
    )
  );
};

/** Word positions that are asked for now, by what they are for. In memory only: after a crash others are asked for. */
export class ReadBacks {
  readonly #drawn = new Map<string, readonly number[]>();
  /** Drawn once until they are forgotten. */
  positions(what: string): number[] {
    const known = this.#drawn.get(what) ?? drawPositions();
    this.#drawn.set(what, known);
    return [...known];
  }
  forget(what: string): void {
    this.#drawn.delete(what);
  }
}
