/**
 * Text that people typed or devices reported, before it is shown, stored or hashed.
 *
 * Characters that nobody sees, or that turn others around, make two different labels look alike or one look like another; none of ours needs them.
 * resources/formats/audit-log.md lists them (section 2): they are part of the format.
 */

/** U+FE0F makes an emoji of the symbol before it and is nothing anywhere else. Looking back only, so that the beginning of a text is a text. */
const UNSEEN =
  /(?<![\u2100-\u2bff\u{1f000}-\u{1faff}])\ufe0f|(?!\ufe0f)[\p{Cc}\p{Zl}\p{Zp}\p{Bidi_Control}\p{Default_Ignorable_Code_Point}]/u;
const EACH_UNSEEN = new RegExp(UNSEEN, 'gu');

export const hasUnseen = (text: string): boolean => UNSEEN.test(text) || !text.isWellFormed();
const encoder = new TextEncoder();
export const utf8Length = (text: string): number => encoder.encode(text).length;
export const isText = (text: string, maxBytes: number): boolean =>
  text.length > 0 && !hasUnseen(text) && utf8Length(text) <= maxBytes;

/** A device's own text, made fit to store and show: unseen characters become U+FFFD and it is cut to `maxBytes` on a character boundary. */
export const cleanText = (text: string, maxBytes: number): string => {
  let clean = '';
  let bytes = 0;
  for (const character of text.toWellFormed().replace(EACH_UNSEEN, '\ufffd')) {
    bytes += utf8Length(character);
    if (bytes > maxBytes) break;
    clean += character;
  }
  return clean;
};

/** Lines a program prints to a terminal: a hostile label must not move the cursor. */
export const forTerminal = (text: string): string =>
  text
    .toWellFormed()
    .replace(EACH_UNSEEN, (unseen) => (unseen === '\n' || unseen === '\t' ? unseen : '\ufffd'));
