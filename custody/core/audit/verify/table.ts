/**
 * The tables of resources/formats/audit-log.md as rules: entries and their details (sections 4 and 6), what people sign (5), the manifest (9).
 * Written from the page, member by member, and apart from the writer's schemas (../entry.ts): a slip in one of them shows in the tests that
 * compare the two. The writer takes an entry that is plainly spelled on these rules alone, for speed, so a rule that is too lax here is caught by those tests
 * and by the stand-alone verifier only.
 */
import {
  b64,
  b64Of32,
  bool,
  captured,
  count,
  either,
  hex32,
  hex64,
  hexBytes,
  int,
  keyOf,
  list,
  maybe,
  oneOf,
  origin,
  record,
  shape,
  text,
  textOrNone,
  time,
  uuid,
  uuid7,
  type Rule,
} from './rules.ts';
import { PAYLOAD_TYPE } from '../statement.ts';
import type { Entry, EntryType } from '../entry.ts';

const ROLES = ['administrator', 'officer', 'operator', 'custodian', 'witness', 'auditor'] as const;
const role = oneOf(...ROLES);
const personKey = keyOf('Ed25519', 'ECDSA-P256');
const logKey = keyOf('ECDSA-P256'); // it signs notes of type 02

// Section 5

const envelope = shape({
  payload: b64,
  payloadType: oneOf(PAYLOAD_TYPE),
  signatures: list(shape({ keyid: hex64, sig: b64 }), 1, 1),
});
const ceremony = shape({ id: hex32, definition_sha256: hex64, step: maybe(text(32)) });
const said = {
  v: oneOf(1),
  log: origin,
  person: uuid,
  head: shape({ size: count, root: b64Of32 }),
  time,
};
const SUBJECTS = [
  'policy',
  'enrolment',
  'person',
  'definition',
  'ceremony',
  'key',
  'module',
  'export',
  'token',
] as const;

export const ENROLMENT = shape({
  ...said,
  kind: oneOf('enrolment'),
  role,
  key: personKey,
  name_sha256: hex64,
});
export const ACT = shape({
  ...said,
  kind: oneOf('act'),
  channel: text(64),
  input_sha256: hex64,
  subject: maybe(shape({ kind: oneOf(...SUBJECTS), sha256: hex64 })),
  ceremony: maybe(ceremony),
  nonce: hex32,
});

// Section 6

const token = shape({
  manufacturer: textOrNone(64),
  model: textOrNone(64),
  serial: textOrNone(64),
  label: textOrNone(64),
});
const check = shape({
  method: oneOf('X9.24-CMAC', 'LEGACY-ZERO', 'P11-CHECK', 'GP-01', 'HMAC-SHA256KEY', 'HMAC-EMPTY'),
  value: hexBytes(2, 8),
});
const attributeText = textOrNone(1024);
const attributes = record(
  /^CKA_[A-Z0-9_]{1,44}$/,
  (value, plain) => {
    if (typeof value === 'boolean') return '';
    return typeof value === 'number' ? int(value, plain) : attributeText(value, plain);
  },
  64,
);

const session = shape({ person: uuid, why: maybe(text(64)) });
const moduleFile = shape({ module: uuid, sha256: hex64, was: maybe(hex64) });
const definition = shape({ definition_sha256: hex64 });
const why = shape({ why: maybe(text(256)) });
const opinion = shape({ person: uuid, because: maybe(text(1024)) });
const key = shape({
  key: uuid,
  algorithm: maybe(text(32)),
  bits: maybe(count),
  label: maybe(text(64)),
  purpose: maybe(text(32)),
  extractable: maybe(bool),
  ckaid: maybe(hexBytes(1, 64)),
  module: maybe(uuid),
  token: maybe(token),
  attributes: maybe(attributes),
  check: maybe(check),
  spki_sha256: maybe(hex64),
  origin: maybe(oneOf('generated', 'imported', 'unknown')),
  control: maybe(oneOf('pin-halves', 'device-quorum', 'single-control')),
  grade: maybe(oneOf('A', 'B', 'C', 'D')),
  mechanism: maybe(text(64)),
  wrapping_spki_sha256: maybe(hex64),
  export: maybe(uuid),
  recovered: maybe(bool),
  objects: maybe(count),
  p11: maybe(check),
  until: maybe(time),
});

export const DETAILS: Record<EntryType, Rule> = {
  'log.genesis': shape({
    installation: uuid,
    mode: oneOf('production', 'rehearsal'),
    key: logKey,
    token,
    attributes,
  }),
  'log.checkpoint': shape({ entries: count, since: time }),
  'app.start': shape({ build: hex64, epoch: count, sealed: count, unsealed: count }),
  'app.stop': shape({}),
  'clock.changed': shape({ step_ms: int }),
  'session.login': session,
  'session.logout': session,
  'session.login_failed': shape({
    what: oneOf('passphrase', 'token'),
    person: maybe(uuid),
    token: maybe(token),
  }),
  'person.enrolled': shape({
    person: uuid,
    role,
    key: personKey,
    name_sha256: hex64,
    statement: envelope,
  }),
  'person.role_changed': shape({ person: uuid, role }),
  'person.left': shape({ person: uuid, why: maybe(text(256)) }),
  'policy.changed': shape({ version: count, policy_sha256: hex64 }),
  'token.module_added': shape({
    module: uuid,
    path: text(1024),
    sha256: hex64,
    family: text(32),
    label: text(64),
    settings_sha256: hex64,
  }),
  'token.module_changed': moduleFile,
  'token.module_approved': moduleFile,
  'token.init': shape({ module: uuid, token, training: bool }),
  'token.probed': shape({ module: uuid, token, sheet_sha256: hex64 }),
  'key.generate': key,
  'key.import': key,
  'key.wrap': key,
  'key.destroy': key,
  'component.receive': shape({
    index: count,
    of: count,
    attempt: count,
    commitment: hex64,
    check,
    serial: text(64),
  }),
  'component.destroy': shape({ serials: list(text(64), 1, 32) }),
  'ceremony.define': shape({ definition_sha256: hex64, title: text(128), template: text(64) }),
  'ceremony.approve': definition,
  'ceremony.arm': definition,
  'ceremony.step': shape({
    step: text(32),
    attempt: count,
    kind: text(32),
    person: maybe(uuid),
    expected: maybe(text(1024)),
    observed: maybe(text(1024)),
  }),
  'ceremony.exception': shape({
    number: count,
    step: text(32),
    expected: text(1024),
    observed: text(1024),
    decision: text(1024),
    substitute: maybe(shape({ person: uuid, seat: text(32) })),
    objects: maybe(list(text(128), 0, 32)),
  }),
  'ceremony.pause': why,
  'ceremony.resume': why,
  'ceremony.agree': opinion,
  'ceremony.disagree': opinion,
  'ceremony.abort': shape({ because: text(1024), gone: maybe(bool), objects: maybe(count) }),
  'ceremony.close': shape({
    verdict: oneOf('AGREED', 'DISPUTED'),
    exceptions: count,
    agreed: count,
    disagreed: count,
  }),
  'byok.requested': shape({ export: uuid, key: uuid, target: text(32), algorithm: text(64) }),
  'byok.parameters_loaded': shape({
    export: uuid,
    target: text(32),
    key_ref: text(256),
    algorithm: text(64),
    wrapping_spki_sha256: hex64,
    wrapping_bits: count,
    valid_to: time,
    token_sha256: hex64,
    parameters_sha256: hex64,
  }),
  'byok.parameters_confirmed': shape({ export: uuid, wrapping_spki_sha256: hex64 }),
  'byok.package_created': shape({
    export: uuid,
    key: uuid,
    blob_sha256: hex64,
    blob_bytes: count,
    manifest_sha256: hex64,
  }),
  'byok.expired': shape({ export: uuid }),
  'audit.exported': shape({ size: count, root: b64Of32 }),
  'audit.verified': shape({ verdict: text(32) }),
};
export const TYPES = Object.keys(DETAILS) as EntryType[];

// Section 4

const FRAME = {
  v: oneOf(1),
  log: captured(origin),
  seq: captured(count),
  id: captured(uuid7),
  time,
  outcome: captured(oneOf('intent', 'success', 'failure', 'unknown')),
  actor: shape({
    id: either(oneOf('desk'), uuid),
    role: oneOf(...ROLES, 'desk'),
    auth: oneOf('passphrase', 'card', 'presence', 'none'),
  }),
  where: shape({ host: text(64), token_serial: maybe(text(64)), slot: maybe(count) }),
  app: shape({ version: text(32) }),
  reason: maybe(text(64)),
  target: maybe(
    shape({
      kind: text(32),
      label: maybe(text(64)),
      ckaid: maybe(hexBytes(1, 64)),
      fp: maybe(text(128)),
    }),
  ),
  ceremony: maybe(ceremony),
  corr: maybe(captured(uuid)),
  clock: maybe(shape({ boot_ms: count, step_ms: maybe(int) })),
  evidence: maybe(list(shape({ sha256: hex64, media: text(64), bytes: count }), 0, 16)),
  acts: maybe(list(envelope, 1, 16)),
};
const frame = shape({ ...FRAME, type: oneOf(...TYPES), detail: () => '' }); // detail by its type

export const ENTRY: Rule = (value, plain) => {
  const wrong = frame(value, plain);
  if (wrong !== '') return wrong;
  const { type, detail } = value as { type: EntryType; detail: unknown };
  const inside = DETAILS[type](detail, plain);
  return inside === '' ? '' : `the detail of ${type} ${inside}`;
};

/** What every entry has to say. */
export type Brief = Pick<Entry, 'log' | 'seq' | 'id' | 'outcome' | 'type'> & {
  corr?: string | undefined;
};
const PLAIN = new Map(
  TYPES.flatMap((type): [string, { type: EntryType; form: RegExp }][] => {
    const { spelling } = shape({ ...FRAME, type: oneOf(type), detail: DETAILS[type] });
    return spelling === undefined ? [] : [[type, { type, form: new RegExp(`^${spelling}$`) }]];
  }),
);
const TYPE_MEMBER = '"type":"';
const unquoted = (text: string): string => text.slice(1, -1);

/** An entry in the plainest of spellings, without acts, evidence and attributes. Undefined says nothing: it wants to be read in full. */
export const briefly = (text: string): Brief | undefined => {
  const at = text.lastIndexOf(TYPE_MEMBER) + TYPE_MEMBER.length;
  const plain = PLAIN.get(text.slice(at, text.indexOf('"', at)));
  const groups = plain?.form.exec(text);
  if (plain === undefined || !groups) return undefined;
  // In the order of the names.
  const [, corr, id = '', log = '', outcome = '', seq = ''] = groups;
  return {
    type: plain.type,
    id: unquoted(id),
    log: unquoted(log),
    outcome: unquoted(outcome) as Brief['outcome'],
    seq: Number(seq),
    corr: corr === undefined ? undefined : unquoted(corr),
  };
};

// Section 9

const FOR_PEOPLE = ['VERIFY.md', 'report.html', 'keys/log.pem'] as const;
export const isForPeople = (path: string): boolean => FOR_PEOPLE.some((name) => name === path);
export const MANIFEST_PATH = 'manifest.json';
export const DERIVED_PATH = 'derived/entries.ndjson';
export const HEAD_PATH = 'log/checkpoint';
export const isNotePath = (path: string): boolean =>
  /^checkpoints\/(?:0|[1-9]\d{0,15})$/.test(path);
export const isEvidencePath = (path: string): boolean => /^evidence\/[0-9a-f]{64}$/.test(path);
/** Names the format has. Which files below log/ belong there, the size of the tree says. */
export const isNamed = (path: string): boolean =>
  path === DERIVED_PATH ||
  path === MANIFEST_PATH ||
  isForPeople(path) ||
  isNotePath(path) ||
  isEvidencePath(path) ||
  path.startsWith('log/');

const path: Rule = (value) => {
  if (typeof value !== 'string') return 'is not text';
  if (value === '' || value.startsWith('/') || value.includes('\\')) return 'is not a path';
  if (value.split('/').some((step) => step === '' || step === '.' || step === '..'))
    return 'has a step that leads elsewhere';
  if (hasLoneSurrogate(value)) return 'is not Unicode';
  if (value === MANIFEST_PATH) return 'is the manifest itself';
  return isNamed(value) ? '' : 'is a file that the format does not name';
};
const hasLoneSurrogate = (value: string): boolean => !value.isWellFormed();
const file = shape({ path, size: count, sha256: hex64 });

export interface ManifestFile {
  path: string;
  size: number;
  sha256: string;
}
export interface Manifest {
  log: string;
  size: number;
  root: string;
  files: ManifestFile[];
}
export const MANIFEST: Rule = shape({
  v: oneOf(1),
  log: origin,
  size: count,
  root: b64Of32,
  complete: oneOf(true),
  files: (value, plain) => {
    const wrong = list(file, 0, Infinity)(value, plain);
    if (wrong !== '') return wrong;
    const files = value as ManifestFile[];
    const stray = files.findIndex((item, at) => at > 0 && item.path <= (files[at - 1]?.path ?? ''));
    return stray < 0 ? '' : `item ${stray} is not sorted by path`;
  },
});
