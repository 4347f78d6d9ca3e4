/**
 * A CKA_ID does not identify a key (design 02, rule 12): anyone with a PIN may have put another object in its place. So the object under a key's id is compared
 * with the record of that key, as far as the device reports it.
 */
import type { KeyRecord } from '../../../shared/domain/keys.ts';
import type { KeyReadback, TokenObject } from '../../../shared/token/protocol.ts';
import { CKO } from '../../../shared/token/cryptoki.ts';
import { hexEncode } from '../bytes.ts';
import { sameCheck } from '../checkvalues/check-values.ts';
import { fromBase64 } from '../audit/note.ts';
import { spkiOf } from './spki.ts';

type Known = Pick<KeyRecord, 'bits' | 'check' | 'spki' | 'attributes'>;

const value = ({ attributes }: Pick<TokenObject, 'attributes'>): string | undefined => {
  const shown = attributes['CKA_CHECK_VALUE'];
  return typeof shown === 'string' && !/^0*$/u.test(shown) ? shown : undefined;
};

/** Compares by each method that both have; without a common one (a wrapping key on SoftHSM) nothing is compared. */
const otherValue = (key: Known, found: KeyReadback, secret: TokenObject): string | undefined => {
  const [once, now] = [value(key), value(secret)];
  if (
    (key.check !== undefined &&
      found.check !== undefined &&
      sameCheck(key.check, found.check) === 'different') ||
    (once !== undefined && now !== undefined && once !== now)
  )
    return 'its check value is another';
  // SECURITY: an object that may not sign has no check value, so it must not pass for a key that may.
  return key.attributes['CKA_SIGN'] === true && secret.attributes['CKA_SIGN'] === false
    ? 'it may not sign, so it shows no check value, and the key could'
    : undefined;
};

const otherPublic = (key: Known, found: KeyReadback): boolean => {
  const spki = fromBase64(key.spki ?? '');
  if (spki === undefined || spki.length === 0) return false;
  try {
    const now = spkiOf(found);
    if (now !== undefined && hexEncode(now) !== hexEncode(spki)) return true;
  } catch (error) {
    if (error instanceof RangeError) return true; // not a public key of a kind that we make
    throw error;
  }
  const { privateModulus } = found;
  return (
    privateModulus !== undefined &&
    !hexEncode(spki).includes(hexEncode(privateModulus).replace(/^(?:00)+/u, ''))
  );
};

/**
 * The difference from the record, in words; undefined when none is found.
 *
 * @param found objects of the classes that the key has; one of them may be missing
 */
export const otherThan = (key: Known, found: KeyReadback): string | undefined => {
  const classes = found.objects.map(({ objectClass }) => objectClass);
  if (new Set(classes).size !== classes.length) return 'several objects have that id';
  const type = key.attributes['CKA_KEY_TYPE'];
  if (found.objects.some(({ attributes }) => attributes['CKA_KEY_TYPE'] !== type))
    return 'it is of another type';
  const secret = found.objects.find(({ objectClass }) => objectClass === CKO.SECRET_KEY);
  if (secret !== undefined) {
    const bytes = secret.attributes['CKA_VALUE_LEN'] ?? 0; // 0: SoftHSM does not know the length of an unwrapped key
    if (bytes !== 0 && bytes !== key.bits / 8) return 'it is of another length';
    return otherValue(key, found, secret);
  }
  return otherPublic(key, found) ? 'its public key is another' : undefined;
};
