/** Which characters a name may hold, and what becomes of the others where a device or an error brings them. */
import { expect, test } from 'vitest';
import { cleanText, forTerminal, hasUnseen, isText } from '../../shared/text.ts';
import { KeymootError } from '../../shared/errors.ts';
import { reasonOf } from '../../custody/service/reason.ts';

/** As resources/formats/audit-log.md lists them; U+FE0F is left for its own test. */
const UNSEEN: readonly (readonly [number, number])[] = [
  ...([
    [0x00, 0x1f],
    [0x7f, 0x9f],
    [0xad, 0xad],
    [0x34f, 0x34f],
    [0x61c, 0x61c],
  ] as const),
  ...([
    [0x115f, 0x1160],
    [0x17b4, 0x17b5],
    [0x180b, 0x180f],
    [0x200b, 0x200f],
  ] as const),
  ...([
    [0x2028, 0x202e],
    [0x2060, 0x206f],
    [0x3164, 0x3164],
    [0xfe00, 0xfe0e],
  ] as const),
  ...([
    [0xfeff, 0xfeff],
    [0xffa0, 0xffa0],
    [0xfff0, 0xfff8],
    [0x1bca0, 0x1bca3],
  ] as const),
  ...([
    [0x1d173, 0x1d17a],
    [0xe0000, 0xe0fff],
  ] as const),
];
const listed = (point: number): boolean =>
  point === 0xfe0f ||
  (point >= 0xd800 && point <= 0xdfff) ||
  UNSEEN.some(([from, to]) => point >= from && point <= to);

test('text may hold every character but those that the format page lists', () => {
  const wrong: string[] = [];
  for (let point = 0; point <= 0x10ffff; point += 1)
    if (hasUnseen(`a${String.fromCodePoint(point)}b`) !== listed(point))
      wrong.push(point.toString(16));
  expect(wrong).toEqual([]);
});

test('U+FE0F, which makes an emoji of a symbol, may follow a symbol and nothing else', () => {
  for (const good of ['☎\ufe0f', '⚠\ufe0f work', '🏷\ufe0f', '℀\ufe0f', '\u2bff\ufe0f'])
    expect([good, isText(good, 64)]).toEqual([good, true]);
  for (const bad of [
    '\ufe0f',
    'a\ufe0f',
    '1\ufe0f',
    '鍵\ufe0f',
    '☎\ufe0f\ufe0f',
    '\u{1fb00}\ufe0f',
  ])
    expect([bad, isText(bad, 64)]).toEqual([bad, false]);
});

test('any script may be written', () => {
  for (const name of ['ключ', '鍵', 'مفتاح', 'कुंजी', '열쇠', 'กุญแจ', 'Zoë', '🔑 root', '👍🏽', '🇳🇱'])
    expect([name, isText(name, 64)]).toEqual([name, true]);
});

test('a device’s text is made fit, is cut between characters, and what is left is text', () => {
  expect(cleanText('a\u001b[2J\u202eb\u3164\ud83d', 64)).toBe('a\ufffd[2J\ufffdb\ufffd\ufffd');
  expect(cleanText('☎\ufe0f a\ufe0f', 64)).toBe('☎\ufe0f a\ufffd');
  const long = 'é☎\ufe0f🔑\u00ad'.repeat(20);
  for (let most = 1; most <= 64; most += 1) {
    const cut = cleanText(long, most);
    expect(cut === '' || isText(cut, most)).toBe(true);
    expect(Buffer.byteLength(cut)).toBeGreaterThan(most - 4);
  }
});

test('a terminal gets lines and tabs, and no character that is not seen', () => {
  const hostile = 'one\ttwo\nevil\u001b[2J\r\u202e\u2066\u061c\u00ad\u{e0041}\ud83d 🔑 ☎\ufe0f é';
  expect(forTerminal(hostile)).toBe(`one\ttwo\nevil\ufffd[2J${'\ufffd'.repeat(7)} 🔑 ☎\ufe0f é`);
});

test('whatever a device calls its failure, the entry about it has a reason that is text', () => {
  const reason = (device?: string) =>
    reasonOf(
      new KeymootError('module-failed', 'No.', device === undefined ? {} : { fields: { device } }),
    );
  expect(reason('CKR_DEVICE_ERROR from C_Sign')).toBe('CKR_DEVICE_ERROR');
  expect(reason()).toBe('module-failed');
  for (const nothing of ['', ' ', ' from C_Sign']) expect(reason(nothing)).toBe('module-failed');
  expect(reason('x'.repeat(2000))).toBe('x'.repeat(64));
  expect(isText(reason('é\u202e'.repeat(500)), 64)).toBe(true);
  expect(reasonOf(new TypeError('x'))).toBe('internal');
});
