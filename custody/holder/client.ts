/** The service's side of the holder process. */
import { KeymootError } from '../../shared/errors.ts';
import {
  holderAnswers,
  type HolderInput,
  type HolderOp,
  type HolderOutput,
} from '../../shared/holder/protocol.ts';
import { ChildLink } from '../child-link.ts';

/** The holder only adds and compares: one that takes this long has been suspended, so it is killed. */
const DEADLINE_MS = 15_000;

const gone = (): KeymootError =>
  new KeymootError(
    'component-refused',
    'The process that held the components ended, and they ended with it. What was recorded of them stays; each custodian enters theirs again.',
    { fields: { holder: 'ended' } },
  );

export class Holder {
  readonly #link = new ChildLink('holder', { ended: gone, lied: gone, late: gone });
  readonly held = new Set<number>();

  constructor(onEnd: () => void) {
    void this.#link.exited.then(() => {
      this.held.clear();
      onEnd();
    });
  }
  get pid(): number | undefined {
    return this.#link.pid;
  }
  get alive(): boolean {
    return this.#link.alive;
  }
  async call<K extends HolderOp>(op: K, input: HolderInput<K>): Promise<HolderOutput<K>> {
    const value = await this.#link.ask(op, input, DEADLINE_MS);
    return holderAnswers[op].parse(value) as HolderOutput<K>;
  }
  end(): void {
    this.#link.kill(gone());
  }
}
