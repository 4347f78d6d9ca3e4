/** The index values of an entry: its type, and the key, ceremony, export and person that it is about. */
import type { Entry } from '../../shared/log/entries.ts';
import type { IndexRow } from '../store/tables/log-index.ts';

/** The rows of one entry, without duplicates. */
export const indexRows = ({ seq, type, detail, ceremony, actor }: Entry): IndexRow[] => {
  const rows: IndexRow[] = [{ kind: 'type', id: type, seq }];
  // (Other entries call the public key of a person or of the log `key`.)
  if ('key' in detail && typeof detail.key === 'string')
    rows.push({ kind: 'key', id: detail.key, seq });
  if (ceremony !== undefined) rows.push({ kind: 'ceremony', id: ceremony.id, seq });
  if ('export' in detail && detail.export !== undefined)
    rows.push({ kind: 'export', id: detail.export, seq });
  const people = new Set<string>();
  if (actor.id !== 'desk') people.add(actor.id);
  if ('person' in detail && typeof detail.person === 'string') people.add(detail.person);
  for (const id of people) rows.push({ kind: 'person', id, seq });
  return rows;
};
