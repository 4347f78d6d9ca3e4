/** Read-back: picks the requested words from what was typed. */

/** Either only the requested words were typed, or all of them (by a script); then those at the positions (from 1) are taken. */
export const wordsAt = (typed: string, positions: readonly number[]): string[] => {
  const words = typed.split(/[\s,]+/u).filter((word) => word !== '');
  if (words.length === positions.length) return words;
  const all = positions.map((position) => words[position - 1]);
  return all.every((word) => word !== undefined) && words.length >= 32 ? all : words.slice(0, 8);
};
