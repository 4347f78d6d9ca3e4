/** Opens secrets sealed to this service (shared/sealed.ts). */
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

/** A key pair for the life of the service's process. SECURITY: the private half stays inside OpenSSL and never becomes bytes here. */
export const makeOpener = (): Opener => {
  const mine = generateKeyPairSync('x25519');
  const publicKey = mine.publicKey
    .export({ format: 'der', type: 'spki' })
    .subarray(SPKI_PREFIX.length);
  /** Throws for an invalid key, and for low-order points, which would make every shared secret the same. */
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
          // SECURITY: a buffer of its own lies outside the collected heap; a short array on the heap could be moved and leave copies that are never wiped.
          new Uint8Array(new ArrayBuffer(Math.max(0, sealed.length - TAG_BYTES))),
        );
      } finally {
        key.fill(0);
      }
    },
  };
};
