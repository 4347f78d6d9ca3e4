/** The service's side of the judging process: one at a time, bounded in time, ended when its caller has gone. */
import { VerdictView } from '../../shared/contract/desk.ts';
import { KeymootError } from '../../shared/errors.ts';
import { ChildLink } from '../child-link.ts';

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

const noVerdict = (): KeymootError =>
  new KeymootError(
    'internal',
    'The process that judged the bundle ended before it had a verdict. Nothing was changed. Try “keymoot verify”, which shows more.',
  );
const tooLong = (): KeymootError =>
  new KeymootError(
    'file-too-large',
    'Judging this bundle takes longer than the desk gives to it. It was not judged. Use “keymoot verify” or the stand-alone verifier.',
  );
const cancelled = (): KeymootError =>
  new KeymootError('cancelled', 'Judging the bundle was given up. Nothing was changed.');

export class Judge {
  readonly #deadlineMs: number;
  #running: ChildLink | undefined;

  constructor(deadlineMs = DEADLINE_MS) {
    this.#deadlineMs = deadlineMs;
  }

  /**
   * The verdict on a bundle. A new call cancels the one before.
   *
   * @throws KeymootError input-invalid for a trust file or anchor that is none; cancelled; file-too-large when it takes too long or too much memory; internal
   */
  async ask(question: Question): Promise<VerdictView> {
    this.end();
    const link = new ChildLink('judge', { ended: noVerdict, lied: noVerdict, late: tooLong });
    this.#running = link;
    try {
      const verdict = VerdictView.safeParse(await link.ask('judge', question, this.#deadlineMs));
      if (!verdict.success) throw noVerdict();
      return verdict.data;
    } finally {
      if (this.#running === link) this.#running = undefined;
      link.kill(cancelled());
    }
  }

  end(): void {
    this.#running?.kill(cancelled());
    this.#running = undefined;
  }
}
