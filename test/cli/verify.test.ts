/**
 * `keymoot verify`, and whether it and the stand-alone verifier, which share no code, say the same of bundles that something happened to.
 * `verify` of the harness asks both and compares verdict, exit, all six parts and the first bad entry; so do all tests in test/verifier.
 */
import { mkdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it, vi } from 'vitest';
import { runVerify, verifyCommand } from '../../custody/cli/verify.ts';
import { tell } from '../verifier/ceremony.ts';
import { change, command, flip, lay, verify, type Laid } from '../verifier/harness.ts';
import {
  Log,
  canonical,
  hex,
  manifestOf,
  put,
  sha256,
  writeManifest,
  type Json,
  type Members,
} from '../verifier/make-bundle.ts';

const small = (size = 5): Log => new Log().genesis().fillTo(size);

/** The same numbers in each run, from a name. */
const numbers = (seed: string): ((below: number) => number) => {
  let at = 0;
  return (below) => sha256(`${seed} ${at++}`).readUInt32BE() % below;
};

describe('something happens to the files', () => {
  const edits: Record<string, (bytes: Buffer, pick: (below: number) => number) => Buffer | string> =
    {
      'a bit turns': (bytes, pick) => flip(pick(bytes.length))(bytes),
      'the end is lost': (bytes, pick) => bytes.subarray(0, pick(bytes.length)),
      'something follows': (bytes) => Buffer.concat([bytes, bytes.subarray(0, 1)]),
      'the middle is lost': (bytes, pick) => {
        const at = pick(bytes.length);
        return Buffer.concat([bytes.subarray(0, at), bytes.subarray(at + 1)]);
      },
      'two halves are swapped': (bytes, pick) => {
        const at = pick(bytes.length);
        return Buffer.concat([bytes.subarray(at), bytes.subarray(0, at)]);
      },
      'nothing is left': () => '',
    };

  it.each(Object.keys(edits))('%s: both verifiers say the same, and never pass', (name) => {
    const { log } = tell();
    const pick = numbers(name);
    for (const relist of [false, true])
      for (let i = 0; i < 3; i++) {
        const bundle = lay(log, [1, 4]);
        const files = (
          manifestOf(bundle.dir, log).files as { path: string; size: number }[]
        ).filter(
          ({ path, size }) => size > 20 && path !== 'report.html', // what is for people may be rewritten
        );
        const { path } = files[pick(files.length)]!;
        const before = readFileSync(join(bundle.dir, path));
        const after = Buffer.from(edits[name]!(before, pick));
        if (after.equals(before)) continue;
        change(bundle, path, () => after, { relist });
        const answer = verify(bundle);
        expect([name, path, relist, answer.verdict]).not.toContain('pass');
      }
  });

  it('files are lost, with the manifest or without', () => {
    const { log } = tell();
    const paths = (manifestOf(lay(log, [3]).dir, log).files as { path: string }[]).map(
      ({ path }) => path,
    );
    const spare = ['VERIFY.md', 'report.html', 'keys/log.pem', 'checkpoints/3'];
    for (const path of [...paths, 'manifest.json'])
      for (const relist of path === 'manifest.json' ? [false] : [false, true]) {
        const bundle = lay(log, [3]);
        rmSync(join(bundle.dir, path));
        if (relist) writeManifest(bundle.dir, log);
        const answer = verify(bundle);
        expect([path, answer.verdict === 'pass']).toEqual([path, relist && spare.includes(path)]);
      }
  });

  it('the tile that a tree of 600 needs is lost, cut or another', () => {
    const log = small(600);
    for (const path of ['log/tile/0/001', 'log/tile/1/000.p/2', 'log/tile/entries/001']) {
      for (const edit of [flip(40), (bytes: Buffer) => bytes.subarray(32), () => '']) {
        const bundle = lay(log);
        change(bundle, path, edit, { relist: true });
        expect(verify(bundle).verdict).toBe('tampered');
      }
      const bundle = lay(log);
      rmSync(join(bundle.dir, path));
      expect(verify(bundle).verdict).toBe('malformed');
      writeManifest(bundle.dir, log);
      expect(verify(bundle).verdict).toBe('tampered');
    }
  });
});

/** What a member may become. */
const ODD: Json[] = ['', 'x', 0, 1, -1, true, [], {}, 'success', 'failure', 'intent', hex('x')];
type Path = (string | number)[];
const pathsIn = (value: Json, path: Path = []): Path[] => [
  path,
  ...(typeof value === 'object' && value !== null
    ? Object.entries(value).flatMap(([name, held]) => pathsIn(held, [...path, name]))
    : []),
];
/** A copy with the value at this path changed, or left out. */
const changed = (value: Json, [name, ...rest]: Path, to: Json | undefined): Json => {
  const members = Object.entries(value as Members).flatMap(([member, held]): [string, Json][] => {
    if (member !== String(name)) return [[member, held]];
    if (rest.length > 0) return [[member, changed(held, rest, to)]];
    return to === undefined ? [] : [[member, to]];
  });
  return Array.isArray(value) ? members.map(([, held]) => held) : Object.fromEntries(members);
};

/** The log again with one entry changed, everything after it kept: an honest tree over a dishonest entry. */
const rewritten = (log: Log, at: number, entry: string): Log => {
  const other = new Log({ installation: log.installation, key: log.key });
  log.entries.forEach((bytes, index) => other.raw(index === at ? entry : bytes));
  other.evidence.push(...log.evidence);
  return other;
};

describe('a desk writes what it should not', () => {
  const { log } = tell();

  it.each([1, 2, 3, 4])('both verifiers say the same of a changed entry (%i)', (round) => {
    const pick = numbers(`round ${round}`);
    for (let i = 0; i < 10; i++) {
      // Mostly late entries: what people signed after a changed one names another head.
      const at = pick(3) === 0 ? pick(log.size) : log.size - 1 - pick(10);
      const entry = JSON.parse(log.entries[at]!.toString()) as Members;
      const paths = pathsIn(entry).slice(1);
      const path = paths[pick(paths.length)]!;
      const to = pick(3) === 0 ? undefined : ODD[pick(ODD.length)];
      const dishonest = rewritten(log, at, canonical(changed(entry, path, to)));
      verify(lay(dishonest, [1]));
    }
  });

  it('both say the same when acts are swapped, doubled or left out, and entries change places', () => {
    const pick = numbers('acts');
    const acted = log.entries.flatMap((bytes, at) =>
      bytes.includes('"acts":') ? [{ at, entry: JSON.parse(bytes.toString()) as Members }] : [],
    );
    const some = (): (typeof acted)[number] => acted[pick(acted.length)]!;
    for (let i = 0; i < 4; i++) {
      const { at, entry } = some();
      const acts = entry.acts as Members[];
      const { acts: _, ...without } = entry;
      for (const other of [
        { ...entry, acts: acts.slice(0, 1) },
        { ...entry, acts: acts.toReversed() },
        { ...entry, acts: [...acts, ...acts] },
        { ...entry, acts: some().entry.acts as Members[] },
        without,
      ])
        verify(lay(rewritten(log, at, canonical(other)), [1]));
    }
    for (let i = 0; i < 4; i++) {
      const [a, b] = [pick(log.size), pick(log.size)];
      const swapped = rewritten(
        rewritten(log, a, log.entries[b]!.toString()),
        b,
        log.entries[a]!.toString(),
      );
      verify(lay(swapped, [1]));
    }
  });
});

describe('the command', () => {
  const asked = (args: string[]): { exit: number; out: string } => {
    const written = vi.spyOn(process.stdout, 'write').mockReturnValue(true);
    try {
      const exit = runVerify(args);
      return { exit, out: written.mock.calls.map(([text]) => String(text)).join('') };
    } finally {
      written.mockRestore();
    }
  };
  const args = (bundle: Laid): string[] =>
    command(bundle, { trust: bundle.log.trust({ anchors: [bundle.log.note()] }) });

  it('is one of the table’s, and runs', async () => {
    const written = vi.spyOn(process.stdout, 'write').mockReturnValue(true);
    expect(await verifyCommand.run(args(lay(small())))).toBe(0);
    written.mockRestore();
    expect(verifyCommand).toMatchObject({ name: 'verify' });
  });

  it('prints the verdict, the six parts, the trusted key and what is not proven', () => {
    const bundle = lay(small());
    const { exit, out } = asked([...args(bundle), '--require-quorum']);
    expect(exit).toBe(0);
    for (const part of [
      ...['PASS (exit 0)', 'format       pass', 'quorum       pass', 'state        pass'],
      'Not proven:',
      ...[bundle.log.origin, bundle.log.root(), bundle.log.key.sha256, 'size         5'],
      'whether the desk logged more after these 5 entries',
    ])
      expect(out).toContain(part);
  });

  it('names the first bad entry with its file and byte', () => {
    const bundle = lay(small());
    change(bundle, 'log/tile/entries/000.p/5', flip(bundle.log.entries[0]!.length + 60));
    const { exit, out } = asked(args(bundle));
    expect(exit).toBe(1);
    expect(out).toMatch(/First bad: entry 1, log\/tile\/entries\/000\.p\/5, byte \d+: /);
  });

  it('prints nothing from the bundle that could steer a terminal', () => {
    const bundle = lay(small());
    writeFileSync(join(bundle.dir, 'evil\u001b[2J\u202e\u200b.txt'), '');
    for (const json of [[], ['--json']]) {
      const { out } = asked([...args(bundle), ...json]);
      expect(out).toContain('evil');
      expect(out).not.toMatch(/[\u001b\u202e\u200b]|\\u001b/);
    }
  });

  it('says what the auditor got wrong, and judges nothing then', () => {
    const bundle = lay(small());
    const outside = join(bundle.dir, '..');
    put(bundle.dir, 'trust.json', canonical(bundle.log.trust()));
    symlinkSync(join(bundle.dir, 'trust.json'), join(outside, 'a-link'));
    mkdirSync(join(outside, 'folder'));
    const anchor = join(bundle.dir, 'log/checkpoint');
    for (const [wrong, why] of [
      [[], 'One folder'],
      [[bundle.dir, bundle.dir], 'One folder'],
      [['/nowhere/at/all'], 'not a folder'],
      [[join(bundle.dir, 'manifest.json')], 'not a folder'],
      [[bundle.dir, '--what'], '--what'],
      [[...args(bundle), '--trust', 'twice'], 'One trust file'],
      [[bundle.dir, '--trust', '/nowhere/at/all'], 'can not be read'],
      [[bundle.dir, '--trust', join(outside, 'folder')], 'can not be read'],
      [[bundle.dir, '--trust', join(bundle.dir, 'trust.json')], 'vouch for itself'],
      [[bundle.dir, '--trust', join(outside, 'a-link')], 'vouch for itself'],
      [[...args(bundle), '--anchor', anchor], 'vouch for itself'],
      [[...args(bundle), '--anchor', join(outside, 'trust.json')], 'not a checkpoint'],
      [command(lay(small()), { trust: '{"v":1}' }), 'trust file'],
    ] as [string[], string][])
      expect(() => asked(wrong)).toThrow(
        expect.objectContaining({
          code: 'input-invalid',
          message: expect.stringContaining(why) as string,
        }) as Error,
      );
  });
});
