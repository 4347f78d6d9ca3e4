/** The part of the log that this window has loaded: rows for the timeline, by blocks, and the search through them. Dropped when no person is present. */
import { create } from 'zustand';
import type { Output } from '../../../shared/contract/index.ts';
import type { Witness } from '../../../shared/domain/basics.ts';
import type { ErrorData } from '../../../shared/errors.ts';
import { useDesk } from '../../app/desk-store.ts';
import { call } from '../../bridge/bridge.ts';
import {
  byOf,
  kindOf,
  outcomeOf,
  saysOf,
  signersOf,
  str,
  type Kind,
  type Outcome,
} from './entry.ts';
import { sentenceOf } from './sentences.ts';
import { isolated } from '../../ui/isolated.ts';

export interface Row {
  seq: number;
  time: string;
  type: string;
  kind: Kind | undefined;
  outcome: Outcome;
  text: string;
  by: string;
  says: Witness;
  /** How many people signed. */
  signers: number;
  /** The text that a search looks through, in lower case. */
  find: string;
}
export interface Filter {
  kind: Kind | '';
  outcome: Outcome | '';
  words: string;
}
interface LogView {
  /** Grows in place: copying a hundred thousand rows for each block would cost more than loading it. `read` changes when it grows. */
  rows: Map<number, Row>;
  read: number;
  filter: Filter;
  /** The search: the matching entries in [`down`, `top`), newest first. */
  found: readonly number[];
  top: number;
  down: number;
  searching: boolean;
  error: ErrorData | undefined;
  /** The timeline's scroll position, restored on return. */
  scroll: number;
}
const initial: LogView = {
  rows: new Map(),
  read: 0,
  filter: { kind: '', outcome: '', words: '' },
  found: [],
  top: 0,
  down: 0,
  searching: false,
  error: undefined,
  scroll: 0,
};
export const useLog = create<LogView>()(() => initial);
const { setState: set, getState: get } = useLog;

/** Entries per call. */
export const BLOCK = 200;
/** After so many matches the search pauses until the person scrolls on. */
const ENOUGH = 400;

export const nameOf = (id: string): string =>
  isolated(
    useDesk.getState().people.find((person) => person.id === id)?.name ??
      (id === 'desk' ? 'the desk' : `person ${id.slice(0, 8)}`),
  );

const rowOf = ({ seq, entry }: Output<'log.entries'>['entries'][number]): Row => {
  const signers = signersOf(entry);
  const type = str(entry['type']);
  const text = sentenceOf(entry, nameOf);
  const by = byOf(entry, signers, nameOf);
  return {
    seq,
    time: str(entry['time']),
    type,
    kind: kindOf(type),
    outcome: outcomeOf(entry),
    text,
    by,
    says: saysOf(entry),
    signers: signers.length,
    find: `${seq} ${type} ${text} ${by} ${str(entry['reason'])} ${str(entry['time'])}`.toLowerCase(),
  };
};

const asked = new Map<number, Promise<boolean>>();
const ask = async (block: number): Promise<boolean> => {
  const answer = await call('log.entries', { from: block * BLOCK, limit: BLOCK });
  asked.delete(block);
  if (!answer.ok) {
    set({ error: answer.error });
    return false;
  }
  const { rows, read } = get();
  for (const view of answer.value.entries) rows.set(view.seq, rowOf(view));
  set({ read: read + 1, error: undefined });
  return true;
};
/** Loads the block of entries from `block` × BLOCK on, unless it is complete. */
export const readBlock = (block: number, size: number): Promise<boolean> => {
  const from = block * BLOCK;
  const last = Math.min(size, from + BLOCK) - 1;
  const { rows } = get();
  if (last < from || (rows.has(from) && rows.has(last))) return Promise.resolve(true);
  const waiting = asked.get(block) ?? ask(block);
  asked.set(block, waiting);
  return waiting;
};

export const isFiltered = ({ kind, outcome, words }: Filter): boolean =>
  kind !== '' || outcome !== '' || words.trim() !== '';
const fits = ({ kind, outcome, words }: Filter, row: Row): boolean =>
  (kind === '' || row.kind === kind) &&
  (outcome === '' || row.outcome === outcome) &&
  words
    .toLowerCase()
    .split(/\s+/)
    .every((word) => row.find.includes(word));

/** Matching entries of one block within [from, to), newest first. */
const fitting = async (
  filter: Filter,
  block: number,
  from: number,
  to: number,
  size: number,
): Promise<number[] | undefined> => {
  if (!(await readBlock(block, size))) return undefined;
  const { rows } = get();
  const found: number[] = [];
  for (
    let seq = Math.min(to, (block + 1) * BLOCK) - 1;
    seq >= Math.max(from, block * BLOCK);
    seq--
  ) {
    const row = rows.get(seq);
    if (row !== undefined && fits(filter, row)) found.push(seq);
  }
  return found;
};

let turn = 0;
/** Searches the log: first the new entries, then from where it stopped towards entry 0, until enough are found. */
export const search = async (size: number, more = false): Promise<void> => {
  const mine = ++turn;
  const current = () => mine === turn;
  const { filter } = get();
  if (!isFiltered(filter)) return;
  set({ searching: true });
  if (get().top === 0) set({ top: size, down: size });
  for (let { top } = get(); top < size && current();) {
    const block = Math.floor(top / BLOCK);
    const found = await fitting(filter, block, top, size, size);
    if (found === undefined || !current()) break;
    top = Math.min(size, (block + 1) * BLOCK);
    set({ found: [...found, ...get().found], top });
  }
  const enough = more ? get().found.length + ENOUGH : ENOUGH;
  while (current() && get().down > 0 && get().found.length < enough) {
    const { down } = get();
    const block = Math.floor((down - 1) / BLOCK);
    const found = await fitting(filter, block, 0, down, size);
    if (found === undefined || !current()) break;
    set({ found: [...get().found, ...found], down: block * BLOCK });
  }
  if (current()) set({ searching: false });
};

export const setFilter = (filter: Partial<Filter>): void => {
  turn += 1;
  set({ filter: { ...get().filter, ...filter }, found: [], top: 0, down: 0, scroll: 0 });
};
export const keepScroll = (scroll: number): void => {
  set({ scroll });
};
export const forgetLog = (): void => {
  turn += 1;
  set({ ...initial, rows: new Map(), filter: get().filter });
};
