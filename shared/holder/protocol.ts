/**
 * What the service says to the holder: the short-lived process in which components lie between their entry and the forming of the key.
 *
 * The holder loads no vendor library, no database and no network, and never sees a PIN; the vendor's process is never given a component, and the sum
 * only wrapped under its token's import key (design 03, R27 grade C). A library that is itself software (SoftHSM, NSS) unwraps it in that process.
 */
import { z } from 'zod';
import { Check } from '../domain/keys.ts';
import { Hex64 } from '../domain/basics.ts';
import { OaepHash } from '../token/protocol.ts';

const Bytes = z.custom<Uint8Array>((value) => value instanceof Uint8Array, 'must be bytes');
const op = <I extends z.ZodType, O extends z.ZodType>(input: I, output: O) => ({ input, output });

export const holderProtocol = {
  begin: op(
    z.strictObject({
      setId: z.string(),
      count: z.int().min(2).max(9),
      bytes: z.union([z.literal(16), z.literal(32)]),
    }),
    z.strictObject({}),
  ),
  /** Takes one component as it was typed: hex digits, spaces and line breaks ignored, nothing corrected. */
  receive: op(
    z.strictObject({
      index: z.int().min(1).max(9),
      typed: Bytes,
      check: z.string().max(64),
      /** From an earlier entry of the same component: this one must be the same. */
      commitment: Hex64.optional(),
    }),
    z.strictObject({ check: Check, commitment: Hex64 }),
  ),
  /** Adds the components up, seals the sum to the token's import key of so many bits, and forgets everything. */
  combine: op(
    z.strictObject({
      spki: Bytes,
      bits: z.int(),
      hash: OaepHash,
      expected: Check.optional(),
    }),
    z.strictObject({ wrapped: Bytes, check: Check, p11: Check }),
  ),
} as const;
export type HolderOp = keyof typeof holderProtocol;
export type HolderInput<K extends HolderOp> = z.infer<(typeof holderProtocol)[K]['input']>;
export type HolderOutput<K extends HolderOp> = z.infer<(typeof holderProtocol)[K]['output']>;
