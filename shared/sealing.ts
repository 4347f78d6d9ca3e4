/**
 * Sealing a secret in the page (or the command line) so that only the service can open it.
 *
 * X25519 (RFC 7748) from the service's hello, HKDF-SHA256 (RFC 5869), XChaCha20-Poly1305. The binding is authenticated: a secret sealed for one
 * purpose, channel, person and input opens for no other, so a face or pipe in between can neither read nor redirect it.
 */
import { xchacha20poly1305 } from '@noble/ciphers/chacha.js';
import { x25519 } from '@noble/curves/ed25519.js';
import { hkdf } from '@noble/hashes/hkdf.js';
import { sha256 } from '@noble/hashes/sha2.js';
import { z } from 'zod';
import { canonicalBytes } from './canonical.ts';
import { Base64, Hex64, Uuid } from './domain/basics.ts';

export const SECRET_PURPOSES = ['proof', 'passphrase', 'pin-half', 'component'] as const;

/** What a secret is for. `proof` names person and input; the others just the channel that will take the handle. */
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

/** Of Poly1305. */
const TAG_BYTES = 16;
const INFO = new TextEncoder().encode('keymoot/sealed-secret/1');
const fromBase64 = (text: string): Uint8Array =>
  Uint8Array.from(atob(text), (c) => c.charCodeAt(0));
const toBase64 = (bytes: Uint8Array): string => btoa(String.fromCharCode(...bytes));

const keyFor = (shared: Uint8Array, sender: Uint8Array, receiver: Uint8Array): Uint8Array => {
  const salt = new Uint8Array([...sender, ...receiver]);
  const key = hkdf(sha256, shared, salt, INFO, 32);
  shared.fill(0);
  return key;
};

/** Seals and zeroes `secret`: the caller's copy is gone afterwards. */
export const seal = (receiver: string, secret: Uint8Array, binding: Binding): SealedSecret => {
  const theirs = fromBase64(receiver);
  const mine = x25519.utils.randomSecretKey();
  const sender = x25519.getPublicKey(mine);
  const key = keyFor(x25519.getSharedSecret(mine, theirs), sender, theirs);
  const nonce = crypto.getRandomValues(new Uint8Array(24));
  const sealed = xchacha20poly1305(key, nonce, canonicalBytes(binding)).encrypt(secret);
  // SECURITY: nothing that opens the box stays with the sender.
  mine.fill(0);
  key.fill(0);
  secret.fill(0);
  return { sender: toBase64(sender), nonce: toBase64(nonce), sealed: toBase64(sealed) };
};

export interface Opener {
  /** The public key for the hello, base64. */
  publicKey: string;
  /** Throws when the box was not sealed to us under exactly this binding. */
  open: (box: SealedSecret, binding: Binding) => Uint8Array;
}
/** A key pair that lives as long as the service's process. */
export const makeOpener = (): Opener => {
  const mine = x25519.utils.randomSecretKey();
  const publicKey = x25519.getPublicKey(mine);
  return {
    publicKey: toBase64(publicKey),
    open: (box, binding) => {
      const sender = fromBase64(box.sender);
      const key = keyFor(x25519.getSharedSecret(mine, sender), sender, publicKey);
      const sealed = fromBase64(box.sealed);
      try {
        return xchacha20poly1305(key, fromBase64(box.nonce), canonicalBytes(binding)).decrypt(
          sealed,
          // SECURITY: with a buffer of its own it lies where the collector moves nothing; of a short array on the heap it would leave copies that nobody wipes.
          new Uint8Array(new ArrayBuffer(Math.max(0, sealed.length - TAG_BYTES))),
        );
      } finally {
        key.fill(0);
      }
    },
  };
};
