/**
 * `--secrets-fd N`: secrets by name from an open descriptor, for scripts and drills.
 *
 * Lines `name: value`; empty lines and those that begin with `#` are ignored. Each line is used once; lines of the same name are used in order. The descriptor
 * is read to its end and closed before any process is started, so that none inherits it.
 */
import { closeSync, existsSync, readdirSync, readFileSync, readlinkSync, readSync } from 'node:fs';
import { isatty } from 'node:tty';
import { KeymootError } from '../../shared/errors.ts';

const MOST_BYTES = 256 * 1024;
const NEWLINE = 0x0a;

const bad = (message: string): KeymootError =>
  new KeymootError('input-invalid', message, { fields: { '--secrets-fd': 'form' } });

const describe = (descriptor: string): { target: string; access: number } | undefined => {
  try {
    const flags = /^flags:\s*(\d+)/m.exec(
      readFileSync(`/proc/self/fdinfo/${descriptor}`, 'utf8'),
    )?.[1];
    return {
      target: readlinkSync(`/proc/self/fd/${descriptor}`),
      access: parseInt(flags ?? '0', 8) & 3,
    };
  } catch {
    return undefined; // closed
  }
};

/** Node opens descriptors of its own where ours was left closed; reading one of those would wait for ever. Without /proc this can't be checked. */
const wasGiven = (descriptor: number): boolean => {
  if (!existsSync('/proc/self/fdinfo')) return true;
  const own = describe(String(descriptor));
  if (own === undefined || own.target.startsWith('anon_inode:')) return false;
  if (descriptor < 3 || !own.target.startsWith('pipe:')) return true;
  return !readdirSync('/proc/self/fd')
    .map(describe)
    .some((other) => other?.target === own.target && other.access !== own.access);
};

const sleep = (ms: number): void => {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, ms);
};

const readAll = (descriptor: number): Buffer => {
  const bytes = Buffer.alloc(MOST_BYTES);
  let length = 0;
  for (;;) {
    let read;
    try {
      read = readSync(descriptor, bytes, length, bytes.length - length, null);
    } catch (error) {
      if (error instanceof Error && 'code' in error && error.code === 'EAGAIN') {
        sleep(5);
        continue;
      }
      if (error instanceof Error && 'code' in error && error.code === 'EOF') break;
      bytes.fill(0);
      throw bad(`Descriptor ${descriptor} can’t be read.`);
    }
    if (read === 0) break;
    length += read;
    if (length === bytes.length) {
      bytes.fill(0);
      throw bad(`Descriptor ${descriptor} gave more than ${MOST_BYTES} bytes.`);
    }
  }
  const exact = Buffer.from(bytes.subarray(0, length));
  bytes.fill(0);
  return exact;
};

export class SecretLines {
  readonly descriptor: number;
  /** One buffer per line, zeroed and dropped when used. */
  readonly #lines: Buffer[] = [];

  constructor(descriptor: number, bytes: Buffer) {
    this.descriptor = descriptor;
    let from = 0;
    let number = 1;
    try {
      while (from < bytes.length) {
        const end = bytes.indexOf(NEWLINE, from);
        const to = end < 0 ? bytes.length : end;
        const line = bytes.subarray(from, to > from && bytes[to - 1] === 0x0d ? to - 1 : to);
        if (line.length > 0 && line[0] !== 0x23) {
          if (line.indexOf(':') < 1)
            throw bad(`Line ${number} on descriptor ${descriptor} is not “name: value”.`);
          this.#lines.push(Buffer.from(line));
        }
        from = to + 1;
        number += 1;
      }
    } finally {
      bytes.fill(0);
    }
  }

  static read(option: string): SecretLines {
    const descriptor = /^\d{1,4}$/.test(option) ? Number(option) : -1;
    if (descriptor < 0) throw bad('--secrets-fd is the number of an open descriptor.');
    if (!wasGiven(descriptor))
      throw bad(
        `Descriptor ${descriptor} is not open. Give it as in: keymoot … --secrets-fd 3 3<secrets. (npm run passes on only 0, 1 and 2.)`,
      );
    // SECURITY: a terminal would echo the value; the prompt does not.
    if (isatty(descriptor))
      throw bad(
        `Descriptor ${descriptor} is a terminal. Leave --secrets-fd out to be asked there without an echo.`,
      );
    const bytes = readAll(descriptor);
    if (descriptor > 2) closeSync(descriptor);
    return new SecretLines(descriptor, bytes);
  }

  /** The next value under this name, in a buffer that the caller zeroes; undefined when there is none left. */
  take(name: string): Buffer | undefined {
    const start = Buffer.from(`${name}:`, 'utf8');
    const at = this.#lines.findIndex((line) => line.subarray(0, start.length).equals(start));
    const line = this.#lines[at];
    if (line === undefined) return undefined;
    this.#lines.splice(at, 1);
    const from = line[start.length] === 0x20 ? start.length + 1 : start.length;
    const value = Buffer.from(line.subarray(from));
    line.fill(0);
    return value;
  }

  wipe(): void {
    for (const line of this.#lines) line.fill(0);
    this.#lines.length = 0;
  }
}
