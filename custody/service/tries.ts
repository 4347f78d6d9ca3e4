/**
 * Slows guessing at passphrases: one is tried at a time at this desk, and after a wrong one the next try for the same person waits longer.
 *
 * Nobody is ever shut out: guessing at another's passphrase must not keep them from their desk. Counts are gone with the service; whoever can end it at will can read
 * the database, and guess without a desk.
 */
import { KeymootError } from '../../shared/errors.ts';

/** After the first wrong try, ms; twice as long after each that follows. */
const FIRST_WAIT_MS = 250;
const MOST_WAIT_MS = 4_000;

const sleep = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

export class Tries {
  /** How often in a row, by person. */
  readonly #wrong = new Map<string, number>();
  #turn: Promise<unknown> = Promise.resolve();

  /**
   * Runs one try when those before it are over.
   *
   * SECURITY: only this person's own success forgets their wrong tries; nobody who knows one passphrase buys free guesses at another.
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
    this.#turn = turn.catch(() => undefined); // told to whoever asked; the next try comes all the same
    return turn;
  }
}
