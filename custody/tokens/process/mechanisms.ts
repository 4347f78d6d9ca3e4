/**
 * Builds every mechanism with parameters that reaches the native binding.
 *
 * SECURITY: a parameter of the wrong form crashes the process in the binding (it frees memory that was never set), so a caller's object is never passed on:
 * numbers come from these tables and the shape is fixed.
 */
import type * as Binding from 'pkcs11js';
import { KeymootError } from '../../../shared/errors.ts';
import { CKM } from '../../../shared/token/cryptoki.ts';
import type { OaepHash } from '../../../shared/token/requests.ts';

export type Mechanism = Binding.Mechanism;

/** CK_PARAMS_RSA_OAEP of the binding: selects the structure to build. */
const OAEP_STRUCTURE = 4;
/** CKZ_DATA_SPECIFIED. The binding doesn't export it, and undefined would crash it. */
const DATA_SPECIFIED = 1;

/** Hash mechanism and CKG_MGF1_…: the mask always uses the same hash (RFC 8017, section 7.1; every provider does so). */
const OAEP: Readonly<Record<OaepHash, readonly [hash: number, mgf: number]>> = {
  'SHA-1': [CKM.SHA_1, 1],
  'SHA-256': [CKM.SHA256, 2],
  'SHA-384': [CKM.SHA384, 3],
  'SHA-512': [CKM.SHA512, 4],
};

export const oaep = (hash: OaepHash): Mechanism => {
  const [hashAlg, mgf] = OAEP[hash];
  const parameter = { type: OAEP_STRUCTURE, hashAlg, mgf, source: DATA_SPECIFIED };
  return { mechanism: CKM.RSA_PKCS_OAEP, parameter };
};

const KEY_GENERATION: readonly number[] = [
  CKM.AES_KEY_GEN,
  CKM.RSA_PKCS_KEY_PAIR_GEN,
  CKM.EC_KEY_PAIR_GEN,
  CKM.EC_EDWARDS_KEY_PAIR_GEN,
];

/** @throws KeymootError mechanism-unsupported for any mechanism but our key generations, none of which has parameters */
export const keyGeneration = (mechanism: number): Mechanism => {
  if (!KEY_GENERATION.includes(mechanism))
    throw new KeymootError('mechanism-unsupported', 'Keymoot makes no keys of that kind.');
  return { mechanism };
};

export const ECDSA: Mechanism = { mechanism: CKM.ECDSA };
export const AES_CMAC: Mechanism = { mechanism: CKM.AES_CMAC };
export const RSA_KEY_PAIR: Mechanism = { mechanism: CKM.RSA_PKCS_KEY_PAIR_GEN };
