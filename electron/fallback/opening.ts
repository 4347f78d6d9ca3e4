/** Waits that end. A browser that hangs answers nothing it is asked, so every wait for it has a limit and says what was waited for. */
import { setTimeout } from 'node:timers/promises';

/**
 * The result of `work`, for which no longer than `ms` is waited.
 *
 * @param late the error when it takes longer
 */
export const within = async <T>(ms: number, late: () => Error, work: Promise<T>): Promise<T> => {
  const done = new AbortController();
  try {
    return await Promise.race([
      work,
      setTimeout(ms, undefined, { signal: done.signal }).then(() => {
        throw late();
      }),
    ]);
  } finally {
    done.abort();
  }
};

/** The opening of a window, stage by stage under one limit. */
export class Opening {
  readonly #began = performance.now();
  readonly #limitMs: number;

  constructor(limitMs: number) {
    this.#limitMs = limitMs;
  }

  /**
   * One stage of it. What takes too long, by the limit of the whole or by the driver's own, is named.
   *
   * @param what completes “stopped at: …”
   */
  async stage<T>(what: string, work: Promise<T>): Promise<T> {
    const left = Math.max(0, this.#limitMs - this.#spent());
    try {
      return await within(left, () => this.#late(what), work);
    } catch (error) {
      // The driver's own words are a page of its calls.
      throw error instanceof Error && error.name === 'TimeoutError'
        ? this.#late(what, error)
        : error;
    }
  }
  #spent(): number {
    return performance.now() - this.#began;
  }
  #late(what: string, cause?: Error): Error {
    const seconds = Math.round(this.#spent() / 1000);
    return new Error(
      `The window could not be opened: after ${seconds} s it still stopped at: ${what}. What had been started was ended; the desk’s data was not touched.`,
      { cause },
    );
  }
}
