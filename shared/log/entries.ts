/**
 * Entries of the audit log: the frame (resources/formats/audit-log.md, section 4), and every type's declaration (sections 6 and 12).
 *
 * A new type is a line in the file of its area below types/, and its row on the format page; the stand-alone verifier gets it separately.
 */
import type { Declaration, Say } from './declaration.ts';
import {
  count,
  either,
  hex64,
  int,
  list,
  maybe,
  oneOf,
  origin,
  shape,
  text,
  time,
  uuid,
  uuid7,
  ruleFor,
  type Infer,
} from './rules.ts';
import { ROLES } from '../domain/roles.ts';
import { ceremony, ckaid, envelope } from './shapes.ts';
import { ceremonyTypes } from './types/ceremonies.ts';
import { exportTypes } from './types/exports.ts';
import { keyTypes } from './types/keys.ts';
import { logTypes } from './types/log.ts';
import { peopleTypes } from './types/people.ts';
import { shareTypes } from './types/shares.ts';
import { tokenTypes } from './types/tokens.ts';

/** The most bytes of an entry, so that its length fits in two bytes (section 4). */
export const MAX_ENTRY_BYTES = 32_768;

export const entryTypes = {
  ...logTypes,
  ...peopleTypes,
  ...tokenTypes,
  ...keyTypes,
  ...shareTypes,
  ...ceremonyTypes,
  ...exportTypes,
} as const;
export type EntryType = keyof typeof entryTypes;
export type Detail<T extends EntryType> = Infer<(typeof entryTypes)[T]['detail']>;
export const TYPES = Object.keys(entryTypes) as EntryType[];
export const isEntryType = (type: string): type is EntryType => Object.hasOwn(entryTypes, type);
export const declarationOf = (type: EntryType): Declaration =>
  entryTypes[type] as unknown as Declaration;

export const OUTCOMES = ['intent', 'success', 'failure', 'unknown', 'not-found'] as const;
const outcome = oneOf(...OUTCOMES);
export type Outcome = Infer<typeof outcome>;

const actor = shape({
  id: either(oneOf('desk'), uuid),
  role: oneOf(...ROLES, 'desk'),
  auth: oneOf('passphrase', 'card', 'presence', 'none'),
});
export type Actor = Infer<typeof actor>;
const evidence = shape({ sha256: hex64, media: text(64), bytes: count });
export type Evidence = Infer<typeof evidence>;
const target = shape({
  kind: text(32),
  label: maybe(text(64)),
  ckaid: maybe(ckaid),
  fp: maybe(text(128)),
});

const FRAME = {
  v: oneOf(1),
  log: origin,
  seq: count,
  id: uuid7,
  time,
  outcome,
  actor,
  where: shape({ host: text(64), token_serial: maybe(text(64)), slot: maybe(count) }),
  app: shape({ version: text(32) }),
  reason: maybe(text(64)),
  target: maybe(target),
  ceremony: maybe(ceremony),
  corr: maybe(uuid),
  clock: maybe(shape({ boot_ms: count, step_ms: maybe(int) })),
  evidence: maybe(list(evidence, 0, 16)),
  acts: maybe(list(envelope, 1, 16)),
};
/** The detail is judged by the entry's type, below. */
const frame = shape({ ...FRAME, type: oneOf(...TYPES), detail: ruleFor<unknown>(() => '') });
type FrameOf = Omit<Infer<typeof frame>, 'type' | 'detail'>;
export type Entry = { [T in EntryType]: FrameOf & { type: T; detail: Detail<T> } }[EntryType];
export type EntryOf<T extends EntryType> = Extract<Entry, { type: T }>;

/** Judges an entry by itself: its frame, its detail, and the agreement of both. */
export const entryRule = ruleFor<Entry>((value, mode) => {
  const wrong = frame(value, mode);
  if (wrong !== '') return wrong;
  const { type, detail, outcome: came, corr } = value as Entry;
  if (came === 'intent' && corr !== undefined) return 'is an intent and has corr';
  if (came === 'not-found' && corr === undefined) return 'is not-found and closes no intent';
  const inside = declarationOf(type).detail(detail, mode);
  return inside === '' ? '' : `the detail of ${type} ${inside}`;
});

/** What people agree to: the detail without the desk's own members (section 5). */
export const agreedDetail = (type: EntryType, detail: object): Record<string, unknown> => {
  const { desk } = declarationOf(type);
  return Object.fromEntries(Object.entries(detail).filter(([name]) => !desk.includes(name)));
};

/** An entry in one sentence without its full stop; an entry of an unknown form is shown by its type. */
export const sentenceOf = (
  entry: { type: string; detail: unknown; outcome: string; reason?: string | undefined },
  name: Say['name'],
): string => {
  const { type, detail, outcome: came, reason = '' } = entry;
  if (!isEntryType(type)) return `${type}, ${came}`;
  const { detail: rule, sentence } = declarationOf(type);
  return rule(detail, { plain: false, sorted: false }) === ''
    ? sentence(detail, { outcome: came, reason, name })
    : `${type}, ${came}`;
};
