/**
 * Reading canonical JSON against rules (resources/formats/audit-log.md, section 4): fast enough for a million entries.
 *
 * The profile gives each value one spelling. A text is in it when
 *   1. it is what JSON.stringify makes of what JSON.parse reads: no white space, no other escape, no other spelling of a number, no member
 *      twice (the second would replace the first), and
 *   2. the rules hold for the value: they know every member by name and see them in the order of the profile, take numbers only when they
 *      are whole and safe, know no null, and refuse a lone surrogate, which JSON.stringify would write as an escape.
 */
import { isAscii, isUtf8 } from 'node:buffer';
import { createPublicKey, hash, type KeyObject } from 'node:crypto';
import { entryRule, type Entry } from '../../../shared/log/entries.ts';
import type { Rule } from '../../../shared/log/rules.ts';
import { fromBase64 } from './note.ts';

/** A violation of the format. `offset`: bytes from the start of the input, where known. */
export class Broken extends Error {
  readonly offset: number;
  constructor(why: string, offset = 0) {
    super(why);
    this.offset = offset;
  }
}

const firstDifference = (a: Uint8Array, b: Uint8Array): number => {
  const end = Math.min(a.length, b.length);
  for (let at = 0; at < end; at++) if (a[at] !== b[at]) return at;
  return end;
};

/** The value in these bytes, when they are canonical and satisfy the rule. Throws {@link Broken}. */
export const readCanonical = <T>(bytes: Buffer, rule: Rule<T>): T => {
  const ascii = isAscii(bytes);
  if (!ascii && !isUtf8(bytes)) throw new Broken('it is not UTF-8');
  const source = ascii ? bytes.toString('latin1') : bytes.toString('utf8');
  const plain = ascii && !source.includes('\\') && !source.includes('\x7f');
  let value: unknown;
  try {
    value = JSON.parse(source);
  } catch {
    throw new Broken('it is not JSON'); // the parser throws for no other reason
  }
  const why = rule(value, { plain, sorted: true });
  if (why !== '') throw new Broken(why);
  const again = JSON.stringify(value);
  if (again !== source)
    throw new Broken('it is not in canonical form', firstDifference(Buffer.from(again), bytes));
  return value as T;
};

/** The entry in these bytes. Throws {@link Broken}. */
export const readEntry = (bytes: Buffer): Entry => readCanonical(bytes, entryRule);

/** DER lengths of the SubjectPublicKeyInfo: RFC 8410, and RFC 5480 with an uncompressed point. */
const SPKI_BYTES = { Ed25519: 44, 'ECDSA-P256': 91 } as const;
export type KeyAlgorithm = keyof typeof SPKI_BYTES;

/** The key in this DER, if it is of this kind and canonically encoded; undefined if not. */
export const publicKey = (alg: KeyAlgorithm, spki: Uint8Array): KeyObject | undefined => {
  if (spki.length !== SPKI_BYTES[alg]) return undefined;
  const der = Buffer.from(spki);
  try {
    const key = createPublicKey({ key: der, format: 'der', type: 'spki' });
    const right =
      alg === 'Ed25519'
        ? key.asymmetricKeyType === 'ed25519'
        : key.asymmetricKeyType === 'ec' && key.asymmetricKeyDetails?.namedCurve === 'prime256v1';
    return right && key.export({ format: 'der', type: 'spki' }).equals(der) ? key : undefined;
  } catch {
    return undefined; // for example a point that is not on the curve
  }
};

interface KeyOf {
  alg: KeyAlgorithm;
  spki: string;
  sha256: string;
}
/** The public key that a key object of section 5 names. Throws {@link Broken} unless it is a public key that hashes to its name. */
export const keyIn = ({ alg, spki, sha256 }: KeyOf): KeyObject => {
  const der = fromBase64(spki) ?? new Uint8Array();
  const key = publicKey(alg, der);
  if (key === undefined) throw new Broken(`key is no public key for ${alg}`);
  if (hash('sha256', der) !== sha256) throw new Broken('key has the hash of another key');
  return key;
};
