/**
 * Entries of the audit log: a closed schema, one detail per type (resources/formats/audit-log.md, sections 4 and 6).
 * The page was written first; where this file and the page differ, this file is wrong. On the way into the log
 * the verifier's rules (verify/table.ts) stand in for these schemas where an entry is plainly spelled.
 */
import { z } from 'zod';
import { canonical } from '../../../shared/canonical.ts';
import {
  Base64,
  CeremonyId,
  Count,
  Hex,
  Hex64,
  Mode,
  Time,
  Uuid,
  text,
} from '../../../shared/domain/basics.ts';
import { Attributes, Check, Control, Origin } from '../../../shared/domain/keys.ts';
import { Role, SigningKey } from '../../../shared/domain/people.ts';
import { TokenIdentity } from '../../../shared/domain/tokens.ts';
import { Envelope } from './statement.ts';
import { readCanonical } from './verify/rules.ts';
import { briefly, ENTRY } from './verify/table.ts';

/** Bytes an entry may have, so that a two-byte length always holds it. */
export const MAX_ENTRY_BYTES = 32_768;

const nothing = z.strictObject({});
const person = z.strictObject({ person: Uuid, why: text(64).optional() });
const definition = z.strictObject({ definition_sha256: Hex64 });
const why = z.strictObject({ why: text(256).optional() });
const module = z.strictObject({ module: Uuid, sha256: Hex64, was: Hex64.optional() });
const signer = z.strictObject({ person: Uuid, because: text(1024).optional() });
const key = z.strictObject({
  key: Uuid,
  algorithm: text(32).optional(),
  bits: Count.optional(),
  label: text(64).optional(),
  purpose: text(32).optional(),
  extractable: z.boolean().optional(),
  ckaid: Hex.optional(),
  module: Uuid.optional(),
  token: TokenIdentity.optional(),
  attributes: Attributes.optional(),
  check: Check.optional(),
  spki_sha256: Hex64.optional(),
  origin: Origin.optional(),
  control: Control.optional(),
  grade: z.enum(['A', 'B', 'C', 'D']).optional(),
  mechanism: text(64).optional(),
  wrapping_spki_sha256: Hex64.optional(),
  export: Uuid.optional(),
  recovered: z.boolean().optional(),
  objects: Count.optional(),
  p11: Check.optional(),
  until: Time.optional(),
});

export const details = {
  'log.genesis': z.strictObject({
    installation: Uuid,
    mode: Mode,
    key: SigningKey,
    token: TokenIdentity,
    attributes: Attributes,
  }),
  'log.checkpoint': z.strictObject({ entries: Count, since: Time }),
  'app.start': z.strictObject({ build: Hex64, epoch: Count, sealed: Count, unsealed: Count }),
  'app.stop': nothing,
  'clock.changed': z.strictObject({ step_ms: z.int() }),
  'session.login': person,
  'session.logout': person,
  'session.login_failed': z.strictObject({
    what: z.enum(['passphrase', 'token']),
    person: Uuid.optional(),
    token: TokenIdentity.optional(),
  }),
  'person.enrolled': z.strictObject({
    person: Uuid,
    role: Role,
    key: SigningKey,
    name_sha256: Hex64,
    statement: Envelope,
  }),
  'person.role_changed': z.strictObject({ person: Uuid, role: Role }),
  'person.left': z.strictObject({ person: Uuid, why: text(256).optional() }),
  'policy.changed': z.strictObject({ version: Count, policy_sha256: Hex64 }),
  'token.module_added': z.strictObject({
    module: Uuid,
    path: text(1024),
    sha256: Hex64,
    family: text(32),
    label: text(64),
    settings_sha256: Hex64,
  }),
  'token.module_changed': module,
  'token.module_approved': module,
  'token.init': z.strictObject({ module: Uuid, token: TokenIdentity, training: z.boolean() }),
  'token.probed': z.strictObject({ module: Uuid, token: TokenIdentity, sheet_sha256: Hex64 }),
  'key.generate': key,
  'key.import': key,
  'key.wrap': key,
  'key.destroy': key,
  'component.receive': z.strictObject({
    index: Count,
    of: Count,
    attempt: Count,
    commitment: Hex64,
    check: Check,
    serial: text(64),
  }),
  'component.destroy': z.strictObject({ serials: z.array(text(64)).min(1).max(32) }),
  'ceremony.define': z.strictObject({
    definition_sha256: Hex64,
    title: text(128),
    template: text(64),
  }),
  'ceremony.approve': definition,
  'ceremony.arm': definition,
  'ceremony.step': z.strictObject({
    step: text(32),
    attempt: Count,
    kind: text(32),
    person: Uuid.optional(),
    expected: text(1024).optional(),
    observed: text(1024).optional(),
  }),
  'ceremony.exception': z.strictObject({
    number: Count,
    step: text(32),
    expected: text(1024),
    observed: text(1024),
    decision: text(1024),
    substitute: z.strictObject({ person: Uuid, seat: text(32) }).optional(),
    objects: z.array(text(128)).max(32).optional(),
  }),
  'ceremony.pause': why,
  'ceremony.resume': why,
  'ceremony.agree': signer,
  'ceremony.disagree': signer,
  'ceremony.abort': z.strictObject({
    because: text(1024),
    gone: z.boolean().optional(),
    objects: Count.optional(),
  }),
  'ceremony.close': z.strictObject({
    verdict: z.enum(['AGREED', 'DISPUTED']),
    exceptions: Count,
    agreed: Count,
    disagreed: Count,
  }),
  'byok.requested': z.strictObject({
    export: Uuid,
    key: Uuid,
    target: text(32),
    algorithm: text(64),
  }),
  'byok.parameters_loaded': z.strictObject({
    export: Uuid,
    target: text(32),
    key_ref: text(256),
    algorithm: text(64),
    wrapping_spki_sha256: Hex64,
    wrapping_bits: Count,
    valid_to: Time,
    token_sha256: Hex64,
    parameters_sha256: Hex64,
  }),
  'byok.parameters_confirmed': z.strictObject({ export: Uuid, wrapping_spki_sha256: Hex64 }),
  'byok.package_created': z.strictObject({
    export: Uuid,
    key: Uuid,
    blob_sha256: Hex64,
    blob_bytes: Count,
    manifest_sha256: Hex64,
  }),
  'byok.expired': z.strictObject({ export: Uuid }),
  'audit.exported': z.strictObject({ size: Count, root: Base64 }),
  'audit.verified': z.strictObject({ verdict: text(32) }),
} as const;
export type EntryType = keyof typeof details;
export const isEntryType = (type: string): type is EntryType => Object.hasOwn(details, type);
export type Detail<T extends EntryType> = z.infer<(typeof details)[T]>;

export const Outcome = z.enum(['intent', 'success', 'failure', 'unknown']);
export type Outcome = z.infer<typeof Outcome>;
export const Auth = z.enum(['passphrase', 'card', 'presence', 'none']);

export const Actor = z.strictObject({
  id: z.union([Uuid, z.literal('desk')]),
  role: z.union([Role, z.literal('desk')]),
  auth: Auth,
});
export type Actor = z.infer<typeof Actor>;
export const DESK: Actor = { auth: 'none', id: 'desk', role: 'desk' };

export const EntryCeremony = z.strictObject({
  id: CeremonyId,
  definition_sha256: Hex64,
  step: text(32).optional(),
});
export const Evidence = z.strictObject({ sha256: Hex64, media: text(64), bytes: Count });
export type Evidence = z.infer<typeof Evidence>;

const Frame = z.strictObject({
  v: z.literal(1),
  log: text(160),
  seq: Count,
  id: Uuid,
  time: Time,
  type: z.string(),
  outcome: Outcome,
  actor: Actor,
  where: z.strictObject({
    host: text(64),
    token_serial: text(64).optional(),
    slot: Count.optional(),
  }),
  app: z.strictObject({ version: text(32) }),
  reason: text(64).optional(),
  target: z
    .strictObject({
      kind: text(32),
      label: text(64).optional(),
      ckaid: Hex.max(128).optional(),
      fp: text(128).optional(),
    })
    .optional(),
  ceremony: EntryCeremony.optional(),
  corr: Uuid.optional(),
  clock: z.strictObject({ boot_ms: Count, step_ms: z.int().optional() }).optional(),
  detail: z.unknown(),
  evidence: z.array(Evidence).max(16).optional(),
  acts: z.array(Envelope).min(1).max(16).optional(),
});
type FrameOf = Omit<z.infer<typeof Frame>, 'type' | 'detail'>;
export type Entry = { [T in EntryType]: FrameOf & { type: T; detail: Detail<T> } }[EntryType];
export type EntryOf<T extends EntryType> = Extract<Entry, { type: T }>;

/** What a writer says; the log adds the rest. */
export type NewEntry = {
  [T in EntryType]: {
    type: T;
    detail: Detail<T>;
    outcome?: Outcome;
    actor?: Actor;
    reason?: string;
    target?: FrameOf['target'];
    ceremony?: FrameOf['ceremony'];
    corr?: string;
    evidence?: Evidence[];
    acts?: Envelope[];
    tokenSerial?: string;
  };
}[EntryType];

/** Parses against the whole schema. Throws ZodError or TypeError naming the path, never a value. */
export const parseEntry = (value: unknown): Entry => {
  const frame = Frame.parse(value);
  if (!isEntryType(frame.type)) throw new TypeError('entry: unknown type');
  requireSense(frame);
  const detail: unknown = details[frame.type].parse(frame.detail);
  return { ...frame, detail } as Entry;
};

const requireSense = ({ outcome, corr }: Pick<Entry, 'outcome' | 'corr'>): void => {
  if (outcome === 'intent' && corr !== undefined)
    throw new TypeError('entry: an intent has no corr');
};

/** The entry in these bytes, by the verifier's rules: they are compared with the schema in tests, and read a log several times faster. Throws Broken or TypeError. */
export const readEntry = (bytes: Buffer): Entry => {
  const entry = readCanonical(bytes, ENTRY) as Entry;
  requireSense(entry);
  return entry;
};

const TYPE_MEMBER = '"type":"';
/** The type that an entry's bytes name, found without reading them; of bytes that are no entry, anything. Only text without quotes stands after it. */
export const typeIn = (bytes: Uint8Array): string => {
  const entry = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const from = entry.lastIndexOf(TYPE_MEMBER) + TYPE_MEMBER.length;
  return entry.toString('latin1', from, entry.indexOf('"', from));
};

/**
 * Canonical bytes of an entry, checked against schema and size: what is stored and hashed.
 *
 * Most entries are made in the order of the canonical form and spelled so plainly that the verifier's expression for their type takes them whole, in a
 * fraction of the time that spelling them ourselves and the schema need. What it takes is canonical and an entry, however it came about.
 */
export const entryBytes = (entry: unknown): Uint8Array => {
  const asIs = JSON.stringify(entry);
  const plain = briefly(asIs);
  const isPlain = plain !== undefined && !(plain.outcome === 'intent' && plain.corr !== undefined);
  const text = isPlain ? asIs : canonical(entry);
  if (!isPlain) parseEntry(entry);
  const bytes = Buffer.from(text);
  if (bytes.length > MAX_ENTRY_BYTES)
    throw new RangeError(`entry: ${bytes.length} bytes is more than ${MAX_ENTRY_BYTES}`);
  return bytes;
};
