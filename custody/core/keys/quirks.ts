/**
 * How module families differ in making and describing keys: all differences are here, as data.
 *
 * Measured on SoftHSM 2.6.1 and NSS softoken 3.87; the rest as their vendors document it. A family without an entry gets the default; the read-back shows
 * whether that was right.
 */
import type { Family } from '../../../shared/domain/tokens.ts';
import type { AttributeName } from '../../../shared/token/cryptoki.ts';
import type { OaepHash } from '../../../shared/token/protocol.ts';

interface Quirks {
  /** How CKA_EC_PARAMS names Ed25519: PKCS#11 3.1 allows an object identifier (RFC 8410) and a printable string. */
  readonly edwardsParams: 'oid' | 'name';
  /** Hashes that C_WrapKey and C_UnwrapKey actually support with CKM_RSA_PKCS_OAEP. */
  readonly oaep: readonly OaepHash[];
  /** CKA_LOCAL survives on token objects. Otherwise a false CKA_LOCAL carries no information. */
  readonly localIsKept: boolean;
  /** Attributes that the module refuses in a template even with their default value. */
  readonly omit: readonly AttributeName[];
  /** The device may finish a call after its process has ended. A software token can't, so recovery need not wait for it. */
  readonly finishesAlone: boolean;
}

const DEFAULT: Quirks = {
  edwardsParams: 'oid',
  oaep: ['SHA-256', 'SHA-384', 'SHA-512', 'SHA-1'],
  localIsKept: true,
  omit: [],
  finishesAlone: true,
};

const TABLE: Readonly<Partial<Record<Family, Partial<Quirks>>>> = {
  // Accepts both spellings of Ed25519; OAEP with any hash but SHA-1 is CKR_ARGUMENTS_BAD.
  softhsm: { oaep: ['SHA-1'], finishesAlone: false },
  // Keys generated as token objects have CKA_LOCAL false. No Ed25519 at all.
  nss: { localIsKept: false, finishesAlone: false },
  // CKR_ATTRIBUTE_TYPE_INVALID for attributes that its objects don't have.
  yubihsm: { omit: ['SIGN_RECOVER', 'VERIFY_RECOVER'] },
};

export const quirksOf = (family: Family): Quirks => ({ ...DEFAULT, ...TABLE[family] });
