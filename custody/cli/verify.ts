/** `keymoot verify`: judges an exported bundle. It needs no desk, opens no connection and writes nothing. */
import { randomBytes } from 'node:crypto';
import {
  closeSync,
  constants,
  fstatSync,
  lstatSync,
  openSync,
  readdirSync,
  readFileSync,
  readSync,
  realpathSync,
  statSync,
} from 'node:fs';
import { isAbsolute, join, relative, sep } from 'node:path';
import { parseArgs } from 'node:util';
import { placeText, type Verdict } from '../core/audit/verify/findings.ts';
import {
  TooMuch,
  type BundleItem,
  type BundleReader,
  type OpenFile,
} from '../core/audit/verify/reader.ts';
import { keysFor, parseAnchor, parseTrust, type TrustFile } from '../core/audit/verify/trust.ts';
import { verifyBundle } from '../core/audit/verify/verify.ts';
import { KeymootError } from '../../shared/errors.ts';
import type { Command } from './cli.ts';

const MAX_ITEMS = 1_000_000;
const MAX_DEPTH = 12;
const MAX_TRUST = 16 * 2 ** 20;
const MAX_ANCHOR = 64 * 2 ** 10;
/** SECURITY: never through a link, and never waiting for somebody at the other end of a pipe. Windows has neither flag. */
const QUIETLY =
  constants.O_RDONLY |
  ((constants as Partial<typeof constants>).O_NOFOLLOW ?? 0) |
  ((constants as Partial<typeof constants>).O_NONBLOCK ?? 0);

const usage = (message: string): KeymootError => new KeymootError('input-invalid', message);

const kindOf = (path: string): { kind: BundleItem['kind'] | 'folder'; size: number } => {
  try {
    const stat = lstatSync(path);
    if (stat.isFile()) return { kind: 'file', size: stat.size };
    if (stat.isDirectory()) return { kind: 'folder', size: 0 };
    return { kind: stat.isSymbolicLink() ? 'link' : 'other', size: 0 };
  } catch {
    return { kind: 'other', size: 0 };
  }
};

const namesIn = (folder: string): string[] | undefined => {
  try {
    return readdirSync(folder).sort();
  } catch {
    return undefined;
  }
};

const listBelow = (dir: string): BundleItem[] => {
  const items: BundleItem[] = [];
  let seen = 0;
  const walk = (folder: string, depth: number): void => {
    if (depth > MAX_DEPTH) throw new TooMuch('the bundle has folders within folders without end');
    const names = namesIn(join(dir, folder));
    if (names === undefined) items.push({ path: folder, kind: 'unreadable-folder', size: 0 });
    if (names?.length === 0) items.push({ path: folder, kind: 'empty-folder', size: 0 });
    for (const name of names ?? []) {
      if (++seen > MAX_ITEMS) throw new TooMuch(`the bundle has more than ${MAX_ITEMS} files`);
      const path = folder === '' ? name : `${folder}/${name}`;
      const { kind, size } = kindOf(join(dir, path));
      if (kind === 'folder') walk(path, depth + 1);
      else items.push({ path, kind, size });
    }
  };
  walk('', 1);
  return items;
};

/** A disk that fails reads as a file that ends early. */
const readUpTo = (fd: number, into: Uint8Array, offset: number): number => {
  let length = 0;
  try {
    while (length < into.length) {
      const got = readSync(fd, into, length, into.length - length, offset + length);
      if (got === 0) break;
      length += got;
    }
  } catch {
    return length;
  }
  return length;
};

const openFile = (path: string): OpenFile | undefined => {
  let fd: number | undefined;
  try {
    fd = openSync(path, QUIETLY);
    const stat = fstatSync(fd);
    if (stat.isFile()) {
      const open = fd;
      fd = undefined;
      return {
        size: stat.size,
        read: (into, offset) => readUpTo(open, into, offset),
        close: () => closeSync(open),
      };
    }
  } catch {
    // said by whoever wanted the file
  } finally {
    if (fd !== undefined) closeSync(fd);
  }
  return undefined;
};

/** A bundle in a folder. */
export const folderReader = (dir: string): BundleReader => ({
  list: () => listBelow(dir),
  open: (path) => openFile(join(dir, path)),
  random: randomBytes(16),
});

/** A file that the auditor brings. SECURITY: nothing in the bundle can vouch for the bundle. */
const readOutside = (what: string, path: string, dir: string, most: number): string => {
  let real: string;
  try {
    real = realpathSync(path);
    const stat = statSync(real);
    if (!stat.isFile() || stat.size > most) throw new RangeError('no file, or too large');
  } catch {
    throw usage(`The ${what} ${path} can not be read as one.`);
  }
  const way = relative(realpathSync(dir), real);
  if (way !== '..' && !way.startsWith(`..${sep}`) && !isAbsolute(way))
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

/** Judges and prints; the exit code. Throws KeymootError `input-invalid` for what the auditor got wrong. */
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
