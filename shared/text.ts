/**
 * Text that people typed or devices reported, before it is shown, stored or hashed.
 *
 * Control, bidirectional and zero-width characters make two different labels look alike or one look like another; none of ours needs them.
 */

const UNSEEN =
  /[\u0000-\u001f\u007f-\u009f\u200b-\u200f\u202a-\u202e\u2028\u2029\u2060\u2066-\u2069\ufeff]/u;

export const hasUnseen = (text: string): boolean => UNSEEN.test(text) || !text.isWellFormed();
export const utf8Length = (text: string): number => new TextEncoder().encode(text).length;
export const isText = (text: string, maxBytes: number): boolean =>
  text.length > 0 && !hasUnseen(text) && utf8Length(text) <= maxBytes;

/** A device's own text, made fit to store and show: unseen characters become U+FFFD and it is cut to `maxBytes` on a character boundary. */
export const cleanText = (text: string, maxBytes: number): string => {
  let clean = '';
  let bytes = 0;
  for (const character of text.toWellFormed()) {
    const safe = UNSEEN.test(character) ? '\ufffd' : character;
    bytes += utf8Length(safe);
    if (bytes > maxBytes) break;
    clean += safe;
  }
  return clean;
};

/** Lines a program prints to a terminal: a hostile label must not move the cursor. */
export const forTerminal = (text: string): string =>
  text.replace(/[^\n\t\x20-\x7e\u00a0-\uffff]/gu, '\ufffd');
