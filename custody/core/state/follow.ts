/**
 * Compares the next entry with the state that follows from the log so far, then changes the state by it (resources/formats/audit-log.md, section 13).
 *
 * Verifier and desk use the same rules: the desk does not write what an auditor refuses.
 */
import { sameData } from '../../../shared/canonical.ts';
import type { Role } from '../../../shared/domain/people.ts';
import { declarationOf, type Entry } from '../../../shared/log/entries.ts';
import type { Act } from '../../../shared/log/statement.ts';
import { followCeremonies } from './ceremonies.ts';
import { followExports } from './exports.ts';
import { followKeys } from './keys.ts';
import { followModules } from './modules.ts';
import { followPeople } from './people.ts';
import { IDENTITY, type State } from './state.ts';

/** An act whose signature and subject were judged, and the person who signed it. */
export interface CountedAct {
  statement: Act;
  role: Role;
  keySha256: string;
}
export type Say = (why: string) => void;
export interface Context {
  acts: readonly CountedAct[];
  /** Fewer people agreed to the entry than it needs. */
  lacking: boolean;
  /** Reports a contradiction with the state before. */
  say: Say;
  /** Reports something that can't be judged. */
  doubt: Say;
}
export type Follow = (state: State, entry: Entry, context: Context) => void;

/** By how much an entry's time may lie before that of the previous entry, ms. */
const TOLERANCE = 10_000;

const followTime: Follow = (state, entry, { say }) => {
  const { type, detail } = entry;
  const at = Date.parse(entry.time);
  const step = type === 'clock.changed' ? Math.min(0, detail.step_ms) : 0;
  if (at < state.facts.time + step - TOLERANCE)
    say('it is older than the entry before it, and no entry says that the clock was changed');
  state.know({ time: at });
};

const followOutcome: Follow = (state, entry, { say }) => {
  const { corr, ceremony, detail, id, outcome, type } = entry;
  if (outcome === 'intent') state.intents.set(id, entry);
  if (corr === undefined) return;
  const intent = state.intents.get(corr);
  if (intent === undefined) return; // reported as a fault of the format
  state.intents.delete(corr);
  if (!sameData(ceremony, intent.ceremony)) say('it is of another ceremony than its intent');
  const planned = intent.detail as Record<string, unknown>;
  const came = detail as Record<string, unknown>;
  const { desk } = declarationOf(type);
  const other = Object.keys(planned).find(
    (name) =>
      !desk.includes(name) && came[name] !== undefined && !sameData(came[name], planned[name]),
  );
  if (other !== undefined) say(`its ${other} is not the one that its intent planned`);
  if (type === 'key.wrap' && came['export'] !== undefined && planned['export'] === undefined)
    say('it names an export that its intent did not name');
  if (outcome !== 'success' || (type !== 'key.generate' && type !== 'key.import')) return;
  const missing = IDENTITY.find((name) => planned[name] !== undefined && came[name] === undefined);
  if (missing !== undefined) say(`it does not say the ${missing} that its intent planned`);
};

const followLog: Follow = (state, entry) => {
  if (entry.type === 'log.genesis') state.know({ logKeyId: entry.detail.attributes['CKA_ID'] });
  if (entry.type === 'app.start')
    state.know({ sealed: Math.max(state.facts.sealed, entry.detail.sealed) });
};

const AREAS: readonly Follow[] = [
  followTime,
  followLog,
  followPeople,
  followModules,
  followKeys,
  followExports,
  followCeremonies,
  // Last: the others look at the intent that an entry closes.
  followOutcome,
];

export const follow: Follow = (state, entry, context) => {
  for (const area of AREAS) area(state, entry, context);
};
