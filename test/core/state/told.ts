/** Entries by hand, for looking at what follows from each: no signature is asked for, since here the acts that count are given. */
import { hash } from 'node:crypto';
import type { Entry, EntryOf, EntryType } from '../../../shared/log/entries.ts';
import type { Role } from '../../../shared/domain/people.ts';
import { follow, type CountedAct } from '../../../custody/core/state/follow.ts';
import { State, type Documents } from '../../../custody/core/state/state.ts';

export const hex = (digits: string): string => digits.repeat(64 / digits.length);
export const uuid = (n: number): string =>
  `0198c0de-0000-7000-8000-${n.toString(16).padStart(12, '0')}`;
export const sha = (text: string): string => hash('sha256', text);
let ids = 0x100000;
/** One that no entry and no other thing here has. */
export const id = (): string => uuid(++ids);
export const MODULE = id();
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
  /** The id of the entry that was told last. */
  last = '';
  /** What can't be judged of it. */
  doubts: string[] = [];
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
    this.last = entry.id;
    this.doubts = [];
    const doubt = (why: string) => {
      this.doubts.push(why);
    };
    follow(this.state, entry, { acts: counted, lacking, say, doubt });
    return wrong;
  }
  /** An intent and what became of it; returns what either contradicts. */
  pair<T extends EntryType>(
    type: T,
    detail: EntryOf<T>['detail'],
    more: Partial<Entry> = {},
  ): string[] {
    const begun = this.tell(type, detail, { ...more, outcome: 'intent' });
    return [...begun, ...this.tell(type, detail, { ...more, corr: this.last })];
  }
  /** {@link MODULE}, on which {@link key} makes keys. */
  module(): this {
    const facts = { path: '/x.so', sha256: hex('1'), family: 'softhsm', label: 'x' };
    this.tell('token.module_added', { module: MODULE, ...facts, settings_sha256: hex('2') });
    return this;
  }
  /** The id of a new key. */
  key(changes: Partial<EntryOf<'key.generate'>['detail']> = {}, more: Partial<Entry> = {}): string {
    const key = id();
    const at = { module: MODULE, token: TOKEN, ckaid: sha(key).slice(0, 32) };
    const plan = { key, label: 'A key', algorithm: 'AES-256', ...at, ...changes };
    this.pair('key.generate', plan, more);
    return key;
  }
}
