/** Fingerprints for reading aloud: hex in groups of four, and PGP words. */
import { wordsOf } from '../../../shared/pgp-words.ts';
import { hexDecode } from '../bytes.ts';

/**
 * One word a byte, from hex in either case.
 *
 * @throws RangeError when it is not hex of whole bytes
 */
export const hexToWords = (hex: string): string[] => wordsOf(hexDecode(hex.toLowerCase(), 'hex'));

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
