/** Messages on the wire as the service reads them; wire.ts has those that a face reads. */
import { z } from 'zod';
import { Count, Uuid } from '../domain/basics.ts';
import { ERROR_CODES, type ErrorCode } from '../errors.ts';

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
