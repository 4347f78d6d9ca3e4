/**
 * The auditor's own inputs: the trust file and anchors (resources/formats/audit-log.md, section 10). A fault in them is an input error and no finding about the
 * bundle.
 */
import { hash } from 'node:crypto';
import { z } from 'zod';
import { Count, Hex64 } from '../../../../shared/domain/basics.ts';
import { KeymootError } from '../../../../shared/errors.ts';
import { fromBase64, parseCheckpoint, signedBy, type SignedCheckpoint } from '../note.ts';
import { ORIGIN } from '../../../../shared/log/rules.ts';
import { publicKey } from '../reading.ts';

interface PinnedKey {
  spki: Uint8Array;
  sha256: string;
  /** The sizes of the log for which this key signs, both included. */
  from: number;
  to: number;
}
export interface Anchor {
  /** For human readers: where the key came from. */
  name: string;
  note: Note;
}
export interface TrustFile {
  log: string;
  keys: PinnedKey[];
  anchors: Anchor[];
  /** Key hashes of the founders, if the trust file names them. */
  people: string[] | undefined;
}
export type Note = Omit<SignedCheckpoint, 'root'> & { root: string };

const refuse = (what: string): never => {
  throw new KeymootError('input-invalid', what);
};

/** Section 8: a note in this format, or undefined. */
export const parseNote = (text: string): Note | undefined => {
  const note = parseCheckpoint(text);
  if (note === undefined || !ORIGIN.test(note.origin)) return undefined;
  return { ...note, root: Buffer.from(note.root).toString('base64') };
};

export const parseAnchor = (name: string, text: string): Anchor => {
  const note = parseNote(text);
  return note === undefined
    ? refuse(`${name} is not a checkpoint: origin, size, root, an empty line and signatures.`)
    : { name, note };
};

const Shape = z.strictObject({
  v: z.literal(1),
  log: z.string().regex(ORIGIN),
  keys: z.array(z.strictObject({ spki: z.string(), from: Count, to: Count.optional() })).max(1000),
  anchors: z.array(z.string()).max(10_000).optional(),
  people: z.array(Hex64).max(10_000).optional(),
});

const members = (value: unknown): number => {
  if (typeof value !== 'object' || value === null) return 0;
  const below = Object.values(value).reduce((sum: number, held) => sum + members(held), 0);
  return Array.isArray(value) ? below : below + Object.keys(value).length;
};

/**
 * JSON with any white space and order. JSON.parse lets the last of two equal members win and takes fractions: a trust file that two parsers would read
 * differently is refused. Outside strings each member has one colon, so fewer members than colons means that one occurred twice.
 */
const readFreely = (text: string): unknown => {
  const value: unknown = JSON.parse(text);
  const bare = text.replaceAll(/"(?:[^"\\]|\\.)*"/g, '""');
  if (bare.split(':').length - 1 !== members(value)) throw new TypeError('a member is twice');
  if (/\d[.eE]|-/.test(bare)) throw new TypeError('a number is not plain');
  return value;
};

/** Throws KeymootError `input-invalid`. */
export const parseTrust = (text: string): TrustFile => {
  let read: z.infer<typeof Shape>;
  try {
    read = Shape.parse(readFreely(text));
  } catch (error) {
    const at = error instanceof z.ZodError ? error.issues[0]?.path.join('.') : undefined;
    return refuse(
      at === undefined || at === ''
        ? 'The trust file is not JSON of the form the format page gives.'
        : `The trust file does not have the form the format page gives, at ${at}.`,
    );
  }
  const keys = read.keys.map(({ spki, from, to = Infinity }, at): PinnedKey => {
    const der = fromBase64(spki);
    if (der === undefined || publicKey('ECDSA-P256', der) === undefined)
      return refuse(`Key ${at + 1} of the trust file is not an ECDSA P-256 public key.`);
    if (to < from) return refuse(`Key ${at + 1} of the trust file ends before it begins.`);
    return { spki: der, sha256: hash('sha256', der), from, to };
  });
  const anchors = (read.anchors ?? []).map((note, at) =>
    parseAnchor(`Anchor ${at + 1} of the trust file`, note),
  );
  return { log: read.log, keys, anchors, people: read.people };
};

/** Pinned keys for a log of this size. */
export const keysFor = (trust: TrustFile, size: number): PinnedKey[] =>
  trust.keys.filter(({ from, to }) => from <= size && size <= to);

type Judged = { result: 'pass' } | { result: 'fail' | 'unproven'; why: string };

/** Section 11, authenticity: does a pinned key for its size sign this note, of the pinned log? */
export const judgeNote = (note: Note, trust: TrustFile | undefined): Judged => {
  if (trust === undefined) return { result: 'unproven', why: 'no trust file was given' };
  const pinned = keysFor(trust, note.size);
  if (pinned.length === 0)
    return { result: 'unproven', why: `no pinned key covers a log of size ${note.size}` };
  if (note.origin !== trust.log)
    return { result: 'fail', why: `its origin is ${note.origin}, and ${trust.log} is trusted` };
  const signed = { ...note, root: new Uint8Array() };
  const lines = note.signatures.filter(
    ({ name, keyId }) => name === note.origin && pinned.some((key) => isId(key, keyId)),
  );
  if (lines.length === 0) return { result: 'fail', why: 'no pinned key signed it' };
  const good = lines.every((line) =>
    pinned.some(
      (key) =>
        isId(key, line.keyId) && signedBy({ ...signed, signatures: [line] }, note.origin, key.spki),
    ),
  );
  return good ? { result: 'pass' } : { result: 'fail', why: 'a pinned key’s signature is broken' };
};
const isId = (key: PinnedKey, keyId: Uint8Array): boolean =>
  key.sha256.startsWith(Buffer.from(keyId).toString('hex'));
