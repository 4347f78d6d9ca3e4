/**
 * Translates a key request into the token's template, and adds nothing to it.
 *
 * One purpose per key. Every usage is set explicitly, also to false: defaults differ between modules, and an unrequested usage is an attack surface.
 * CKA_MODIFIABLE is left out, since some modules refuse it. PKCS#11 3.1, sections 4.8 to 4.10 and 6.1 to 6.13.
 */
import type { Algorithm, Purpose } from '../../../shared/domain/keys.ts';
import type { Family } from '../../../shared/domain/tokens.ts';
import { KeymootError } from '../../../shared/errors.ts';
import { type AttributeName, CKA, CKK, CKM, CKO } from '../../../shared/token/cryptoki.ts';
import type { TemplateEntry } from '../../../shared/token/protocol.ts';
import { hexDecode } from '../bytes.ts';
import { quirksOf } from './quirks.ts';

export interface KeyRequest {
  readonly algorithm: Algorithm;
  readonly purpose: Purpose;
  /** May be wrapped out of the token. Never readable in the clear in either case. */
  readonly extractable: boolean;
  readonly label: string;
  /** CKA_ID, computed before the token is asked for anything. */
  readonly ckaid: Uint8Array;
  readonly family: Family;
}

export interface Target {
  objectClass: number;
  ckaid: Uint8Array;
}

export interface GenerateSpec {
  readonly request: KeyRequest;
  readonly mechanism: number;
  readonly secret?: TemplateEntry[];
  readonly publicKey?: TemplateEntry[];
  readonly privateKey?: TemplateEntry[];
  readonly targets: Target[];
  /** The key may sign, so the token can make a CMAC check value of it. */
  readonly cmac: boolean;
  /** Milliseconds the token may take. */
  readonly deadlineMs: number;
}

export interface ImportSpec {
  readonly request: KeyRequest;
  readonly template: TemplateEntry[];
  readonly targets: Target[];
  readonly cmac: boolean;
}

type Kind = 'aes' | 'rsa' | 'ec' | 'edwards';

interface AlgorithmEntry {
  readonly kind: Kind;
  /** Length of the key, the modulus or the field. */
  readonly bits: number;
  readonly purposes: readonly Purpose[];
  /** Milliseconds for generating it on the slowest supported token. */
  readonly deadlineMs: number;
  /** CKA_EC_PARAMS: the curve's object identifier in DER. */
  readonly params?: string;
}

const SYMMETRIC = ['encrypt', 'mac', 'wrap'] as const;
const RSA = ['sign', 'decrypt', 'unwrap'] as const;
const EC = ['sign', 'agree'] as const;
const QUICK = 15_000;

/** Curves: RFC 5480 section 2.1.1.1; Ed25519: RFC 8410 section 3. */
export const ALGORITHM_TABLE: Readonly<Record<Algorithm, AlgorithmEntry>> = {
  'AES-128': { kind: 'aes', bits: 128, purposes: SYMMETRIC, deadlineMs: QUICK },
  'AES-192': { kind: 'aes', bits: 192, purposes: SYMMETRIC, deadlineMs: QUICK },
  'AES-256': { kind: 'aes', bits: 256, purposes: SYMMETRIC, deadlineMs: QUICK },
  'RSA-2048': { kind: 'rsa', bits: 2048, purposes: RSA, deadlineMs: 60_000 },
  'RSA-3072': { kind: 'rsa', bits: 3072, purposes: RSA, deadlineMs: 90_000 },
  'RSA-4096': { kind: 'rsa', bits: 4096, purposes: RSA, deadlineMs: 120_000 },
  'P-256': {
    kind: 'ec',
    bits: 256,
    purposes: EC,
    deadlineMs: QUICK,
    params: '06082a8648ce3d030107',
  },
  'P-384': { kind: 'ec', bits: 384, purposes: EC, deadlineMs: QUICK, params: '06052b81040022' },
  'P-521': { kind: 'ec', bits: 521, purposes: EC, deadlineMs: QUICK, params: '06052b81040023' },
  Ed25519: {
    kind: 'edwards',
    bits: 256,
    purposes: ['sign'],
    deadlineMs: QUICK,
    params: '06032b6570',
  },
};

/** PrintableString "edwards25519", the other spelling. */
export const EDWARDS_NAME = '130c656477617264733235353139';

export const purposesOf = (algorithm: Algorithm): readonly Purpose[] =>
  ALGORITHM_TABLE[algorithm].purposes;

const MECHANISM: Readonly<Record<Kind, number>> = {
  aes: CKM.AES_KEY_GEN,
  rsa: CKM.RSA_PKCS_KEY_PAIR_GEN,
  ec: CKM.EC_KEY_PAIR_GEN,
  edwards: CKM.EC_EDWARDS_KEY_PAIR_GEN,
};
const KEY_TYPE: Readonly<Record<Kind, number>> = {
  aes: CKK.AES,
  rsa: CKK.RSA,
  ec: CKK.EC,
  edwards: CKK.EC_EDWARDS,
};
/** Public exponent 65537 (F4). Read back and compared: one vendor's default was once smaller. */
const EXPONENT = Uint8Array.of(1, 0, 1);

type Line = readonly [AttributeName, TemplateEntry['value']];

const entries = (family: Family, lines: readonly Line[]): TemplateEntry[] => {
  const { omit } = quirksOf(family);
  return lines
    .filter(([name]) => !omit.includes(name))
    .map(([name, value]) => ({ type: CKA[name][0], value }));
};

const utf8 = (text: string): Uint8Array => new TextEncoder().encode(text);

const secretLines = ({ purpose, extractable, label, ckaid }: KeyRequest): Line[] => [
  ['CLASS', CKO.SECRET_KEY],
  ['KEY_TYPE', CKK.AES],
  ['TOKEN', true], // persistent: a session object would end with the process
  ['PRIVATE', true], // hidden without a login
  ['LABEL', utf8(label)],
  ['ID', ckaid], // finds the key again, also after a power cut
  ['SENSITIVE', true], // it can't be read in the clear
  ['EXTRACTABLE', extractable], // can be wrapped out only if it was made for that
  ['ENCRYPT', purpose === 'encrypt'],
  ['DECRYPT', purpose === 'encrypt'], // never together with wrap: wrap, then decrypt, would reveal keys
  ['SIGN', purpose === 'mac'],
  ['VERIFY', purpose === 'mac'],
  ['WRAP', purpose === 'wrap'],
  ['UNWRAP', purpose === 'wrap'],
  ['DERIVE', false], // a derived key can be made extractable
];

const isEc = (kind: Kind): boolean => kind === 'ec' || kind === 'edwards';

const publicLines = (request: KeyRequest): Line[] => {
  const { algorithm, purpose, label, ckaid, family } = request;
  const { kind, bits } = ALGORITHM_TABLE[algorithm];
  const lines: Line[] = [
    ['CLASS', CKO.PUBLIC_KEY],
    ['KEY_TYPE', KEY_TYPE[kind]],
    ['TOKEN', true], // kept beside the private key: some tokens can't give the public part otherwise
    ['PRIVATE', false], // readable without a login
    ['LABEL', utf8(label)],
    ['ID', ckaid],
    ['VERIFY', purpose === 'sign'],
    ['VERIFY_RECOVER', false], // SoftHSM's default is true for any kind of key; the same for the next two
    ['ENCRYPT', purpose === 'decrypt'],
    ['WRAP', purpose === 'unwrap'],
  ];
  if (isEc(kind)) {
    lines.push(['DERIVE', false]); // NSS sets it otherwise; key agreement needs the private half only
    lines.push(['EC_PARAMS', hexDecode(curveParams(algorithm, family))]);
  } else {
    lines.push(['MODULUS_BITS', bits], ['PUBLIC_EXPONENT', EXPONENT]);
  }
  return lines;
};

const curveParams = (algorithm: Algorithm, family: Family): string => {
  const { kind, params } = ALGORITHM_TABLE[algorithm];
  return kind === 'edwards' && quirksOf(family).edwardsParams === 'name'
    ? EDWARDS_NAME
    : (params as string);
};

const privateLines = (request: KeyRequest): Line[] => {
  const { algorithm, purpose, extractable, label, ckaid } = request;
  const { kind } = ALGORITHM_TABLE[algorithm];
  const lines: Line[] = [
    ['CLASS', CKO.PRIVATE_KEY],
    ['KEY_TYPE', KEY_TYPE[kind]],
    ['TOKEN', true], // persistent
    ['PRIVATE', true], // hidden without a login
    ['LABEL', utf8(label)],
    ['ID', ckaid], // the same as its public key's, by convention and for searching
    ['SENSITIVE', true], // it can't be read in the clear
    ['EXTRACTABLE', extractable], // can be wrapped out only if it was made for that
    ['SIGN', purpose === 'sign'],
    ['SIGN_RECOVER', false], // SoftHSM's default is true; it is a second form of signing
    ['DECRYPT', purpose === 'decrypt'],
    ['UNWRAP', purpose === 'unwrap'], // never with decrypt: the two together open wrapped keys
  ];
  if (isEc(kind)) lines.push(['DERIVE', purpose === 'agree']);
  return lines;
};

const checkRequest = ({ algorithm, purpose, ckaid }: KeyRequest): AlgorithmEntry => {
  const row = ALGORITHM_TABLE[algorithm];
  if (!row.purposes.includes(purpose))
    throw new KeymootError(
      'input-invalid',
      `A key of kind ${algorithm} is for ${row.purposes.join(' or ')}, not for ${purpose}.`,
      { fields: { purpose } },
    );
  if (ckaid.length === 0) throw new KeymootError('input-invalid', 'a key needs its planned id');
  return row;
};

/**
 * The request to the token for a new key.
 *
 * @throws KeymootError input-invalid for a purpose that the algorithm doesn't have
 */
export const generateSpec = (request: KeyRequest): GenerateSpec => {
  const { kind, bits, deadlineMs } = checkRequest(request);
  const { ckaid, family, purpose } = request;
  const shared = { request, mechanism: MECHANISM[kind], deadlineMs };
  if (kind === 'aes')
    return {
      ...shared,
      secret: entries(family, [...secretLines(request), ['VALUE_LEN', bits / 8]]),
      targets: [{ objectClass: CKO.SECRET_KEY, ckaid }],
      cmac: purpose === 'mac',
    };
  return {
    ...shared,
    publicKey: entries(family, publicLines(request)),
    privateKey: entries(family, privateLines(request)),
    targets: [
      { objectClass: CKO.PUBLIC_KEY, ckaid },
      { objectClass: CKO.PRIVATE_KEY, ckaid },
    ],
    cmac: false,
  };
};

/**
 * The attributes of an AES key that the token unwraps. Its length comes from the data: SoftHSM refuses CKA_VALUE_LEN here (CKR_ATTRIBUTE_READ_ONLY), NSS does
 * without.
 *
 * @throws KeymootError input-invalid for anything but AES
 */
export const importSpec = (request: KeyRequest): ImportSpec => {
  const { kind } = checkRequest(request);
  if (kind !== 'aes')
    throw new KeymootError('input-invalid', 'only an AES key is imported this way');
  const { ckaid, family, purpose } = request;
  return {
    request,
    template: entries(family, secretLines(request)),
    targets: [{ objectClass: CKO.SECRET_KEY, ckaid }],
    cmac: purpose === 'mac',
  };
};
