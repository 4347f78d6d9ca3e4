/** The service's client of the judge process: one bundle at a time, with a deadline, ended when its caller goes away. */
import type { ChildProcess } from 'node:child_process';
import { z } from 'zod';
import { VerdictView } from '../../shared/contract/desk.ts';
import { type ErrorCode, isErrorCode, KeymootError } from '../../shared/errors.ts';
import { spawnSelf } from '../spawn.ts';

/** Milliseconds. A million entries take eight seconds; files of evidence come on top. */
const DEADLINE_MS = 10 * 60_000;

export interface Question {
  /** The bundle's folder, links resolved. */
  bundle: string;
  /** The text of a trust file. */
  trust: string | undefined;
  /** Texts of checkpoints held outside. */
  anchors: readonly string[];
}

const Answer = z.union([
  z.strictObject({ ok: z.literal(true), value: VerdictView }),
  z.strictObject({
    ok: z.literal(false),
    error: z.strictObject({
      code: z.custom<ErrorCode>(isErrorCode),
      message: z.string(),
      fields: z.record(z.string(), z.string()).optional(),
    }),
  }),
]);

const cancelled = () =>
  new KeymootError('cancelled', 'Judging the bundle was given up. Nothing was changed.');

export class Judge {
  readonly #deadlineMs: number;
  #running:
    { child: ChildProcess; settle: (verdict: VerdictView | KeymootError) => void } | undefined;

  constructor(deadlineMs = DEADLINE_MS) {
    this.#deadlineMs = deadlineMs;
  }

  /**
   * The verdict on a bundle. A new question cancels the one before.
   *
   * @throws KeymootError input-invalid for a malformed trust file or anchor; cancelled; file-too-large when it takes too long or too much memory; internal
   */
  async ask(question: Question): Promise<VerdictView> {
    this.end();
    const child = spawnSelf(['judge'], { stdio: ['ignore', 'ignore', 'ignore', 'ipc'] });
    const answer = await new Promise<VerdictView | KeymootError>((settle) => {
      this.#running = { child, settle };
      const timer = setTimeout(() => {
        settle(
          new KeymootError(
            'file-too-large',
            'Judging this bundle takes longer than the desk gives to it. It was not judged. Use “keymoot verify” or the stand-alone verifier.',
          ),
        );
      }, this.#deadlineMs);
      const ended = () => {
        clearTimeout(timer);
        settle(
          new KeymootError(
            'internal',
            'The process that judged the bundle ended before it had a verdict. Nothing was changed. Try “keymoot verify”, which shows more.',
          ),
        );
      };
      child.once('error', ended);
      child.once('exit', ended);
      child.once('message', (message) => {
        const parsed = Answer.safeParse(message);
        if (!parsed.success) child.kill('SIGKILL');
        else if (parsed.data.ok) settle(parsed.data.value);
        else {
          const { code, message: words, fields } = parsed.data.error;
          settle(new KeymootError(code, words, fields === undefined ? {} : { fields }));
        }
      });
      child.send(question, () => undefined); // if sending fails the process ends, and the exit handler above settles it
    });
    if (this.#running?.child === child) this.#running = undefined;
    child.kill('SIGKILL');
    if (answer instanceof KeymootError) throw answer;
    return answer;
  }

  end(): void {
    this.#running?.settle(cancelled());
    this.#running?.child.kill('SIGKILL');
    this.#running = undefined;
  }
}
