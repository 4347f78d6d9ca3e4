/** Entries by hand, for looking at what follows from each: no signature is asked for, since here the acts that count are given. */
import type { Entry, EntryOf, EntryType } from '../../../shared/log/entries.ts';
import type { Role } from '../../../shared/domain/people.ts';
import { follow, type CountedAct } from '../../../custody/core/state/follow.ts';
import { State, type Documents } from '../../../custody/core/state/state.ts';

export const hex = (digits: string): string => digits.repeat(64 / digits.length);
export const uuid = (n: number): string =>
  `0198c0de-0000-7000-8000-${n.toString(16).padStart(12, '0')}`;
export const TOKEN = { manufacturer: 'Example', model: 'M', serial: '1', label: 'work' };

const NOTHING: Documents = { definition: () => undefined, approvals: () => undefined };

/** Acts that count, by these people, in this call. */
export const acts = (channel: string, ...by: [person: string, role: Role][]): CountedAct[] =>
  by.map(([person, role]) => ({
    statement: { person, channel } as CountedAct['statement'],
    role,
    keySha256: `key of ${person}`,
  }));

export class Told {
  readonly state: State;
  #seq = 0;
  constructor(documents: Documents = NOTHING) {
    this.state = new State(documents);
  }
  entry<T extends EntryType>(
    type: T,
    detail: EntryOf<T>['detail'],
    more: Partial<Entry> = {},
  ): Entry {
    const seq = this.#seq++;
    return {
      ...{
        v: 1,
        log: 'unit.example',
        seq,
        id: uuid(0x1000 + seq),
        type,
        outcome: 'success',
        detail,
      },
      time: '2026-11-22T14:05:00.000Z',
      ...{ actor: { id: 'desk', role: 'desk', auth: 'none' }, where: { host: 'unit' } },
      app: { version: '0' },
      ...more,
    } as unknown as Entry;
  }
  /** Follows an entry, and returns what it contradicts. */
  tell<T extends EntryType>(
    type: T,
    detail: EntryOf<T>['detail'],
    more: Partial<Entry> = {},
    by: { acts?: CountedAct[]; lacking?: boolean } = {},
  ): string[] {
    const wrong: string[] = [];
    const say = (why: string) => {
      wrong.push(why);
    };
    const { acts: counted = [], lacking = false } = by;
    const entry = this.entry(type, detail, more);
    follow(this.state, entry, { acts: counted, lacking, say, doubt: say });
    return wrong;
  }
}
