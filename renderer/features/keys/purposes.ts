/** The purposes of each algorithm, and their names. */
import type { Algorithm, Purpose } from '../../../shared/domain/keys.ts';

const PURPOSES: Readonly<Record<string, readonly Purpose[]>> = {
  AES: ['encrypt', 'mac', 'wrap'],
  RSA: ['sign', 'decrypt', 'unwrap'],
  'P-': ['sign', 'agree'],
  Ed: ['sign'],
};
export const purposesOf = (algorithm: Algorithm): readonly Purpose[] =>
  Object.entries(PURPOSES).find(([start]) => algorithm.startsWith(start))?.[1] ?? [];
export const PURPOSE_WORDS: Readonly<Record<Purpose, string>> = {
  encrypt: 'encrypt and decrypt data',
  mac: 'authenticate messages (MAC)',
  wrap: 'wrap and unwrap other keys',
  sign: 'sign',
  decrypt: 'decrypt',
  unwrap: 'unwrap other keys',
  agree: 'agree on keys (ECDH)',
};
