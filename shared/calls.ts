/**
 * Calls to another process that wait for their answers: numbered, bounded in time, each answered exactly once.
 *
 * Independent of the transport. The caller defines the answers, also those for a missed deadline and for an ended process.
 */
interface Waiting<Answer, About> {
  readonly answer: (answer: Answer) => void;
  readonly timer: ReturnType<typeof setTimeout> | undefined;
  readonly about: About;
}

interface Call<Answer, About> {
  /** Sends the call under its number. */
  readonly send: (seq: number) => void;
  /** The caller's data about the call while it waits. */
  readonly about: About;
  /** Milliseconds from sending, and the answer used when none came in time. Without a deadline the call waits for as long as the process lives. */
  readonly deadline?: { readonly ms: number; readonly late: () => Answer };
}

export class Calls<Answer, About = undefined> {
  readonly #waiting = new Map<number, Waiting<Answer, About>>();
  #seq = 0;

  get size(): number {
    return this.#waiting.size;
  }
  /** The data about the call with this number, while it waits. */
  about(seq: number): About | undefined {
    return this.#waiting.get(seq)?.about;
  }
  /** The data about the call that has waited longest. */
  get oldest(): About | undefined {
    const [first] = this.#waiting.values();
    return first?.about;
  }

  ask({ send, about, deadline }: Call<Answer, About>): Promise<Answer> {
    const seq = ++this.#seq;
    return new Promise((answer) => {
      const timer =
        deadline === undefined
          ? undefined
          : setTimeout(() => {
              this.settle(seq, deadline.late());
            }, deadline.ms);
      this.#waiting.set(seq, { answer, timer, about });
      send(seq);
    });
  }

  /** False for an answer that no call waits for: one that came twice, too late or without a call. */
  settle(seq: number, answer: Answer): boolean {
    const waiting = this.#waiting.get(seq);
    if (waiting === undefined) return false;
    this.#waiting.delete(seq);
    clearTimeout(waiting.timer);
    waiting.answer(answer);
    return true;
  }
  /** Answers all waiting calls: the other process ended, or the answers are not needed any more. */
  settleAll(answer: Answer): void {
    for (const seq of [...this.#waiting.keys()]) this.settle(seq, answer);
  }
}
