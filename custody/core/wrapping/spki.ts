/**
 * SubjectPublicKeyInfo (RFC 5280 section 4.1.2.7): a strict parser for wrapping keys, and an encoder for a token's keys.
 *
 * - RSA: RFC 8017 appendix A.1, rsaEncryption with NULL parameters (RFC 3279 section 2.3.1)
 * - EC: RFC 5480, named curves, uncompressed point
 * - Ed25519: RFC 8410, no parameters
 *
 * The fingerprint of a key is SHA-256 of these bytes, so each key has one encoding and every other is refused.
 */
import { createHash } from 'node:crypto';
import { KeymootError } from '../../../shared/errors.ts';
import { abytes, copy, equalBytes, hexDecode } from '../bytes.ts';
import { DerReader, TAG, der, derBitString, derPositiveInteger, oidText } from './der.ts';

const RSA_ENCRYPTION = hexDecode('2a864886f70d010101');
const EC_PUBLIC_KEY = hexDecode('2a8648ce3d0201');
const ED25519 = hexDecode('2b6570');

const CURVES = {
  'P-256': { oid: hexDecode('2a8648ce3d030107'), fieldBytes: 32 },
  'P-384': { oid: hexDecode('2b81040022'), fieldBytes: 48 },
  'P-521': { oid: hexDecode('2b81040023'), fieldBytes: 66 },
  secp256k1: { oid: hexDecode('2b8104000a'), fieldBytes: 32 },
} as const;
type Curve = keyof typeof CURVES;
const curveNames = Object.keys(CURVES) as Curve[];

/** What a file may hold instead of an RSA key, in words for people. */
const OTHER_KEYS: Readonly<Record<string, string>> = {
  '1.2.840.10045.2.1': 'an elliptic-curve key',
  '1.2.840.113549.1.1.7': 'a key restricted to RSAES-OAEP by its own identifier',
  '1.2.840.113549.1.1.10': 'an RSA-PSS key, which is for signing only',
  '1.2.840.113549.1.3.1': 'a Diffie-Hellman key',
  '1.2.840.10040.4.1': 'a DSA key',
  '1.3.101.110': 'an X25519 key',
  '1.3.101.112': 'an Ed25519 key',
  '1.2.156.10197.1.301': 'an SM2 key',
};

export interface RsaPublicKey {
  /** Big-endian, no leading zero. */
  readonly modulus: Uint8Array;
  /** Big-endian, no leading zero. */
  readonly exponent: Uint8Array;
  /** Length of the modulus in bits. */
  readonly bits: number;
  /** SHA-256 of `der`, lower-case hex. */
  readonly spkiSha256: string;
  /** The whole SubjectPublicKeyInfo. */
  readonly der: Uint8Array;
}

const WRAPPING_KEY_BITS: readonly number[] = [2048, 3072, 4096];

const refused = (what: string, cause?: unknown): KeymootError =>
  new KeymootError(
    'wrapping-key-refused',
    `The wrapping key was refused: ${what}. Nothing was wrapped. Fetch the key again from the provider, and compare its fingerprint with one read on another path.`,
    { cause },
  );

const bitLength = (magnitude: Uint8Array): number =>
  magnitude.length * 8 - (Math.clz32(magnitude[0] ?? 0) - 24);

/**
 * Parses an RSA public key for wrapping.
 *
 * The exponent must be odd, at least 65537 and at most 32 bits; the modulus odd and exactly of an allowed length. Whether the key is the provider's can't be
 * decided here: people compare the fingerprint.
 *
 * @param bytes DER, at most 16 MiB; not PEM
 * @param allowedBits lengths of the modulus that are allowed, in bits
 * @throws KeymootError `wrapping-key-refused` saying what the bytes hold instead; TypeError when they are not bytes
 */
export const parseRsaSpki = (
  bytes: Uint8Array,
  allowedBits: readonly number[] = WRAPPING_KEY_BITS,
): RsaPublicKey => {
  abytes(bytes, undefined, 'spki');
  const { modulus, exponent } = readRsa(bytes);
  const bits = bitLength(modulus);
  if (!allowedBits.includes(bits))
    throw refused(`its modulus has ${bits} bits, and ${allowedBits.join(', ')} are allowed`);
  if (((modulus.at(-1) ?? 0) & 1) === 0) throw refused('its modulus is even, so it is no RSA key');
  if (exponent.length > 4) throw refused('its public exponent has more than 32 bits');
  const e = exponent.reduce((sum, byte) => sum * 256 + byte, 0);
  if (e < 65537 || e % 2 === 0)
    throw refused(`its public exponent is ${e}; an odd one of at least 65537 is needed`);
  return {
    modulus: copy(modulus),
    exponent: copy(exponent),
    bits,
    spkiSha256: spkiFingerprint(bytes),
    der: copy(bytes),
  };
};

const readRsa = (bytes: Uint8Array): { modulus: Uint8Array; exponent: Uint8Array } => {
  if (new TextDecoder('latin1').decode(bytes.subarray(0, 10)) === '-----BEGIN')
    throw refused('it is PEM text where DER bytes belong');
  let inDer = 'it is not a DER SubjectPublicKeyInfo';
  try {
    const outer = new DerReader(bytes);
    const info = outer.enter(TAG.sequence);
    outer.end();
    if (info.nextTag === TAG.integer) inDer = 'it looks like a bare PKCS#1 key or a private key';
    const algorithm = info.enter(TAG.sequence);
    const oid = algorithm.read(TAG.oid);
    if (!equalBytes(oid, RSA_ENCRYPTION)) {
      const dotted = oidText(oid);
      throw refused(
        `it is ${OTHER_KEYS[dotted] ?? `a key of the kind ${dotted}`}, and RSA is needed`,
      );
    }
    inDer = 'it is not a well-formed RSA SubjectPublicKeyInfo';
    algorithm.null();
    algorithm.end();
    const bits = info.enterBitString();
    info.end();
    const key = bits.enter(TAG.sequence);
    bits.end();
    const modulus = key.positiveInteger();
    const exponent = key.positiveInteger();
    key.end();
    return { modulus, exponent };
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    throw refused(`${inDer} (${error.message})`, error);
  }
};

/**
 * SubjectPublicKeyInfo of an RSA key.
 *
 * @param modulus big-endian; leading zeros, which some tokens report, are dropped
 * @param exponent the same
 * @throws RangeError when one is zero or empty
 */
export const rsaSpki = (modulus: Uint8Array, exponent: Uint8Array): Uint8Array => {
  abytes(modulus, undefined, 'modulus');
  abytes(exponent, undefined, 'exponent');
  return der(
    TAG.sequence,
    der(TAG.sequence, der(TAG.oid, RSA_ENCRYPTION), der(TAG.null)),
    derBitString(der(TAG.sequence, derPositiveInteger(modulus), derPositiveInteger(exponent))),
  );
};

/**
 * SubjectPublicKeyInfo of an EC key on a named curve.
 *
 * @param point uncompressed, `04 ‖ X ‖ Y`: 65, 97 or 133 bytes (RFC 5480 section 2.2). Whether it lies on the curve is not checked.
 * @throws TypeError, RangeError
 */
export const ecSpki = (curve: Curve, point: Uint8Array): Uint8Array => {
  const { oid, fieldBytes } = CURVES[curve];
  abytes(point, 1 + 2 * fieldBytes, 'point');
  if (point[0] !== 4)
    throw new RangeError('"point" expected the uncompressed form, which begins with 04');
  return der(
    TAG.sequence,
    der(TAG.sequence, der(TAG.oid, EC_PUBLIC_KEY), der(TAG.oid, oid)),
    derBitString(point),
  );
};

/**
 * SubjectPublicKeyInfo of an Ed25519 key.
 *
 * @param publicKey 32 bytes (RFC 8032 section 5.1.5)
 * @throws TypeError, RangeError
 */
export const ed25519Spki = (publicKey: Uint8Array): Uint8Array => {
  abytes(publicKey, 32, 'publicKey');
  return der(TAG.sequence, der(TAG.sequence, der(TAG.oid, ED25519)), derBitString(publicKey));
};

/**
 * The curve named by CKA_EC_PARAMS.
 *
 * @param params DER; a named curve
 * @throws RangeError when the parameters are explicit, or name a curve that is not one of ours
 */
export const curveOfParams = (params: Uint8Array): Curve => {
  abytes(params, undefined, 'params');
  const reader = new DerReader(params);
  const oid = reader.read(TAG.oid);
  reader.end();
  const curve = curveNames.find((name) => equalBytes(CURVES[name].oid, oid));
  if (curve === undefined) throw new RangeError(`the curve ${oidText(oid)} is not one of ours`);
  return curve;
};

/**
 * The point in CKA_EC_POINT: PKCS#11 2.40 wraps it in an OCTET STRING, some tokens give it bare.
 *
 * @param length bytes of the point: 65, 97 or 133 for an uncompressed one, 32 for Ed25519
 * @throws RangeError when it is neither
 */
export const pointOfToken = (value: Uint8Array, length: number): Uint8Array => {
  abytes(value, undefined, 'point');
  if (value.length === length) return copy(value);
  const reader = new DerReader(value);
  const point = reader.read(TAG.octetString);
  reader.end();
  abytes(point, length, 'point');
  return copy(point);
};

/** Bytes of an uncompressed point on the curve. */
export const pointLength = (curve: Curve): number => 1 + 2 * CURVES[curve].fieldBytes;

/** SHA-256 of a SubjectPublicKeyInfo, lower-case hex. */
export const spkiFingerprint = (spki: Uint8Array): string => {
  abytes(spki, undefined, 'spki');
  return createHash('sha256').update(spki).digest('hex');
};
