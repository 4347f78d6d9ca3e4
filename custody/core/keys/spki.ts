/** The public key of a read-back, in the one encoding that fingerprints and exports use. */
import type { KeyReadback } from '../../../shared/token/protocol.ts';
import {
  curveOfParams,
  ecSpki,
  ed25519Spki,
  pointLength,
  pointOfToken,
  rsaSpki,
} from '../wrapping/spki.ts';
import { hexEncode } from '../bytes.ts';
import { ALGORITHM_TABLE, EDWARDS_NAME } from './templates.ts';

const ED25519_BYTES = 32;

/** Both spellings of Ed25519 in CKA_EC_PARAMS. */
export const isEdwards = (ecParams: Uint8Array): boolean =>
  [ALGORITHM_TABLE.Ed25519.params, EDWARDS_NAME].includes(hexEncode(ecParams));

/**
 * DER SubjectPublicKeyInfo from the device's data, or `undefined` when there is no public part.
 *
 * @throws RangeError when the parts don't fit together: an unknown curve, a point of another length
 */
export const spkiOf = (readback: KeyReadback): Uint8Array | undefined => {
  const { modulus, exponent, ecParams, ecPoint } = readback;
  if (modulus && exponent) return rsaSpki(modulus, exponent);
  if (!ecParams || !ecPoint) return undefined;
  if (isEdwards(ecParams)) return ed25519Spki(pointOfToken(ecPoint, ED25519_BYTES));
  const curve = curveOfParams(ecParams);
  return ecSpki(curve, pointOfToken(ecPoint, pointLength(curve)));
};
