/** The command line: finds the command in the table, calls the contract through it, prints the answer or error, sets the exit code. */
import { errorData, KeymootError, type ErrorData } from '../../shared/errors.ts';
import { forTerminal } from '../../shared/text.ts';
import { EXIT, EXIT_WORDS, exitCodeOf } from './exit-codes.ts';
import { TABLE, type Entry } from './table.ts';

/** A command with its own help, options and output. */
export interface Command {
  /** After `keymoot`. */
  name: string;
  summary: string;
  usage: string;
  examples: readonly string[];
  run: (args: string[]) => Promise<number>;
}

const SECRETS_HELP = [
  'Secrets are never arguments and never in the environment: both can be read by others. They are asked for on the terminal, without an echo, or come',
  'from an open descriptor with --secrets-fd N: lines “name: value”, for example',
  '',
  '  log pin first: …          log pin second: …         halves of the log token’s PIN',
  '  pin first ceremony: …     pin second ceremony: …    halves of the PIN of token “ceremony”',
  '  so pin first ceremony: …  so pin second ceremony: … its security officer’s PIN',
  '  passphrase Ada Moreno: …  component 1: …',
  '',
  'Each line is used once, in order where a name repeats. A passphrase is asked once for a command, and afresh for every step of a ceremony. With',
  '--secrets-fd nothing is asked on the terminal. Standard input is --secrets-fd 0; npm run passes on no other, scripts/keymoot.mjs and the program itself do.',
  'Secrets are kept as bytes and zeroed after use; copies that the system makes of them are out of our reach.',
];
const COMMON_HELP = [
  '--data DIR         the desk’s folder, else KEYMOOT_DATA, else the system’s place',
  '--json             one JSON document on standard output: { "ok": true, "value": … } or { "ok": false, "error": { code, message, fields } }',
  '--secrets-fd N     secrets from an open descriptor: keymoot help',
];

const overview = (): string => {
  const width = Math.max(...TABLE.map(({ name }) => name.length));
  const groups = [...new Set(TABLE.map(({ group }) => group))];
  return [
    'keymoot: a desk for key ceremonies',
    '',
    ...groups.flatMap((group) => [
      group,
      ...TABLE.filter((entry) => entry.group === group).map(
        ({ name, summary }) => `  ${name.padEnd(width)}  ${summary}`,
      ),
      '',
    ]),
    'Every command takes',
    ...COMMON_HELP.map((line) => `  ${line}`),
    '  --help             how it is used, with examples',
    '',
    'Secrets',
    ...SECRETS_HELP.map((line) => (line === '' ? '' : `  ${line}`)),
    '',
    'Exit codes',
    ...EXIT_WORDS.map(([code, words]) => `  ${String(code).padStart(3)}  ${words}`),
    '  rehearsal and verify say in their own help what theirs mean.',
    '',
  ].join('\n');
};

const helpOf = (
  { summary, usage, examples, notes = [] }: Pick<Entry, 'summary' | 'usage' | 'examples' | 'notes'>,
  common: boolean,
): string =>
  [
    summary,
    '',
    `  keymoot ${usage}`,
    '',
    ...(notes.length === 0 ? [] : [...notes, '']),
    'Examples',
    ...examples.map((line) => `  ${line}`),
    ...(common ? ['', 'Also', ...COMMON_HELP.map((line) => `  ${line}`)] : []),
    '',
  ].join('\n');

const starts = (words: readonly string[], args: readonly string[]): boolean =>
  words.every((word, at) => args[at] === word);

const findEntry = (args: readonly string[]): Entry | undefined =>
  TABLE.filter(({ name }) => starts(name.split(' '), args)).sort(
    (a, b) => b.name.length - a.name.length,
  )[0];

/** Commands that begin with these words: `keymoot keys --help` shows them too. */
const family = (word: string | undefined): readonly Entry[] =>
  TABLE.filter(({ name }) => name.split(' ')[0] === word);

const tell = ({ code, message, fields = {} }: ErrorData, json: boolean): number => {
  if (json)
    process.stdout.write(
      `${JSON.stringify({ ok: false, error: { code, message, ...(Object.keys(fields).length === 0 ? {} : { fields }) } })}\n`,
    );
  else {
    const device = fields['device'];
    const named = Object.entries(fields).filter(([name]) => name !== 'device');
    process.stderr.write(
      [
        `keymoot: ${forTerminal(message)}`,
        `  ${code}${device === undefined || device === '' ? '' : ` (${forTerminal(device)})`}`,
        // The message already contains a single problem.
        ...(code === 'input-invalid' && named.length > 1
          ? named.map(([name, problem]) => `  ${forTerminal(name)}: ${forTerminal(problem)}`)
          : []),
        ...(code === 'recovery-needed'
          ? ['  keymoot recovery says what is open, and how it is settled']
          : []),
        '',
      ].join('\n'),
    );
  }
  return exitCodeOf(code);
};

const unknown = (name: string, json: boolean): number => {
  const [first = ''] = name.split(' ');
  const near = family(first);
  const message = `There is no command “${forTerminal(name).slice(0, 60)}”. ${
    near.length === 0
      ? 'keymoot help lists them.'
      : `There are: ${near.map((entry) => entry.name).join(', ')}.`
  }`;
  return tell({ code: 'input-invalid', message, fields: { command: 'unknown' } }, json);
};

const perform = async (entry: Entry, rest: string[]): Promise<number> => {
  if (entry.command !== undefined) {
    const command = await entry.command();
    if (!rest.includes('--help')) return command.run(rest);
    process.stdout.write(helpOf(command, false));
    return EXIT.ok;
  }
  if (rest.includes('--help')) {
    process.stdout.write(helpOf(entry, true));
    return EXIT.ok;
  }
  const { Asked } = await import('./asked.ts');
  const asked = Asked.parse(rest, entry.options ?? {}, entry.takes ?? []);
  const { value, lines } = await (await entry.load())(asked);
  process.stdout.write(
    asked.json ? `${JSON.stringify({ ok: true, value })}\n` : `${lines.join('\n').trim()}\n`,
  );
  return EXIT.ok;
};

export const cli = async (args: string[]): Promise<number> => {
  process.stdout.on('error', () => process.exit(EXIT.failed)); // the reader of our output is gone
  const [first] = args;
  if (first === undefined || first === 'help' || first === '--help') {
    const about = findEntry(args.slice(1));
    if (first === 'help' && about !== undefined) return perform(about, ['--help']);
    process.stdout.write(overview());
    return EXIT.ok;
  }
  const json = args.includes('--json');
  const entry = findEntry(args);
  if (entry === undefined) {
    const words = args.filter((word) => !word.startsWith('-')).slice(0, 2);
    if (!args.includes('--help') || family(first).length === 0)
      return unknown(words.join(' '), json);
    process.stdout.write(
      `${family(first)
        .map(({ name, summary }) => `  keymoot ${name}: ${summary}`)
        .join('\n')}\n`,
    );
    return EXIT.ok;
  }
  const rest = args.slice(entry.name.split(' ').length);
  const [next] = rest;
  const takesNone = entry.command === undefined && (entry.takes ?? []).length === 0;
  if (takesNone && next !== undefined && !next.startsWith('-'))
    return unknown(`${entry.name} ${next}`, json);
  try {
    return await perform(entry, rest);
  } catch (error) {
    if (!(error instanceof KeymootError) && process.env['KEYMOOT_DEVELOPER'] === '1')
      console.error(error);
    return tell(errorData(error), json);
  }
};
