/** Messages for a page, which polls for the next ones: the page needs no entry point that the outside could call. */
import type { FaceMessage } from '../../shared/window/bridge.ts';

const MOST = 1000;

export class Mailbox {
  #messages: FaceMessage[] = [];
  #waiting: ((messages: FaceMessage[]) => void) | undefined;

  put(message: FaceMessage): void {
    this.#messages.push(message);
    if (this.#messages.length > MOST) this.#messages.shift();
    this.#deliver();
  }
  /** Resolves when there is something; a second caller ends the first one's wait. */
  next(): Promise<FaceMessage[]> {
    this.#waiting?.([]);
    return new Promise((resolve) => {
      this.#waiting = resolve;
      this.#deliver();
    });
  }
  /** A new page begins: it asks for everything anew, so what the former one missed is not for it. */
  clear(): void {
    this.#messages = [];
    this.#waiting?.([]);
    this.#waiting = undefined;
  }
  #deliver(): void {
    if (this.#waiting === undefined || this.#messages.length === 0) return;
    const [give, messages] = [this.#waiting, this.#messages];
    this.#waiting = undefined;
    this.#messages = [];
    give(messages);
  }
}
