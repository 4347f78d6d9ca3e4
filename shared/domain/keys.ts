import { z } from 'zod';
import { CHECK_METHODS } from './check-methods.ts';
import { Count, Hex, Hex64, Time, Uuid, optionalText, text } from './basics.ts';
import { KEY_STATES } from '../log/shapes.ts';
import { TokenRef } from './tokens.ts';

export const ALGORITHMS = [
  'AES-128',
  'AES-192',
  'AES-256',
  'RSA-2048',
  'RSA-3072',
  'RSA-4096',
  'P-256',
  'P-384',
  'P-521',
  'Ed25519',
] as const;
export const Algorithm = z.enum(ALGORITHMS);
export type Algorithm = z.infer<typeof Algorithm>;

/** What a key is for. One purpose a key: it picks the template, and nothing beyond it is switched on. */
export const PURPOSES = ['encrypt', 'mac', 'wrap', 'sign', 'decrypt', 'unwrap', 'agree'] as const;
export const Purpose = z.enum(PURPOSES);
export type Purpose = z.infer<typeof Purpose>;

export const KeyLabel = text(64);

export { CHECK_METHODS };
/** A check value with the method that made it. Never compared across methods. */
export const Check = z.strictObject({ method: z.enum(CHECK_METHODS), value: Hex.max(16).min(4) });
export type Check = z.infer<typeof Check>;

/** Attributes as read back from the device: CKA_… → value. Bytes are hex. */
export const Attributes = z
  .record(
    z.string().regex(/^CKA_[A-Z0-9_]{1,44}$/),
    z.union([z.boolean(), z.int(), optionalText(1024)]),
  )
  .refine((attributes) => Object.keys(attributes).length <= 64, 'at most 64 attributes');
export type Attributes = z.infer<typeof Attributes>;

export const Origin = z.enum(['generated', 'imported', 'unknown']);
export type Origin = z.infer<typeof Origin>;
export const Control = z.enum(['pin-halves', 'device-quorum', 'single-control']);
export type Control = z.infer<typeof Control>;

export const KeyState = z.enum(KEY_STATES);
export type KeyState = z.infer<typeof KeyState>;

export const KeyRecord = z.strictObject({
  id: Uuid,
  label: KeyLabel,
  algorithm: Algorithm,
  bits: Count,
  purpose: Purpose,
  extractable: z.boolean(),
  at: TokenRef,
  ckaid: Hex,
  state: KeyState,
  origin: Origin,
  control: Control,
  check: Check.optional(),
  spkiSha256: Hex64.optional(),
  spki: z.string().optional(),
  attributes: Attributes,
  ceremony: z.string().optional(),
  created: Time,
});
export type KeyRecord = z.infer<typeof KeyRecord>;

/** What a list of keys shows of each: a third of the record, and the part that is quick to read. */
export const KeySummary = KeyRecord.omit({ attributes: true, spki: true });
export type KeySummary = z.infer<typeof KeySummary>;
