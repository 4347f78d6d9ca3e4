/** Waits with a limit. A browser that hangs answers no request, so every wait for it has a limit and its error names the stage. */
import { setTimeout } from 'node:timers/promises';

/**
 * The result of `work`, or a rejection after `ms`.
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
   * Runs one stage. The error names the stage when it exceeds the limit of the whole or the driver's own.
   *
   * @param what completes “stopped at: …”
   */
  async stage<T>(what: string, work: Promise<T>): Promise<T> {
    const left = Math.max(0, this.#limitMs - this.#spent());
    try {
      return await within(left, () => this.#late(what), work);
    } catch (error) {
      // The driver's own message is a long list of its calls.
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
