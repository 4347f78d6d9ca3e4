/**
 * Prompts on the terminal itself, never on standard input: output may be a file or a pipe while a PIN is typed.
 *
 * Three rules:
 * - from the first prompt to the end of the command the terminal is raw, so it never echoes early typing;
 * - a secret is bytes in one buffer that the caller zeroes, never a string;
 * - Ctrl-C works at any moment: at a prompt it cancels, otherwise it is passed on as SIGINT.
 */
import { closeSync, constants, openSync, writeSync } from 'node:fs';
import { ReadStream } from 'node:tty';
import { KeymootError } from '../../shared/errors.ts';
import { forTerminal } from '../../shared/text.ts';

const MOST_BYTES = 4096;
const KEY = {
  ctrlC: 0x03,
  ctrlD: 0x04,
  backspace: 0x08,
  lineFeed: 0x0a,
  enter: 0x0d,
  ctrlU: 0x15,
  escape: 0x1b,
  delete: 0x7f,
} as const;

interface Question {
  echo: boolean;
  line: Buffer;
  length: number;
  resolve: (line: Buffer) => void;
  reject: (error: KeymootError) => void;
}

export const cancelled = (): KeymootError =>
  new KeymootError(
    'cancelled',
    'Stopped. What was acknowledged is safe; nothing was done after it.',
  );

const isContinuation = (byte: number): boolean => (byte & 0xc0) === 0x80;

export class Terminal {
  readonly #input: ReadStream;
  readonly #output: number;
  #question: Question | undefined;
  /** Typed before the prompt. */
  #early: Buffer[] = [];
  #escape: 'no' | 'begun' | 'sequence' = 'no';

  private constructor(input: ReadStream, output: number) {
    this.#input = input;
    this.#output = output;
    input.setRawMode(true);
    input.on('data', (bytes: Buffer) => {
      this.#typed(bytes);
    });
    input.on('error', () => {
      this.#question?.reject(cancelled());
    });
  }

  /** The terminal this program was started from, or undefined when there is none. */
  static open(): Terminal | undefined {
    try {
      if (process.platform === 'win32')
        return new Terminal(
          new ReadStream(openSync('\\\\.\\CONIN$', 'r+')),
          openSync('\\\\.\\CONOUT$', 'w'),
        );
      const input = openSync('/dev/tty', constants.O_RDWR | constants.O_NOCTTY);
      return new Terminal(
        new ReadStream(input),
        openSync('/dev/tty', constants.O_WRONLY | constants.O_NOCTTY),
      );
    } catch {
      return undefined; // no terminal, or not accessible: secrets then come from a descriptor
    }
  }

  write(text: string): void {
    try {
      writeSync(this.#output, text);
    } catch {
      // the terminal is gone; the prompt will be cancelled
    }
  }

  /** Prompts for one line. Returns its bytes in a buffer of their own; the caller zeroes a secret. */
  async ask(prompt: string, echo: boolean): Promise<Buffer> {
    this.write(`${forTerminal(prompt)}: `);
    try {
      return await new Promise<Buffer>((resolve, reject) => {
        this.#question = { echo, line: Buffer.alloc(MOST_BYTES), length: 0, resolve, reject };
        const early = this.#early;
        this.#early = [];
        for (const bytes of early) this.#typed(bytes);
      });
    } finally {
      this.#question = undefined;
    }
  }

  /** Cancels the open prompt, as Ctrl-C does. */
  cancel(): void {
    const question = this.#question;
    if (question === undefined) return;
    this.#question = undefined;
    question.line.fill(0);
    this.write('\n');
    question.reject(cancelled());
  }

  close(): void {
    this.cancel();
    for (const bytes of this.#early) bytes.fill(0);
    this.#early = [];
    this.#input.setRawMode(false);
    this.#input.destroy();
    closeSync(this.#output);
  }

  #typed(bytes: Buffer): void {
    for (const [at, byte] of bytes.entries()) {
      const question = this.#question;
      if (question === undefined && byte !== KEY.ctrlC) {
        this.#early.push(Buffer.from(bytes.subarray(at)));
        break;
      }
      this.#key(byte, question);
    }
    bytes.fill(0); // SECURITY: what was typed remains only in the prompt's buffer
  }

  #key(byte: number, question: Question | undefined): void {
    if (byte === KEY.ctrlC) {
      if (question === undefined) process.kill(process.pid, 'SIGINT');
      else this.cancel();
      return;
    }
    if (question === undefined || this.#inEscape(byte)) return;
    switch (byte) {
      case KEY.enter:
      case KEY.lineFeed: {
        this.#question = undefined;
        this.write('\n');
        const line = Buffer.from(question.line.subarray(0, question.length));
        question.line.fill(0);
        question.resolve(line);
        return;
      }
      case KEY.ctrlD:
        if (question.length === 0) this.cancel();
        return;
      case KEY.backspace:
      case KEY.delete:
        this.#erase(question);
        return;
      case KEY.ctrlU:
        while (question.length > 0) this.#erase(question);
        return;
      default:
        if (byte < 0x20 || question.length === MOST_BYTES) return;
        question.line[question.length] = byte;
        question.length += 1;
        if (question.echo) writeSync(this.#output, Uint8Array.of(byte));
    }
  }

  /** Takes back one character, which may be several bytes. */
  #erase(question: Question): void {
    if (question.length === 0) return;
    do {
      question.length -= 1;
    } while (question.length > 0 && isContinuation(question.line[question.length] ?? 0));
    question.line.fill(0, question.length);
    if (question.echo) this.write('\b \b');
  }

  /** Skips escape sequences: arrow keys and the marks that a terminal puts around pasted text. */
  #inEscape(byte: number): boolean {
    if (this.#escape === 'begun') {
      this.#escape = byte === 0x5b || byte === 0x4f ? 'sequence' : 'no';
      return true;
    }
    if (this.#escape === 'sequence') {
      if (byte >= 0x40 && byte <= 0x7e) this.#escape = 'no';
      return true;
    }
    if (byte !== KEY.escape) return false;
    this.#escape = 'begun';
    return true;
  }
}
