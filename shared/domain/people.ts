import { z } from 'zod';
import { Base64, Hex64, Uuid, text } from './basics.ts';
import { ROLES } from './roles.ts';

export { ROLES };
export const Role = z.enum(ROLES);
export type Role = z.infer<typeof Role>;

/** Two of these manage the desk: people, policy, libraries, interrupted acts, and destruction of keys. */
export const MANAGERS: readonly Role[] = ['administrator', 'officer'];
/** The roles that work with keys, ceremonies and exports. */
export const STAFF: readonly Role[] = [...MANAGERS, 'operator'];

export const PersonName = text(64);

/** A person's public signing key (resources/formats/audit-log.md, section 5). */
export const SigningKey = z.strictObject({
  alg: z.enum(['Ed25519', 'ECDSA-P256']),
  spki: Base64,
  sha256: Hex64,
});
export type SigningKey = z.infer<typeof SigningKey>;

export const Person = z.strictObject({
  id: Uuid,
  name: z.string(),
  role: Role,
  key: SigningKey,
  here: z.boolean(),
  left: z.boolean(),
});
export type Person = z.infer<typeof Person>;
