/**
 * A face's side of the contract: starts the service, seals secrets to it, sends calls and parses the answers.
 *
 * The command line, the rehearsal and the tests all use it; there is no other way to the desk.
 */
import { hash } from 'node:crypto';
import type { ChildProcess } from 'node:child_process';
import { Calls } from '../../shared/calls.ts';
import { canonicalBytes } from '../../shared/canonical.ts';
import {
  contract,
  events,
  type ChannelName,
  type EventName,
  type InputGiven,
  type Output,
  type Payload,
} from '../../shared/contract/index.ts';
import type { Proof } from '../../shared/contract/message.ts';
import { isEvent, type FilePurpose } from '../../shared/contract/names.ts';
import { isEventMessage, isReply } from '../../shared/contract/wire.ts';
import { serviceEnvironment } from '../../shared/environment.ts';
import { type ErrorData, fromErrorData, KeymootError } from '../../shared/errors.ts';
import type { Binding } from '../../shared/sealed.ts';
import { seal } from '../../shared/sealing.ts';
import { spawnSelf } from '../spawn.ts';

/** A person and their passphrase for one call. The bytes are zeroed when sealed. */
export interface Proving {
  person: string;
  passphrase: Uint8Array;
}

/**
 * glibc keeps freed memory up to a threshold that grows with what was freed, and scrypt frees 16 MiB at a time: fixed at 1 MiB it goes back to the system
 * (measured: 112 MB instead of 180 MB for an idle service).
 */
const MALLOC = { MALLOC_MMAP_THRESHOLD_: '1048576' };

export class DeskClient {
  readonly #child: ChildProcess;
  readonly #calls = new Calls<{ value: unknown } | { error: KeymootError }>();
  readonly #listeners = new Map<EventName, Set<(payload: never) => void>>();
  #publicKey: string | undefined;
  /** Resolves when the service is gone. */
  readonly exited: Promise<void>;

  private constructor(folder: string, env: Record<string, string>) {
    this.#child = spawnSelf(['serve', '--data', folder], {
      stdio: ['pipe', 'pipe', 'inherit'],
      env,
    });
    let rest = '';
    this.#child.stdout?.setEncoding('utf8');
    this.#child.stdout?.on('data', (piece: string) => {
      const parts = (rest + piece).split('\n');
      rest = parts.pop() ?? '';
      for (const line of parts) this.#receive(line);
    });
    this.#child.stdin?.on('error', () => undefined);
    this.exited = new Promise((resolve) => {
      const ended = () => {
        const error = new KeymootError(
          'internal',
          'The service ended. What it acknowledged is safe; start it again and look at the state before you repeat anything.',
        );
        this.#calls.settleAll({ error });
        resolve();
      };
      this.#child.once('exit', ended);
      this.#child.once('error', ended);
    });
  }

  /**
   * Starts the service on a data folder.
   * @param told called with the service's progress while a large desk is opened
   */
  static async start(
    folder: string,
    env: Record<string, string> = {},
    told: (progress: Payload<'progress'>) => void = () => undefined,
  ): Promise<DeskClient> {
    const client = new DeskClient(folder, {
      ...serviceEnvironment(process.env),
      ...MALLOC,
      ...env,
    });
    const off = client.on('progress', told);
    try {
      const hello = await client.call('desk.hello', {});
      client.#publicKey = hello.publicKey;
      // A desk says its name before its log is judged; one that is refused is refused here.
      await client.call('log.state', {});
    } catch (error) {
      await client.stop();
      throw error;
    } finally {
      off();
    }
    return client;
  }

  get pid(): number {
    return this.#child.pid ?? 0;
  }

  #receive(line: string): void {
    let message: unknown;
    try {
      message = JSON.parse(line);
    } catch {
      return; // not a message of the service: no request waits for it
    }
    if (isReply(message)) {
      if (message.id !== null)
        this.#calls.settle(
          message.id,
          message.ok
            ? { value: message.value }
            : { error: fromErrorData(message.error as ErrorData) },
        );
      return;
    }
    if (!isEventMessage(message) || !isEvent(message.event)) return;
    const name = message.event;
    const payload = events[name].safeParse(message.payload);
    if (payload.success)
      for (const listener of this.#listeners.get(name) ?? []) listener(payload.data as never);
  }

  on<E extends EventName>(event: E, listener: (payload: Payload<E>) => void): () => void {
    const set = this.#listeners.get(event) ?? new Set();
    this.#listeners.set(event, set);
    set.add(listener);
    return () => set.delete(listener);
  }

  /** Sends any message, valid or not: for tests of what the service refuses. */
  raw(line: string): void {
    this.#child.stdin?.write(`${line}\n`);
  }
  async send(message: { channel: string; input: unknown; proofs?: Proof[] }): Promise<unknown> {
    if (this.#child.exitCode !== null || this.#child.signalCode !== null)
      throw new KeymootError('internal', 'The service has ended.');
    const answer = await this.#calls.ask({
      about: undefined,
      send: (id) => this.#child.stdin?.write(`${JSON.stringify({ id, ...message })}\n`),
    });
    if ('error' in answer) throw answer.error;
    return answer.value;
  }

  /** Seals a secret for one purpose and one channel, and zeroes it. Gives its handle. */
  async secret(bytes: Uint8Array, binding: Binding): Promise<string> {
    if (this.#publicKey === undefined)
      throw new KeymootError('internal', 'The service has not said hello.');
    const box = seal(this.#publicKey, bytes, binding);
    return (await this.call('secrets.put', { binding, box })).handle;
  }
  async pin(
    first: Uint8Array,
    second: Uint8Array,
    channel: ChannelName,
  ): Promise<{ first: string; second: string }> {
    const binding: Binding = { purpose: 'pin-half', channel };
    return { first: await this.secret(first, binding), second: await this.secret(second, binding) };
  }
  async grant(purpose: FilePurpose, path: string): Promise<string> {
    return (await this.call('files.grant', { purpose, path })).grant;
  }

  /** One call of the contract, with the proofs of those who make it. */
  async call<C extends ChannelName>(
    channel: C,
    input: InputGiven<C>,
    people: readonly Proving[] = [],
  ): Promise<Output<C>> {
    const inputSha256 = hash('sha256', canonicalBytes(input));
    const proofs: Proof[] = [];
    for (const { person, passphrase } of people) {
      const binding: Binding = { purpose: 'proof', channel, person, input_sha256: inputSha256 };
      proofs.push({ person, secret: await this.secret(passphrase, binding) });
    }
    const value = await this.send({ channel, input, ...(proofs.length === 0 ? {} : { proofs }) });
    return contract[channel].output.parse(value) as Output<C>;
  }

  /** Closes the service's input; it finishes pending calls and exits. */
  async stop(): Promise<void> {
    this.#child.stdin?.end();
    await this.exited;
  }
  /** Kills it at once, as a power cut would. */
  async kill(signal: NodeJS.Signals = 'SIGKILL'): Promise<void> {
    this.#child.kill(signal);
    await this.exited;
  }
}
