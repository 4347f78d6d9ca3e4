/** The built program as a script drives it: arguments, secrets on descriptor 3, what it prints, its exit code. */
import { spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { ENDED_LATE } from '../support/ended-late.ts';

export const BUNDLE = fileURLToPath(new URL('../../out/keymoot.cjs', import.meta.url));

/** Whatever a document holds: a test that expects another shape fails where it looks. */
export type Document = ReturnType<typeof JSON.parse>;

export interface Ran {
  code: number | null;
  out: string;
  /** Without the lines that say how long something takes: on a busy machine there are more of them. */
  err: string;
  /** Of the document that --json prints. */
  value: Document;
  error: { code: string; message: string; fields?: Record<string, string> } | undefined;
  /** Command lines of the program and of all that it started, as others on the computer can read them. */
  seen: string[];
}

/** Secrets by name; a list gives one for each time it is asked. */
export type Secrets = Record<string, string | string[]>;
export const linesOf = (secrets: Secrets): string =>
  Object.entries(secrets)
    .flatMap(([name, value]) => [value].flat().map((each) => `${name}: ${each}\n`))
    .join('');

/** Command lines of a process and of everything below it. */
export const commandLines = (pid: number): string[] => {
  try {
    const own = readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ');
    const below = readdirSync(`/proc/${pid}/task`).flatMap((task) =>
      readFileSync(`/proc/${pid}/task/${task}/children`, 'utf8').split(' ').filter(Boolean),
    );
    return [own, ...below.flatMap((child) => commandLines(Number(child)))];
  } catch {
    return []; // gone meanwhile
  }
};

export class Bench {
  readonly folder = mkdtempSync(join(tmpdir(), 'keymoot-cli-'));
  readonly data = join(this.folder, 'desk');
  readonly outputs: string[] = [];
  readonly seen = new Set<string>();

  path(...parts: string[]): string {
    return join(this.folder, ...parts);
  }
  remove(): void {
    rmSync(this.folder, { recursive: true, force: true });
  }

  /** Without secrets nothing can be asked: there is neither a descriptor nor, in a session of its own, a terminal. */
  run(args: readonly string[], secrets: Secrets = {}): Promise<Ran> {
    const all = [BUNDLE, ...args, '--data', this.data, '--secrets-fd', '3'];
    return this.start(all, linesOf(secrets));
  }
  async json(args: readonly string[], secrets: Secrets = {}): Promise<Document> {
    const ran = await this.run([...args, '--json'], secrets);
    if (ran.code !== 0)
      throw new Error(`keymoot ${args.join(' ')}: exit ${String(ran.code)}\n${ran.out}${ran.err}`);
    return ran.value;
  }
  start(args: readonly string[], descriptor: string): Promise<Ran> {
    const child = spawn(process.execPath, args, {
      cwd: this.folder,
      stdio: ['ignore', 'pipe', 'pipe', 'pipe'],
      env: { PATH: process.env['PATH'], HOME: this.folder, KEYMOOT_DEVELOPER: '1' },
      ...ENDED_LATE,
    });
    const pipe = child.stdio[3] as NodeJS.WritableStream;
    pipe.on('error', () => undefined);
    pipe.end(descriptor);
    const seen = new Set<string>();
    const watch = setInterval(() => {
      for (const line of commandLines(child.pid ?? 0)) seen.add(line);
    }, 100);
    let out = '';
    let err = '';
    child.stdout!.setEncoding('utf8').on('data', (piece: string) => (out += piece));
    child.stderr!.setEncoding('utf8').on('data', (piece: string) => (err += piece));
    return new Promise((resolve) => {
      child.once('close', (code) => {
        clearInterval(watch);
        this.outputs.push(out, err);
        for (const line of seen) this.seen.add(line);
        err = err.replace(/^.* … [\d.]+ s\n/gm, '');
        let document: Document;
        try {
          document = JSON.parse(out);
        } catch {
          // words for people
        }
        resolve({
          code,
          out,
          err,
          value: document?.value,
          error: document?.error,
          seen: [...seen],
        });
      });
    });
  }
}

export const built = existsSync(BUNDLE);
