/** A desk that is being opened: calls that came early wait for it, and are told how far it is when it takes long. */
import type { Emit } from './desk.ts';

/** So long nobody needs to hear anything, and so long between two words, ms. */
const TELL_MS = 1000;

export class Opening {
  readonly #emit: Emit;
  readonly #now: () => number;
  readonly #started: number;
  #told: number;
  readonly #waiting = new Set<number>();

  /** @param now a clock that only goes forward, ms */
  constructor(emit: Emit, now = () => performance.now()) {
    this.#emit = emit;
    this.#now = now;
    this.#started = now();
    this.#told = this.#started;
  }
  /** This call waits until the desk is open, or refused. */
  waits(request: number): void {
    this.#waiting.add(request);
  }
  /** So many of the log's entries were judged. */
  tell(done: number, of: number): void {
    const now = this.#now();
    if (now - this.#told < TELL_MS) return;
    this.#told = now;
    const text = `Checking the log: ${done} of ${of} entries.`;
    for (const request of this.#waiting)
      this.#emit('progress', { request, text, elapsedMs: Math.round(now - this.#started) });
  }
}
