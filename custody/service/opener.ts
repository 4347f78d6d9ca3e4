/** Opens what was sealed to this service (shared/sealed.ts). */
import { createPublicKey, diffieHellman, generateKeyPairSync } from 'node:crypto';
import { xchacha20poly1305 } from '@noble/ciphers/chacha.js';
import { canonicalBytes } from '../../shared/canonical.ts';
import { boxKey, fromBase64, type Binding, type SealedSecret } from '../../shared/sealed.ts';

export interface Opener {
  /** The public key for the hello, base64. */
  publicKey: string;
  /** Throws when the box was not sealed to us under exactly this binding. */
  open: (box: SealedSecret, binding: Binding) => Uint8Array;
}

/** Of Poly1305. */
const TAG_BYTES = 16;
/** Bytes of an X25519 SubjectPublicKeyInfo before its 32-byte key (RFC 8410 section 4). */
const SPKI_PREFIX = Buffer.from('302a300506032b656e032100', 'hex');

/** A key pair that lives as long as the service's process. SECURITY: its private half is OpenSSL's, and is never bytes of ours. */
export const makeOpener = (): Opener => {
  const mine = generateKeyPairSync('x25519');
  const publicKey = mine.publicKey
    .export({ format: 'der', type: 'spki' })
    .subarray(SPKI_PREFIX.length);
  /** Throws for what is no key, and for the few keys that make every secret the same. */
  const sharedWith = (sender: Uint8Array): Uint8Array =>
    diffieHellman({
      privateKey: mine.privateKey,
      publicKey: createPublicKey({
        key: Buffer.concat([SPKI_PREFIX, sender]),
        format: 'der',
        type: 'spki',
      }),
    });
  return {
    publicKey: publicKey.toString('base64'),
    open: (box, binding) => {
      const sender = fromBase64(box.sender);
      const key = boxKey(sharedWith(sender), sender, publicKey);
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
