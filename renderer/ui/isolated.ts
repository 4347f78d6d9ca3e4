/**
 * Names and labels within a sentence. One that is written from right to left would turn what follows it around, numbers and quotes first of all; set apart by
 * Unicode's isolates it stays in its place, in an attribute and in a list of choices as well, where no element could do that.
 */

/** Hebrew, Arabic and the other scripts that run from right to left (Unicode 17, Bidi_Class R and AL), by their blocks. */
const FROM_THE_RIGHT =
  /[\u0590-\u08ff\ufb1d-\ufdff\ufe70-\ufeff\u{10800}-\u{10fff}\u{1e800}-\u{1efff}]/u;

/** What somebody gave as a name or label, for a sentence. Others are left as they are: nothing unseen is put where it isn't needed. */
export const isolated = (given: string): string =>
  FROM_THE_RIGHT.test(given) ? `\u2068${given}\u2069` : given;

/** A sentence from elsewhere, what is quoted in it set apart. */
export const isolatedQuotes = (sentence: string): string =>
  sentence.replace(/“([^”]*)”/g, (_, quoted: string) => `“${isolated(quoted)}”`);
