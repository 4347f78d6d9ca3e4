/** Seals a secret in the page or the command line, so that only the service can open it (sealed.ts). */
import { xchacha20poly1305 } from '@noble/ciphers/chacha.js';
import { x25519 } from '@noble/curves/ed25519.js';
import { canonicalBytes } from './canonical.ts';
import { boxKey, fromBase64, toBase64, type Binding, type SealedSecret } from './sealed.ts';

/** Seals `secret` and zeroes the caller's copy. */
export const seal = (receiver: string, secret: Uint8Array, binding: Binding): SealedSecret => {
  const theirs = fromBase64(receiver);
  const mine = x25519.utils.randomSecretKey();
  const sender = x25519.getPublicKey(mine);
  const key = boxKey(x25519.getSharedSecret(mine, theirs), sender, theirs);
  const nonce = crypto.getRandomValues(new Uint8Array(24));
  const sealed = xchacha20poly1305(key, nonce, canonicalBytes(binding)).encrypt(secret);
  // SECURITY: the sender keeps nothing that could open the box.
  mine.fill(0);
  key.fill(0);
  secret.fill(0);
  return { sender: toBase64(sender), nonce: toBase64(nonce), sealed: toBase64(sealed) };
};
