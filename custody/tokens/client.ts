/**
 * The service's end of a token process: starts it, asks, waits no longer than a deadline, and ends it.
 *
 * A vendor's library may hang, crash or answer nonsense; each becomes an error here and takes nothing else down. The client retries nothing:
 * after a hang or a crash only a look at the token tells what was done (design 03, R8).
 */
import type { ChildProcess } from 'node:child_process';
import { z } from 'zod';
import type { Family, ModuleInfo } from '../../shared/domain/tokens.ts';
import { type ErrorCode, KeymootError, isErrorCode } from '../../shared/errors.ts';
import {
  type TokenInput,
  type TokenOp,
  type TokenOutput,
  tokenAnswers,
} from '../../shared/token/protocol.ts';
import { setAside, STDIO_ASIDE } from '../aside.ts';
import { spawnSelf } from '../spawn.ts';
import { cleanText } from '../../shared/text.ts';
import { wipeSecrets } from '../../shared/token/secrets.ts';

const NORMAL = 15_000;
const SLOW = 120_000;

/** How long each request may take before its process is ended, in milliseconds. An intent stores this, so that whoever recovers knows how long to wait. */
export const DEADLINES: Readonly<Record<TokenOp, number>> = {
  open: NORMAL,
  tokens: NORMAL,
  rescan: NORMAL,
  mechanisms: NORMAL,
  initToken: 60_000,
  initPin: NORMAL,
  list: 60_000,
  find: NORMAL,
  generate: SLOW, // RSA-4096 on a card; templates.ts names a shorter one where the key is quick to make
  destroy: NORMAL,
  importBegin: SLOW,
  importFinish: NORMAL,
  wrapOaep: NORMAL,
  random: NORMAL,
  signerOpen: NORMAL,
  signerSign: NORMAL,
};

/** After a disconnect, in milliseconds. An idle process is gone in a few. */
const CLOSE_GRACE = 2_000;

/** SECURITY: a vendor's code runs in the process that sends this; people read it on screens, in terminals and in the log. */
const Told = z
  .string()
  .max(2048)
  .transform((text) => cleanText(text, 2048));

const Reply = z.union([
  z.strictObject({ seq: z.int(), ok: z.literal(true), value: z.unknown(), ms: z.number() }),
  z.strictObject({
    seq: z.int(),
    ok: z.literal(false),
    error: z.strictObject({
      code: z.custom<ErrorCode>(isErrorCode),
      message: Told,
      fields: z.record(Told, Told).optional(),
    }),
  }),
]);
type Reply = z.infer<typeof Reply>;

export interface TokenClientOptions {
  /** Absolute path of the library. */
  readonly path: string;
  /** The hash that was approved, lower-case hex. The process compares before it loads. */
  readonly sha256: string;
  readonly family: Family;
  /** The whole environment of the process: shared/environment.ts says which variables. */
  readonly env?: Readonly<Record<string, string>>;
  /** NSS: `configdir='sql:…' …`. */
  readonly libraryParameters?: string;
  /** Called, and waited for, before the library is loaded: whoever recovers must know the process first. */
  readonly onSpawn?: (pid: number) => void | Promise<void>;
  /** Milliseconds for loading and C_Initialize. */
  readonly openDeadlineMs?: number;
  /** Ends the process at once, loading or not. For what only looks: what an ended call did is not known. */
  readonly signal?: AbortSignal;
}

interface CallOptions {
  /** Milliseconds; DEADLINES otherwise. */
  readonly deadlineMs?: number;
  /** Clears PIN halves and known values in `input` once they are sent. */
  readonly wipe?: boolean;
}

interface Pending {
  readonly op: TokenOp;
  readonly seq: number;
  readonly started: number;
  readonly timer: NodeJS.Timeout;
  readonly resolve: (reply: Reply) => void;
  readonly reject: (error: KeymootError) => void;
}

export class TokenClient {
  readonly pid: number;
  readonly family: Family;
  readonly #child: ChildProcess;
  readonly #exited: Promise<void>;
  #info: ModuleInfo | undefined;
  #pending: Pending | undefined;
  #queue: Promise<unknown> = Promise.resolve();
  #seq = 0;
  /** Why no further call is taken. */
  #over: KeymootError | undefined;

  private constructor(child: ChildProcess, pid: number, family: Family) {
    this.#child = child;
    this.pid = pid;
    this.family = family;
    child.on('message', (message) => {
      this.#receive(message);
    });
    child.on('error', () => undefined);
    child.stdio[4]?.on('error', () => undefined); // told by its exit
    this.#exited = new Promise((resolve) => {
      child.once('exit', (code, signal) => {
        // A last answer may still be in the channel; it is read before the disconnect is told.
        const settle = () => {
          this.#crashed(code, signal);
          resolve();
        };
        if (child.connected) child.once('disconnect', settle);
        else settle();
      });
    });
  }

  /**
   * Starts a process, loads the library and initialises it.
   *
   * @throws KeymootError module-…; internal when Keymoot itself can't be started
   */
  static async start(options: TokenClientOptions): Promise<TokenClient> {
    const child = spawnSelf(['token'], {
      // Vendors write to standard output and error what they like, PINs in debug builds included: nobody reads it.
      stdio: [...STDIO_ASIDE],
      ...(options.env ? { env: options.env } : {}),
    });
    const { pid } = child;
    if (pid === undefined) {
      child.on('error', () => undefined);
      throw new KeymootError('internal', 'the token process could not be started');
    }
    const client = new TokenClient(child, pid, options.family);
    const { signal } = options;
    const abort = () => void client.kill();
    signal?.addEventListener('abort', abort);
    void client.exited.then(() => {
      signal?.removeEventListener('abort', abort);
    });
    try {
      if (signal?.aborted === true) abort();
      await options.onSpawn?.(pid);
      const { path, sha256, libraryParameters } = options;
      client.#info = await client.call(
        'open',
        { path, sha256, ...(libraryParameters === undefined ? {} : { libraryParameters }) },
        options.openDeadlineMs === undefined ? {} : { deadlineMs: options.openDeadlineMs },
      );
      return client;
    } catch (error) {
      await client.kill();
      throw error;
    }
  }

  /** What the library says of itself. */
  get info(): ModuleInfo {
    if (!this.#info) throw new KeymootError('internal', 'the library is not open yet');
    return this.#info;
  }

  get alive(): boolean {
    return this.#over === undefined;
  }

  /** Resolves when the process is gone, for whatever reason. */
  get exited(): Promise<void> {
    return this.#exited;
  }

  /**
   * One request, one answer. Calls made at the same time wait for each other; a deadline counts from when the request is sent.
   *
   * @throws KeymootError as the token process said, or module-hung, module-crashed, module-lied, cancelled
   */
  call<K extends TokenOp>(
    op: K,
    input: TokenInput<K>,
    options: CallOptions = {},
  ): Promise<TokenOutput<K>> {
    const turn = this.#queue.then(() => this.#ask(op, input, options));
    this.#queue = turn.catch(() => undefined); // told to whoever asked; the next call is sent all the same
    return turn;
  }

  async #ask<K extends TokenOp>(
    op: K,
    input: TokenInput<K>,
    { deadlineMs = DEADLINES[op], wipe = false }: CallOptions,
  ): Promise<TokenOutput<K>> {
    let reply: Reply;
    try {
      reply = await this.#exchange(op, input, deadlineMs, wipe);
    } finally {
      if (wipe) wipeSecrets(input);
    }
    if (!reply.ok) {
      const { code, message, fields } = reply.error;
      throw new KeymootError(code, message, fields === undefined ? {} : { fields });
    }
    const value = tokenAnswers[op].safeParse(reply.value);
    if (!value.success) throw this.#lied(op);
    return value.data as TokenOutput<K>;
  }

  #exchange(op: TokenOp, input: unknown, deadlineMs: number, wipe: boolean): Promise<Reply> {
    return new Promise((resolve, reject) => {
      if (this.#over) {
        reject(this.#over);
        return;
      }
      const seq = ++this.#seq;
      const timer = setTimeout(() => {
        this.#hung(op, deadlineMs);
      }, deadlineMs);
      this.#pending = { op, seq, started: performance.now(), timer, resolve, reject };
      // That it could not be sent means that the process ends, which is told by its exit.
      this.#child.send({ seq, op, input: setAside(this.#child, input) }, () => undefined);
      // What is on its way is a copy, which is wiped once it is written.
      if (wipe) wipeSecrets(input);
    });
  }

  #receive(message: unknown): void {
    const parsed = Reply.safeParse(message);
    const pending = this.#pending;
    if (!parsed.success || parsed.data.seq !== pending?.seq) {
      // Nothing that is asked later may be answered by what came now.
      this.#end(this.#lied(pending?.op ?? 'open'));
      this.#child.kill('SIGKILL');
      return;
    }
    this.#pending = undefined;
    clearTimeout(pending.timer);
    pending.resolve(parsed.data);
  }

  #lied(op: TokenOp): KeymootError {
    return new KeymootError(
      'module-lied',
      `The answer to "${op}" does not have its form. Look at the token before anything is repeated.`,
    );
  }

  #hung(op: TokenOp, waited: number): void {
    this.#end(
      new KeymootError(
        'module-hung',
        `The vendor library did not answer "${op}" for ${seconds(waited)} and its process was ended. What the device did is not known; look at the token before anything is repeated.`,
      ),
    );
    this.#child.kill('SIGKILL');
  }

  #crashed(code: number | null, signal: NodeJS.Signals | null): void {
    const doing = this.#pending ? ` during "${this.#pending.op}"` : '';
    const how = signal ?? `exit code ${String(code)}`;
    const next = this.#pending
      ? 'What the device did is not known; look at the token before anything is repeated.'
      : 'Nothing was being asked of it.';
    this.#end(
      new KeymootError(
        'module-crashed',
        `The process with the vendor library ended${doing} (${how}). ${next}`,
        { fields: { signal: how } },
      ),
    );
  }

  /** The first reason stays: what follows is only its consequence. */
  #end(why: KeymootError): void {
    this.#over ??= why;
    const pending = this.#pending;
    this.#pending = undefined;
    if (!pending) return;
    clearTimeout(pending.timer);
    pending.reject(this.#over);
  }

  /** Lets the running call finish, then waits for the process to log out and end; ends it by force after two seconds. */
  async close(): Promise<void> {
    await this.#queue;
    this.#end(new KeymootError('cancelled', 'The token process was closed.'));
    if (this.#child.connected) this.#child.disconnect();
    const timer = setTimeout(() => this.#child.kill('SIGKILL'), CLOSE_GRACE);
    await this.#exited;
    clearTimeout(timer);
  }

  /** Ends the process now. A native call can't be cancelled otherwise, and what the device did is then not known. */
  async kill(): Promise<void> {
    this.#end(
      new KeymootError(
        'cancelled',
        'The token process was ended. What the device did is not known; look at the token before anything is repeated.',
      ),
    );
    this.#child.kill('SIGKILL');
    await this.#exited;
  }
}

const seconds = (ms: number): string => `${Math.round(ms / 100) / 10} s`;
