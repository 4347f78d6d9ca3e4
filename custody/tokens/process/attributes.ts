/**
 * Reads an object's attributes from the device.
 *
 * C_GetAttributeValue is all or nothing, so one unknown attribute fails the whole call. We ask for all attributes of the object's kind in one call; if it
 * fails, one by one, and remember per kind what this module doesn't offer. Objects of a kind come in runs (or in pairs), so the next kind is predicted from the
 * sequence so far: 10,000 like objects cost one call each.
 */
import { endianness } from 'node:os';
import type { Attributes } from '../../../shared/domain/keys.ts';
import { cleanText } from '../../../shared/text.ts';
import { type AttributeName, CKA, CKK, CKO } from '../../../shared/token/cryptoki.ts';
import type { TokenObject } from '../../../shared/token/protocol.ts';
import type { Cryptoki, ObjectHandle, Session } from './cryptoki.ts';
import { isCode } from './errors.ts';

const STORED = ['CLASS', 'TOKEN', 'PRIVATE', 'LABEL', 'MODIFIABLE'] as const;
const KEY = [...STORED, 'KEY_TYPE', 'ID', 'DERIVE', 'LOCAL', 'KEY_GEN_MECHANISM'] as const;
const KEPT = [
  'SENSITIVE',
  'EXTRACTABLE',
  'ALWAYS_SENSITIVE',
  'NEVER_EXTRACTABLE',
  'WRAP_WITH_TRUSTED',
] as const;

const BY_CLASS: Readonly<Record<number, readonly AttributeName[]>> = {
  [CKO.DATA]: STORED,
  [CKO.CERTIFICATE]: [...STORED, 'ID'],
  [CKO.PUBLIC_KEY]: [...KEY, 'ENCRYPT', 'VERIFY', 'VERIFY_RECOVER', 'WRAP'],
  [CKO.PRIVATE_KEY]: [
    ...KEY,
    ...KEPT,
    'DECRYPT',
    'SIGN',
    'SIGN_RECOVER',
    'UNWRAP',
    'ALWAYS_AUTHENTICATE',
  ],
  [CKO.SECRET_KEY]: [
    ...KEY,
    ...KEPT,
    'ENCRYPT',
    'DECRYPT',
    'SIGN',
    'VERIFY',
    'WRAP',
    'UNWRAP',
    'VALUE_LEN',
    'CHECK_VALUE',
  ],
};
const RSA_PUBLIC = ['MODULUS', 'MODULUS_BITS', 'PUBLIC_EXPONENT'] as const;
const EC_PUBLIC = ['EC_PARAMS', 'EC_POINT'] as const;

const EC_KEYS: readonly (number | undefined)[] = [CKK.EC, CKK.EC_EDWARDS];

/** Attribute names of a kind. CKA_VALUE is never among them: a value that a module would reveal must not enter our memory. */
const namesFor = (objectClass: number, keyType: number | undefined): readonly AttributeName[] => {
  const names = BY_CLASS[objectClass] ?? ['CLASS'];
  if (objectClass === CKO.PUBLIC_KEY && keyType === CKK.RSA) return [...names, ...RSA_PUBLIC];
  if (objectClass === CKO.PUBLIC_KEY && EC_KEYS.includes(keyType)) return [...names, ...EC_PUBLIC];
  if (objectClass === CKO.PRIVATE_KEY && EC_KEYS.includes(keyType)) return [...names, 'EC_PARAMS'];
  return names;
};

const TEXT_BYTES = 256;
/** RSA-4096's modulus fits; no attribute of our keys is longer. */
const MAX_BYTES = 512;

const hex = (bytes: Uint8Array): string =>
  Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('hex');

/** A CK_ULONG has the platform's word length: decoded by length. All ones is CK_UNAVAILABLE_INFORMATION, at either length. */
const ulong = (bytes: Uint8Array): number | undefined => {
  if (bytes.length !== 4 && bytes.length !== 8) return undefined;
  if (bytes.every((byte) => byte === 0xff)) return undefined;
  const data = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const little = endianness() === 'LE';
  const value =
    bytes.length === 4 ? data.getUint32(0, little) : Number(data.getBigUint64(0, little));
  return Number.isSafeInteger(value) && value !== 0xffffffff ? value : undefined;
};

type Value = boolean | number | string;

/** `undefined`: the device's value does not have the attribute's form, which counts as not offered. */
export const decodeAttribute = (
  name: AttributeName,
  bytes: Uint8Array | undefined,
): Value | undefined => {
  if (bytes === undefined) return undefined;
  switch (CKA[name][1]) {
    case 'bool':
      return bytes.length === 1 ? bytes[0] !== 0 : undefined;
    case 'number':
      return ulong(bytes);
    case 'text':
      return cleanText(new TextDecoder().decode(bytes), TEXT_BYTES);
    case 'bytes':
      return bytes.length === 0 || bytes.length > MAX_BYTES ? undefined : hex(bytes);
  }
};

type Read = Map<AttributeName, Value>;

interface Kind {
  readonly key: string;
  names: readonly AttributeName[];
  /** Read at least once, so a later failure is due to the object, not the module. */
  readonly seen: Set<AttributeName>;
}

/** CKR_ATTRIBUTE_SENSITIVE, CKR_ATTRIBUTE_TYPE_INVALID, and codes that some modules return instead: the attribute is at fault, not the token. */
const isRefused = (error: unknown): boolean => isCode(error, 0x11, 0x12, 0x13, 0x5, 0x6, 0x7);

export class ObjectReader {
  readonly #lib: Cryptoki;
  readonly #kinds = new Map<string, Kind>();
  readonly #follows = new Map<string, Kind>();
  #last = '';

  constructor(lib: Cryptoki) {
    this.#lib = lib;
  }

  /** @throws DeviceError when the object or the token is gone; unreadable attributes are left out */
  read(session: Session, object: ObjectHandle): TokenObject {
    const guess = this.#follows.get(this.#last);
    const guessed = guess && this.#bulk(session, object, guess);
    const [kind, read] =
      guess && guessed && this.#kindOf(guessed) === guess
        ? ([guess, guessed] as const)
        : this.#unguessed(session, object);
    this.#follows.set(this.#last, kind);
    this.#last = kind.key;
    return tokenObject(read);
  }

  #unguessed(session: Session, object: ObjectHandle): readonly [Kind, Read] {
    const basics = this.#singles(session, object, ['CLASS', 'KEY_TYPE']);
    const kind = this.#kindOf(basics);
    const bulk = this.#bulk(session, object, kind);
    if (bulk) return [kind, bulk];
    const read = this.#singles(session, object, kind.names);
    kind.names = kind.names.filter((name) => read.has(name) || kind.seen.has(name));
    for (const name of read.keys()) kind.seen.add(name);
    return [kind, read];
  }

  #kindOf(read: Read): Kind {
    const objectClass = read.get('CLASS');
    const keyType = read.get('KEY_TYPE');
    const key = `${String(objectClass)}/${String(keyType)}`;
    const known = this.#kinds.get(key);
    if (known) return known;
    const names = namesFor(
      typeof objectClass === 'number' ? objectClass : -1,
      typeof keyType === 'number' ? keyType : undefined,
    );
    const kind = { key, names, seen: new Set<AttributeName>() };
    this.#kinds.set(key, kind);
    return kind;
  }

  #bulk(session: Session, object: ObjectHandle, kind: Kind): Read | undefined {
    let values;
    try {
      const types = kind.names.map((name) => CKA[name][0]);
      values = this.#lib.attributes(session, object, types);
    } catch (error) {
      if (isRefused(error)) return undefined;
      throw error;
    }
    const read: Read = new Map();
    kind.names.forEach((name, i) => {
      const value = decodeAttribute(name, values[i]);
      if (value !== undefined) read.set(name, value);
      kind.seen.add(name);
    });
    return read;
  }

  #singles(session: Session, object: ObjectHandle, names: readonly AttributeName[]): Read {
    const read: Read = new Map();
    for (const name of names) {
      try {
        const [bytes] = this.#lib.attributes(session, object, [CKA[name][0]]);
        const value = decodeAttribute(name, bytes);
        if (value !== undefined) read.set(name, value);
      } catch (error) {
        if (!isRefused(error)) throw error;
      }
    }
    return read;
  }

  /** Raw bytes of one attribute, or `undefined` where the device doesn't give it. */
  bytes(session: Session, object: ObjectHandle, name: AttributeName): Uint8Array | undefined {
    try {
      const [bytes] = this.#lib.attributes(session, object, [CKA[name][0]]);
      return bytes === undefined || bytes.length === 0 ? undefined : Uint8Array.from(bytes);
    } catch (error) {
      if (isRefused(error)) return undefined;
      throw error;
    }
  }
}

/** Stands for a class that the device doesn't give; no object has it. */
const NO_CLASS = 0xffffffff;

const tokenObject = (read: Read): TokenObject => {
  const attributes: Attributes = {};
  for (const [name, value] of read) attributes[`CKA_${name}`] = value;
  const objectClass = read.get('CLASS');
  return {
    objectClass: typeof objectClass === 'number' ? objectClass : NO_CLASS,
    ckaid: String(read.get('ID') ?? ''),
    label: String(read.get('LABEL') ?? ''),
    attributes,
  };
};
