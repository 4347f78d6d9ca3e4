/** A desk that is being opened: early calls wait for it, and get progress events when it takes long. */
import type { Emit } from './desk.ts';

/** Progress is sent after this time, and then at this interval, ms. */
const TELL_MS = 1000;

export class Opening {
  readonly #emit: Emit;
  readonly #now: () => number;
  readonly #started: number;
  #told: number;
  readonly #waiting = new Set<number>();

  /** @param now a monotonic clock, ms */
  constructor(emit: Emit, now = () => performance.now()) {
    this.#emit = emit;
    this.#now = now;
    this.#started = now();
    this.#told = this.#started;
  }
  /** This call waits until the desk is open or refused to open. */
  waits(request: number): void {
    this.#waiting.add(request);
  }
  /** Reports how many of the log's entries were judged. */
  tell(done: number, of: number): void {
    const now = this.#now();
    if (now - this.#told < TELL_MS) return;
    this.#told = now;
    const text = `Checking the log: ${done} of ${of} entries.`;
    for (const request of this.#waiting)
      this.#emit('progress', { request, text, elapsedMs: Math.round(now - this.#started) });
  }
}
