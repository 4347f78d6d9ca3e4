/** The holder's answers, as the service checks them. */
import { z } from 'zod';
import { Hex64 } from '../domain/basics.ts';
import { Check } from '../domain/keys.ts';
import type { HolderOp } from './requests.ts';

export type { HolderInput, HolderOp } from './requests.ts';

const Bytes = z.custom<Uint8Array>((value) => value instanceof Uint8Array, 'must be bytes');

export const holderAnswers = {
  begin: z.strictObject({}),
  receive: z.strictObject({ check: Check, commitment: Hex64 }),
  combine: z.strictObject({ wrapped: Bytes, check: Check, p11: Check }),
} as const satisfies Record<HolderOp, z.ZodType>;
export type HolderOutput<K extends HolderOp> = z.infer<(typeof holderAnswers)[K]>;
