/** Every row against what the log says (design 08, T1): a desk whose tables say otherwise is not opened. */
import { sameData } from '../../shared/canonical.ts';
import type { Entry } from '../../shared/log/entries.ts';
import type { State } from '../core/state/state.ts';
import type { Store } from '../store/store.ts';
import type { IndexRow } from '../store/tables/log-index.ts';
import { indexRows } from './log-index.ts';
import { PROJECTIONS } from './projections.ts';

/** What a row is about that contradicts the log, in words for people; undefined when all agree. */
export const contradiction = (state: State, store: Store): string | undefined => {
  for (const { what, ids, row, rows } of PROJECTIONS) {
    const there = rows(store);
    let expected = 0;
    for (const id of ids(state)) {
      const told = row(id, state, store);
      if (told === undefined) continue;
      expected += 1;
      if (!sameData(told, there.get(id))) return what;
    }
    if (expected !== there.size) return what;
  }
  return undefined;
};

/** Compares the index with the entries as they pass by, in the order of the log. */
export class IndexCheck {
  readonly #rows: Iterator<IndexRow>;
  #next: IndexRow | undefined;
  #wrong = false;

  constructor(store: Store) {
    this.#rows = store.index.bySeq();
    this.#step();
  }
  #step(): void {
    const step = this.#rows.next();
    this.#next = step.done === true ? undefined : step.value;
  }
  take(entry: Entry): void {
    const expected = new Set(indexRows(entry).map(({ kind, id }) => `${kind} ${id}`));
    while (this.#next?.seq === entry.seq) {
      if (!expected.delete(`${this.#next.kind} ${this.#next.id}`)) this.#wrong = true;
      this.#step();
    }
    if (expected.size > 0) this.#wrong = true;
  }
  /** Whether the index says what the entries say, once all have passed by. */
  get agrees(): boolean {
    return !this.#wrong && this.#next === undefined;
  }
  /** SQLite keeps a statement open until its rows are read to the end or left. */
  end(): void {
    this.#rows.return?.();
  }
}
