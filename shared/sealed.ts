/**
 * The format of a sealed secret, for both ends: X25519 (RFC 7748) from the service's hello, HKDF-SHA256 (RFC 5869), XChaCha20-Poly1305.
 *
 * The binding is authenticated: a secret sealed for one purpose, channel, person and input opens for no other, so a face or pipe in between can neither read
 * nor redirect it. `sealing.ts` seals; the service opens (custody/service/opener.ts), with its runtime's own X25519.
 */
import { hkdf } from '@noble/hashes/hkdf.js';
import { sha256 } from '@noble/hashes/sha2.js';
import { z } from 'zod';
import { Base64, Hex64, Uuid } from './domain/basics.ts';

export const SECRET_PURPOSES = ['proof', 'passphrase', 'pin-half', 'component'] as const;

/** What a secret is for. `proof` names person and input; the others only the channel that takes the handle. */
export const Binding = z.strictObject({
  purpose: z.enum(SECRET_PURPOSES),
  channel: z.string().max(64),
  person: Uuid.optional(),
  input_sha256: Hex64.optional(),
});
export type Binding = z.infer<typeof Binding>;

export const SealedSecret = z.strictObject({
  /** The sender's one-time public key. */
  sender: Base64.max(64),
  nonce: Base64.max(64),
  sealed: Base64.max(8192),
});
export type SealedSecret = z.infer<typeof SealedSecret>;

const INFO = new TextEncoder().encode('keymoot/sealed-secret/1');
export const fromBase64 = (text: string): Uint8Array =>
  Uint8Array.from(atob(text), (c) => c.charCodeAt(0));
export const toBase64 = (bytes: Uint8Array): string => btoa(String.fromCharCode(...bytes));

/** The key of one box, 32 bytes. Zeroes `shared`. */
export const boxKey = (
  shared: Uint8Array,
  sender: Uint8Array,
  receiver: Uint8Array,
): Uint8Array => {
  const salt = new Uint8Array([...sender, ...receiver]);
  const key = hkdf(sha256, shared, salt, INFO, 32);
  shared.fill(0);
  return key;
};
