/**
 * The page's files: from a request to a response, the same under both faces.
 *
 * One folder is served, by name, whole, and with headers that allow a page only its own code. The requested path is untrusted: a path is decoded once,
 * every part of it must be a plain name, and the file it leads to must be where its name says, so no link leads out.
 */
import { randomBytes } from 'node:crypto';
import { constants } from 'node:fs';
import { open, realpath } from 'node:fs/promises';
import { join, sep } from 'node:path';

export const NONCE_PLACEHOLDER = '__CSP_NONCE__';
const INDEX = 'index.html';
const LARGEST_FILE = 32 * 1024 * 1024;

const TYPES: Readonly<Record<string, string>> = {
  html: 'text/html; charset=utf-8',
  js: 'text/javascript; charset=utf-8',
  mjs: 'text/javascript; charset=utf-8',
  css: 'text/css; charset=utf-8',
  json: 'application/json; charset=utf-8',
  txt: 'text/plain; charset=utf-8',
  svg: 'image/svg+xml',
  png: 'image/png',
  ico: 'image/x-icon',
  woff: 'font/woff',
  woff2: 'font/woff2',
};

/** A file name that is plain on every system: no dot files, no character with a meaning to a system. */
const PLAIN_NAME = /^[A-Za-z0-9_~-][A-Za-z0-9_.~@-]{0,127}$/;

/**
 * The parts of the file that a URL's path names, or undefined when it names none of ours.
 *
 * @param path as it stands in the URL, not decoded
 */
export const fileParts = (path: string): string[] | undefined => {
  const [undecoded = ''] = path.split(/[?#]/, 1);
  if (undecoded.length > 512 || !undecoded.startsWith('/')) return undefined;
  // SECURITY: an encoded separator, NUL or percent sign only serves to attack code that decodes the path a second time.
  if (/%(?:00|25|2f|5c)/i.test(undecoded)) return undefined;
  let decoded;
  try {
    decoded = decodeURIComponent(undecoded);
  } catch {
    return undefined; // not decodable as text, so none of our paths
  }
  if (decoded === '/') return [INDEX];
  const parts = decoded.slice(1).split('/');
  // SECURITY: an allow-list of names: no empty part, `.`, `..`, backslash, colon, NUL or other control character can pass.
  if (parts.length > 8 || !parts.every((part) => PLAIN_NAME.test(part) && !part.endsWith('.')))
    return undefined;
  return parts;
};

export const contentType = (name: string): string | undefined => {
  const ending = name.slice(name.lastIndexOf('.') + 1).toLowerCase();
  return name.includes('.') && Object.hasOwn(TYPES, ending) ? TYPES[ending] : undefined;
};

/**
 * What the page may do. Nothing is loaded from anywhere but here, nothing inline runs, nothing connects.
 * The nonce is for the style elements that the components' library writes; scripts get none. HTML written into the page from strings passes the page's one
 * Trusted Types policy (renderer/trusted-types.ts).
 */
export const contentSecurityPolicy = (nonce: string): string =>
  [
    "default-src 'none'",
    "script-src 'self'",
    `style-src 'self' 'nonce-${nonce}'`,
    "img-src 'self' data:",
    "font-src 'self'",
    "connect-src 'none'",
    "frame-src 'none'",
    "worker-src 'none'",
    "frame-ancestors 'none'",
    "form-action 'none'",
    "base-uri 'none'",
    "object-src 'none'",
    "require-trusted-types-for 'script'",
    'trusted-types default',
  ].join('; ');

/** Every permission that a page can request, each with an empty allow-list: no origin gets it. */
const PERMISSIONS_POLICY = [
  'accelerometer',
  'camera',
  'clipboard-read',
  'display-capture',
  'fullscreen',
  'gamepad',
  'geolocation',
  'gyroscope',
  'hid',
  'idle-detection',
  'local-fonts',
  'magnetometer',
  'microphone',
  'midi',
  'payment',
  'publickey-credentials-get',
  'screen-wake-lock',
  'serial',
  'usb',
  'window-management',
  'xr-spatial-tracking',
]
  .map((feature) => `${feature}=()`)
  .join(', ');

export const securityHeaders = (nonce: string): Record<string, string> => ({
  'Content-Security-Policy': contentSecurityPolicy(nonce),
  'X-Content-Type-Options': 'nosniff',
  'Referrer-Policy': 'no-referrer',
  'Cross-Origin-Opener-Policy': 'same-origin',
  'Cross-Origin-Resource-Policy': 'same-origin',
  'Cross-Origin-Embedder-Policy': 'require-corp',
  'Permissions-Policy': PERMISSIONS_POLICY,
  'X-Frame-Options': 'DENY',
  'Cache-Control': 'no-store',
});

export interface ContentResponse {
  status: number;
  headers: Record<string, string>;
  body: Buffer;
  /** True when this is the page itself: a new page begins, and the state of the previous one ends. */
  page: boolean;
}

const refusal = (status: number, words: string): ContentResponse => ({
  status,
  headers: { ...securityHeaders(freshNonce()), 'Content-Type': 'text/plain; charset=utf-8' },
  body: Buffer.from(`${words}\n`),
  page: false,
});

const freshNonce = (): string => randomBytes(16).toString('base64');

/** Reads a regular file that is really where its name says, or gives undefined. */
const readConfined = async (
  folder: string,
  parts: readonly string[],
): Promise<Buffer | undefined> => {
  try {
    const root = await realpath(folder);
    const place = join(root, ...parts);
    // SECURITY: compared with the served folder including its separator, so a sibling with the same prefix fails; a link anywhere below it changes the real
    // path.
    if (!place.startsWith(root + sep) || (await realpath(place)) !== place) return undefined;
    const file = await open(
      place,
      constants.O_RDONLY | ((constants as Partial<typeof constants>).O_NOFOLLOW ?? 0),
    );
    try {
      const about = await file.stat();
      if (!about.isFile() || about.size > LARGEST_FILE) return undefined;
      return await file.readFile();
    } finally {
      await file.close();
    }
  } catch {
    return undefined; // whatever the reason, the page gets a plain 404
  }
};

/** Answers one request for the page's content. */
export const respond = async (
  folder: string,
  method: string,
  path: string,
): Promise<ContentResponse> => {
  if (method !== 'GET' && method !== 'HEAD') return refusal(405, 'Only reading.');
  const parts = fileParts(path);
  const type = contentType(parts?.at(-1) ?? '');
  if (parts === undefined || type === undefined) return refusal(404, 'No such file.');
  const bytes = await readConfined(folder, parts);
  if (bytes === undefined) return refusal(404, 'No such file.');

  const nonce = freshNonce();
  const page = parts.length === 1 && parts[0] === INDEX;
  const body = page
    ? Buffer.from(bytes.toString('utf8').replaceAll(NONCE_PLACEHOLDER, nonce))
    : bytes;
  return {
    status: 200,
    headers: { ...securityHeaders(nonce), 'Content-Type': type },
    body: method === 'HEAD' ? Buffer.alloc(0) : body,
    page,
  };
};
