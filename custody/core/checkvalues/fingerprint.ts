/**
 * Fingerprints as people read, hear and type them: hex in fours, and PGP words.
 */
import { EVEN_WORDS, ODD_WORDS, wordsOf } from '../../../shared/pgp-words.ts';
import { hexDecode } from '../bytes.ts';

/**
 * One word a byte, from hex in either case.
 *
 * @throws RangeError when it is not hex of whole bytes
 */
export const hexToWords = (hex: string): string[] => wordsOf(hexDecode(hex.toLowerCase(), 'hex'));

const indexes = [EVEN_WORDS, ODD_WORDS].map(
  (words) => new Map(words.map((word, byte) => [word.toLowerCase(), byte])),
);

/**
 * Bytes from words that a person typed: any case, any white space between them.
 *
 * @throws RangeError naming the position (1-based) of the first word that does not fit, and whether it belongs to the other list,
 *   which is what a left-out or swapped word looks like
 */
export const wordsToBytes = (text: string): Uint8Array => {
  const words = text.trim() === '' ? [] : text.trim().toLowerCase().split(/\s+/u);
  return Uint8Array.from(words, (word, offset) => {
    const byte = indexes[offset % 2]?.get(word);
    if (byte !== undefined) return byte;
    const swapped = indexes[(offset + 1) % 2]?.has(word) === true;
    throw new RangeError(
      swapped
        ? `word ${offset + 1} belongs to the other half of the list: a word before it is missing, doubled or swapped`
        : `word ${offset + 1} is not in the PGP word list`,
    );
  });
};

/**
 * Hex for reading aloud: groups of four digits, eight groups a line (32 digits a line, so SHA-256 takes two).
 *
 * @param hex whole bytes or not, either case; shown in lower case
 * @throws RangeError when it is not hex
 */
export const groupedHex = (hex: string): string[] => {
  if (!/^[0-9a-f]*$/iu.test(hex)) throw new RangeError('"hex" expected only hex digits');
  const groups = hex.toLowerCase().match(/.{1,4}/gu) ?? [];
  const lines: string[] = [];
  for (let at = 0; at < groups.length; at += 8) lines.push(groups.slice(at, at + 8).join(' '));
  return lines;
};
