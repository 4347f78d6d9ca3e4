/** The window's copy of the desk's state: refreshed when the service reports a change. It never contains a secret. */
import { create } from 'zustand';
import type { Output } from '../../shared/contract/index.ts';
import type { KeySummary } from '../../shared/domain/keys.ts';
import type { ErrorData } from '../../shared/errors.ts';
import { call, forgetService, listen } from '../bridge/bridge.ts';

type Hello = Output<'desk.hello'>;
type Status = Output<'desk.status'>;
type People = Output<'people.list'>;
type Modules = Output<'tokens.list'>;
type Ceremonies = Output<'ceremonies.list'>;
type Exports = Output<'exports.list'>;

export interface DeskView {
  /** `starting` until the first hello; `down` while the service is away; `refused` when the desk exists but can't be opened. */
  link:
    | { state: 'starting' }
    | { state: 'up' }
    | { state: 'down'; why: string }
    | { state: 'refused'; error: ErrorData };
  hello: Hello | undefined;
  /** While the log is judged: the service's progress text. Until the end no screen is drawn, since an empty list would claim that there is nothing. */
  opening: string | undefined;
  status: Status | undefined;
  people: People;
  modules: Modules | undefined;
  /** Every key of the desk, oldest first. */
  keys: readonly KeySummary[];
  /** Number of keys, including those not loaded yet. */
  keyTotal: number;
  ceremonies: Ceremonies;
  exports: Exports;
  /** Counters that rise with each change for which a screen may reload. */
  changes: { log: number; ceremony: number };
  notice: ErrorData | undefined;
}

const initial: DeskView = {
  link: { state: 'starting' },
  hello: undefined,
  opening: 'Opening the desk.',
  status: undefined,
  people: [],
  modules: undefined,
  keys: [],
  keyTotal: 0,
  ceremonies: [],
  exports: [],
  changes: { log: 0, ceremony: 0 },
  notice: undefined,
};

export const useDesk = create<DeskView>()(() => initial);
const { setState: set, getState: get } = useDesk;

export const refresh = async (): Promise<void> => {
  // Sent together: they are independent of each other, and the hello shows whether the desk is founded.
  const status = call('desk.status', {}, [], ({ text }) => {
    if (get().status === undefined) set({ opening: text });
  });
  const rest = Promise.all([status, call('people.list', {}), askForJobs()]);
  const hello = await call('desk.hello', {});
  if (!hello.ok) {
    set({ link: { state: 'refused', error: hello.error } });
    return;
  }
  // The service answers the hello before it has judged the log: the frame is drawn, and the screen waits.
  set({ hello: hello.value, link: { state: 'up' } });
  // Before any list of tokens: from here on the service reports changes.
  void call('tokens.watch', { on: true });
  void refreshKeys();
  const [seen, people, jobs] = await rest;
  if (!seen.ok) {
    if (get().link.state === 'up') set({ link: { state: 'refused', error: seen.error } });
    return;
  }
  // One update, so that the page is drawn once.
  set({
    opening: undefined,
    // The hello before the judged log has it from the index alone.
    hello: { ...hello.value, state: seen.value.state },
    status: seen.value,
    ...settled(seen.value.log),
    ...(people.ok ? { people: people.value } : {}),
    ...jobs,
  });
};
/** A notice about a lost signer is removed once there is a signer again. */
const settled = (log: Status['log']): { notice?: undefined } =>
  log.signer === 'NO SIGNER' ? {} : { notice: undefined };
export const refreshStatus = async (): Promise<void> => {
  const status = await call('desk.status', {});
  if (status.ok) set({ status: status.value, ...settled(status.value.log) });
};
export const refreshPeople = async (): Promise<void> => {
  const people = await call('people.list', {});
  if (people.ok) set({ people: people.value });
};
/** Keys loaded and parsed within one frame. */
const KEYS_AT_ONCE = 250;
const nextTask = (): Promise<void> =>
  new Promise((next) => {
    window.setTimeout(next, 0);
  });
/** A version of the inventory: the service's epoch and its revision. */
interface AsOf {
  epoch: number | undefined;
  revision: number;
}
const same = (a: AsOf | undefined, b: AsOf): boolean =>
  a !== undefined && a.epoch === b.epoch && a.revision === b.revision;
/** The loaded version, and the one being loaded. */
let had: AsOf | undefined;
let reading: AsOf | undefined;
/** Loads the inventory in pages if it changed: ten thousand keys at once would block the window. */
export const refreshKeys = async (): Promise<void> => {
  const now = await call('keys.page', { from: 0, limit: 0 });
  if (!now.ok) return;
  const { total } = now.value;
  const mine: AsOf = { epoch: get().hello?.epoch, revision: now.value.revision };
  if (same(had, mine) || same(reading, mine)) return;
  reading = mine;
  const keys: KeySummary[] = [];
  set({ keyTotal: total });
  while (keys.length < total) {
    const page = await call('keys.page', { from: keys.length, limit: KEYS_AT_ONCE });
    // A newer version is being loaded, or the service is down: this load stops.
    if (reading !== mine || !page.ok) break;
    keys.push(...page.value.keys);
    if (page.value.keys.length === 0) break;
    // The first page is shown at once; an existing list is replaced as a whole.
    if (get().keys.length === 0) set({ keys: [...keys] });
    await nextTask();
  }
  if (reading !== mine) return;
  reading = undefined;
  if (keys.length < total) return;
  had = mine;
  set({ keys });
};
const askForJobs = async (): Promise<Partial<DeskView>> => {
  const [ceremonies, exports] = await Promise.all([
    call('ceremonies.list', {}),
    call('exports.list', {}),
  ]);
  return {
    ...(ceremonies.ok ? { ceremonies: ceremonies.value } : {}),
    ...(exports.ok ? { exports: exports.value } : {}),
  };
};
export const refreshJobs = async (): Promise<void> => {
  set(await askForJobs());
};
/** Queries every module, which starts a process for each unless the service is watching; so only when a screen needs it. */
export const refreshTokens = async (): Promise<void> => {
  const modules = await call('tokens.list', {});
  if (modules.ok) set({ modules: modules.value });
};

/** Follows the service's events while the page exists. */
export const followDesk = (): (() => void) => {
  let soon: number | undefined;
  const later = () => {
    window.clearTimeout(soon);
    soon = window.setTimeout(() => {
      void Promise.all([refreshPeople(), refreshKeys(), refreshJobs()]);
    }, 60);
  };
  const bump = (what: keyof DeskView['changes']) => {
    const { changes } = get();
    set({ changes: { ...changes, [what]: changes[what] + 1 } });
  };
  const stop = listen({
    'log.changed': (log) => {
      const { status } = get();
      if (status !== undefined) set({ status: { ...status, log } });
      bump('log');
      later();
      void refreshStatus();
    },
    'desk.changed': () => void refresh(),
    'tokens.changed': () => {
      void refreshTokens();
    },
    'ceremony.changed': () => {
      bump('ceremony');
      later();
    },
    'signer.lost': ({ error }) => {
      set({ notice: error });
      void refreshStatus();
    },
    down: (why) => {
      forgetService();
      set({ link: { state: 'down', why } });
    },
    up: () => {
      forgetService();
      void refresh();
    },
  });
  void refresh();
  return stop;
};
