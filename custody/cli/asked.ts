/** Parses the options and arguments of one command, and checks them against its declaration. */
import { parseArgs } from 'node:util';
import { KeymootError } from '../../shared/errors.ts';
import { dataFolder } from './options.ts';

/** `one` takes a value once, `many` any number of times, `flag` none. */
type OptionKind = 'one' | 'many' | 'flag';
export type Options = Readonly<Record<string, OptionKind>>;

/** Every command takes these. */
const COMMON: Options = { data: 'one', json: 'flag', help: 'flag', 'secrets-fd': 'one' };

const usage = (message: string, name: string, problem: string): KeymootError =>
  new KeymootError('input-invalid', message, { fields: { [name]: problem } });

const SECRET_LIKE = /pin|pass|secret|component|phrase/i;

/** Node's error message in our words. Values are never repeated: a secret typed by mistake must not reach a log. */
const inWords = (error: unknown): KeymootError => {
  const text = error instanceof Error ? error.message : '';
  const name = /'(?:-\w, )?(--?[\w-]+)/.exec(text)?.[1] ?? 'an option';
  const code = error instanceof Error && 'code' in error ? error.code : '';
  if (code === 'ERR_PARSE_ARGS_UNKNOWN_OPTION')
    return usage(
      SECRET_LIKE.test(name)
        ? `There is no option ${name}, and never will be: whatever is an argument can be read in the list of processes. Secrets are typed at the prompt or come by --secrets-fd. Nothing was done.`
        : `This command has no option ${name}. Add --help to see what it takes.`,
      name,
      'unknown',
    );
  return usage(
    `${name} is not given as it must be. Add --help to see what the command takes.`,
    name,
    'form',
  );
};

export class Asked {
  readonly #values: Readonly<Record<string, unknown>>;
  readonly #words: readonly string[];

  private constructor(values: Readonly<Record<string, unknown>>, words: readonly string[]) {
    this.#values = values;
    this.#words = words;
  }

  /** @param takes names of the arguments; one that ends in `?` may be left out */
  static parse(args: readonly string[], options: Options, takes: readonly string[]): Asked {
    const all = Object.entries({ ...COMMON, ...options });
    let parsed;
    try {
      parsed = parseArgs({
        args: [...args],
        options: Object.fromEntries(
          all.map(([name, kind]) => [
            name,
            { type: kind === 'flag' ? 'boolean' : 'string', multiple: kind === 'many' } as const,
          ]),
        ),
        allowPositionals: true,
      });
    } catch (error) {
      throw inWords(error);
    }
    const { values, positionals } = parsed;
    const missing = takes[positionals.length];
    if (missing !== undefined && !missing.endsWith('?'))
      throw usage(
        `${missing} is missing. Add --help to see how the command is used.`,
        missing,
        'missing',
      );
    if (positionals.length > takes.length)
      throw usage(
        `More was given than the command takes${takes.length === 0 ? '' : ` (${takes.join(' ')})`}. A name with spaces is put in quotes.`,
        'arguments',
        'too many',
      );
    return new Asked(values, positionals);
  }

  one(name: string): string {
    const value = this.maybe(name);
    if (value === undefined)
      throw usage(
        `--${name} is missing. Add --help to see how the command is used.`,
        `--${name}`,
        'missing',
      );
    return value;
  }
  maybe(name: string): string | undefined {
    const value = this.#values[name];
    return typeof value === 'string' ? value : undefined;
  }
  many(name: string): string[] {
    const value = this.#values[name];
    return Array.isArray(value) ? value.filter((each) => typeof each === 'string') : [];
  }
  flag(name: string): boolean {
    return this.#values[name] === true;
  }
  /** The n-th argument, from 0. */
  word(at: number): string {
    return this.#words[at] ?? '';
  }
  maybeWord(at: number): string | undefined {
    return this.#words[at];
  }

  get json(): boolean {
    return this.flag('json');
  }
  get folder(): string {
    const data = this.maybe('data');
    return dataFolder(data === undefined ? [] : ['--data', data]);
  }

  /** One of a closed set, in any case. */
  choice<T extends string>(name: string, value: string, choices: readonly T[]): T {
    const found = choices.find((choice) => choice.toLowerCase() === value.toLowerCase());
    if (found === undefined)
      throw usage(`${name} is one of: ${choices.join(', ')}.`, name, 'unknown');
    return found;
  }
  /** A whole number, 0 or more. */
  count(name: string, value: string): number {
    const number = /^\d{1,15}$/.test(value) ? Number(value) : Number.NaN;
    if (!Number.isSafeInteger(number)) throw usage(`${name} is a whole number.`, name, 'form');
    return number;
  }
  /** `name=value` options as pairs. */
  pairs(option: string): [string, string][] {
    return this.many(option).map((pair) => {
      const at = pair.indexOf('=');
      if (at < 1) throw usage(`--${option} is given as NAME=VALUE.`, `--${option}`, 'form');
      return [pair.slice(0, at), pair.slice(at + 1)];
    });
  }
}
