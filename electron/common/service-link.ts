/**
 * A face's link to the custody service: starts it, sends requests, receives events, and restarts it when it ends.
 *
 * Every call gets exactly one answer, whatever the service does: it may die, answer twice, answer late, never, or with lines that are no messages.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import type { Payload } from '../../shared/contract/index.ts';
import { isEvent } from '../../shared/contract/names.ts';
import { count, isEventMessage, isReply, type Reply } from '../../shared/contract/wire.ts';
import { Calls } from '../../shared/calls.ts';
import { record, string, type Form } from '../../shared/form.ts';
import type { FaceMessage, PageRequest } from '../../shared/window/bridge.ts';
import { type Answer, refused } from './answers.ts';
import type { Command } from './program.ts';

export interface LinkOptions {
  /** Asked anew at each start; undefined when the program isn't there. */
  command: () => Command | undefined;
  /** How long a call may take. */
  deadlineMs?: number;
  /** Waits before successive restarts. */
  backOffMs?: readonly number[];
  /** A service that lived shorter died at once; after this many such deaths in a row the link gives up restarting. */
  quickMs?: number;
  longestLine?: number;
}

const MINUTE = 60_000;
const QUICK_DEATHS = 5;
/** More simultaneous calls than this can't come from a person. */
const MOST_WAITING = 512;

const SAFE =
  'What it acknowledged is safe. The Overview says whether something was interrupted: look there before you repeat anything.';

const isProgress: Form<Payload<'progress'>> = record({
  request: count,
  text: string(256),
  elapsedMs: count,
});

const answerOf = (reply: Reply): Answer => {
  if (reply.ok) return { ok: true, value: reply.value };
  const { code, message, fields } = reply.error;
  return { ok: false, error: { code, message, ...(fields === undefined ? {} : { fields }) } };
};

export class ServiceLink {
  readonly #command: LinkOptions['command'];
  readonly #deadlineMs: number;
  readonly #backOffMs: readonly number[];
  readonly #quickMs: number;
  readonly #longestLine: number;
  /** Calls that wait, each with the page's own number for it. */
  readonly #calls = new Calls<Answer, number | undefined>();
  readonly #listeners = new Set<(message: FaceMessage) => void>();
  #child: ChildProcess | undefined;
  #deaths = 0;
  /** The reason for giving up restarts; undefined while the link still restarts the service. */
  #gaveUp: string | undefined;
  #stopping = false;
  #wasDown = false;
  #restart: NodeJS.Timeout | undefined;

  constructor(options: LinkOptions) {
    this.#command = options.command;
    this.#deadlineMs = options.deadlineMs ?? 10 * MINUTE;
    this.#backOffMs = options.backOffMs ?? [0, 500, 2000, 5000];
    this.#quickMs = options.quickMs ?? 10_000;
    this.#longestLine = options.longestLine ?? 64 * 1024 * 1024;
  }

  get pid(): number | undefined {
    return this.#child?.pid;
  }

  listen(listener: (message: FaceMessage) => void): () => void {
    this.#listeners.add(listener);
    return () => {
      this.#listeners.delete(listener);
    };
  }
  #tell(message: FaceMessage): void {
    for (const listener of this.#listeners) listener(message);
  }

  /** Starts the service; after it gave up, tries afresh. */
  start(): void {
    if (this.#child !== undefined || this.#restart !== undefined || this.#stopping) return;
    if (this.#gaveUp !== undefined) this.#deaths = 0;
    this.#gaveUp = undefined;
    this.#spawn();
  }

  #spawn(): void {
    const command = this.#command();
    if (command === undefined) {
      this.#giveUp('The Keymoot program is not where it should be. Install Keymoot again.');
      return;
    }
    const child = spawn(command.program, command.args, {
      env: command.env,
      stdio: ['pipe', 'pipe', 'inherit'],
      detached: false,
      shell: false,
      windowsHide: true,
    });
    this.#child = child;
    const since = performance.now();
    let over = false;
    const ended = (how: string) => {
      if (over) return;
      over = true;
      this.#ended(how, performance.now() - since);
    };
    child.once('error', () => {
      ended('it could not be started');
    });
    // `close` and not `exit`: its last output is read before its end is reported.
    child.once('close', (code, signal) => {
      ended(signal === null ? `it ended with code ${code ?? '?'}` : `it was ended by ${signal}`);
    });
    child.stdin.on('error', () => undefined);
    this.#read(child);
    if (this.#wasDown)
      void this.request({ channel: 'desk.hello', input: {} }).then(() => {
        // Any answer, even an error about opening the desk, comes from a service that runs.
        if (this.#child !== child || over || !this.#wasDown) return;
        this.#wasDown = false;
        this.#tell({ kind: 'service-up' });
      });
  }

  #read(child: ChildProcess): void {
    let pieces: Buffer[] = [];
    let length = 0;
    child.stdout?.on('data', (piece: Buffer) => {
      let from = 0;
      for (let at = piece.indexOf(10); at >= 0; at = piece.indexOf(10, from)) {
        pieces.push(piece.subarray(from, at));
        const line = Buffer.concat(pieces);
        pieces = [];
        length = 0;
        from = at + 1;
        if (line.length <= this.#longestLine) this.#receive(line);
        else child.kill('SIGKILL');
      }
      const tail = piece.subarray(from);
      length += tail.length;
      // After a line over the limit the messages can't be separated any more, so the service is ended.
      if (length > this.#longestLine) {
        pieces = [];
        length = 0;
        child.kill('SIGKILL');
      } else if (tail.length > 0) pieces.push(tail);
    });
  }

  #receive(line: Buffer): void {
    let message: unknown;
    try {
      message = JSON.parse(line.toString('utf8'));
    } catch {
      return; // not a message of the service, so no call waits for it
    }
    if (isReply(message)) {
      // An answer that comes twice or after its deadline matches no waiting call and is dropped.
      if (message.id !== null) this.#calls.settle(message.id, answerOf(message));
      return;
    }
    if (!isEventMessage(message) || !isEvent(message.event)) return;
    const { event, payload } = message;
    if (event === 'progress') this.#tellProgress(payload);
    else this.#tell({ kind: 'event', event, payload });
  }
  /** The service knows a call by our number, the page by its own; progress of a call that isn't waiting or has no ticket is dropped. */
  #tellProgress(payload: unknown): void {
    if (!isProgress(payload)) return;
    const ticket = this.#calls.about(payload.request);
    if (ticket === undefined) return;
    this.#tell({ kind: 'event', event: 'progress', payload: { ...payload, request: ticket } });
  }

  /** Asks. Never rejects, and answers once. */
  request({ ticket, ...request }: PageRequest): Promise<Answer> {
    if (this.#gaveUp !== undefined) return Promise.resolve(refused('internal', this.#gaveUp));
    const { stdin } = this.#child ?? {};
    if (!stdin?.writable)
      return Promise.resolve(
        refused('internal', 'The service is being started again. Nothing was done; try it anew.'),
      );
    if (this.#calls.size >= MOST_WAITING)
      return Promise.resolve(
        refused('internal', 'Too many calls are waiting for an answer. Nothing was done.'),
      );
    return this.#calls.ask({
      about: ticket,
      deadline: {
        ms: this.#deadlineMs,
        late: () =>
          refused(
            'internal',
            `The service has not answered for ${Math.round(this.#deadlineMs / MINUTE)} minutes. It may still be at work: ${SAFE}`,
          ),
      },
      send: (id) => {
        stdin.write(`${JSON.stringify({ id, ...request })}\n`);
      },
    });
  }

  #ended(how: string, livedMs: number): void {
    this.#child = undefined;
    this.#calls.settleAll(refused('internal', `The service ended before it answered. ${SAFE}`));
    if (this.#stopping) return;
    this.#deaths = livedMs < this.#quickMs ? this.#deaths + 1 : 1;
    if (this.#deaths >= QUICK_DEATHS) {
      this.#giveUp(
        `The service ended ${QUICK_DEATHS} times right after it was started (the last time ${how}). ` +
          'What it acknowledged is safe on disk. Reload the window to try again.',
      );
      return;
    }
    this.#wasDown = true;
    this.#tell({
      kind: 'service-down',
      why: `The service is gone: ${how}. It is being started again. ${SAFE}`,
    });
    const pause = this.#backOffMs[Math.min(this.#deaths, this.#backOffMs.length) - 1] ?? 0;
    this.#restart = setTimeout(() => {
      this.#restart = undefined;
      this.#spawn();
    }, pause);
  }
  #giveUp(why: string): void {
    this.#gaveUp = why;
    this.#wasDown = true;
    this.#tell({ kind: 'service-down', why });
  }

  /** Lets the service finish its calls and end; a service that doesn't within `graceMs` is killed. */
  async stop(graceMs = 10_000): Promise<void> {
    this.#stopping = true;
    clearTimeout(this.#restart);
    const child = this.#child;
    if (child === undefined) return;
    await new Promise<void>((done) => {
      // Crash-only: what it acknowledged is committed, so killing it loses nothing.
      const timer = setTimeout(() => child.kill('SIGKILL'), graceMs);
      child.once('close', () => {
        clearTimeout(timer);
        done();
      });
      child.stdin?.end();
    });
  }
}
