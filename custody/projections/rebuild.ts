/** Writes all rows that follow from the log again: for a desk whose log is intact and whose tables are not. */
import { readEntry } from '../core/audit/reading.ts';
import type { State } from '../core/state/state.ts';
import type { Store } from '../store/store.ts';
import { indexRows } from './log-index.ts';
import { PROJECTIONS } from './projections.ts';

/**
 * Empties those tables and fills them from the log, in one transaction. Data outside the log (evidence, names, sealed keys, settings) stays as it is.
 * @param state the state that the judge derived from this log. SECURITY: rows are made from it, so no entry that was not judged may have contributed to it.
 */
export const rebuild = (store: Store, state: State): void => {
  store.commit(() => {
    store.empty('log_index');
    for (const { entry } of store.log.entries())
      for (const row of indexRows(readEntry(entry))) store.index.add(row);
    for (const { table, ids, row, put } of PROJECTIONS) {
      store.empty(table);
      for (const id of ids(state)) {
        const now = row(id, state, store);
        if (now !== undefined) put(now, store);
      }
    }
  });
};
