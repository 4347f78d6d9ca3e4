/** The policy: one readable document per installation, versioned, hashed, approved by two. The service enforces it, and its refusals name the rule. */
import { z } from 'zod';
import { Algorithm, ALGORITHMS, Purpose } from './keys.ts';

export const Policy = z.strictObject({
  v: z.literal(1),
  version: z.int().min(1),
  /** Permitted algorithms. */
  algorithms: z.array(Algorithm).min(1),
  /** Purposes whose keys may be extractable, that is, leave wrapped. */
  extractable: z.array(Purpose),
  /** Permitted numbers of components in a ceremony. */
  components: z.strictObject({ least: z.int().min(2), most: z.int().max(9) }),
  /** Number of approvals that a ceremony definition needs. */
  approvals: z.int().min(2).max(9),
  /** Strict mode: components never on this computer, so only grade A. */
  strict: z.boolean(),
  targets: z.array(z.enum(['aws-kms'])),
  /** Smallest RSA wrapping key for an export, bits. */
  wrappingBits: z.int().min(2048),
  /** Smallest number of characters in each PIN half. */
  pinHalf: z.int().min(2).max(16),
});
export type Policy = z.infer<typeof Policy>;

export const DEFAULT_POLICY: Policy = {
  v: 1,
  version: 1,
  algorithms: [...ALGORITHMS],
  extractable: ['encrypt'],
  components: { least: 3, most: 9 },
  approvals: 2,
  strict: false,
  targets: ['aws-kms'],
  wrappingBits: 2048,
  pinHalf: 4,
};
