/** The service's side of the holder process. */
import type { ChildProcess } from 'node:child_process';
import { fromErrorData, isErrorCode, KeymootError } from '../../shared/errors.ts';
import {
  holderAnswers,
  type HolderInput,
  type HolderOp,
  type HolderOutput,
} from '../../shared/holder/protocol.ts';
import { setAside, STDIO_ASIDE } from '../aside.ts';
import { spawnSelf } from '../spawn.ts';

const DEADLINE_MS = 15_000;

interface Waiting {
  resolve: (value: unknown) => void;
  reject: (error: unknown) => void;
}

export class Holder {
  readonly #child: ChildProcess;
  readonly #waiting = new Map<number, Waiting>();
  #seq = 0;
  readonly held = new Set<number>();
  alive = true;

  constructor(onEnd: () => void) {
    this.#child = spawnSelf(['holder'], { stdio: [...STDIO_ASIDE] });
    this.#child.on('message', (message) => {
      this.#settle(message);
    });
    const ended = () => {
      if (!this.alive) return;
      this.alive = false;
      this.held.clear();
      for (const { reject } of this.#waiting.values())
        reject(
          new KeymootError(
            'component-refused',
            'The process that held the components ended, and they ended with it. What was recorded of them stays; each custodian enters theirs again.',
            { fields: { holder: 'ended' } },
          ),
        );
      this.#waiting.clear();
      onEnd();
    };
    this.#child.on('exit', ended);
    this.#child.on('error', ended);
    this.#child.stdio[4]?.on('error', () => undefined); // told by its exit
  }
  get pid(): number | undefined {
    return this.#child.pid;
  }
  #settle(message: unknown): void {
    const reply = message as {
      seq: number;
      ok: boolean;
      value?: unknown;
      error?: { code: string; message: string; fields?: Record<string, string> };
    };
    const waiting = this.#waiting.get(reply.seq);
    this.#waiting.delete(reply.seq);
    if (reply.ok) waiting?.resolve(reply.value);
    else {
      const { code = 'internal', message: text = '', fields } = reply.error ?? {};
      waiting?.reject(
        fromErrorData({
          code: isErrorCode(code) ? code : 'internal',
          message: text,
          ...(fields ? { fields } : {}),
        }),
      );
    }
  }
  async call<K extends HolderOp>(op: K, input: HolderInput<K>): Promise<HolderOutput<K>> {
    if (!this.alive)
      throw new KeymootError(
        'component-refused',
        'The process that held the components has ended.',
        { fields: { holder: 'ended' } },
      );
    const seq = ++this.#seq;
    // It only adds and compares: one that takes this long was stopped, and is ended rather than waited for.
    const timer = setTimeout(() => this.#child.kill('SIGKILL'), DEADLINE_MS);
    const value = await new Promise<unknown>((resolve, reject) => {
      this.#waiting.set(seq, { resolve, reject });
      this.#child.send({ seq, op, input: setAside(this.#child, input) }, (error) => {
        if (error) reject(error);
      });
    }).finally(() => {
      clearTimeout(timer);
    });
    return holderAnswers[op].parse(value) as HolderOutput<K>;
  }
  end(): void {
    if (this.#child.connected) this.#child.disconnect();
    this.#child.kill('SIGKILL');
  }
}
