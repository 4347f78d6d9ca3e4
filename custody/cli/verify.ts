/** `keymoot verify`: verifies an exported bundle. It needs no desk, opens no connection and writes nothing. */
import { readFileSync, realpathSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { placeText, type Verdict } from '../core/audit/verify/findings.ts';
import { keysFor, parseAnchor, parseTrust, type TrustFile } from '../core/audit/verify/trust.ts';
import { verifyBundle } from '../core/audit/verify/verify.ts';
import { KeymootError } from '../../shared/errors.ts';
import { folderReader, kindOf, liesIn, namesIn } from '../judge/reader.ts';
import type { Command } from './cli.ts';

const MAX_TRUST = 16 * 2 ** 20;
const MAX_ANCHOR = 64 * 2 ** 10;
const usage = (message: string): KeymootError => new KeymootError('input-invalid', message);

/** A file that the auditor brings. SECURITY: nothing in the bundle can vouch for the bundle. */
const readOutside = (what: string, path: string, dir: string, most: number): string => {
  let real: string;
  try {
    real = realpathSync(path);
    const stat = statSync(real);
    if (!stat.isFile() || stat.size > most) throw new RangeError('no file, or too large');
  } catch {
    // Any read error means the same for the auditor: bring another file.
    throw usage(`The ${what} ${path} can not be read as one.`);
  }
  if (liesIn(dir, real))
    throw usage(`The ${what} ${path} lies in the bundle, which can not vouch for itself.`);
  return readFileSync(real, 'utf8');
};

const words = (verdict: Verdict, trust: TrustFile | undefined): string => {
  const { size, parts, first_bad: bad } = verdict;
  const pinned = trust === undefined ? [] : keysFor(trust, size ?? 0).map(({ sha256 }) => sha256);
  const none = trust === undefined ? 'none: no trust file was given' : 'none for this size';
  const lines = [
    `${verdict.verdict.toUpperCase()} (exit ${verdict.exit})`,
    '',
    `  log          ${verdict.log ?? 'unknown'}`,
    `  size         ${size ?? 'unknown'}`,
    `  root         ${verdict.root ?? 'unknown'}`,
    ...(pinned.length > 0 ? pinned : [none]).map((line) => `  trusted key  ${line}`),
    '',
  ];
  for (const [name, { result, notes }] of Object.entries(parts))
    lines.push(`  ${name.padEnd(13)}${result}`, ...notes.map((note) => `    - ${note}`));
  if (bad !== undefined) {
    const where = placeText(bad);
    lines.push('', `First bad: ${where === '' ? '' : `${where}: `}${bad.why}`);
  }
  const open = verdict.not_proven.length > 0 ? verdict.not_proven : ['nothing was left open'];
  lines.push('', 'Not proven:', ...open.map((what) => `  - ${what}`), '');
  return lines.join('\n');
};

interface Asked {
  dir: string;
  trust: string | undefined;
  anchors: string[];
  json: boolean;
}
const parse = (args: string[]): Asked => {
  try {
    const { values, positionals } = parseArgs({
      args,
      allowPositionals: true,
      options: {
        trust: { type: 'string', multiple: true, default: [] },
        anchor: { type: 'string', multiple: true, default: [] },
        'require-quorum': { type: 'boolean' },
        json: { type: 'boolean', default: false },
      },
    });
    const [dir, ...more] = positionals;
    if (dir === undefined || more.length > 0) throw new TypeError('One folder, please.');
    if (values.trust.length > 1) throw new TypeError('One trust file, please.');
    return { dir, trust: values.trust[0], anchors: values.anchor, json: values.json };
  } catch (error) {
    const why = error instanceof Error ? error.message : '';
    throw usage(`${why} Usage: keymoot ${verifyCommand.usage}`);
  }
};

/** Verifies and prints; returns the exit code. Throws KeymootError `input-invalid` for the auditor's mistakes. */
export const runVerify = (args: string[]): number => {
  const { dir, trust: trustPath, anchors: anchorPaths, json } = parse(args);
  if (kindOf(join(dir, '.')).kind !== 'folder' || namesIn(dir) === undefined)
    throw usage(`${dir} is not a folder that can be read.`);
  const trust =
    trustPath === undefined
      ? undefined
      : parseTrust(readOutside('trust file', trustPath, dir, MAX_TRUST));
  const anchors = anchorPaths.map((path) =>
    parseAnchor(`The anchor ${path}`, readOutside('anchor', path, dir, MAX_ANCHOR)),
  );
  const verdict = verifyBundle(folderReader(dir), trust, anchors);
  process.stdout.write(json ? `${JSON.stringify(verdict)}\n` : words(verdict, trust));
  return verdict.exit;
};

export const verifyCommand: Command = {
  name: 'verify',
  summary: 'Judges an exported audit bundle by a trust file and anchors that came another way.',
  usage: 'verify DIR --trust trust.json [--anchor FILE]... [--require-quorum] [--json]',
  examples: [
    'keymoot verify bundle --trust trust.json --anchor minutes/checkpoint.txt',
    '  exit 0 pass, 1 tampered, 2 malformed (or wrong usage), 3 unproven: it is said what',
    '  the quorum is always judged; --require-quorum says so aloud',
  ],
  run: async (args) => runVerify(args),
};
