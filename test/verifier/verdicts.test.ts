/** What the verifier says of whole bundles: sections 10 and 11 of the format page. */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { tell } from './ceremony.ts';
import { change, command, flip, lay, results, run, verify, words } from './harness.ts';
import {
  canonical,
  ENTRIES,
  HASHES,
  hex,
  Log,
  manifestOf,
  newKey,
  put,
  sha256,
  signatureLine,
  small,
  tileName,
  writeManifest,
  type Members,
} from './make-bundle.ts';

describe('a bundle that is as it should be', () => {
  it('passes when the auditor brings the key, an anchor and the founders', () => {
    const { log, ana, ben } = tell();
    const bundle = lay(log, [1, 2, 9]);
    const people = [ben.key.sha256, ana.key.sha256];
    const answer = verify(bundle, { trust: log.trust({ anchors: [log.note()], people }) });
    expect(answer).toMatchObject({ v: 1, verdict: 'pass', exit: 0, log: log.origin });
    expect(answer).toMatchObject({ size: log.size, root: log.root() });
    expect(answer.not_proven[0]).toBe(
      `whether the desk logged more after these ${log.size} entries`,
    );
    expect(answer.not_proven).toHaveLength(4); // and what no log can prove
    expect(answer).not.toHaveProperty('first_bad');
  });

  it('passes with an anchor that is brought as a file, and names what lies after it', () => {
    const { log } = tell();
    const answer = verify(lay(log), { trust: log.trust(), anchors: [log.note(9), log.note(4)] });
    expect(answer.verdict).toBe('pass');
    expect(answer.not_proven.join('\n')).toContain(`9 of ${log.size} entries are anchored`);
  });

  it('passes for a rehearsal under the rehearsal’s trust', () => {
    expect(verify(lay(tell({ rehearsal: true }).log)).verdict).toBe('pass');
  });

  it('passes when trust is written with white space, any order and escapes', () => {
    const log = small();
    const [{ spki }] = log.trust().keys as [{ spki: string }];
    const anchor = JSON.stringify(log.note()).replace('\u2014', '\\u2014');
    const trust = `{ "keys": [\n{"to": 5, "from": 0, "spki": "${spki}"} ],\t"v": 1,
      "anchors": [${anchor}], "log": "${log.origin.replaceAll('/', '\\/')}" }\n`;
    expect(verify(lay(log), { trust }).verdict).toBe('pass');
  });

  it('passes with a witness’s signature beside the desk’s', () => {
    const log = small();
    const bundle = lay(log);
    const text = log.note().split('\n\n')[0]! + '\n';
    const witnessed = log.note() + signatureLine('witness.example', newKey('ECDSA-P256'), text);
    put(bundle.dir, 'log/checkpoint', witnessed);
    put(bundle.dir, 'checkpoints/5', witnessed);
    writeManifest(bundle.dir, log);
    expect(verify(bundle).verdict).toBe('pass');
  });

  it.each([0, 1, 2, 255, 256, 257, 513, 65537])('passes with %i entries', (size) => {
    const log = size === 0 ? new Log() : small(size);
    const answer = verify(lay(log, [1, 2, 255, 256, 300]));
    expect(results(answer)).toBe(
      'format pass, integrity pass, authenticity pass, completeness pass, quorum pass, state pass',
    );
    expect(answer.size).toBe(size);
  });

  it('writes tile numbers in groups of three', () => {
    expect([0, 999, 1000, 1234067].map(tileName)).toEqual([
      ...['000', '999', 'x001/000', 'x001/x234/067'],
    ]);
  });
});

describe('what was not brought along', () => {
  it('calls a log unproven when there is no trust file', () => {
    const log = small();
    const answer = verify(lay(log), { trust: null, anchors: [log.note()] });
    expect(results(answer)).toBe(
      'format pass, integrity pass, authenticity unproven, completeness unproven, quorum unproven, state pass',
    );
    expect(answer.exit).toBe(3);
    expect(answer.not_proven.join('\n')).toContain('no trust file');
  });

  it('calls a log unproven when there is no anchor, since its tail may have been cut', () => {
    const log = small();
    const answer = verify(lay(log), { trust: log.trust() });
    expect(answer.exit).toBe(3);
    expect(words(answer, 'completeness')).toContain('the tail may have been cut');
    expect(answer.parts.authenticity.result).toBe('pass');
  });

  it('calls a log unproven when no pinned key covers its size', () => {
    const log = small();
    const [pinned] = log.trust().keys as [Members];
    const answer = verify(lay(log), { trust: log.trust({ keys: [{ ...pinned, to: 4 }] }) });
    expect(answer.exit).toBe(3);
    expect(words(answer, 'authenticity')).toContain('no pinned key covers a log of size 5');
  });

  it('does not take the bundle’s own files as trust or anchor', () => {
    const log = small();
    const bundle = lay(log);
    put(bundle.dir, 'trust.json', canonical(log.trust()));
    for (const args of [
      [bundle.dir, '--trust', join(bundle.dir, 'trust.json')],
      [...command(bundle), '--anchor', join(bundle.dir, 'log/checkpoint')],
    ]) {
      const { status, stderr, stdout } = run(args);
      expect({ status, stdout }).toEqual({ status: 2, stdout: '' });
      expect(stderr).toContain('it lies in the bundle');
    }
  });

  it('calls the quorum unproven when the founders are not those of the trust file', () => {
    const { log, ana } = tell();
    const people = [ana.key.sha256, hex('somebody else')];
    const answer = verify(lay(log), { trust: log.trust({ anchors: [log.note()], people }) });
    expect(answer.exit).toBe(3);
    expect(words(answer, 'quorum')).toContain("a founder's key");
  });
});

/** A note with another root and the old signature. */
const otherRoot = (bytes: Buffer): string => {
  const lines = bytes.toString().split('\n');
  lines[2] = sha256('another').toString('base64');
  return lines.join('\n');
};

describe('an attacker with the files', () => {
  it('is found when a byte of an entry is turned, and the entry is named', () => {
    const bundle = lay(small());
    const start = bundle.log.entries[0]!.length + 2 + 2;
    change(bundle, ENTRIES, flip(start + 40));
    const answer = verify(bundle);
    expect(answer.verdict).toBe('tampered');
    expect(answer.first_bad).toMatchObject({ index: 1, path: ENTRIES, offset: start });
    expect(words(answer, 'integrity')).toContain('its hash is not the one in the manifest');
  });

  it.each([
    ['an entry', ENTRIES, flip(700)],
    ['the length of an entry', ENTRIES, flip(1)],
    ['a tile of hashes', HASHES, flip(70)],
    ['the root in the checkpoint', 'log/checkpoint', otherRoot],
    ['an older checkpoint', 'checkpoints/1', otherRoot],
    ['the list of entries for people', 'derived/entries.ndjson', flip(30)],
  ])('is found when %s is changed and the manifest made to agree', (_, path, edit) => {
    const bundle = lay(small());
    change(bundle, path, edit, { relist: true });
    expect(verify(bundle).verdict).toBe('tampered');
  });

  it('is found when a hash on a higher level is changed', () => {
    const bundle = lay(small(513));
    change(bundle, 'log/tile/1/000.p/2', flip(40), { relist: true });
    const answer = verify(bundle);
    expect(answer.verdict).toBe('tampered');
    expect(answer.first_bad).toMatchObject({ path: 'log/tile/1/000.p/2', offset: 32 });
  });

  it('blames the tile of hashes when only that contradicts the manifest', () => {
    const bundle = lay(small());
    change(bundle, HASHES, flip(70));
    expect(verify(bundle).first_bad).toMatchObject({ index: 2, path: HASHES, offset: 64 });
  });

  it.each(['report.html', 'VERIFY.md', 'keys/log.pem'])('is found when %s is changed', (path) => {
    const bundle = lay(small());
    change(bundle, path, flip(3));
    expect(verify(bundle)).toMatchObject({ verdict: 'tampered', first_bad: { path } });
  });

  it('is found when a signature is changed', () => {
    const bundle = lay(small());
    const breakIt = (bytes: Buffer): string => {
      const lines = bytes.toString().split('\n');
      const [dash, name, b64] = lines[4]!.split(' ');
      const signature = flip(20)(Buffer.from(b64!, 'base64')).toString('base64');
      return [...lines.slice(0, 4), `${dash} ${name} ${signature}`, ''].join('\n');
    };
    for (const path of ['log/checkpoint', 'checkpoints/5']) change(bundle, path, breakIt);
    writeManifest(bundle.dir, bundle.log);
    const answer = verify(bundle);
    expect(answer.verdict).toBe('tampered');
    expect(answer.parts.integrity.result).toBe('pass');
    expect(words(answer, 'authenticity')).toContain('does not verify');
  });

  it('is found when the whole bundle is rewritten under a key of their own', () => {
    const { log } = tell();
    const forged = tell({ installation: log.installation }).log;
    expect(forged.origin).toBe(log.origin);
    const answer = verify(lay(forged), { trust: log.trust() });
    expect(answer).toMatchObject({ verdict: 'tampered', exit: 1 });
    expect(answer.parts.format.result).toBe('pass');
    expect(words(answer, 'authenticity')).toContain('no pinned key signed it');
  });

  it('is found when a rehearsal is shown to an auditor of the production log', () => {
    const { log } = tell();
    const { log: rehearsal } = tell({
      rehearsal: true,
      installation: log.installation,
      key: log.key,
    });
    const answer = verify(lay(rehearsal), { trust: log.trust({ anchors: [log.note()] }) });
    expect(answer.verdict).toBe('tampered');
    expect(words(answer, 'authenticity')).toContain('its origin is');
  });

  it('is found when the tail is dropped with all traces, if an anchor has seen it', () => {
    const log = small(9);
    const anchor = log.note();
    const short = new Log({ installation: log.installation, key: log.key });
    log.entries.slice(0, 5).forEach((entry) => short.raw(entry));
    const bundle = lay(short);
    const unanchored = verify(bundle, { trust: log.trust() });
    expect(unanchored.verdict).toBe('unproven');
    const answer = verify(bundle, { trust: log.trust(), anchors: [anchor] });
    expect(answer.verdict).toBe('tampered');
    expect(words(answer, 'completeness')).toContain('has seen 9 entries, the bundle has 5');
    expect(answer.first_bad?.index).toBe(5);
  });

  it('is found when the tail is dropped and the checkpoints are kept', () => {
    const log = small(9);
    const short = new Log({ installation: log.installation, key: log.key });
    log.entries.slice(0, 5).forEach((entry) => short.raw(entry));
    const bundle = lay(short);
    for (const path of ['log/checkpoint', 'checkpoints/9']) put(bundle.dir, path, log.note());
    put(
      bundle.dir,
      'manifest.json',
      canonical({ ...manifestOf(bundle.dir, short), size: 9, root: log.root() }),
    );
    expect(verify({ ...bundle, log }).verdict).toBe('tampered');
  });

  it('is found when only a larger checkpoint is left of the dropped tail', () => {
    const log = small(9);
    const short = new Log({ installation: log.installation, key: log.key });
    log.entries.slice(0, 5).forEach((entry) => short.raw(entry));
    const bundle = lay(short);
    put(bundle.dir, 'checkpoints/9', log.note());
    writeManifest(bundle.dir, short);
    const answer = verify(bundle);
    expect(answer.verdict).toBe('tampered');
    expect(words(answer, 'integrity')).toContain('the log is shorter than this note says');
  });

  it('is found when entries are dropped from the tile but not from the tree', () => {
    const bundle = lay(small());
    const { length } = bundle.log.entries[4]!;
    change(bundle, ENTRIES, (bytes) => bytes.subarray(0, bytes.length - length - 2), {
      relist: true,
    });
    const answer = verify(bundle);
    expect(answer.verdict).toBe('tampered');
    expect(answer.first_bad).toMatchObject({ index: 4, path: ENTRIES });
  });

  it('is found when history forked before an anchor', () => {
    const log = small(9);
    const other = new Log({ installation: log.installation, key: log.key });
    other.raw(log.entries[0]!).fillTo(12);
    const answer = verify(lay(other), {
      trust: log.trust({ anchors: [log.note(1)] }),
      anchors: [log.note(9)],
    });
    expect(answer.verdict).toBe('tampered');
    expect(words(answer, 'completeness')).toContain('another root for the first 9 entries');
  });

  it('is found when checkpoints/0 has a root that is not that of nothing', () => {
    const bundle = lay(small());
    const note = bundle.log.note(0, { root: Buffer.alloc(32).toString('base64') });
    change(bundle, 'checkpoints/0', () => note, { relist: true });
    expect(verify(bundle)).toMatchObject({
      verdict: 'tampered',
      first_bad: { path: 'checkpoints/0' },
    });
  });

  it('is found when the manifest names another root', () => {
    const bundle = lay(small());
    const manifest = { ...manifestOf(bundle.dir, bundle.log), root: bundle.log.root(1) };
    put(bundle.dir, 'manifest.json', canonical(manifest));
    expect(verify(bundle)).toMatchObject({
      verdict: 'tampered',
      first_bad: { path: 'manifest.json' },
    });
  });

  it('gains nothing by an anchor of another log or another key: it does not count', () => {
    const log = small();
    const stranger = small();
    const forged = new Log({ installation: log.installation });
    forged.raw(log.entries[0]!);
    const anchors = [stranger.note(), forged.note()];
    const answer = verify(lay(log), { trust: log.trust(), anchors });
    expect(answer.verdict).toBe('unproven');
    expect(words(answer, 'completeness')).toContain('is of another log');
    expect(words(answer, 'completeness')).toContain('does not count: no pinned key signed it');
  });
});

it('never passes a bundle in which one byte was turned, wherever that is', () => {
  const { log } = tell();
  const bundle = lay(log);
  const files = (manifestOf(bundle.dir, log).files as { path: string; size: number }[]).filter(
    ({ size }) => size > 0,
  );
  for (let i = 0; i < 24; i++) {
    const { path, size } = files[i % files.length]!;
    const at = sha256(`byte ${i}`).readUInt32BE() % size;
    change(bundle, path, flip(at));
    expect(verify(bundle)).toMatchObject({ verdict: 'tampered' });
    change(bundle, path, flip(at));
  }
  expect(verify(bundle).verdict).toBe('pass');
});

describe('evidence', () => {
  const withEvidence = (): { log: Log; path: string } => {
    const bytes = Buffer.from('a policy');
    const log = new Log().genesis();
    const named = { sha256: hex(bytes), media: 'text/plain', bytes: bytes.length };
    log.add('clock.changed', { step_ms: 1 }, { evidence: [named] });
    log.evidence.push(bytes);
    return { log, path: `evidence/${hex(bytes)}` };
  };

  it('must hash to its name', () => {
    const { log, path } = withEvidence();
    const bundle = lay(log);
    change(bundle, path, flip(2), { relist: true });
    expect(verify(bundle)).toMatchObject({ verdict: 'tampered', first_bad: { path } });
  });

  it('is not proven when an entry names it and it is absent', () => {
    const { log, path } = withEvidence();
    log.evidence.pop();
    const answer = verify(lay(log));
    expect(answer.verdict).toBe('unproven');
    expect(answer.not_proven.join('\n')).toContain(path);
  });

  it('is malformed when no entry names it', () => {
    const log = small();
    log.evidence.push(Buffer.from('a stray'));
    const answer = verify(lay(log));
    expect(answer.verdict).toBe('malformed');
    expect(words(answer, 'format')).toContain('no entry names this evidence');
  });

  it('is malformed when it has another length than its entry says', () => {
    const bytes = Buffer.from('a policy');
    const log = new Log().genesis();
    const named = { sha256: hex(bytes), media: 'text/plain', bytes: 1 };
    log.add('clock.changed', { step_ms: 1 }, { evidence: [named] });
    log.evidence.push(bytes);
    expect(verify(lay(log)).verdict).toBe('malformed');
  });
});

describe('the command', () => {
  it('prints the six parts, what is not proven and the fingerprint of the trusted key', () => {
    const log = small();
    const { status, stdout } = run([
      ...command(lay(log), { trust: log.trust() }),
      '--require-quorum',
    ]);
    expect(status).toBe(3);
    for (const part of [
      ...[log.origin, log.root(), log.key.sha256, 'size         5', 'state        pass'],
      ...[
        'Not proven:',
        'completeness unproven',
        'format       pass',
        'the tail may have been cut',
      ],
    ]) {
      expect(stdout).toContain(part);
    }
  });

  it('names the first bad entry, its file and its byte', () => {
    const bundle = lay(small());
    change(bundle, ENTRIES, flip(bundle.log.entries[0]!.length + 60));
    const { stdout } = run(command(bundle));
    expect(stdout).toMatch(/First bad: entry 1, log\/tile\/entries\/000\.p\/5, byte \d+: /);
  });

  it('prints nothing from the bundle that could steer a terminal', () => {
    const bundle = lay(small());
    const evil = 'evil\u001b[2J\u202e\u200b.txt';
    writeFileSync(join(bundle.dir, evil), '');
    for (const args of [command(bundle), [...command(bundle), '--json']]) {
      const { stdout } = run(args);
      expect(stdout).toContain('evil');
      expect(stdout).not.toMatch(/[\u001b\u202e\u200b]|\\u001b/);
    }
  });

  it('says on stderr what was wrong with a command and ends with 2', () => {
    const log = small();
    const bundle = lay(log);
    const bad = (trust: Members | string): string[] => command(bundle, { trust });
    for (const args of [
      [],
      ['/nowhere'],
      [bundle.dir, bundle.dir],
      [bundle.dir, '--what'],
      [bundle.dir, '--trust', '/nowhere'],
      [...command(bundle), '--trust', 'twice'],
      [...command(bundle), '--anchor', join(bundle.dir, '../trust.json')],
    ]) {
      expect(run(args)).toMatchObject({ status: 2, stdout: '' });
    }
    const ed25519 = newKey('Ed25519').spki.toString('base64');
    for (const trust of [
      'no json',
      '{"v":1,"v":1}',
      log.trust({ more: 1 }),
      log.trust({ v: 2 }),
      log.trust({ anchors: ['no note'] }),
      log.trust({ keys: [{ spki: ed25519, from: 0 }] }),
      log.trust({ people: ['x'] }),
      canonical(log.trust()).replace('"from":0', '"from":0.5'),
    ]) {
      const { status, stdout, stderr } = run(bad(trust));
      expect({ status, stdout }).toEqual({ status: 2, stdout: '' });
      expect(stderr).toContain('trust file');
    }
  });

  it('reads nothing but the bundle and what it is given', () => {
    const source = readFileSync(
      new URL('../../resources/verifier/keymoot-verify.mjs', import.meta.url),
      'utf8',
    );
    const imported = [...source.matchAll(/^import .* from '(.*)';$/gm)].map(([, from]) => from);
    expect(imported.sort()).toEqual([
      'node:buffer',
      'node:crypto',
      'node:fs',
      'node:path',
      'node:util',
    ]);
    expect(source).not.toMatch(/\bimport\(|\brequire\(|\beval\b|fetch\(/);
  });
});
