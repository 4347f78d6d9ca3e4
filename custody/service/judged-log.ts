/**
 * The log against the format's own rules, by the judge that auditors ask about a bundle (core/audit/verify): every hash, every signature, every quorum.
 *
 * SECURITY: an entry that lacks its people's acts is not ours, wherever in the log it stands. Every signature is verified at every start, of sealed entries too:
 * a seal says that the log's key signed, and who has that key's PIN could seal anything; that people agreed, only their own signatures say. Nothing that this
 * database holds could take the place of looking.
 */
import { hash, randomBytes } from 'node:crypto';
import { setImmediate } from 'node:timers/promises';
import { KeymootError } from '../../shared/errors.ts';
import { typeIn, type Entry } from '../core/audit/entry.ts';
import { base64 } from '../core/audit/note.ts';
import { Findings } from '../core/audit/verify/findings.ts';
import { Ledger as Judge, type Read } from '../core/audit/verify/ledger.ts';
import { Tree } from '../core/audit/verify/tree.ts';
import type { Store } from '../store/store.ts';
import { tampered } from './tampered.ts';

/** How far the judge has come, in entries. */
export type Tell = (done: number, of: number) => void;

/** Entries that are read at once, while the signatures of those before them are looked at on other threads. */
const AT_ONCE = 256;

/** Evidence that hashes to its name. */
export const evidenceOf = (store: Store, sha256: string): Uint8Array | undefined => {
  const bytes = store.evidence.get(sha256);
  return bytes === undefined || hash('sha256', bytes) !== sha256 ? undefined : bytes;
};

const parse = (bytes: Buffer): Entry => JSON.parse(bytes.toString('utf8')) as Entry;

/**
 * Judges the whole log. Other calls of the event loop have their turn meanwhile.
 * @param origin of the log, null if the database does not say
 * @param each gets the entries in order, for as long as nothing is found
 * @throws KeymootError store-tampered
 */
export const judgeLog = async (
  store: Store,
  origin: string | undefined,
  tell: Tell,
  each: (type: string, entry: () => Entry) => void,
): Promise<void> => {
  const findings = new Findings();
  const tree = new Tree();
  const judge = new Judge({
    origin: origin ?? null,
    trust: undefined,
    tree,
    findings,
    random: randomBytes(16),
    evidenceSize: (sha256) => evidenceOf(store, sha256)?.length,
    definition: (sha256) => evidenceOf(store, sha256),
  });
  const { size } = store.log;
  interface Taken {
    bytes: Buffer;
    read: Read | undefined;
  }
  const take = (from: number): Taken[] =>
    [...store.log.entries(from, Math.min(from + AT_ONCE, size))].map(({ seq, entry }) => {
      tree.append(entry);
      const read = judge.read(seq, entry, { index: seq, offset: 0 });
      return { bytes: entry, read };
    });
  const finish = ({ bytes, read }: Taken): void => {
    if (read !== undefined) judge.judge(read);
    // What was found is said at the end; from here on what is read need not make sense.
    if (findings.clean) each(typeIn(bytes), () => read?.entry ?? parse(bytes));
  };

  let last: Taken[] = [];
  let looking: Promise<void> | undefined;
  for (let from = 0; from < size || last.length > 0; from += AT_ONCE) {
    const next = take(from);
    await Promise.all([looking, setImmediate()]);
    for (const taken of last) finish(taken);
    // Only now: an entry says who is enrolled, and those after it are theirs.
    looking = judge.verifyAhead(next.flatMap(({ read }) => read ?? []));
    last = next;
    tell(Math.min(from, size), size);
  }
  if (tree.root(tree.size) !== base64(store.log.root)) throw tampered('the log’s tree');
  const judged = ['format', 'integrity', 'authenticity', 'quorum'] as const;
  findings.judged(...judged);
  const { parts } = findings.verdict({ log: null, size: null, root: null });
  const [broken] = judged.flatMap((name) => parts[name].notes);
  if (broken !== undefined)
    throw new KeymootError(
      'store-tampered',
      `The log holds something that its rules do not allow: ${broken}. Nothing was changed. Keep the data folder as evidence and restore a copy.`,
    );
};
