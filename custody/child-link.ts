/**
 * The service's end of a short-lived process of ours: a token process, the holder, the judge. It starts the process, sends requests, waits up to a deadline,
 * and ends it.
 *
 * All use the same protocol: `{ seq, op, input }` over Node's channel, bytes beside it (aside.ts), and one answer to each. A process that sends an answer
 * without a request, or one in another form, is ended: otherwise that answer could be taken for the answer to a later request.
 */
import type { ChildProcess } from 'node:child_process';
import { Calls } from '../shared/calls.ts';
import { isErrorCode, KeymootError, type ErrorCode } from '../shared/errors.ts';
import {
  anything,
  either,
  oneOf,
  record,
  string,
  table,
  whole,
  type Form,
} from '../shared/form.ts';
import { cleanText } from '../shared/text.ts';
import { setAside, STDIO_ASIDE } from './aside.ts';
import { spawnSelf } from './spawn.ts';

/** The errors for a process that fails. `during`: the request that it was working on, if any. */
export interface Failures {
  readonly ended: (how: string, during: string | undefined) => KeymootError;
  readonly lied: (during: string | undefined) => KeymootError;
  readonly late: (op: string, deadlineMs: number) => KeymootError;
}

type Answer = { ok: true; value: unknown } | { ok: false; error: KeymootError };

const NOT_STARTED = 'it could not be started';
const MOST_TEXT = 2048;
const told = string(MOST_TEXT);
const code: Form<ErrorCode> = (value): value is ErrorCode =>
  typeof value === 'string' && isErrorCode(value);
const isReply = either(
  record({ seq: whole(), ok: oneOf([true]), value: anything }, { ms: whole(0) }),
  record({
    seq: whole(),
    ok: oneOf([false]),
    error: record({ code, message: told }, { fields: table(told) }),
  }),
);

/** SECURITY: a vendor's code may run in the process that sends this text, and people read it on screens, in terminals and in the log, so it is cleaned. */
const clean = (text: string): string => cleanText(text, MOST_TEXT);
const errorOf = (
  code: ErrorCode,
  message: string,
  fields: Record<string, string> | undefined,
): KeymootError =>
  new KeymootError(
    code,
    clean(message),
    fields === undefined
      ? {}
      : {
          fields: Object.fromEntries(
            Object.entries(fields).map(([name, value]) => [clean(name), clean(value)]),
          ),
        },
  );

export class ChildLink {
  readonly #child: ChildProcess;
  readonly #failures: Failures;
  readonly #calls = new Calls<Answer, string>();
  /** Set once no further call is accepted: the reason. */
  #over: KeymootError | undefined;
  /** Resolves when the process has ended, for whatever reason. */
  readonly exited: Promise<void>;

  constructor(
    command: string,
    failures: Failures,
    /** The whole environment of the process. */
    env?: Readonly<Record<string, string>>,
  ) {
    this.#failures = failures;
    // Vendors' libraries write anything to standard output and error, in debug builds even PINs: it is discarded.
    const stdio = [...STDIO_ASIDE];
    const child = spawnSelf([command], env === undefined ? { stdio } : { stdio, env });
    this.#child = child;
    child.on('message', (message) => {
      this.#receive(message);
    });
    // Without free descriptors the system starts no process, and then there is no pipe either.
    if (child.pid === undefined) this.#end(failures.ended(NOT_STARTED, undefined));
    else child.stdio[4]?.on('error', () => undefined); // reported at its exit
    this.exited = new Promise((resolve) => {
      const ended = (how: string) => {
        this.#end(this.#failures.ended(how, this.#calls.oldest));
        resolve();
      };
      child.on('error', () => {
        if (child.pid === undefined) ended(NOT_STARTED);
      });
      child.once('exit', (code, signal) => {
        const how = signal ?? `exit code ${String(code)}`;
        // A last answer may still be in the channel; it is read before the disconnect is reported.
        if (child.connected)
          child.once('disconnect', () => {
            ended(how);
          });
        else ended(how);
      });
    });
  }

  get pid(): number | undefined {
    return this.#child.pid;
  }
  get alive(): boolean {
    return this.#over === undefined;
  }

  /**
   * One request, one answer.
   *
   * @param sent called once the request is sent: the channel holds a copy, so the caller can clear its own bytes
   * @throws KeymootError the process's own error, or one of `failures`
   */
  async ask(
    op: string,
    input: unknown,
    deadlineMs: number,
    sent: () => void = () => undefined,
  ): Promise<unknown> {
    if (this.#over) throw this.#over;
    const answer = await this.#calls.ask({
      about: op,
      deadline: {
        ms: deadlineMs,
        late: () => ({ ok: false, error: this.kill(this.#failures.late(op, deadlineMs)) }),
      },
      send: (seq) => {
        // Sending fails only when the process is ending, which is reported at its exit.
        this.#child.send({ seq, op, input: setAside(this.#child, input) }, () => undefined);
        sent();
      },
    });
    if (!answer.ok) throw answer.error;
    return answer.value;
  }

  #receive(message: unknown): void {
    const answered =
      isReply(message) &&
      this.#calls.settle(
        message.seq,
        message.ok
          ? { ok: true, value: message.value }
          : {
              ok: false,
              error: errorOf(message.error.code, message.error.message, message.error.fields),
            },
      );
    if (!answered) this.kill(this.#failures.lied(this.#calls.oldest));
  }

  /** The first reason stays: later ones are only its consequences. */
  #end(why: KeymootError): KeymootError {
    this.#over ??= why;
    this.#calls.settleAll({ ok: false, error: this.#over });
    return this.#over;
  }

  /** Asks the process to end by itself, and accepts no further call. */
  close(why: KeymootError): void {
    this.#end(why);
    if (this.#child.connected) this.#child.disconnect();
  }
  /** Kills the process; waiting calls are rejected with the reason. A native call can't be cancelled otherwise. */
  kill(why: KeymootError): KeymootError {
    const over = this.#end(why);
    this.#child.kill('SIGKILL');
    return over;
  }
}
