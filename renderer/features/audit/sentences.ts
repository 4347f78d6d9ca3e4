/** An entry in one sentence, from the declaration of its type (shared/log). */
import { sentenceOf as declared } from '../../../shared/log/entries.ts';
import { obj, outcomeOf, str, type EntryData } from './entry.ts';

export const sentenceOf = (entry: EntryData, name: (id: string) => string): string =>
  declared(
    {
      type: str(entry['type']),
      detail: obj(entry['detail']),
      outcome: outcomeOf(entry),
      reason: str(entry['reason']),
    },
    name,
  );
