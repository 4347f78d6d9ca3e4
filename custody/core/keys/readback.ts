/** Attributes comparison: what was requested against what the device reports, claiming no more than that (design 03, R28). */
import type { Claim } from '../../../shared/domain/basics.ts';
import type { Attributes, Check, Origin } from '../../../shared/domain/keys.ts';
import type { Family } from '../../../shared/domain/tokens.ts';
import { type AttributeName, CKA, CKO } from '../../../shared/token/cryptoki.ts';
import type { KeyReadback, TemplateEntry, TokenObject } from '../../../shared/token/protocol.ts';
import { hexEncode } from '../bytes.ts';
import { quirksOf } from './quirks.ts';
import { isEdwards, spkiOf } from './spki.ts';
import { ALGORITHM_TABLE, type GenerateSpec, type ImportSpec } from './templates.ts';

interface Difference {
  /** "private key: CKA_SIGN" */
  readonly what: string;
  readonly asked: string;
  readonly observed: string;
}

export interface Comparison {
  readonly differences: Difference[];
  /** Attributes that this module doesn't report: neither right nor wrong. */
  readonly notOffered: string[];
}

const CLASS_WORDS: Readonly<Record<number, string>> = {
  [CKO.PUBLIC_KEY]: 'public key',
  [CKO.PRIVATE_KEY]: 'private key',
  [CKO.SECRET_KEY]: 'secret key',
};

const NAMES = new Map<number, AttributeName>(
  (Object.keys(CKA) as AttributeName[]).map((name) => [CKA[name][0], name]),
);

/** Usages of a key. One that is on without being requested is a difference even where the template omits it. */
const USAGES: readonly AttributeName[] = [
  'ENCRYPT',
  'DECRYPT',
  'SIGN',
  'SIGN_RECOVER',
  'VERIFY',
  'VERIFY_RECOVER',
  'WRAP',
  'UNWRAP',
  'DERIVE',
];

const spelled = (value: boolean | number | string): string => String(value);

/** The template's value in the read-back's spelling. */
const askedValue = (name: AttributeName, value: TemplateEntry['value']) => {
  if (!(value instanceof Uint8Array)) return value;
  return CKA[name][1] === 'text' ? new TextDecoder().decode(value) : hexEncode(value);
};

const withoutZeros = (hex: string): string => hex.replace(/^(?:00)+(?=.)/u, '');

const same = (
  name: AttributeName,
  asked: boolean | number | string,
  observed: boolean | number | string,
): boolean => {
  if (name === 'PUBLIC_EXPONENT')
    return withoutZeros(String(asked)) === withoutZeros(String(observed));
  if (name === 'EC_PARAMS' && asked !== observed) {
    const [a, b] = [String(asked), String(observed)].map((hex) => Buffer.from(hex, 'hex'));
    return a !== undefined && b !== undefined && isEdwards(a) && isEdwards(b);
  }
  return asked === observed;
};

/** SoftHSM reports length 0 for an unwrapped key: unknown. */
const isOffered = (name: AttributeName, observed: unknown): boolean =>
  observed !== undefined && !(name === 'VALUE_LEN' && observed === 0);

/** Attributes that decide the kind of key and whether it can leave the token: a missing value counts as a difference. */
const MUST_SHOW = new Set<AttributeName>([
  'CLASS',
  'KEY_TYPE',
  'TOKEN',
  'SENSITIVE',
  'EXTRACTABLE',
]);

const compareObject = (
  template: readonly TemplateEntry[],
  { objectClass, attributes }: TokenObject,
): Comparison => {
  const differences: Difference[] = [];
  const notOffered: string[] = [];
  const where = CLASS_WORDS[objectClass] ?? 'object';
  const asked = new Set<AttributeName>();
  for (const { type, value } of template) {
    const name = NAMES.get(type);
    if (!name) continue;
    asked.add(name);
    const what = `${where}: CKA_${name}`;
    const wanted = askedValue(name, value);
    const observed = attributes[`CKA_${name}`];
    if (observed === undefined && MUST_SHOW.has(name))
      differences.push({ what, asked: spelled(wanted), observed: 'not shown' });
    else if (observed === undefined || !isOffered(name, observed)) notOffered.push(what);
    else if (!same(name, wanted, observed))
      differences.push({ what, asked: spelled(wanted), observed: spelled(observed) });
  }
  for (const name of USAGES)
    if (!asked.has(name) && attributes[`CKA_${name}`] === true)
      differences.push({ what: `${where}: CKA_${name}`, asked: 'false', observed: 'true' });
  return { differences, notOffered };
};

/** Compares the public key itself: its size follows from the number, whatever the attribute says. */
const comparePublic = (spec: GenerateSpec, readback: KeyReadback): Difference[] => {
  const { algorithm } = spec.request;
  const { kind, bits } = ALGORITHM_TABLE[algorithm];
  const differ = (asked: string, observed: string): Difference[] => [
    { what: 'public key', asked, observed },
  ];
  if (kind === 'rsa') {
    const { modulus, exponent, privateModulus: own } = readback;
    if (!modulus || !exponent) return differ(algorithm, 'not shown');
    if (own && withoutZeros(hexEncode(own)) !== withoutZeros(hexEncode(modulus)))
      return differ('one modulus with the private key', 'two');
    const observed = BigInt(`0x${hexEncode(modulus)}`).toString(2).length;
    if (observed !== bits) return differ(`${bits} bits`, `${observed} bits`);
    const e = BigInt(`0x${hexEncode(exponent)}`);
    return e < 65537n ? differ('exponent of at least 65537', `exponent ${e}`) : [];
  }
  try {
    const spki = spkiOf(readback);
    if (!spki) return differ(algorithm, 'not shown');
  } catch {
    return differ(algorithm, 'not a key of that kind'); // the device's data does not parse as such a key
  }
  // CKA_EC_PARAMS was compared before; here the point only had to fit the curve.
  return [];
};

/** An imported key's length comes from its data and is not in the template; it is compared where the device reports it. */
const lengthOf = ({ request }: ImportSpec): TemplateEntry => ({
  type: CKA.VALUE_LEN[0],
  value: ALGORITHM_TABLE[request.algorithm].bits / 8,
});

/**
 * Every difference between the token's key and the requested one. A ceremony goes on only without differences.
 *
 * @returns attributes that the module doesn't report are listed separately, and are no difference
 */
export const compareReadback = (
  spec: GenerateSpec | ImportSpec,
  readback: KeyReadback,
): Comparison => {
  const differences: Difference[] = [];
  const notOffered: string[] = [];
  const templates: readonly (readonly [number, readonly TemplateEntry[] | undefined])[] =
    'template' in spec
      ? [[CKO.SECRET_KEY, [...spec.template, lengthOf(spec)]]]
      : [
          [CKO.SECRET_KEY, spec.secret],
          [CKO.PUBLIC_KEY, spec.publicKey],
          [CKO.PRIVATE_KEY, spec.privateKey],
        ];
  for (const [objectClass, template] of templates) {
    const objects = readback.objects.filter((object) => object.objectClass === objectClass);
    const expected = template ? 1 : 0;
    if (objects.length !== expected)
      differences.push({
        what: `${CLASS_WORDS[objectClass] ?? 'object'}s`,
        asked: String(expected),
        observed: String(objects.length),
      });
    const [object] = objects;
    if (!template || !object) continue;
    const comparison = compareObject(template, object);
    differences.push(...comparison.differences);
    notOffered.push(...comparison.notOffered);
  }
  const known = templates.map(([objectClass]) => objectClass);
  const others = readback.objects.filter(({ objectClass }) => !known.includes(objectClass));
  if (others.length > 0)
    differences.push({ what: 'other objects', asked: '0', observed: String(others.length) });
  if (!('template' in spec) && spec.publicKey) differences.push(...comparePublic(spec, readback));
  return { differences, notOffered };
};

/** The object that holds the secret: what origin and protection are read from. */
export const secretPart = (readback: KeyReadback): TokenObject | undefined =>
  readback.objects.find(
    ({ objectClass }) => objectClass === CKO.SECRET_KEY || objectClass === CKO.PRIVATE_KEY,
  );

/**
 * Where a key came from, by CKA_LOCAL alone.
 *
 * @param family of the module: for one that loses CKA_LOCAL, false carries no information
 */
export const originOf = (attributes: Attributes, family: Family = 'other'): Origin => {
  const local = attributes['CKA_LOCAL'];
  if (local === true) return 'generated';
  if (local === false && quirksOf(family).localIsKept) return 'imported';
  return 'unknown';
};

/** The secret never left the token: generated inside, always sensitive, never extractable, all as the device reports. */
export const neverLeft = (attributes: Attributes): boolean =>
  attributes['CKA_LOCAL'] === true &&
  attributes['CKA_ALWAYS_SENSITIVE'] === true &&
  attributes['CKA_NEVER_EXTRACTABLE'] === true;

const ORIGIN_WORDS: Readonly<Record<Origin, string>> = {
  generated: 'Generated in the device (CKA_LOCAL is true).',
  imported: 'Not generated in the device (CKA_LOCAL is false).',
  unknown: 'The device does not tell where the key was generated.',
};

/**
 * Sentences for minutes and evidence, each attributed to the device and claiming no more than its attributes.
 *
 * @param attributes of the secret or private key
 * @param check as read from the device
 */
export const claimsOf = (
  attributes: Attributes,
  check: Check | undefined,
  family: Family = 'other',
): Claim[] => {
  const claims = [ORIGIN_WORDS[originOf(attributes, family)]];
  const sensitive = attributes['CKA_SENSITIVE'];
  const extractable = attributes['CKA_EXTRACTABLE'];
  if (neverLeft(attributes))
    claims.push(
      'Its value has never been outside the device (CKA_ALWAYS_SENSITIVE and CKA_NEVER_EXTRACTABLE are true).',
    );
  if (sensitive === true) claims.push('It can not be read in the clear (CKA_SENSITIVE is true).');
  if (sensitive === false) claims.push('It can be read in the clear (CKA_SENSITIVE is false).');
  if (extractable === true)
    claims.push('It may leave the device wrapped (CKA_EXTRACTABLE is true).');
  if (extractable === false)
    claims.push('It may not be wrapped out of the device (CKA_EXTRACTABLE is false).');
  if (check) claims.push(`Check value ${check.value} by ${check.method}, made in the device.`);
  return claims.map((claim) => ({ says: 'device', claim }));
};
