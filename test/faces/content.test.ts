/** The page's files: only those are served, only whole, and with headers that allow a page only its own code. */
import { linkSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import {
  contentSecurityPolicy,
  contentType,
  fileParts,
  NONCE_PLACEHOLDER,
  respond,
} from '../../electron/common/content.ts';

let home: string;
let folder: string;
beforeAll(() => {
  home = mkdtempSync(join(tmpdir(), 'keymoot-content-'));
  folder = join(home, 'page');
  mkdirSync(join(folder, 'assets'), { recursive: true });
  mkdirSync(join(home, 'page-of-another'));
  writeFileSync(join(folder, 'index.html'), `<meta content="${NONCE_PLACEHOLDER}">`);
  writeFileSync(join(folder, 'assets/a.js'), `// ${NONCE_PLACEHOLDER}`);
  writeFileSync(join(folder, 'assets/font.woff2'), Buffer.from([0, 255, 10]));
  writeFileSync(join(folder, 'assets/key.pem'), 'not a page’s file');
  writeFileSync(join(home, 'secret.js'), 'outside');
  writeFileSync(join(home, 'page-of-another/b.js'), 'outside');
  symlinkSync(join(home, 'secret.js'), join(folder, 'assets/link.js'));
  symlinkSync(join(folder, 'assets/a.js'), join(folder, 'assets/inner.js'));
  symlinkSync(home, join(folder, 'up'));
  mkdirSync(join(folder, 'folder.js'));
  linkSync(join(folder, 'assets/a.js'), join(folder, 'assets/hard.js'));
});
afterAll(() => {
  rmSync(home, { recursive: true, force: true });
});
const get = (path: string, method = 'GET') => respond(folder, method, path);

describe('a path', () => {
  test.each([
    ['/', ['index.html']],
    ['/?x=/../y', ['index.html']],
    ['/#keys', ['index.html']],
    ['/assets/a.js', ['assets', 'a.js']],
    ['/assets/ibm-plex_sans.400@2x.woff2', ['assets', 'ibm-plex_sans.400@2x.woff2']],
    ['/assets/%61.js', ['assets', 'a.js']],
  ])('%s names %j', (path, parts) => {
    expect(fileParts(path)).toEqual(parts);
  });
  test.each([
    '',
    'index.html',
    '//',
    '//etc/passwd',
    '/assets//a.js',
    '/assets/',
    '/.',
    '/..',
    '/../secret.js',
    '/assets/../../secret.js',
    '/assets/../a.js',
    '/%2e%2e/secret.js',
    '/%2E%2E/secret.js',
    '/assets/..%2f..%2fsecret.js',
    '/assets/..%2F..%2Fsecret.js',
    '/assets%5c..%5csecret.js',
    '/assets\\..\\secret.js',
    '/%252e%252e/secret.js',
    '/assets/a.js%00.png',
    '/assets/a.js\u0000',
    '/assets/a%0a.js',
    '/c:/windows/a.js',
    '/assets/a.js:stream',
    '/assets/a.js.',
    '/assets/a.js%20',
    '/.env',
    '/assets/.hidden.js',
    '/%ff.js',
    '/%e0%a4%a.js',
    '/%c0%ae%c0%ae/secret.js',
    '/\u202ea.js',
    '/\uff0e\uff0e/secret.js',
    `/${'a/'.repeat(9)}a.js`,
    `/${'a'.repeat(600)}.js`,
  ])('%j names nothing', (path) => {
    expect(fileParts(path)).toBeUndefined();
  });
});

describe('a response', () => {
  test('has the file as it is, and what it is', async () => {
    const { status, body, headers, page } = await get('/assets/font.woff2');
    expect([status, [...body], headers['Content-Type'], page]).toEqual([
      200,
      [0, 255, 10],
      'font/woff2',
      false,
    ]);
  });
  test.each([
    ['a link that leaves the folder', '/assets/link.js'],
    ['a link within it', '/assets/inner.js'],
    ['a folder that is a link', '/up/secret.js'],
    ['a folder beside it whose name begins alike', '/up/page-of-another/b.js'],
    ['a folder', '/folder.js'],
    ['what isn’t there', '/assets/none.js'],
    ['a kind of file that no page has', '/assets/key.pem'],
    ['a file without a kind', '/assets/a'],
  ])('refuses %s', async (_what, path) => {
    const { status, body } = await get(path);
    expect([status, body.toString()]).toEqual([404, 'No such file.\n']);
  });
  test.each(['POST', 'PUT', 'DELETE', 'OPTIONS', 'get'])('refuses %s', async (method) => {
    expect((await get('/', method)).status).toBe(405);
  });
  test('to HEAD has no body', async () => {
    expect((await get('/', 'HEAD')).body.length).toBe(0);
  });
  test('of a folder that isn’t there is a refusal, not a failure', async () => {
    expect((await respond(join(home, 'nowhere'), 'GET', '/')).status).toBe(404);
  });
  test('knows no kind by a name that objects inherit', () => {
    expect(contentType('a.constructor')).toBeUndefined();
    expect(contentType('a.__proto__')).toBeUndefined();
    expect(contentType('js')).toBeUndefined();
  });
});

describe('the policy', () => {
  test('comes with every response, refusals too, and never allows what is inline', async () => {
    for (const path of ['/', '/assets/a.js', '/nothing.js']) {
      const { headers } = await get(path);
      const policy = headers['Content-Security-Policy'] ?? '';
      expect(policy).toContain("default-src 'none'");
      expect(policy).not.toMatch(/unsafe|\*|https?:|blob:/);
      expect(headers).toMatchObject({
        'X-Content-Type-Options': 'nosniff',
        'Referrer-Policy': 'no-referrer',
        'Cross-Origin-Opener-Policy': 'same-origin',
        'Cross-Origin-Resource-Policy': 'same-origin',
        'Cache-Control': 'no-store',
      });
      expect(headers['Permissions-Policy']).toMatch(/camera=\(\)/);
    }
  });
  test('is one that browsers read: a name, a space, values; no name twice', () => {
    const directives = contentSecurityPolicy('bm9uY2U=').split('; ');
    const names = directives.map((directive) => directive.split(' ')[0]);
    expect(new Set(names).size).toBe(names.length);
    for (const directive of directives)
      expect(directive).toMatch(
        /^[a-z-]+( ('none'|'self'|'script'|default|'nonce-[A-Za-z0-9+/=]+'|data:))+$/,
      );
    expect(directives.find((directive) => directive.includes('data:'))).toBe(
      "img-src 'self' data:",
    );
    expect(directives.find((directive) => directive.startsWith('script-src'))).toBe(
      "script-src 'self'",
    );
    expect(directives).toContain("require-trusted-types-for 'script'");
    expect(directives).toContain('trusted-types default');
  });
  test('has a nonce of its own at each load, the one that the page has; other files have none', async () => {
    const seen = new Set<string>();
    for (let load = 0; load < 20; load++) {
      const { headers, body, page } = await get('/');
      const [, nonce = ''] = /'nonce-([^']+)'/.exec(headers['Content-Security-Policy'] ?? '') ?? [];
      expect(Buffer.from(nonce, 'base64').length).toBe(16);
      expect(body.toString()).toBe(`<meta content="${nonce}">`);
      expect(page).toBe(true);
      seen.add(nonce);
    }
    expect(seen.size).toBe(20);
    expect((await get('/assets/a.js')).body.toString()).toBe(`// ${NONCE_PLACEHOLDER}`);
  });
});
