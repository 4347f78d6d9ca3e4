/**
 * Rules for text that people type or devices report, before it is shown, stored or hashed.
 *
 * Invisible characters, and those that change text direction, could make two different labels look alike or one look like another; our texts need none.
 * resources/formats/audit-log.md lists them (section 2): they are part of the format.
 */

/** U+FE0F is permitted only after a symbol that it turns into an emoji. A lookbehind only, so that every prefix of a valid text is valid. */
const UNSEEN =
  /(?<![\u2100-\u2bff\u{1f000}-\u{1faff}])\ufe0f|(?!\ufe0f)[\p{Cc}\p{Zl}\p{Zp}\p{Bidi_Control}\p{Default_Ignorable_Code_Point}]/u;
const EACH_UNSEEN = new RegExp(UNSEEN, 'gu');

export const hasUnseen = (text: string): boolean => UNSEEN.test(text) || !text.isWellFormed();
const encoder = new TextEncoder();
export const utf8Length = (text: string): number => encoder.encode(text).length;
export const isText = (text: string, maxBytes: number): boolean =>
  text.length > 0 && !hasUnseen(text) && utf8Length(text) <= maxBytes;

/** Makes a device's text fit to store and show: invisible characters become U+FFFD and it is cut to `maxBytes` on a character boundary. */
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

/** For text printed to a terminal: a hostile label must not move the cursor. */
export const forTerminal = (text: string): string =>
  text
    .toWellFormed()
    .replace(EACH_UNSEEN, (unseen) => (unseen === '\n' || unseen === '\t' ? unseen : '\ufffd'));
