/** Live ceremonies: their state as derived from the log, and the holder processes with their components. */
import type { Definition } from '../../shared/domain/ceremonies.ts';
import { KeymootError } from '../../shared/errors.ts';
import type { Entry } from '../../shared/log/entries.ts';
import type { Ceremony } from '../core/ceremonies/engine.ts';
import { Holder } from '../holder/client.ts';
import type { Store } from '../store/store.ts';
import { definitionOf } from './documents.ts';
import type { Journal } from './journal.ts';

/** A ceremony with its whole definition: the desk's state parses definitions completely (documents.ts). */
export type DeskCeremony = Ceremony<Definition>;

const NONE: ReadonlySet<number> = new Set();

export class CeremonyRoom {
  readonly #journal: Journal;
  readonly #store: Store;
  readonly #changed: (ceremony: string) => void;
  readonly #interrupted = new Set<string>();
  readonly #holders = new Map<string, Holder>();

  constructor(journal: Journal, store: Store, changed: (ceremony: string) => void) {
    this.#journal = journal;
    this.#store = store;
    this.#changed = changed;
  }

  definition(sha256: string): Definition {
    if (this.#store.evidence.get(sha256) === undefined)
      throw new KeymootError('not-found', 'This desk knows no such definition. Nothing was done.');
    const definition = definitionOf(this.#store, sha256);
    if (definition === undefined)
      throw new KeymootError(
        'store-tampered',
        'The definition in the database is not the one that was approved. Nothing was done. Keep the data folder as evidence.',
      );
    return definition;
  }

  get(id: string): DeskCeremony {
    const state = this.#journal.state.ceremonies.get(id) as DeskCeremony | undefined;
    if (state === undefined)
      throw new KeymootError('not-found', 'This desk knows no such ceremony. Nothing was done.');
    // An interrupted intent must be settled before anything else.
    return state.openIntent !== undefined && this.#interrupted.has(id)
      ? { ...state, status: 'RECOVERY' }
      : state;
  }
  /** Marks the intents that a former service left open as interrupted. */
  begin(): void {
    for (const { id, openIntent } of this.#journal.state.ceremonies)
      if (openIntent !== undefined) this.#interrupted.add(id);
  }
  /** Marks the ceremony's open intent as interrupted; it must be settled. */
  interrupt(id: string): void {
    this.#interrupted.add(id);
  }
  /** Whether a ceremony has not ended. */
  isOpen(id: string): boolean {
    return !['CLOSED', 'ABORTED'].includes(this.get(id).status);
  }

  /** Reports changes of the ceremonies that these entries belong to. */
  written(entries: readonly Entry[]): void {
    const touched = new Set(entries.flatMap(({ ceremony }) => ceremony?.id ?? []));
    for (const id of touched) {
      const { status, openIntent } = this.get(id);
      if (openIntent === undefined) this.#interrupted.delete(id);
      if (status === 'CLOSED' || status === 'ABORTED') this.endHolder(id);
      this.#changed(id);
    }
  }

  held(id: string): ReadonlySet<number> {
    const holder = this.#holders.get(id);
    return holder?.alive === true ? holder.held : NONE;
  }
  async holder(ceremony: DeskCeremony): Promise<Holder> {
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

  close(): void {
    for (const holder of this.#holders.values()) holder.end();
    this.#holders.clear();
  }
}
