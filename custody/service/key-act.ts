/**
 * One act on a key at its token: look, intend, ask, compare, record. Generating, forming and destroying are subclasses of it.
 *
 * The module's turn is held from the look to the record, so no other process logs in on it meanwhile. The look and the one request run in one token process;
 * what the device did is read by a new process, so that no cache of the first is used. Any failure between intent and record leaves the intent open, and
 * Recovery settles it (R8).
 */
import type { KeyRecord } from '../../shared/domain/keys.ts';
import type { KeymootError } from '../../shared/errors.ts';
import type { KeyReadback } from '../../shared/token/protocol.ts';
import type { NewEntry } from '../core/audit/entry.ts';
import type { TokenClient } from '../tokens/client.ts';
import type { Desk, KeyIntent } from './desk.ts';
import {
  atToken,
  destroyWished,
  requireFree,
  underIntent,
  unlike,
  type Bench,
  type Login,
} from './key-work.ts';
import type { GenerateSpec, ImportSpec } from '../core/keys/templates.ts';
import type { KeyWish } from './wish.ts';
import { reasonOf } from './reason.ts';
import type { Call } from './router.ts';

/** The key and token of the act, and the call that makes it. */
export interface ActOn<P extends GenerateSpec | ImportSpec = GenerateSpec | ImportSpec> {
  call: Call;
  login: Login;
  wish: KeyWish;
  spec: P;
}

/** `Answer`: the token's answer to the one request. `Result`: the result of the act. */
export abstract class KeyAct<
  Answer,
  Result,
  P extends GenerateSpec | ImportSpec = GenerateSpec | ImportSpec,
> {
  protected readonly on: ActOn<P>;
  #bench: Bench | undefined;
  #intents: readonly string[] = [];

  constructor(on: ActOn<P>) {
    this.on = on;
  }
  protected get desk(): Desk {
    return this.on.call.desk;
  }
  protected get bench(): Bench {
    if (this.#bench === undefined) throw new Error('key act: it does not hold the token yet');
    return this.#bench;
  }
  /** The id of an intent's entry; `at` is its place among the intents. */
  protected intended(at = 0): string {
    return this.#intents[at] ?? '';
  }

  /** Refuses when the act can't begin. A wrong PIN fails here, before the intent. */
  protected abstract look(client: TokenClient): Promise<void>;
  /** Prepares the request, in the process that will make it. */
  protected prepare(_client: TokenClient): Promise<void> {
    return Promise.resolve();
  }
  /** The first entry contains the wish, by which the act can be settled; the others are settled with it. */
  protected abstract intend(): readonly [KeyIntent, ...NewEntry[]];
  /** How long the device may work on the request, ms. */
  protected abstract readonly deadlineMs: number;
  protected abstract ask(client: TokenClient): Promise<Answer>;
  /** Compares the token's answer with the wish, and closes the intent. */
  protected abstract record(answer: Answer): Promise<Result>;
  /** The token refused, but may still have done the act or half of it: finds out or undoes what was done, and closes the intent. Throws unless the act was done. */
  protected abstract afterRefusal(error: KeymootError): Promise<Result>;

  run(): Promise<Result> {
    const { login, wish, spec } = this.on;
    return atToken({ desk: this.desk, at: wish.at, login, spec }, (bench) => {
      this.#bench = bench;
      return bench.inNew(async (client) => {
        await this.look(client);
        await this.prepare(client);
        return underIntent(bench, client, {
          entries: this.intend(),
          deadlineMs: this.deadlineMs,
          ask: () => this.ask(client),
          close: (heard, intents) => {
            this.#intents = intents;
            return 'refused' in heard
              ? this.afterRefusal(heard.refused)
              : this.record(heard.answer);
          },
        });
      });
    });
  }
}

/** An act that makes a key: its label and id must be free, and a key that differs from the wish is destroyed again. */
export abstract class MakeKey<P extends GenerateSpec | ImportSpec> extends KeyAct<
  KeyReadback,
  KeyRecord,
  P
> {
  protected look(client: TokenClient): Promise<void> {
    return requireFree(this.bench, client);
  }
  /** The differences between the made key and the wish, as a message; undefined when there are none. */
  protected compare(made: KeyReadback): string | undefined {
    return unlike(this.on.spec, made);
  }
  /** The error for a made key that differs from the wish. */
  protected abstract notAsWished(difference: string): KeymootError;
  /** The outcome's entries when no key was made, or when it was destroyed again. */
  protected abstract failed(reason: string, observed: string, objects: number): NewEntry[];
  /** The made key, and the outcome's entries. */
  protected abstract made(made: KeyReadback): { key: KeyRecord; entries: NewEntry[] };
  /** Stores data of the key that the log names only by a hash. */
  protected abstract keep(key: KeyRecord): () => void;

  async #undo(reason: string, observed: string): Promise<void> {
    const objects = await destroyWished(this.bench);
    this.desk.closeIntent(this.intended(), this.failed(reason, observed, objects));
    await this.desk.seal();
  }
  protected async afterRefusal(error: KeymootError): Promise<never> {
    await this.#undo(reasonOf(error), 'the token refused the key');
    throw error;
  }
  protected async record(answer: KeyReadback): Promise<KeyRecord> {
    const difference = this.compare(answer);
    if (difference !== undefined) {
      await this.#undo('key-not-as-asked', difference.slice(0, 900));
      throw this.notAsWished(difference);
    }
    const { key, entries } = this.made(answer);
    this.desk.closeIntent(this.intended(), entries, this.keep(key));
    return key;
  }
}
