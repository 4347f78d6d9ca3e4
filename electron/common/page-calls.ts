/**
 * Which calls a page may make to its face, and whether the sender is our page. Pure, the same under both faces.
 *
 * The service authorises and parses every call again; this check comes first and refuses messages that our own page never sends.
 */
import { isForPages, NO_SUCH_CALL, type FilePurpose } from '../../shared/contract/names.ts';
import { MAX_MESSAGE_BYTES } from '../../shared/contract/wire.ts';
import {
  type DroppedPurpose,
  isDroppedPurpose,
  isPageFilePurpose,
  isPageRequest,
  type PageRequest,
} from '../../shared/window/bridge.ts';
import { type Answer, refused } from './answers.ts';

/** A frame that called, as the browser's own process describes it; never as the page does. */
export interface Sender {
  /** The frame's address, undefined when the frame is gone. */
  url: string | undefined;
  /** The frame's origin where the face knows it, else undefined. */
  origin?: string | undefined;
  isMainFrame: boolean;
  /** The frame belongs to the desk's one window. */
  isOurWindow: boolean;
}

/**
 * Whether the caller is the page we served, in the window we opened, and not in a frame of it.
 *
 * @param home the origin, without a slash: `keymoot://desk`
 */
export const isOurPage = (sender: Sender, home: string): boolean =>
  sender.isOurWindow &&
  sender.isMainFrame &&
  // SECURITY: exact, with the slash that ends a host: `keymoot://desk.evil/` and `keymoot://desk@evil/` begin alike without it.
  (sender.url?.startsWith(`${home}/`) ?? false) &&
  (sender.origin === undefined || sender.origin === home);

/** Room for the number that a face adds, within the service's own limit. */
const LARGEST_REQUEST = MAX_MESSAGE_BYTES - 64;
const DEEPEST = 32;
const FORBIDDEN_KEYS = new Set(['__proto__', 'prototype', 'constructor']);

const isPlain = (value: unknown, depth = 0): boolean => {
  if (typeof value !== 'object' || value === null) return true;
  if (depth >= DEEPEST) return false;
  // SECURITY: own keys only, and none that would reach a prototype wherever the value is copied later.
  return Object.entries(value).every(
    ([key, inner]) => !FORBIDDEN_KEYS.has(key) && isPlain(inner, depth + 1),
  );
};

export type ParsedCall = { ok: true; request: PageRequest } | Extract<Answer, { ok: false }>;
const no = (...args: Parameters<typeof refused>): Extract<ParsedCall, { ok: false }> =>
  refused(...args) as Extract<Answer, { ok: false }>;

/** Parses a call from a page. What comes out was JSON, is of our form, and names a channel that a page may use. */
export const parseCall = (raw: unknown): ParsedCall => {
  let text: string | undefined;
  try {
    // Structured clone brings maps, dates, cycles and buffers; after this there is only what the service would read.
    text = JSON.stringify(raw);
  } catch {
    text = undefined; // a cycle, a BigInt: refused below
  }
  if (text === undefined)
    return no('message-malformed', 'The message is not one of ours. Nothing was done.');
  if (text.length > LARGEST_REQUEST || Buffer.byteLength(text) > LARGEST_REQUEST)
    return no('message-too-large', 'The message is larger than any of ours. Nothing was done.');
  const value: unknown = JSON.parse(text);
  if (!isPlain(value) || !isPageRequest(value))
    return no('message-malformed', 'The message is not one of ours. Nothing was done.');
  if (!isForPages(value.channel)) return no('channel-unknown', NO_SUCH_CALL);
  return { ok: true, request: value };
};

/** Parses what a page says when it asks for a file. A suggestion is a base name or nothing. */
export const parseFileQuestion = (
  purpose: unknown,
  suggested: unknown,
): { purpose: FilePurpose; suggested: string | undefined } | undefined => {
  if (!isPageFilePurpose(purpose)) return undefined;
  const name =
    typeof suggested === 'string' && /^[\p{L}\p{N}][\p{L}\p{N} ._-]{0,99}$/u.test(suggested)
      ? suggested
      : undefined;
  return { purpose, suggested: name };
};

/**
 * Parses what comes with a drop.
 *
 * SECURITY: the path comes from the browser through the page's process, so a compromised page could invent one. That is why only bundles and trust files may be
 * dropped: they are judged in a process of their own, and only a verdict comes back.
 */
export const parseDropped = (
  purpose: unknown,
  path: unknown,
): { purpose: DroppedPurpose; path: string } | undefined =>
  isDroppedPurpose(purpose) &&
  typeof path === 'string' &&
  path.length <= 4096 &&
  !path.includes('\0')
    ? { purpose, path }
    : undefined;
