/**
 * Slows passphrase guessing: one try at a time at this desk, and a growing delay for a person after each wrong one.
 *
 * A person is never locked out: guessing at another's passphrase must not keep them from their desk. The counts end with the service; an attacker who can end
 * it at will can also read the database and guess off-line.
 */
import { KeymootError } from '../../shared/errors.ts';

/** After the first wrong try, ms; twice as long after each that follows. */
const FIRST_WAIT_MS = 250;
const MOST_WAIT_MS = 4_000;

const sleep = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

export class Tries {
  /** Consecutive wrong tries, by person. */
  readonly #wrong = new Map<string, number>();
  #turn: Promise<unknown> = Promise.resolve();

  /**
   * Runs one try after those before it.
   *
   * SECURITY: only this person's own success resets their count, so knowing one passphrase gives no free guesses at another.
   *
   * @param attempt throws act-refused for a wrong passphrase
   */
  take<T>(person: string, attempt: () => Promise<T>): Promise<T> {
    const turn = this.#turn.then(async () => {
      const wrong = this.#wrong.get(person) ?? 0;
      if (wrong > 0) await sleep(Math.min(MOST_WAIT_MS, FIRST_WAIT_MS * 2 ** (wrong - 1)));
      try {
        const value = await attempt();
        this.#wrong.delete(person);
        return value;
      } catch (error) {
        if (error instanceof KeymootError && error.code === 'act-refused')
          this.#wrong.set(person, wrong + 1);
        throw error;
      }
    });
    this.#turn = turn.catch(() => undefined); // the caller gets the error; the queue goes on
    return turn;
  }
}
