/** Live ceremonies: their replayed state, and the holder processes that have their components. */
import { hash } from 'node:crypto';
import { Definition } from '../../shared/domain/ceremonies.ts';
import { KeymootError } from '../../shared/errors.ts';
import type { Entry } from '../core/audit/entry.ts';
import { newCeremony, reduce, type Ceremony } from '../core/ceremonies/engine.ts';
import { Holder } from '../holder/client.ts';
import type { Store } from '../store/store.ts';
import type { Journal } from './journal.ts';
import { drawPositions } from './read-back.ts';

const NONE: ReadonlySet<number> = new Set();

export class CeremonyRoom {
  readonly #journal: Journal;
  readonly #store: Store;
  readonly #changed: (ceremony: string) => void;
  readonly #states = new Map<string, Ceremony>();
  readonly #holders = new Map<string, Holder>();
  /** Word positions asked for in read-backs, by what they are for. In memory only: after a crash others are asked for. */
  readonly #readBacks = new Map<string, number[]>();

  constructor(journal: Journal, store: Store, changed: (ceremony: string) => void) {
    this.#journal = journal;
    this.#store = store;
    this.#changed = changed;
  }

  definition(sha256: string): Definition {
    const bytes = this.#store.evidence.get(sha256);
    if (bytes === undefined)
      throw new KeymootError('not-found', 'This desk knows no such definition. Nothing was done.');
    // SECURITY: people approved the hash; the table only stores the bytes.
    if (hash('sha256', bytes) !== sha256)
      throw new KeymootError(
        'store-tampered',
        'The definition in the database is not the one that was approved. Nothing was done. Keep the data folder as evidence.',
      );
    return Definition.parse(JSON.parse(Buffer.from(bytes).toString('utf8')));
  }

  get(id: string): Ceremony {
    const known = this.#states.get(id);
    if (known !== undefined) return known;
    const row = this.#store.ceremonies.get(id);
    if (row === undefined)
      throw new KeymootError('not-found', 'This desk knows no such ceremony. Nothing was done.');
    let state = newCeremony(id, row.definitionSha256, this.definition(row.definitionSha256));
    for (const seq of this.#store.ceremonies.entries(id))
      state = reduce(state, this.#journal.entry(seq));
    // An intent that a former service left open is settled before anything else.
    if (state.openIntent !== undefined) state = { ...state, status: 'RECOVERY' };
    this.#states.set(id, state);
    return state;
  }
  /** Whether a ceremony has not ended. */
  isOpen(id: string): boolean {
    return !['CLOSED', 'ABORTED'].includes(this.get(id).status);
  }

  /** Keeps the replayed states in step with what was just written. */
  written(entries: readonly Entry[]): void {
    const touched = new Set<string>();
    for (const entry of entries) {
      const id = entry.ceremony?.id;
      if (id === undefined) continue;
      const state = this.#states.get(id);
      if (state !== undefined) this.#states.set(id, reduce(state, entry));
      touched.add(id);
    }
    for (const id of touched) {
      const { status } = this.get(id);
      if (status === 'CLOSED' || status === 'ABORTED') this.endHolder(id);
      this.#changed(id);
    }
  }
  /** Replays from the log: after something was settled. */
  forget(id: string): void {
    this.#states.delete(id);
  }

  held(id: string): ReadonlySet<number> {
    const holder = this.#holders.get(id);
    return holder?.alive === true ? holder.held : NONE;
  }
  async holder(ceremony: Ceremony): Promise<Holder> {
    const known = this.#holders.get(ceremony.id);
    if (known?.alive === true) return known;
    const holder = new Holder(() => {
      this.#changed(ceremony.id);
    });
    this.#holders.set(ceremony.id, holder);
    const { components, key } = ceremony.definition;
    await holder.call('begin', {
      setId: ceremony.id,
      count: components.count,
      bytes: key.algorithm === 'AES-128' ? 16 : 32,
    });
    return holder;
  }
  endHolder(id: string): void {
    this.#holders.get(id)?.end();
    this.#holders.delete(id);
  }

  /** Positions asked for, drawn once until {@link clearReadBack}. */
  readBack(what: string): number[] {
    const known = this.#readBacks.get(what) ?? drawPositions();
    this.#readBacks.set(what, known);
    return known;
  }
  clearReadBack(what: string): void {
    this.#readBacks.delete(what);
  }

  close(): void {
    for (const holder of this.#holders.values()) holder.end();
    this.#holders.clear();
  }
}
