/**
 * Where answers come from: descriptor, answers file, or the terminal.
 *
 * With `--secrets-fd` the terminal is never used, so a script can't hang: a missing value ends the command with an error that names it. With `--answers` alone
 * only secrets are prompted for.
 */
import { z } from 'zod';
import { KeymootError } from '../../shared/errors.ts';
import type { Asked } from './asked.ts';
import { readJson } from './files.ts';
import { SecretLines } from './secrets.ts';
import { Terminal } from './terminal.ts';

const Answers = z.record(z.string(), z.union([z.string(), z.array(z.string())]));
const SECRET = /^(passphrase|log pin|pin|so pin|component) /;

const readAnswers = (path: string): Map<string, string> => {
  const answers = new Map<string, string>();
  for (const [name, value] of Object.entries(readJson(path, Answers))) {
    // SECURITY: an answers file is kept beside the definition, so it must not hold a PIN.
    if (SECRET.test(name))
      throw new KeymootError(
        'input-invalid',
        `“${name}” is a secret and does not belong in an answers file. Remove it there, and give it by --secrets-fd or at the prompt.`,
        { fields: { [name]: 'a secret' } },
      );
    answers.set(name, typeof value === 'string' ? value : value.join(' '));
  }
  return answers;
};

export class Asker {
  readonly #lines: SecretLines | undefined;
  readonly #answers: Map<string, string> | undefined;
  #terminal: Terminal | undefined;

  constructor(lines: SecretLines | undefined, answers: Map<string, string> | undefined) {
    this.#lines = lines;
    this.#answers = answers;
  }
  static from(asked: Asked): Asker {
    const descriptor = asked.maybe('secrets-fd');
    const answers = asked.maybe('answers');
    const read = answers === undefined ? undefined : readAnswers(answers);
    return new Asker(descriptor === undefined ? undefined : SecretLines.read(descriptor), read);
  }

  /** Whether a person at the terminal can be asked again. */
  get interactive(): boolean {
    return this.#lines === undefined;
  }

  #missing(name: string, how: string): KeymootError {
    return new KeymootError(
      'input-invalid',
      `“${name}” is needed, and ${how}. Nothing more was done.`,
      {
        fields: { [name]: 'missing' },
      },
    );
  }
  #ask(name: string, prompt: string, echo: boolean): Promise<Buffer> {
    this.#terminal ??= Terminal.open();
    if (this.#terminal === undefined)
      throw this.#missing(name, 'there is no terminal to ask on: give it with --secrets-fd');
    return this.#terminal.ask(prompt, echo);
  }

  /** A secret. The caller zeroes it. */
  async secret(name: string, prompt: string): Promise<Buffer> {
    if (this.#lines === undefined) return this.#ask(name, prompt, false);
    const value = this.#lines.take(name);
    if (value === undefined)
      throw this.#missing(
        name,
        `descriptor ${this.#lines.descriptor} has no (other) line “${name}: …”; each is used once`,
      );
    return value;
  }

  /** A new secret: at the terminal it is typed twice. */
  async newSecret(name: string, prompt: string): Promise<Buffer> {
    for (;;) {
      const first = await this.secret(name, prompt);
      if (!this.interactive) return first;
      const again = await this.secret(name, 'The same again');
      const same = first.equals(again);
      again.fill(0);
      if (same) return first;
      first.fill(0);
      this.#terminal?.write('The two were different. Once more.\n');
    }
  }

  /** A value that is no secret; echoed while it is typed. */
  async answer(name: string, prompt: string): Promise<string> {
    const given = this.#answers?.get(name) ?? this.#lines?.take(name)?.toString('utf8');
    if (given !== undefined) return given;
    if (this.#answers !== undefined) throw this.#missing(name, 'the answers file does not have it');
    if (this.#lines !== undefined)
      throw this.#missing(
        name,
        `neither descriptor ${this.#lines.descriptor} nor an answers file has it`,
      );
    return (await this.#ask(name, prompt, true)).toString('utf8').trim();
  }
  /** Whether answers come from a file or descriptor rather than from a person. */
  get scripted(): boolean {
    return this.#answers !== undefined || this.#lines !== undefined;
  }

  cancel(): void {
    this.#terminal?.cancel();
  }
  close(): void {
    this.#lines?.wipe();
    this.#terminal?.close();
    this.#terminal = undefined;
  }
}
