/** Compares every row with the state that follows from the log (design 08, T1): a desk whose tables contradict the log is not opened. */
import { sameData } from '../../shared/canonical.ts';
import type { Entry } from '../../shared/log/entries.ts';
import type { State } from '../core/state/state.ts';
import type { Store } from '../store/store.ts';
import type { IndexRow } from '../store/tables/log-index.ts';
import { indexRows } from './log-index.ts';
import { PROJECTIONS } from './projections.ts';

/** The subject of a row that contradicts the log, as words for people; undefined when all rows agree. */
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

/** Compares the index with the entries, which are passed to it in the order of the log. */
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
  /** Whether the index agrees with the entries, once all were passed. */
  get agrees(): boolean {
    return !this.#wrong && this.#next === undefined;
  }
  /** SQLite keeps a statement open until its rows are read to the end or the iteration is left. */
  end(): void {
    this.#rows.return?.();
  }
}
