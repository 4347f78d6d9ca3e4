/**
 * Terminal output: aligned tables, UTC times, hex in groups of four, and each claim's witness.
 *
 * SECURITY: all outside text (a label, a device's text, an error) passes `clean`, so that it can't move the cursor.
 */
import type { Claim } from '../../shared/domain/basics.ts';
import type { Check, KeyRecord } from '../../shared/domain/keys.ts';
import { cleanText, forTerminal } from '../../shared/text.ts';
import { hexDecode } from '../core/bytes.ts';
import { wordsOf } from '../../shared/pgp-words.ts';
import { groupedHex } from '../core/checkvalues/fingerprint.ts';

const WIDTH = 76;
const MOST_BYTES = 4096;

export const clean = (text: string): string => forTerminal(cleanText(text, MOST_BYTES));

const lengthOf = (text: string): number => Array.from(text).length;
const pad = (text: string, to: number): string =>
  text + ' '.repeat(Math.max(0, to - lengthOf(text)));

/** Rows under a head, columns as wide as what is in them. */
export const table = (head: readonly string[], rows: readonly (readonly string[])[]): string[] => {
  const cells = [head, ...rows].map((row) => row.map(clean));
  const widths = head.map((_, at) => Math.max(...cells.map((row) => lengthOf(row[at] ?? ''))));
  return cells.map((row) =>
    row
      .map((cell, at) => pad(cell, widths[at] ?? 0))
      .join('  ')
      .trimEnd(),
  );
};

/** `name  value` lines, the values below each other. Undefined ones are left out. */
export const facts = (pairs: readonly (readonly [string, string | undefined])[]): string[] => {
  const known = pairs.filter((pair): pair is readonly [string, string] => pair[1] !== undefined);
  const width = Math.max(0, ...known.map(([name]) => lengthOf(name)));
  return known.map(([name, value]) => `${pad(name, width)}  ${clean(value)}`);
};

/** 2026-11-22 14:05 UTC */
export const time = (iso: string): string => `${iso.slice(0, 10)} ${iso.slice(11, 16)} UTC`;

export const duration = (ms: number): string => {
  const minutes = Math.round(ms / 60_000);
  if (minutes < 2) return `${Math.round(ms / 1000)} s`;
  return minutes < 120 ? `${minutes} min` : `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
};

export const wrap = (text: string, width = WIDTH): string[] => {
  const lines: string[] = [];
  let line = '';
  for (const word of clean(text).split(' ')) {
    if (line !== '' && lengthOf(line) + 1 + lengthOf(word) > width) {
      lines.push(line);
      line = word;
    } else line = line === '' ? word : `${line} ${word}`;
  }
  return [...lines, line];
};

/** Groups of four, eight groups a line. */
export const hexLines = (hex: string): string[] => groupedHex(hex).map((line) => `  ${line}`);

const ACROSS = 4;
/** Each byte with its position, and its word under it: for comparing aloud. */
const wordLines = (hex: string): string[] => {
  const bytes = hexDecode(hex, 'fingerprint');
  const words = wordsOf(bytes);
  const lines: string[] = [];
  for (let at = 0; at < words.length; at += ACROSS) {
    const row = words.slice(at, at + ACROSS);
    const over = row.map((_, offset) => {
      const place = at + offset;
      return pad(`${String(place + 1).padStart(2)} ${hex.slice(place * 2, place * 2 + 2)}`, 16);
    });
    lines.push(
      `  ${over.join('')}`.trimEnd(),
      `  ${row.map((word) => pad(`   ${word}`, 16)).join('')}`.trimEnd(),
    );
  }
  return lines;
};
export const fingerprint = (hex: string): string[] => [...hexLines(hex), '', ...wordLines(hex)];

export const checkText = (check: Check | undefined): string | undefined =>
  check === undefined ? undefined : `${check.method} ${check.value}`;

/** A short mark that distinguishes keys in a list. */
export const markOf = (key: KeyRecord): string =>
  checkText(key.check) ?? key.spkiSha256?.slice(0, 16) ?? '–';

/** Every claim with its witness. */
export const claimLines = (claims: readonly Claim[]): string[] =>
  claims.flatMap(({ says, claim }) => {
    const [first = '', ...more] = wrap(claim, WIDTH - 10);
    return [`  ${pad(says, 8)}${first}`, ...more.map((line) => `  ${' '.repeat(8)}${line}`)];
  });

/** A framed instruction on a screen of its own, as far as a terminal allows. */
export const framed = (title: string, paragraphs: readonly string[]): string[] => {
  const rule = '─'.repeat(WIDTH);
  return [
    '',
    rule,
    `  ${clean(title)}`,
    rule,
    '',
    ...paragraphs.flatMap((text) => [...wrap(text, WIDTH - 6).map((line) => `    ${line}`), '']),
  ];
};
