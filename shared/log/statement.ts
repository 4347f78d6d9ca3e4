/** The shapes of the statements that people sign (resources/formats/audit-log.md, section 5). */
import { TYPES } from './entries.ts';
import {
  b64Of32,
  count,
  hex32,
  hex64,
  maybe,
  oneOf,
  origin,
  shape,
  text,
  time,
  uuid,
  type Infer,
} from './rules.ts';
import { ceremony, personKey, role } from './shapes.ts';

const said = {
  v: oneOf(1),
  log: origin,
  person: uuid,
  head: shape({ size: count, root: b64Of32 }),
  time,
};
export const enrolmentRule = shape({
  ...said,
  kind: oneOf('enrolment'),
  role,
  key: personKey,
  name_sha256: hex64,
});
export type Enrolment = Infer<typeof enrolmentRule>;

const subject = shape({ type: oneOf(...TYPES), sha256: hex64 });
/** The entry that a person agrees to: its type, and the hash of its content. */
export type Subject = Infer<typeof subject>;

export const actRule = shape({
  ...said,
  kind: oneOf('act'),
  channel: text(64),
  input_sha256: hex64,
  subject,
  ceremony: maybe(ceremony),
  nonce: hex32,
});
export type Act = Infer<typeof actRule>;
