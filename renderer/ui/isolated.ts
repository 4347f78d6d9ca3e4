/**
 * Names and labels within a sentence. A right-to-left name would reorder the text after it, above all numbers and quotes. Unicode isolates prevent that, also
 * in attributes and option lists, where no element can be used.
 */

/** Hebrew, Arabic and the other scripts that run from right to left (Unicode 17, Bidi_Class R and AL), by their blocks. */
const FROM_THE_RIGHT =
  /[\u0590-\u08ff\ufb1d-\ufdff\ufe70-\ufeff\u{10800}-\u{10fff}\u{1e800}-\u{1efff}]/u;

/** A name or label for use in a sentence. Left-to-right text is unchanged, so that no invisible character is added without need. */
export const isolated = (given: string): string =>
  FROM_THE_RIGHT.test(given) ? `\u2068${given}\u2069` : given;

/** A message from elsewhere, with its quoted parts isolated. */
export const isolatedQuotes = (sentence: string): string =>
  sentence.replace(/“([^”]*)”/g, (_, quoted: string) => `“${isolated(quoted)}”`);
