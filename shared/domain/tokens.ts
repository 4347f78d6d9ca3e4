import { z } from 'zod';
import { Count, Hex64, Uuid, optionalText, text } from './basics.ts';

/** Identifies a token. Never a slot number: slots renumber (design rule 11). */
export const TokenIdentity = z.strictObject({
  manufacturer: optionalText(64),
  model: optionalText(64),
  serial: optionalText(64),
  label: optionalText(64),
});
export type TokenIdentity = z.infer<typeof TokenIdentity>;

export const TokenRef = z.strictObject({ module: Uuid, token: TokenIdentity });
export type TokenRef = z.infer<typeof TokenRef>;

export const FAMILIES = [
  'softhsm',
  'nss',
  'opensc',
  'ykcs11',
  'opencryptoki',
  'tpm2',
  'p11-kit',
  'yubihsm',
  'luna',
  'nshield',
  'utimaco',
  'cloudhsm',
  'other',
] as const;
export const Family = z.enum(FAMILIES);
export type Family = z.infer<typeof Family>;

export const PinState = z.enum(['ok', 'count-low', 'final-try', 'locked', 'not-set', 'unknown']);
export type PinState = z.infer<typeof PinState>;

export const TokenSummary = z.strictObject({
  identity: TokenIdentity,
  initialised: z.boolean(),
  loginRequired: z.boolean(),
  pinPad: z.boolean(),
  writeProtected: z.boolean(),
  userPin: PinState,
  soPin: PinState,
  pinMin: Count,
  pinMax: Count,
  firmware: z.string().max(16),
  hardware: z.string().max(16),
});
export type TokenSummary = z.infer<typeof TokenSummary>;

export const ModuleInfo = z.strictObject({
  manufacturer: z.string().max(64),
  description: z.string().max(64),
  version: z.string().max(16),
  cryptoki: z.string().max(16),
});
export type ModuleInfo = z.infer<typeof ModuleInfo>;

export const ModuleRecord = z.strictObject({
  id: Uuid,
  path: z.string().max(1024),
  sha256: Hex64,
  family: Family,
  label: text(64),
  training: z.boolean(),
  /** `quarantined`: the file's hash differs from the approved one; it is not loaded until two people approve. */
  state: z.enum(['trusted', 'quarantined', 'missing']),
});
export type ModuleRecord = z.infer<typeof ModuleRecord>;
