/**
 * Messages on the wire as a face reads them: one JSON object a line, on the service's standard input and output.
 *
 * Checked by hand (../form.ts): a face passes values on unchecked; the receiver checks them.
 */
import { ERROR_CODES, type ErrorCode } from '../errors.ts';
import {
  anything,
  either,
  list,
  oneOf,
  record,
  string,
  table,
  whole,
  type Form,
  type Formed,
} from '../form.ts';

export const MAX_MESSAGE_BYTES = 1024 * 1024;

export const count = whole(0);
export const uuid = string(36, /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/);

const error = record(
  { code: oneOf(Object.keys(ERROR_CODES) as ErrorCode[]), message: string() },
  { fields: table(string()) },
);
const nothing: Form<null> = (value) => value === null;

export const isReply = either(
  record({ id: count, ok: oneOf([true]), value: anything }),
  record({ id: either(count, nothing), ok: oneOf([false]), error }),
);
export type Reply = Formed<typeof isReply>;

export const isEventMessage = record({ event: string(64), payload: anything });

/** Proofs that go with a call: each a person and the handle of their passphrase, sealed for exactly this call. */
export const proofs = list(record({ person: uuid, secret: uuid }), 16);
