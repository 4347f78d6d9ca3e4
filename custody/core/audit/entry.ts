/** How the writer of the log builds an entry: its canonical bytes, and the subject that people sign. The members of each type are declared in shared/log. */
import { hash } from 'node:crypto';
import { canonical } from '../../../shared/canonical.ts';
import {
  agreedDetail,
  entryRule,
  MAX_ENTRY_BYTES,
  type Actor,
  type Detail,
  type Entry,
  type EntryType,
  type Evidence,
  type Outcome,
} from '../../../shared/log/entries.ts';
import type { Envelope, EntryCeremony } from '../../../shared/log/shapes.ts';
import type { Subject } from '../../../shared/log/statement.ts';

export const DESK: Actor = { auth: 'none', id: 'desk', role: 'desk' };

/** What a statement says about the entry that will carry it. */
export interface About {
  subject: Subject;
  ceremony?: EntryCeremony;
}

/** The members that a writer gives; the log adds the rest. */
export type NewEntry = {
  [T in EntryType]: {
    type: T;
    detail: Detail<T>;
    outcome?: Outcome;
    actor?: Actor;
    reason?: string;
    target?: Entry['target'];
    ceremony?: EntryCeremony;
    corr?: string;
    evidence?: Evidence[];
    /** Signs one act by each person who agrees to this entry. Called once the entry is complete, so that each act covers exactly this entry. */
    sign?: (about: About) => Envelope[];
    tokenSerial?: string;
  };
}[EntryType];

/**
 * The subject of an act (resources/formats/audit-log.md, section 5): SHA-256 of the canonical bytes that people agree to. Anyone who has the entry can compute
 * it.
 */
export const subjectOf = ({
  type,
  outcome,
  detail,
  ceremony,
}: Pick<Entry, 'type' | 'outcome' | 'detail' | 'ceremony'>): Subject => ({
  type,
  sha256: hash(
    'sha256',
    canonical({ ceremony, detail: agreedDetail(type, detail), outcome, type }),
  ),
});

/** Canonical bytes of an entry, judged by its rule and its size: what is stored and hashed. Throws TypeError naming the path, never a value. */
export const entryBytes = (entry: unknown): Uint8Array => {
  const why = entryRule(entry, { plain: false, sorted: false });
  if (why !== '') throw new TypeError(`entry: it ${why}`);
  const bytes = Buffer.from(canonical(entry));
  if (bytes.length > MAX_ENTRY_BYTES)
    throw new RangeError(`entry: ${bytes.length} bytes is more than ${MAX_ENTRY_BYTES}`);
  return bytes;
};
