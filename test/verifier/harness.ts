/** Lays bundles into a temporary folder and runs the verifier on them, as an auditor would. */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, expect, vi } from 'vitest';
import { runVerify } from '../../custody/cli/verify.ts';
import {
  canonical,
  put,
  writeBundle,
  writeManifest,
  type Log,
  type Members,
} from './make-bundle.ts';

const VERIFIER = fileURLToPath(
  new URL('../../resources/verifier/keymoot-verify.mjs', import.meta.url),
);

const root = mkdtempSync(join(tmpdir(), 'keymoot-verify-'));
afterAll(() => rmSync(root, { recursive: true, force: true }));
let laid = 0;

export interface Laid {
  dir: string;
  log: Log;
}

export function lay(log: Log, sizes?: number[]): Laid {
  const dir = join(root, String(++laid), 'bundle');
  writeBundle(dir, log, sizes);
  return { dir, log };
}

/** Changes one file. `relist` also mends the manifest, as someone who hides a change would. */
export function change(
  { dir, log }: Laid,
  path: string,
  edit: (bytes: Buffer) => Buffer | string,
  { relist = false } = {},
): void {
  put(dir, path, edit(readFileSync(join(dir, path))));
  if (relist) writeManifest(dir, log);
}

/** The same bytes with one bit turned. */
export const flip =
  (at: number) =>
  (bytes: Buffer): Buffer => {
    const copy = Buffer.from(bytes);
    copy[at] = copy[at]! ^ 1;
    return copy;
  };

export interface Part {
  result: 'pass' | 'fail' | 'unproven';
  notes: string[];
}

export interface Answer {
  v: 1;
  verdict: 'pass' | 'tampered' | 'malformed' | 'unproven';
  exit: number;
  log: string | null;
  size: number | null;
  root: string | null;
  parts: Record<
    'format' | 'integrity' | 'authenticity' | 'completeness' | 'quorum' | 'state',
    Part
  >;
  not_proven: string[];
  first_bad?: { index?: number; path?: string; offset?: number; why: string };
}

export interface Brought {
  /** null: no trust file. Left out: this log's key, its head as an anchor. */
  trust?: Members | string | null;
  anchors?: string[];
}

export function run(args: string[]): { status: number | null; stdout: string; stderr: string } {
  const { status, stdout, stderr } = spawnSync(process.execPath, [VERIFIER, ...args], {
    encoding: 'utf8',
    timeout: 30_000,
    maxBuffer: 2 ** 26,
  });
  return { status, stdout, stderr };
}

/** The command line for a bundle and what the auditor brings along. */
export function command({ dir, log }: Laid, { trust, anchors = [] }: Brought = {}): string[] {
  const args = [dir];
  if (trust !== null) {
    const file = join(dir, '../trust.json');
    const brought = trust ?? log.trust({ anchors: [log.note()] });
    writeFileSync(file, typeof brought === 'string' ? brought : canonical(brought));
    args.push('--trust', file);
  }
  anchors.forEach((note, i) => {
    const file = join(dir, `../anchor-${i}`);
    writeFileSync(file, note);
    args.push('--anchor', file);
  });
  return args;
}

const EXITS = { pass: 0, tampered: 1, malformed: 2, unproven: 3 };

/** What two verifiers that share no code must say alike; the words are each one's own. */
const judged = ({ verdict, exit, log, size, root, parts, first_bad: bad }: Answer): unknown => ({
  ...{ verdict, exit, log, size, root },
  parts: Object.fromEntries(Object.entries(parts).map(([name, { result }]) => [name, result])),
  entry: bad?.index,
});

/** `keymoot verify` with the same arguments, in this process. */
export function deskVerify(args: string[]): Answer {
  const written = vi.spyOn(process.stdout, 'write').mockReturnValue(true);
  try {
    const exit = runVerify(args);
    const answer = JSON.parse(String(written.mock.calls[0]?.[0])) as Answer;
    expect(exit).toBe(answer.exit);
    return answer;
  } finally {
    written.mockRestore();
  }
}

/** The stand-alone verifier's answer, once the desk's own has said the same of this bundle. */
export function verify(bundle: Laid, brought?: Brought): Answer {
  const args = [...command(bundle, brought), '--json'];
  const { status, stdout, stderr } = run(args);
  expect(stderr).toBe('');
  const answer = JSON.parse(stdout) as Answer;
  expect(status).toBe(answer.exit);
  expect(answer.exit).toBe(EXITS[answer.verdict]);
  expect(judged(deskVerify(args))).toEqual(judged(answer));
  return answer;
}

/** The six results, in a form that reads well in a failing test. */
export const results = ({ parts }: Answer): string =>
  Object.entries(parts)
    .map(([name, part]) => `${name} ${part.result}`)
    .join(', ');

/** All words of one part. */
export const words = (answer: Answer, part: keyof Answer['parts']): string =>
  answer.parts[part].notes.join('\n');
