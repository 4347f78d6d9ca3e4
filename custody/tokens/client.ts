/**
 * The service's end of a token process: starts it, asks, waits no longer than a deadline, and ends it.
 *
 * A vendor's library may hang, crash or answer nonsense; each becomes an error here and takes nothing else down. The client retries nothing:
 * after a hang or a crash only a look at the token tells what was done (design 03, R8).
 */
import type { Family, ModuleInfo } from '../../shared/domain/tokens.ts';
import { KeymootError } from '../../shared/errors.ts';
import {
  type TokenInput,
  type TokenOp,
  type TokenOutput,
  tokenAnswers,
} from '../../shared/token/protocol.ts';
import { ChildLink, type Failures } from '../child-link.ts';
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

const lied = (op: string): KeymootError =>
  new KeymootError(
    'module-lied',
    `The answer to "${op}" does not have its form. Look at the token before anything is repeated.`,
  );

const failures: Failures = {
  lied: (during = 'open') => lied(during),
  late: (op, ms) =>
    new KeymootError(
      'module-hung',
      `The vendor library did not answer "${op}" for ${seconds(ms)} and its process was ended. What the device did is not known; look at the token before anything is repeated.`,
    ),
  ended: (how, during) => {
    const doing = during === undefined ? '' : ` during "${during}"`;
    const next =
      during === undefined
        ? 'Nothing was being asked of it.'
        : 'What the device did is not known; look at the token before anything is repeated.';
    return new KeymootError(
      'module-crashed',
      `The process with the vendor library ended${doing} (${how}). ${next}`,
      { fields: { signal: how } },
    );
  },
};

export class TokenClient {
  readonly pid: number;
  readonly family: Family;
  readonly #link: ChildLink;
  #info: ModuleInfo | undefined;
  #queue: Promise<unknown> = Promise.resolve();

  private constructor(link: ChildLink, pid: number, family: Family) {
    this.#link = link;
    this.pid = pid;
    this.family = family;
  }

  /**
   * Starts a process, loads the library and initialises it.
   *
   * @throws KeymootError module-…; internal when Keymoot itself can't be started
   */
  static async start(options: TokenClientOptions): Promise<TokenClient> {
    const link = new ChildLink('token', failures, options.env);
    const { pid } = link;
    if (pid === undefined)
      throw new KeymootError('internal', 'the token process could not be started');
    const client = new TokenClient(link, pid, options.family);
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
    return this.#link.alive;
  }

  /** Resolves when the process is gone, for whatever reason. */
  get exited(): Promise<void> {
    return this.#link.exited;
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
    const clear = () => {
      if (wipe) wipeSecrets(input);
    };
    let reply: unknown;
    try {
      reply = await this.#link.ask(op, input, deadlineMs, clear);
    } finally {
      clear(); // also of what was never sent
    }
    const value = tokenAnswers[op].safeParse(reply);
    if (!value.success) throw lied(op);
    return value.data as TokenOutput<K>;
  }

  /** Lets the running call finish, then waits for the process to log out and end; ends it by force after two seconds. */
  async close(): Promise<void> {
    await this.#queue;
    const closed = new KeymootError('cancelled', 'The token process was closed.');
    this.#link.close(closed);
    const timer = setTimeout(() => this.#link.kill(closed), CLOSE_GRACE);
    await this.exited;
    clearTimeout(timer);
  }

  /** Ends the process now. A native call can't be cancelled otherwise, and what the device did is then not known. */
  async kill(): Promise<void> {
    this.#link.kill(
      new KeymootError(
        'cancelled',
        'The token process was ended. What the device did is not known; look at the token before anything is repeated.',
      ),
    );
    await this.exited;
  }
}

const seconds = (ms: number): string => `${Math.round(ms / 100) / 10} s`;
