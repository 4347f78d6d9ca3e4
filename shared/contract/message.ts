/** Messages between face and service: one JSON object per line, on the service's standard input and output. */
import { z } from 'zod';
import { Count, Uuid } from '../domain/basics.ts';
import { ERROR_CODES, type ErrorCode } from '../errors.ts';

export const MAX_MESSAGE_BYTES = 1024 * 1024;

export const ErrorShape = z.strictObject({
  code: z.enum(Object.keys(ERROR_CODES) as [ErrorCode, ...ErrorCode[]]),
  message: z.string(),
  fields: z.record(z.string(), z.string()).optional(),
});

/** A proof: a person and the handle of their passphrase, sealed for exactly this call. */
export const Proof = z.strictObject({ person: Uuid, secret: Uuid });
export type Proof = z.infer<typeof Proof>;

export const Request = z.strictObject({
  id: Count,
  channel: z.string().max(64),
  input: z.unknown(),
  proofs: z.array(Proof).max(16).optional(),
});
export type Request = z.infer<typeof Request>;

export const Reply = z.union([
  z.strictObject({ id: Count, ok: z.literal(true), value: z.unknown() }),
  z.strictObject({ id: Count.nullable(), ok: z.literal(false), error: ErrorShape }),
]);
export type Reply = z.infer<typeof Reply>;

export const EventMessage = z.strictObject({ event: z.string().max(64), payload: z.unknown() });
export type EventMessage = z.infer<typeof EventMessage>;
