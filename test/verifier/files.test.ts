/** Files and checkpoints that break the format: sections 7 to 9 of the format page. */
import { mkdirSync, rmSync, symlinkSync, truncateSync } from 'node:fs';
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { change, lay, verify, words } from './harness.ts';
import type { Log } from './make-bundle.ts';
import {
  canonical,
  ENTRIES,
  HASHES,
  hex,
  manifestOf,
  put,
  signatureLine,
  small,
  writeManifest,
  type Members,
} from './make-bundle.ts';

describe('files that break the format', () => {
  const malformed = (bundle: ReturnType<typeof lay>, why: string): void => {
    const answer = verify(bundle);
    expect(`${answer.verdict}: ${words(answer, 'format')}`).toContain(why);
    expect(answer.verdict).toBe('malformed');
  };

  it('refuses bytes after the last entry', () => {
    const bundle = lay(small());
    change(bundle, ENTRIES, (bytes) => Buffer.concat([bytes, Buffer.of(0)]), { relist: true });
    malformed(bundle, 'bytes follow the last entry');
  });

  it.each([
    ['notes.txt', 'the format does not name this file'],
    ['log/extra', 'a log of size 5 has no such file'],
    ['log/tile/0/000', 'a log of size 5 has no such file'],
    ['log/tile/0/000.p/4', 'a log of size 5 has no such file'],
    ['checkpoints/05', 'the format does not name this file'],
    ['evidence/abc', 'the format does not name this file'],
  ])('refuses %s even if it is listed', (path, why) => {
    const bundle = lay(small());
    put(bundle.dir, path, 'x');
    const { log, dir } = bundle;
    const manifest = manifestOf(dir, log);
    put(dir, 'manifest.json', canonical(manifest));
    expect(words(verify(bundle), 'format')).toContain(why);
    expect(verify(bundle).verdict).toBe('malformed');
  });

  it('refuses a file that is not listed', () => {
    const bundle = lay(small());
    put(bundle.dir, `checkpoints/3`, bundle.log.note(3));
    malformed(bundle, 'the manifest does not list it');
  });

  it.each(['report.html', HASHES, ENTRIES, 'log/checkpoint', 'checkpoints/1'])(
    'refuses a bundle in which the listed %s is missing',
    (path) => {
      const bundle = lay(small());
      rmSync(join(bundle.dir, path));
      malformed(bundle, 'the manifest lists it and it is missing');
    },
  );

  it.each(['derived/entries.ndjson', 'checkpoints/0', 'manifest.json'])(
    'refuses a bundle without %s',
    (path) => {
      const bundle = lay(small());
      rmSync(join(bundle.dir, path));
      if (path !== 'manifest.json') writeManifest(bundle.dir, bundle.log);
      malformed(bundle, path);
    },
  );

  it('refuses links to files and folders, and does not follow them', () => {
    const outside = lay(small());
    for (const path of ['report.html', 'log/tile', 'log/checkpoint']) {
      const bundle = lay(outside.log);
      rmSync(join(bundle.dir, path), { recursive: true });
      symlinkSync(join(outside.dir, path), join(bundle.dir, path));
      malformed(bundle, `${path}: is a link`);
    }
  });

  it('refuses a pipe without waiting for somebody to write to it', () => {
    const bundle = lay(small());
    rmSync(join(bundle.dir, 'report.html'));
    spawnSync('mkfifo', [join(bundle.dir, 'report.html')]);
    malformed(bundle, 'is not a regular file');
  });

  it('refuses an empty folder in the log', () => {
    const bundle = lay(small());
    mkdirSync(join(bundle.dir, 'log/tile/1'));
    malformed(bundle, 'an empty folder');
  });

  it.each([
    '../secret',
    '/etc/passwd',
    '',
    'log/../report.html',
    'log\\checkpoint',
    'log//x',
    'C:x',
  ])('refuses a manifest that lists "%s"', (path) => {
    const bundle = lay(small());
    const manifest = manifestOf(bundle.dir, bundle.log);
    const files = [...(manifest.files as Members[]), { path, size: 0, sha256: hex('') }];
    files.sort((a, b) => ((a.path as string) < (b.path as string) ? -1 : 1));
    put(bundle.dir, 'manifest.json', canonical({ ...manifest, files }));
    const answer = verify(bundle);
    expect(answer).toMatchObject({ verdict: 'malformed', first_bad: { path: 'manifest.json' } });
  });

  it.each<[string, (manifest: Members) => string]>([
    ['is not sorted', (m) => canonical({ ...m, files: (m.files as Members[]).toReversed() })],
    [
      'lists a file twice',
      (m) => canonical({ ...m, files: (m.files as Members[]).flatMap((f) => [f, f]) }),
    ],
    ['is partial', (m) => canonical({ ...m, complete: false })],
    ['has white space', (m) => JSON.stringify(m, null, 1)],
    ['ends with a line feed', (m) => `${canonical(m)}\n`],
    ['has another member', (m) => canonical({ ...m, more: 1 })],
    ['has a member __proto__', (m) => canonical(m).replace('{', '{"__proto__":{},')],
    ['names another log', (m) => canonical({ ...m, log: small().origin })],
    [
      'lists a file with another member',
      (m) => canonical({ ...m, files: [{ path: 'VERIFY.md', size: 1, sha256: hex(''), x: 1 }] }),
    ],
    ['is nested beyond reason', () => '['.repeat(100_000)],
    [
      'is a bomb of values',
      (m) => canonical(m).replace('"files":[', `"files":[${'[],'.repeat(900_000)}`),
    ],
    ['is not JSON', () => 'manifest'],
    ['is empty', () => ''],
  ])('refuses a manifest that %s', (_, edit) => {
    const bundle = lay(small());
    put(bundle.dir, 'manifest.json', edit(manifestOf(bundle.dir, bundle.log)));
    expect(verify(bundle).verdict).toBe('malformed');
  });

  it('refuses files beyond their limits without reading them', () => {
    for (const [path, bytes] of [
      ['manifest.json', 2 ** 28 + 1],
      ['log/checkpoint', 2 ** 16 + 1],
      [ENTRIES, 2 ** 40],
    ] as const) {
      const bundle = lay(small());
      truncateSync(join(bundle.dir, path), bytes);
      expect(['malformed', 'tampered']).toContain(verify(bundle).verdict);
    }
  });
});

describe('a checkpoint that breaks the format', () => {
  const note = (edit: (text: string, log: Log) => string): ReturnType<typeof verify> => {
    const bundle = lay(small());
    const { log, dir } = bundle;
    const text = edit(`${log.origin}\n5\n${log.root()}\n`, log);
    const signed = `${text}\n${signatureLine(log.origin, log.key, text)}`;
    for (const path of ['log/checkpoint', 'checkpoints/5']) put(dir, path, signed);
    writeManifest(dir, log);
    return verify(bundle);
  };

  it.each<[string, (text: string, log: Log) => string]>([
    ['a size with a leading zero', (t) => t.replace('\n5\n', '\n05\n')],
    ['a size with a sign', (t) => t.replace('\n5\n', '\n+5\n')],
    ['a size beyond 2^53', (t) => t.replace('\n5\n', '\n9007199254740992\n')],
    ['a root of 31 bytes', (t, log) => t.replace(log.root(), Buffer.alloc(31).toString('base64'))],
    [
      'a root in another spelling',
      (t, log) => t.replace(log.root(), `${log.root().slice(0, 42)}9=`),
    ],
    ['an extension line', (t) => `${t}extension\n`],
    ['no root', (t, log) => t.replace(`${log.root()}\n`, '')],
    ['carriage returns', (t) => t.replaceAll('\n', '\r\n')],
    ['an origin that is none', (t) => `x${t}`.toUpperCase()],
  ])('is refused for %s', (_, edit) => {
    const answer = note(edit);
    expect(answer.verdict).toBe('malformed');
    expect(answer.first_bad?.path).toBe('log/checkpoint');
  });

  it.each<[string, (note: string, log: Log) => string | Buffer]>([
    ['no line feed at its end', (n) => n.slice(0, -1)],
    ['an empty line at its end', (n) => `${n}\n`],
    ['two lines by one key', (n) => n + n.split('\n')[4]! + '\n'],
    ['no signature', (n) => n.slice(0, n.indexOf('\n\n') + 2)],
    ['a hyphen for the dash', (n) => n.replace('\u2014', '-')],
    ['a signature in another alphabet', (n) => n.replace(/ \S+\n$/, ' __-_\n')],
    ['bytes that are no UTF-8', (n) => Buffer.concat([Buffer.from(n), Buffer.from([0xff, 10])])],
    ['a thousand lines', (n) => n + '\n'.repeat(1000)],
  ])('is refused for %s', (_, edit) => {
    const bundle = lay(small());
    for (const path of ['log/checkpoint', 'checkpoints/5']) {
      change(bundle, path, (bytes) => edit(bytes.toString(), bundle.log));
    }
    writeManifest(bundle.dir, bundle.log);
    expect(verify(bundle).verdict).toBe('malformed');
  });

  it('is refused when it stands under another size', () => {
    const bundle = lay(small());
    change(bundle, 'checkpoints/1', () => bundle.log.note(2), { relist: true });
    expect(words(verify(bundle), 'format')).toContain('it is a note of size 2');
  });

  it('is refused when it is not the largest of checkpoints/', () => {
    const bundle = lay(small());
    change(bundle, 'checkpoints/5', () => bundle.log.note(5), { relist: true });
    const answer = verify(bundle);
    expect(answer.verdict).toBe('malformed');
    expect(words(answer, 'format')).toContain('the largest checkpoint is not log/checkpoint');
  });

  it('does not make room for the size that it claims', () => {
    const answer = note((text) => text.replace('\n5\n', '\n9007199254740991\n'));
    expect(answer.verdict).toBe('tampered');
    expect(answer.size).toBe(Number.MAX_SAFE_INTEGER);
  });
});
