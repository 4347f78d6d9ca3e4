/** Keys as the log records them: made, used, destroyed, and the claims that their entries may make. */
import type { Entry, EntryOf } from '../../../shared/log/entries.ts';
import type { KeyDetail } from '../../../shared/log/types/keys.ts';
import { sameData } from '../../../shared/canonical.ts';
import { destroyedFrom, transition } from '../keys/life.ts';
import type { Follow, Say } from './follow.ts';
import { isTaken, settle, unsettle } from './living.ts';
import { IDENTITY, isLiving, tokenId, type KeyFact, type State } from './state.ts';

type Making = EntryOf<'key.generate' | 'key.import'>;
/** Entries that may make claims about a key. */
type Claiming = EntryOf<'key.generate' | 'key.import' | 'key.wrap' | 'key.destroy'>;
type Using = EntryOf<'key.wrap' | 'key.use' | 'key.destroy' | 'key.state'>;

const followPlanned = (state: State, { detail }: Making, say: Say): void => {
  if (state.keys.has(detail.key)) say('it makes a key that was made before');
  if (isTaken(state, detail))
    say('it makes a key under a CKA_ID that another key on that token has');
  if (detail.ckaid !== undefined && detail.ckaid === state.facts.logKeyId)
    say('it makes a key under the CKA_ID of the log’s own key');
};

const makesClaims = (entry: Entry): entry is Claiming =>
  ['key.generate', 'key.import', 'key.wrap', 'key.destroy'].includes(entry.type);

const checkClaims = (state: State, { type, detail }: Claiming, say: Say): void => {
  const { origin, attributes, control, module, token } = detail;
  if (origin === 'generated' && (type === 'key.import' || attributes?.['CKA_LOCAL'] !== true))
    say('it says that the device generated the key, and what the device said does not');
  if (control === 'pin-halves' && state.twoAtInit.get(tokenId(module, token)) !== true)
    say('it says pin-halves, and no two people set the PIN of that token');
};

const followMade = (state: State, entry: Making, say: Say): void => {
  followPlanned(state, entry, say);
  const { detail, ceremony, time } = entry;
  const key: KeyFact = {
    id: detail.key,
    made: detail,
    state: ceremony === undefined ? 'active' : 'quarantine',
    ceremony: ceremony?.id,
    created: time,
  };
  state.keys.set(key.id, key);
  settle(state, key);
};

const livingKey = (state: State, { detail }: Using, say: Say): KeyFact | undefined => {
  const key = state.keys.get(detail.key);
  if (key !== undefined && isLiving(key)) return key;
  say(
    key === undefined ? 'it names a key that was never made' : 'it names a key that is destroyed',
  );
  return undefined;
};

const followUsed = (state: State, entry: Using, say: Say): void => {
  const key = livingKey(state, entry, say);
  if (key === undefined) return;
  const detail: Partial<KeyDetail> = entry.detail;
  const other = IDENTITY.find(
    (name) => detail[name] !== undefined && !sameData(detail[name], key.made[name]),
  );
  if (other !== undefined) say(`it says another ${other} than the key was made with`);
  const own = key.ceremony !== undefined && key.ceremony === entry.ceremony?.id;
  if ((entry.type === 'key.wrap' || entry.type === 'key.use') && key.state !== 'active' && !own)
    say(`it uses a key that is ${key.state}`);
};

const followState = (state: State, entry: EntryOf<'key.state'>, say: Say): void => {
  const key = livingKey(state, entry, say);
  if (key === undefined) return;
  const { from, to } = entry.detail;
  const known = transition(from, to, key.before);
  if (key.state !== from) say(`it says that the key was ${from}, and it was ${key.state}`);
  if (known === undefined) say(`no key goes from ${from} to ${to}`);
  if (known?.inItsCeremony === true && entry.ceremony?.id !== key.ceremony)
    say('it releases a key outside the ceremony that made it');
  if (entry.outcome === 'success') state.keys.set(key.id, { ...key, state: to });
};

const followDestroyed = (state: State, { detail }: EntryOf<'key.destroy'>): void => {
  const key = state.keys.get(detail.key);
  if (key === undefined || !isLiving(key)) return;
  const last = key.state === 'not-found' ? (key.before ?? key.state) : key.state;
  state.keys.set(key.id, { ...key, state: destroyedFrom(last) });
  unsettle(state, key);
};

const followNotFound = (state: State, { detail }: EntryOf<'key.destroy'>): void => {
  const key = state.keys.get(detail.key);
  if (key === undefined || !isLiving(key) || key.state === 'not-found') return;
  state.keys.set(key.id, { ...key, state: 'not-found', before: key.state });
};

export const followKeys: Follow = (state, entry: Entry, { say }) => {
  const { outcome } = entry;
  if (makesClaims(entry)) checkClaims(state, entry, say);
  switch (entry.type) {
    case 'key.generate':
    case 'key.import':
      if (outcome === 'intent') followPlanned(state, entry, say);
      if (outcome === 'success') followMade(state, entry, say);
      return;
    case 'key.wrap':
    case 'key.use':
      if (outcome === 'intent') followUsed(state, entry, say);
      return;
    case 'key.destroy':
      if (outcome === 'intent') followUsed(state, entry, say);
      if (outcome === 'success') followDestroyed(state, entry);
      if (outcome === 'not-found') followNotFound(state, entry);
      return;
    case 'key.state':
      followState(state, entry, say);
      return;
    default:
  }
};
