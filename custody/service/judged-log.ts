/**
 * Judges the log by the format's rules, with the judge that auditors use for a bundle (core/audit/verify), and compares the tables with the resulting state:
 * one pass at start.
 *
 * SECURITY: an entry without its people's acts is forged, wherever in the log it stands. Every signature is verified at every start, in sealed entries too: a
 * seal proves only that the log's key signed, and an attacker with that key's PIN could seal anything; that people agreed is proven by their own signatures
 * alone. No cached result in this database could replace the verification.
 */
import { randomBytes } from 'node:crypto';
import { setImmediate } from 'node:timers/promises';
import { KeymootError } from '../../shared/errors.ts';
import type { Entry } from '../../shared/log/entries.ts';
import { base64 } from '../core/audit/note.ts';
import { Findings } from '../core/audit/verify/findings.ts';
import { Ledger, type Read } from '../core/audit/verify/ledger.ts';
import { Tree } from '../core/audit/verify/tree.ts';
import { State } from '../core/state/state.ts';
import { contradiction, IndexCheck } from '../projections/check.ts';
import type { Store } from '../store/store.ts';
import { documentsOf, evidenceOf } from './documents.ts';
import { tampered } from './tampered.ts';

/** The judge's progress, in entries. */
export type Tell = (done: number, of: number) => void;

/** Entries in one batch: it is parsed while the signatures of the batch before are verified on other threads. */
const AT_ONCE = 256;

const JUDGED = ['format', 'integrity', 'authenticity', 'quorum', 'state'] as const;

/**
 * Judges the whole log and gives the state that follows from it, without using any table that repeats the log. Yields to the event loop in between.
 * @param origin of the log; undefined if the database has none
 * @param each gets every entry, in the order of the log
 * @throws KeymootError store-tampered
 */
export const deriveState = async (
  store: Store,
  origin: string | undefined,
  tell: Tell,
  each: (entry: Entry) => void = () => undefined,
): Promise<State> => {
  const { size } = store.log;
  const documents = documentsOf(store);
  const findings = new Findings();
  const tree = new Tree();
  const judge = new Ledger({
    origin: origin ?? null,
    trust: undefined,
    tree,
    findings,
    random: randomBytes(16),
    evidenceSize: (sha256) => evidenceOf(store, sha256)?.length,
    documents,
  });
  const take = (from: number): (Read | undefined)[] =>
    [...store.log.entries(from, Math.min(from + AT_ONCE, size))].map(({ seq, entry }) => {
      tree.append(entry);
      return judge.read(seq, entry, { index: seq, offset: 0 });
    });
  let last: (Read | undefined)[] = [];
  let verifying: Promise<void> | undefined;
  for (let from = 0; from < size || last.length > 0; from += AT_ONCE) {
    const next = take(from);
    await Promise.all([verifying, setImmediate()]);
    for (const read of last) {
      if (read === undefined) continue;
      judge.judge(read);
      each(read.entry);
    }
    // Only after judging: an entry may enrol a person, whose acts follow in later entries.
    verifying = judge.verifyAhead(next.flatMap((read) => read ?? []));
    last = next;
    tell(Math.min(from, size), size);
  }
  if (tree.root(tree.size) !== base64(store.log.root)) throw tampered('the log’s tree');
  findings.judged(...JUDGED);
  const { parts } = findings.verdict({ log: null, size: null, root: null });
  const [broken] = JUDGED.flatMap((name) => parts[name].notes);
  if (broken !== undefined)
    throw new KeymootError(
      'store-tampered',
      `The log holds something that its rules do not allow: ${broken}. Nothing was changed. Keep the data folder as evidence and restore a copy. (A log of an earlier build lacks what the format asks for now, and is not opened.)`,
    );
  return judge.state;
};

/**
 * The same, and compares every row with that state. Before its first entry a desk may have modules that the log will name.
 * @throws KeymootError store-tampered
 */
export const judgeLog = async (
  store: Store,
  origin: string | undefined,
  tell: Tell,
): Promise<State> => {
  if (store.log.size === 0) return new State(documentsOf(store));
  const index = new IndexCheck(store);
  let state: State;
  try {
    state = await deriveState(store, origin, tell, (entry) => {
      index.take(entry);
    });
  } finally {
    index.end();
  }
  if (!index.agrees) throw tampered('the index of its log');
  const wrong = contradiction(state, store);
  if (wrong !== undefined) throw tampered(wrong);
  return state;
};
