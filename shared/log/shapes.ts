/** Shapes that several entries and statements share (resources/formats/audit-log.md, sections 4 to 6). */
import {
  also,
  b64,
  bool,
  either,
  hex32,
  hex64,
  hexBytes,
  int,
  list,
  maybe,
  oneOf,
  record,
  shape,
  text,
  textOrNone,
  type Infer,
} from './rules.ts';
import { ROLES } from '../domain/roles.ts';

export const role = oneOf(...ROLES);

/** A key object of section 5. Its DER is parsed where signatures are verified. */
const keyOf = <const A extends string>(...kinds: A[]) =>
  shape({ alg: oneOf(...kinds), spki: b64, sha256: hex64 });
export const personKey = keyOf('Ed25519', 'ECDSA-P256');
/** A key that signs notes of type 02. */
export const logKey = keyOf('ECDSA-P256');

export const PAYLOAD_TYPE = 'application/vnd.keymoot.statement+json';
/** DSSE with exactly one signature. */
export const envelope = shape({
  payload: b64,
  payloadType: oneOf(PAYLOAD_TYPE),
  signatures: list(shape({ keyid: hex64, sig: b64 }), 1, 1),
});
export type Envelope = Infer<typeof envelope>;

export const ceremony = shape({ id: hex32, definition_sha256: hex64, step: maybe(text(32)) });
export type EntryCeremony = Infer<typeof ceremony>;

export const token = shape({
  manufacturer: textOrNone(64),
  model: textOrNone(64),
  serial: textOrNone(64),
  label: textOrNone(64),
});
export const check = shape({
  method: oneOf('X9.24-CMAC', 'LEGACY-ZERO', 'P11-CHECK', 'GP-01', 'HMAC-SHA256KEY', 'HMAC-EMPTY'),
  value: hexBytes(2, 8),
});
export const attributes = record(
  /^CKA_[A-Z0-9_]{1,44}$/,
  either(either(bool, int), textOrNone(1024)),
  64,
);
export const ckaid = hexBytes(1, 64);

export const files = also(list(shape({ role: text(32), sha256: hex64 }), 1, 16), (value) =>
  new Set(value.map((file) => file.role)).size === value.length ? '' : 'has a role twice',
);
/** The text that people typed at a step, if it is public. */
export const input = record(
  /^[a-z][a-z0-9_]{0,31}$/,
  either(either(bool, int), either(text(256), list(text(64), 0, 32))),
  16,
);
export type StepSaid = Infer<typeof input>;

export const KEY_STATES = [
  'quarantine',
  'pre-activation',
  'active',
  'suspended',
  'deactivated',
  'compromised',
  'destroyed',
  'destroyed-compromised',
  'not-found',
] as const;
export const keyState = oneOf(...KEY_STATES);
