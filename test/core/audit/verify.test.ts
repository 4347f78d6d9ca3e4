/** The verifier's small parts. Whole bundles are judged in test/cli/verify.test.ts and test/verifier, beside the stand-alone verifier. */
import { generateKeyPairSync } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Findings, PARTS, type PartName } from '../../../custody/core/audit/verify/findings.ts';
import { Ids } from '../../../custody/core/audit/verify/ids.ts';
import { publicKey } from '../../../custody/core/audit/reading.ts';
import { MANIFEST } from '../../../custody/core/audit/verify/manifest.ts';
import { keysFor, parseAnchor, parseTrust } from '../../../custody/core/audit/verify/trust.ts';
import { verifyBundle } from '../../../custody/core/audit/verify/verify.ts';
import { TooMuch } from '../../../custody/core/audit/verify/reader.ts';

describe('ids', () => {
  const hex = (value: bigint): string => value.toString(16).padStart(32, '0');

  it('are found again under the number they got, and only they', () => {
    const small = fc.bigInt({ min: 0n, max: 40n });
    const id = fc.oneof(
      small,
      small.map((n) => n << 96n),
      fc.bigInt({ min: 0n, max: 2n ** 128n - 1n }),
    );
    fc.assert(
      fc.property(fc.array(id, { maxLength: 1500 }), (list) => {
        const ids = new Ids(Buffer.alloc(16, 5));
        const plain = new Map<bigint, number>();
        for (const value of list) {
          expect(ids.find(hex(value))).toBe(plain.get(value));
          const added = ids.add(hex(value));
          expect(added).toBe(plain.has(value) ? undefined : plain.size);
          if (added !== undefined) plain.set(value, added);
        }
        for (const [value, number] of plain) expect(ids.find(hex(value))).toBe(number);
      }),
      { numRuns: 40 },
    );
  });

  it('stay quick when they are all alike', () => {
    const ids = new Ids(Buffer.from('0123456789abcdef'));
    for (let n = 0; n < 50_000; n++) ids.add(hex(BigInt(n) << 100n));
    expect(ids.find(hex(49_999n << 100n))).toBe(49_999);
    expect(ids.find(hex(50_000n << 100n))).toBeUndefined();
  });

  it('don’t care about hyphens', () => {
    const ids = new Ids(Buffer.alloc(16));
    ids.add('0198c0de-0000-7000-8000-00000000000f');
    expect(ids.find('0198c0de00007000800000000000000f')).toBe(0);
  });
});

describe('the verdict', () => {
  const about = { log: null, size: null, root: null };
  const of = (fails: PartName[], doubts: PartName[] = []) => {
    const findings = new Findings();
    findings.judged(...PARTS);
    for (const name of fails) findings.fail(name, `${name} is broken`);
    for (const name of doubts) findings.doubt(name, `${name} is open`);
    return findings.verdict(about);
  };

  it.each<[PartName[], PartName[], string, number]>([
    [[], [], 'pass', 0],
    [['integrity'], [], 'tampered', 1],
    [['authenticity'], [], 'tampered', 1],
    [['completeness'], ['quorum'], 'tampered', 1],
    [['state'], ['quorum'], 'tampered', 1],
    [['format'], [], 'malformed', 2],
    [['format', 'authenticity'], [], 'malformed', 2],
    [['format', 'integrity'], [], 'tampered', 1],
    [[], ['integrity'], 'unproven', 3],
    [[], ['quorum'], 'unproven', 3],
  ])('with %j failing and %j open is %4$s', (fails, doubts, verdict, exit) => {
    const answer = of(fails, doubts);
    expect(answer).toMatchObject({ verdict, exit });
    for (const name of doubts) expect(answer.not_proven).toContain(`${name}: ${name} is open`);
    for (const name of PARTS)
      expect(answer.parts[name].result).toBe(
        fails.includes(name) ? 'fail' : doubts.includes(name) ? 'unproven' : 'pass',
      );
  });

  it('calls what nobody looked at unproven', () => {
    const answer = new Findings().verdict(about);
    expect(answer.verdict).toBe('unproven');
    expect(answer.parts.format.notes).toEqual(['it could not be judged']);
  });

  it('points to the first entry that is bad rather than to a file', () => {
    const findings = new Findings();
    findings.fail('integrity', 'a file', { path: 'report.html' });
    findings.fail('integrity', 'an entry', { index: 7, path: 'x', offset: 3 });
    findings.fail('integrity', 'another', { index: 3 });
    expect(findings.verdict(about).first_bad).toEqual({
      ...{ index: 7, path: 'x', offset: 3, why: 'an entry' },
    });
  });

  it('keeps few remarks, each once, and none that could steer a terminal', () => {
    const findings = new Findings();
    for (let n = 0; n < 50; n++) findings.fail('format', `fault ${n % 30}`);
    findings.doubt('format', 'evil\u001b[2J\u202e');
    const { notes } = findings.verdict(about).parts.format;
    expect(notes).toHaveLength(22);
    expect(notes.at(-1)).toBe('and 10 more');
    expect(notes[20]).toBe('evil\ufffd[2J\ufffd');
  });
});

const spki = (curve: string): string =>
  generateKeyPairSync('ec', { namedCurve: curve })
    .publicKey.export({ format: 'der', type: 'spki' })
    .toString('base64');
const LOG = 'keymoot.local/0198c0de-0000-7000-8000-000000000001';

describe('a trust file', () => {
  const KEY = spki('P-256');
  const good = { v: 1, log: LOG, keys: [{ spki: KEY, from: 3, to: 9 }] };
  const refuses = (text: string): void =>
    expect(() => parseTrust(text)).toThrow(
      expect.objectContaining({ code: 'input-invalid' }) as Error,
    );

  it('pins keys to sizes, both ends included', () => {
    const trust = parseTrust(JSON.stringify(good, null, '\t'));
    expect([2, 3, 9, 10].map((size) => keysFor(trust, size).length)).toEqual([0, 1, 1, 0]);
    const open = parseTrust(JSON.stringify({ ...good, keys: [{ spki: KEY, from: 0 }] }));
    expect(keysFor(open, Number.MAX_SAFE_INTEGER)).toHaveLength(1);
  });

  it('takes strings with colons, escapes and braces for what they are', () => {
    const people = ['ab'.repeat(32)];
    const text = JSON.stringify({ ...good, people }).replace('keymoot', '\\u006beymoot');
    expect(parseTrust(text)).toMatchObject({ log: LOG, people });
  });

  it.each<[string, unknown]>([
    ['another version', { ...good, v: 2 }],
    ['a member we don’t know', { ...good, more: 1 }],
    ['a log that is no origin', { ...good, log: 'x' }],
    ['a key that is none', { ...good, keys: [{ spki: 'AAAA', from: 0 }] }],
    ['a key on another curve', { ...good, keys: [{ spki: spki('P-384'), from: 0 }] }],
    ['a key in another spelling', { ...good, keys: [{ spki: `${KEY}\n`, from: 0 }] }],
    ['a key that ends before it begins', { ...good, keys: [{ spki: KEY, from: 3, to: 2 }] }],
    ['an anchor that is none', { ...good, anchors: ['x'] }],
    ['people that are none', { ...good, people: ['x'] }],
    ['nothing', null],
  ])('is refused for %s', (_, value) => refuses(JSON.stringify(value)));

  it.each([
    ['a member twice', '"v":1', '"v":1,"v":1'],
    ['a member twice, escaped', '"v":1', '"v":1,"\\u0076":1'],
    ['a fraction', '"from":3', '"from":3.0'],
    ['an exponent', '"from":3', '"from":3e0'],
    ['minus zero', '"from":3', '"from":-0'],
    ['what follows it', '}]}', '}]}x'],
  ])('is refused for %s', (_, from, to) => {
    const text = JSON.stringify(good);
    expect(text).toContain(from);
    refuses(text.replace(from, to));
  });

  it('takes no anchor of something that is no log', () => {
    const note = `example.com/log\n0\n${Buffer.alloc(32).toString('base64')}\n\n\u2014 x AAAAAAAA\n`;
    expect(() => parseAnchor('it', note)).toThrow('not a checkpoint');
    expect(parseAnchor('it', note.replace('example.com/log', LOG)).note.size).toBe(0);
  });
});

it('takes public keys in one spelling each', () => {
  const der = Buffer.from(spki('P-256'), 'base64');
  const ed = generateKeyPairSync('ed25519').publicKey.export({ format: 'der', type: 'spki' });
  expect(publicKey('ECDSA-P256', der)).toBeDefined();
  expect(publicKey('Ed25519', ed)).toBeDefined();
  expect(publicKey('Ed25519', der)).toBeUndefined();
  expect(publicKey('ECDSA-P256', ed)).toBeUndefined();
  expect(publicKey('ECDSA-P256', Buffer.concat([der, Buffer.of(0)]))).toBeUndefined();
  const off = Buffer.from(der);
  off[90] = off[90]! ^ 1;
  expect(publicKey('ECDSA-P256', off)).toBeUndefined();
});

it('refuses paths in a manifest that lead elsewhere or that nobody named', () => {
  const root = Buffer.alloc(32).toString('base64');
  const judge = (...paths: string[]): string =>
    MANIFEST(
      {
        complete: true,
        files: paths.map((path) => ({ path, sha256: 'ab'.repeat(32), size: 1 })),
        ...{ log: LOG, root, size: 1, v: 1 },
      },
      { plain: false, sorted: true },
    );
  expect(judge('VERIFY.md', 'checkpoints/0', 'log/checkpoint')).toBe('');
  expect(judge('log/checkpoint', 'VERIFY.md')).toContain('not sorted');
  expect(judge('VERIFY.md', 'VERIFY.md')).toContain('not sorted');
  for (const path of ['', '/x', '..', 'log/../x', 'log//x', 'log/.', 'a\\b', 'x', 'log/\ud800'])
    expect(judge(path)).not.toBe('');
  expect(judge('manifest.json')).toContain('the manifest itself');
});

it('ends in a verdict when the bundle has no end', () => {
  const endless = {
    list: () => {
      throw new TooMuch('the bundle has more than 7 files');
    },
    open: () => undefined,
    random: new Uint8Array(16),
  };
  const verdict = verifyBundle(endless, undefined, []);
  expect(verdict).toMatchObject({ verdict: 'malformed', exit: 2, log: null });
  expect(() => verifyBundle(endless, undefined, ['no note'])).toThrow('Anchor 1');
});
