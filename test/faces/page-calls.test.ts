/** The check of senders and messages, with every known way to fool it. */
import { describe, expect, test } from 'vitest';
import {
  isOurPage,
  parseCall,
  parseDropped,
  parseFileQuestion,
  type Sender,
} from '../../electron/common/page-calls.ts';
import { contract } from '../../shared/contract/index.ts';
import { FACE_ONLY, NO_SUCH_CALL } from '../../shared/contract/names.ts';
import { MAX_MESSAGE_BYTES } from '../../shared/contract/wire.ts';

describe.each([
  ['keymoot://desk', 'keymoot://'],
  ['https://desk.keymoot.invalid', 'https://'],
])('a caller at %s', (home, scheme) => {
  const host = home.slice(scheme.length);
  const ours: Sender = { url: `${home}/`, origin: home, isMainFrame: true, isOurWindow: true };

  test('is heard when it is the page, in its main frame, in our window', () => {
    expect(isOurPage(ours, home)).toBe(true);
    expect(isOurPage({ ...ours, url: `${home}/#keys` }, home)).toBe(true);
    expect(isOurPage({ ...ours, origin: undefined }, home)).toBe(true);
  });
  test('is not heard from a frame, from another window, or when its frame is gone', () => {
    expect(isOurPage({ ...ours, isMainFrame: false }, home)).toBe(false);
    expect(isOurPage({ ...ours, isOurWindow: false }, home)).toBe(false);
    expect(isOurPage({ ...ours, url: undefined }, home)).toBe(false);
  });
  test.each([
    home,
    '',
    `${home}.evil/`,
    `${home}@evil/`,
    `${home}:444/`,
    `${home}:443/`,
    `${home}\\evil/`,
    `${scheme}evil/?${home}/`,
    `${scheme}evil/#${home}/`,
    `${scheme}evil.${host}/`,
    `${scheme}x@${host}/`,
    `http://${host}/`,
    `${home.toUpperCase()}/`,
    ` ${home}/`,
    `blob:${home}/1f`,
    `view-source:${home}/`,
    `filesystem:${home}/temporary/`,
    'data:text/html,keymoot',
    'about:blank',
    'about:srcdoc',
    'file:///etc/passwd',
    'chrome-error://chromewebdata/',
    'javascript:0',
  ])('is not heard from %j', (url) => {
    expect(isOurPage({ ...ours, url }, home)).toBe(false);
  });
  test.each(['null', '', 'file://', `${home}/`, `${home}.evil`, home.toUpperCase()])(
    'is not heard with the origin %j, whatever its address says',
    (origin) => {
      expect(isOurPage({ ...ours, origin }, home)).toBe(false);
    },
  );
});

const refusal = (raw: unknown): string => {
  const call = parseCall(raw);
  if (call.ok) throw new Error('the call was let through');
  expect(call.error.message.split(' ').length).toBeGreaterThan(3);
  return call.error.code;
};
const hello = { channel: 'desk.hello', input: {} };

describe('a call', () => {
  test('of every channel that a page has gets through', () => {
    const faceOnly: readonly string[] = FACE_ONLY;
    for (const channel of Object.keys(contract))
      expect(parseCall({ channel, input: {} }).ok, channel).toBe(!faceOnly.includes(channel));
    expect(faceOnly).toEqual(['files.grant']);
  });
  test('comes out as the service would read it, and with nothing besides', () => {
    expect(parseCall({ channel: 'desk.hello', input: { a: [1, null, 'x'] } })).toEqual({
      ok: true,
      request: { channel: 'desk.hello', input: { a: [1, null, 'x'] } },
    });
  });
  test.each([
    ['nothing', undefined],
    ['null', null],
    ['a number', 1],
    ['a text', 'desk.hello'],
    ['a list', [hello]],
    ['a function', () => hello],
    ['a symbol', Symbol('x')],
    ['a number too large for JSON', { ...hello, input: { n: 1n } }],
    ['a map', new Map(Object.entries(hello))],
    ['no channel', { input: {} }],
    ['a channel that is a list', { ...hello, channel: ['desk.hello'] }],
    ['a channel of a thousand letters', { ...hello, channel: 'x'.repeat(1000) }],
    ['a number of its own', { ...hello, id: 1 }],
    ['more than we know', { ...hello, extra: true }],
    ['proofs that aren’t any', { ...hello, proofs: 'mine' }],
    ['a proof with more in it', { ...hello, proofs: [{ person: 'a', secret: 'b', also: 'c' }] }],
    ['seventeen proofs', { ...hello, proofs: Array.from({ length: 17 }, () => ({})) }],
  ])('that is %s is malformed', (_what, raw) => {
    expect(refusal(raw)).toBe('message-malformed');
  });
  test('in a circle is malformed', () => {
    const input: Record<string, unknown> = {};
    input['self'] = input;
    expect(refusal({ channel: 'desk.hello', input })).toBe('message-malformed');
  });
  test('whose getter throws is malformed', () => {
    const input = Object.defineProperty({}, 'x', {
      enumerable: true,
      get: () => {
        throw new Error('no');
      },
    });
    expect(refusal({ channel: 'desk.hello', input })).toBe('message-malformed');
  });
  test.each(['__proto__', 'constructor', 'prototype'])('with a key %s is malformed', (key) => {
    expect(refusal(JSON.parse(`{"channel":"desk.hello","input":{"${key}":{"x":1}}}`))).toBe(
      'message-malformed',
    );
    expect(refusal(JSON.parse(`{"channel":"desk.hello","input":{},"${key}":{}}`))).toBe(
      'message-malformed',
    );
    expect(refusal(JSON.parse(`{"channel":"desk.hello","input":[{"a":[{"${key}":{}}]}]}`))).toBe(
      'message-malformed',
    );
  });
  test('a thousand levels deep is malformed', () => {
    let input: unknown = 1;
    for (let level = 0; level < 1000; level++) input = [input];
    expect(refusal({ channel: 'desk.hello', input })).toBe('message-malformed');
    for (let level = 0; level < 100_000; level++) input = [input];
    expect(refusal({ channel: 'desk.hello', input })).toBe('message-malformed');
  });
  test.each([
    '',
    'desk',
    'desk.hello ',
    'Desk.hello',
    'toString',
    'constructor',
    '__proto__',
    'hasOwnProperty',
    'valueOf',
  ])('of a channel %j is unknown', (channel) => {
    expect(refusal({ channel, input: {} })).toBe('channel-unknown');
  });
  test('that carries a path is unknown, as if it weren’t there', () => {
    const input = { purpose: 'trust', path: '/etc/passwd' };
    expect(parseCall({ channel: 'files.grant', input })).toEqual({
      ok: false,
      error: { code: 'channel-unknown', message: NO_SUCH_CALL }, // the service's answer, too
    });
  });
  test('of more than a megabyte is too large, in letters and in bytes', () => {
    expect(refusal({ ...hello, input: 'x'.repeat(MAX_MESSAGE_BYTES) })).toBe('message-too-large');
    expect(refusal({ ...hello, input: 'ä'.repeat(MAX_MESSAGE_BYTES / 2) })).toBe(
      'message-too-large',
    );
    // A hundred kilobytes pasted somewhere are not.
    expect(parseCall({ ...hello, input: 'x'.repeat(100_000) }).ok).toBe(true);
  });
});

describe('a question for a file', () => {
  test('names a purpose we know', () => {
    expect(parseFileQuestion('bundle', 'desk-2026')).toEqual({
      purpose: 'bundle',
      suggested: 'desk-2026',
    });
    for (const purpose of ['', 'toString', '__proto__', 'anything', 1, null, ['bundle']])
      expect(parseFileQuestion(purpose, undefined)).toBeUndefined();
  });
  test.each([
    '/etc/passwd',
    '../x',
    'a/b',
    'a\\b',
    '.hidden',
    '-option',
    'a\u0000b',
    'a\nb',
    '',
    5,
    null,
  ])('suggests no more than a name: %j is left out', (suggested) => {
    expect(parseFileQuestion('trust', suggested)).toEqual({
      purpose: 'trust',
      suggested: undefined,
    });
  });
});

describe('a place that was dropped', () => {
  test('is for what is judged, and for nothing else', () => {
    expect(parseDropped('verify-bundle', '/mnt/stick/bundle')).toEqual({
      purpose: 'verify-bundle',
      path: '/mnt/stick/bundle',
    });
    for (const purpose of [
      'module',
      'parameters',
      'definition',
      'bundle',
      'package',
      'trust',
      '',
      1,
    ])
      expect(parseDropped(purpose, '/mnt/stick/bundle')).toBeUndefined();
  });
  test.each([undefined, null, 5, ['/etc'], 'a\0b', '/'.repeat(4097)])(
    'is a path of sensible length: %j is not',
    (path) => {
      expect(parseDropped('verify-trust', path)).toBeUndefined();
    },
  );
});
