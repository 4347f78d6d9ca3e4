/**
 * Secrets on their way from a person to their use: sealed in the page, opened here, taken once.
 *
 * SECURITY: the only place in the service that holds a secret. Each is bound to purpose, channel, person and input, is zeroed when taken or after five minutes,
 * and is never part of an object that could be logged, stored or sent to a face.
 */
import type { Binding, SealedSecret } from '../../shared/sealed.ts';
import { KeymootError } from '../../shared/errors.ts';
import { uuidv7 } from './ids.ts';
import { makeOpener } from './opener.ts';

const LIFE_MS = 5 * 60_000;
const MOST = 64;

interface Held {
  binding: Binding;
  bytes: Uint8Array;
  timer: NodeJS.Timeout;
}

export class Secrets {
  readonly #opener = makeOpener();
  readonly #held = new Map<string, Held>();
  /** One-time keys of the opened boxes. SECURITY: a recorded box can't be replayed while this process, whose key it is sealed to, lives. */
  readonly #opened = new Set<string>();
  get publicKey(): string {
    return this.#opener.publicKey;
  }

  put(binding: Binding, box: SealedSecret): string {
    if (this.#held.size >= MOST)
      throw new KeymootError(
        'secret-unreadable',
        'Too many secrets are waiting. Nothing was done. Cancel what is open and start again.',
      );
    let bytes;
    try {
      if (this.#opened.has(box.sender)) throw new Error('secrets: this box was opened before');
      bytes = this.#opener.open(box, binding);
      this.#opened.add(box.sender);
    } catch (cause) {
      throw new KeymootError(
        'secret-unreadable',
        'What was typed did not arrive intact. Nothing was done; reload the window and type it again.',
        { cause },
      );
    }
    const handle = uuidv7();
    const timer = setTimeout(() => {
      this.drop(handle);
    }, LIFE_MS);
    timer.unref();
    this.#held.set(handle, { binding, bytes, timer });
    return handle;
  }

  /** Takes a secret out, once. The caller zeroes it. */
  take(handle: string, binding: Binding): Uint8Array {
    const held = this.#held.get(handle);
    const same =
      held !== undefined &&
      held.binding.purpose === binding.purpose &&
      held.binding.channel === binding.channel &&
      held.binding.person === binding.person &&
      held.binding.input_sha256 === binding.input_sha256;
    if (!same)
      throw new KeymootError(
        'secret-unknown',
        'A secret that belongs to this call was not given, was for something else, or was used already. Nothing was done. Type it again.',
      );
    clearTimeout(held.timer);
    this.#held.delete(handle);
    return held.bytes;
  }

  drop(handle: string): void {
    const held = this.#held.get(handle);
    if (held === undefined) return;
    held.bytes.fill(0);
    clearTimeout(held.timer);
    this.#held.delete(handle);
  }
  /** Drops every handle in a call's input, however the call ended: secrets are not kept for a second try. */
  dropIn(value: unknown): void {
    if (typeof value === 'string') this.drop(value);
    else if (typeof value === 'object' && value !== null)
      for (const member of Object.values(value)) this.dropIn(member);
  }
  dropAll(): void {
    for (const handle of [...this.#held.keys()]) this.drop(handle);
  }
}
