/** Read-back: the words that are asked for, out of what was typed. */

/** What was typed may be just the words asked for, or all of them as a script has them; then those at the places (from 1) are taken. */
export const wordsAt = (typed: string, positions: readonly number[]): string[] => {
  const words = typed.split(/[\s,]+/u).filter((word) => word !== '');
  if (words.length === positions.length) return words;
  const all = positions.map((position) => words[position - 1]);
  return all.every((word) => word !== undefined) && words.length >= 32 ? all : words.slice(0, 8);
};
