/**
 * Makes, finds, imports, wraps and destroys keys: preflight, act, read back.
 *
 * The success code is not the evidence (design 03): every operation that makes a key returns what the device reports about it afterwards.
 */
import { KeymootError } from '../../../shared/errors.ts';
import type { Check } from '../../../shared/domain/keys.ts';
import { CKA, CKK, CKO, type AttributeName } from '../../../shared/token/cryptoki.ts';
import type {
  KeyReadback,
  TemplateEntry,
  TokenInput,
  TokenObject,
  TokenOutput,
} from '../../../shared/token/protocol.ts';
import type { ObjectReader } from './attributes.ts';
import type { Cryptoki, ObjectHandle, Session, Slot } from './cryptoki.ts';
import { DeviceError, forPeople } from './errors.ts';
import { type LoggedIn, inSession, quietly } from './login.ts';
import { AES_CMAC, RSA_KEY_PAIR, keyGeneration, oaep } from './mechanisms.ts';

export interface OpenLibrary {
  readonly lib: Cryptoki;
  readonly reader: ObjectReader;
}

export type Target = TokenInput<'destroy'>['targets'][number];

const entry = (name: AttributeName, value: TemplateEntry['value']): TemplateEntry => ({
  type: CKA[name][0],
  value,
});

const byTarget = ({ objectClass, ckaid }: Target): TemplateEntry[] => [
  entry('CLASS', objectClass),
  entry('ID', ckaid),
];

const allOf = (
  library: OpenLibrary,
  session: Session,
  targets: readonly Target[],
): ObjectHandle[] => targets.flatMap((target) => library.lib.find(session, byTarget(target)));

const NAMES = new Map<number, string>(
  Object.entries(CKA).map(([name, [type]]) => [type, `CKA_${name}`]),
);

/** A refused template is reported with the names of its attributes, since the device doesn't say which one it refuses. */
const naming = async <T>(
  templates: readonly TemplateEntry[],
  act: () => Promise<T>,
): Promise<T> => {
  try {
    return await act();
  } catch (error) {
    if (!(error instanceof DeviceError)) throw error;
    const names = templates.map(({ type }) => NAMES.get(type) ?? `0x${type.toString(16)}`);
    throw forPeople(error, [...new Set(names)]);
  }
};

const ZERO_BLOCK = 16;
const CMAC_CHECK_BYTES = 5;
const P11_CHECK_BYTES = 3;

/**
 * The check value as the device makes it: CMAC of sixteen zero bytes where the key may sign (ANSI X9.24-1), else CKA_CHECK_VALUE unless it is empty or all
 * zeros (R28), else none. We never request ECB of zeros: that would be the GCM hash subkey.
 */
const checkOf = async (
  library: OpenLibrary,
  slot: Slot,
  key: ObjectHandle,
  { attributes }: TokenObject,
  cmac: boolean,
): Promise<Check | undefined> => {
  if (cmac && attributes['CKA_KEY_TYPE'] === CKK.AES) {
    try {
      // A session of its own: a failed attempt leaves it with an operation active.
      const mac = await inSession(library.lib, slot, 'read', (session) =>
        library.lib.sign(session, AES_CMAC, key, new Uint8Array(ZERO_BLOCK), ZERO_BLOCK),
      );
      if (mac.length === ZERO_BLOCK)
        return { method: 'X9.24-CMAC', value: hex(mac.subarray(0, CMAC_CHECK_BYTES)) };
    } catch (error) {
      if (!(error instanceof DeviceError)) throw error;
    }
  }
  const value = attributes['CKA_CHECK_VALUE'];
  if (typeof value !== 'string' || value.length < P11_CHECK_BYTES * 2 || /^0+$/u.test(value))
    return undefined;
  return { method: 'P11-CHECK', value: value.slice(0, P11_CHECK_BYTES * 2) };
};

const hex = (bytes: Uint8Array): string =>
  Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('hex');

/** What the device reports about these objects, with the public part and, for a single secret key, its check value. */
export const readBack = async (
  library: OpenLibrary,
  slot: Slot,
  session: Session,
  handles: readonly ObjectHandle[],
  cmac: 'if-it-may-sign' | boolean,
): Promise<KeyReadback> => {
  const objects = handles.map((handle) => library.reader.read(session, handle));
  const readback: KeyReadback = { objects };
  const secrets = objects.flatMap((object, i) =>
    object.objectClass === CKO.SECRET_KEY ? [{ object, handle: handles[i] as ObjectHandle }] : [],
  );
  const [secret] = secrets;
  if (secret && secrets.length === 1) {
    const may = cmac === 'if-it-may-sign' ? secret.object.attributes['CKA_SIGN'] === true : cmac;
    const check = await checkOf(library, slot, secret.handle, secret.object, may);
    if (check) readback.check = check;
  }
  const publicAt = objects.findIndex(({ objectClass }) => objectClass === CKO.PUBLIC_KEY);
  const publicKey = handles[publicAt];
  if (publicKey) {
    const type = objects[publicAt]?.attributes['CKA_KEY_TYPE'];
    const bytes = (name: AttributeName) => library.reader.bytes(session, publicKey, name);
    if (type === CKK.RSA) {
      const modulus = bytes('MODULUS');
      const exponent = bytes('PUBLIC_EXPONENT');
      if (modulus) readback.modulus = modulus;
      if (exponent) readback.exponent = exponent;
    } else {
      const ecParams = bytes('EC_PARAMS');
      const ecPoint = bytes('EC_POINT');
      if (ecParams) readback.ecParams = ecParams;
      if (ecPoint) readback.ecPoint = ecPoint;
    }
  }
  const privateAt = objects.findIndex(({ objectClass }) => objectClass === CKO.PRIVATE_KEY);
  const privateKey = handles[privateAt];
  if (privateKey && objects[privateAt]?.attributes['CKA_KEY_TYPE'] === CKK.RSA) {
    const modulus = library.reader.bytes(session, privateKey, 'MODULUS');
    if (modulus) readback.privateModulus = modulus;
  }
  return readback;
};

export const findKey = async (
  library: OpenLibrary,
  { slot, session }: LoggedIn,
  { targets, label }: TokenInput<'find'>,
): Promise<TokenOutput<'find'>> => {
  const handles = allOf(library, session, targets);
  const sameLabel =
    label === undefined
      ? 0
      : library.lib.find(session, [entry('LABEL', new TextEncoder().encode(label))]).length;
  const byId = await readBack(library, slot, session, handles, 'if-it-may-sign');
  return { byId, sameLabel };
};

/** SECURITY: some tokens (NSS) silently replace a key when another with its CKA_ID is made, so an id in use is refused first. */
const refuseTaken = (library: OpenLibrary, session: Session, targets: readonly Target[]): void => {
  for (const { ckaid } of targets)
    if (library.lib.find(session, [entry('ID', ckaid)]).length > 0)
      throw new KeymootError(
        'label-taken',
        'An object with the id of the planned key is on the token already. Nothing was made.',
      );
};

export const generateKey = async (
  library: OpenLibrary,
  { slot, session }: LoggedIn,
  input: TokenInput<'generate'>,
): Promise<KeyReadback> => {
  const mechanism = keyGeneration(input.mechanism);
  refuseTaken(library, session, input.targets);
  const { secret, publicKey, privateKey } = input;
  let made: ObjectHandle[];
  if (secret && !publicKey && !privateKey) {
    made = await naming(secret, async () => [
      await library.lib.generateKey(session, mechanism, secret),
    ]);
  } else if (!secret && publicKey && privateKey) {
    made = await naming([...publicKey, ...privateKey], async () => {
      const pair = await library.lib.generateKeyPair(session, mechanism, publicKey, privateKey);
      return [pair.publicKey, pair.privateKey];
    });
  } else {
    throw new KeymootError('message-malformed', 'a key is either secret or a pair');
  }
  return afterwards(() => readBack(library, slot, session, made, input.cmac));
};

/** From here on the key exists: an error must say so. */
const afterwards = async <T>(act: () => Promise<T>): Promise<T> => {
  try {
    return await act();
  } catch (error) {
    if (!(error instanceof DeviceError)) throw error;
    const { code, fields } = forPeople(error);
    throw new KeymootError(
      code,
      'The token made the key, but reading it back failed. The key is there; look for it before anything is repeated.',
      fields === undefined ? {} : { fields },
    );
  }
};

/** Destroys every object of the targets. A new process checks that they are gone: some modules drop the handle before the file. */
export const destroyKey = (
  library: OpenLibrary,
  { session }: LoggedIn,
  targets: readonly Target[],
): TokenOutput<'destroy'> => {
  const handles = allOf(library, session, targets);
  for (const handle of handles) library.lib.destroyObject(session, handle);
  return { destroyed: handles.length };
};

/** A session RSA pair that unwraps one key and nothing else. */
export interface ImportKey {
  readonly at: LoggedIn;
  readonly publicKey: ObjectHandle;
  readonly privateKey: ObjectHandle;
}

const EXPONENT = Uint8Array.of(1, 0, 1);

export const makeImportKey = async (
  library: OpenLibrary,
  at: LoggedIn,
  { bits, label }: TokenInput<'importBegin'>,
): Promise<{ key: ImportKey; answer: TokenOutput<'importBegin'> }> => {
  if (![2048, 3072, 4096].includes(bits))
    throw new KeymootError('input-invalid', 'an import key has 2048, 3072 or 4096 bits');
  const { session } = at;
  const name = new TextEncoder().encode(label);
  const publicTemplate = [
    entry('CLASS', CKO.PUBLIC_KEY),
    entry('KEY_TYPE', CKK.RSA),
    entry('TOKEN', false), // ends with this session
    entry('PRIVATE', false),
    entry('LABEL', name),
    entry('MODULUS_BITS', bits),
    entry('PUBLIC_EXPONENT', EXPONENT),
    entry('ENCRYPT', false), // the wrapping is done outside, with the returned modulus
    entry('VERIFY', false),
    entry('WRAP', false),
  ];
  const privateTemplate = [
    entry('CLASS', CKO.PRIVATE_KEY),
    entry('KEY_TYPE', CKK.RSA),
    entry('TOKEN', false),
    entry('PRIVATE', true),
    entry('LABEL', name),
    entry('SENSITIVE', true), // it can't be read
    entry('EXTRACTABLE', false), // nor wrapped out
    entry('UNWRAP', true), // its one use
    entry('DECRYPT', false), // SECURITY: otherwise a wrapped key could be decrypted into the clear
    entry('SIGN', false),
  ];
  const pair = await naming([...publicTemplate, ...privateTemplate], () =>
    library.lib.generateKeyPair(session, RSA_KEY_PAIR, publicTemplate, privateTemplate),
  );
  const key: ImportKey = { at, ...pair };
  try {
    return { key, answer: importPublic(library, key, bits) };
  } catch (error) {
    destroyImportKey(library, key); // the token may have made it persistent
    throw error;
  }
};

/** Required attributes of each half. SECURITY: a private half that could be read, wrapped out or used to decrypt would reveal the key sealed to it. */
const IMPORT_SHOWS = {
  publicKey: { CLASS: CKO.PUBLIC_KEY, KEY_TYPE: CKK.RSA, TOKEN: false },
  privateKey: {
    ...{ CLASS: CKO.PRIVATE_KEY, KEY_TYPE: CKK.RSA, TOKEN: false },
    ...{ SENSITIVE: true, EXTRACTABLE: false },
  },
} as const;
/** Attributes of the private half that must not differ where the module reports them. RSA signing is the same operation as decryption. */
const IMPORT_USES = { UNWRAP: true, DECRYPT: false, SIGN: false } as const;

/** The public numbers of an import key whose reported attributes are as requested. */
const importPublic = (
  library: OpenLibrary,
  { at: { session }, ...halves }: ImportKey,
  bits: number,
): TokenOutput<'importBegin'> => {
  const wrong: string[] = [];
  const wants = (
    half: 'publicKey' | 'privateKey',
    wanted: Readonly<Record<string, number | boolean>>,
    mustShow: boolean,
  ) => {
    const { attributes } = library.reader.read(session, halves[half]);
    for (const [name, value] of Object.entries(wanted)) {
      const shown = attributes[`CKA_${name}`];
      if (shown !== value && (mustShow || shown !== undefined))
        wrong.push(`CKA_${name} is ${shown === undefined ? 'not shown' : String(shown)}`);
    }
  };
  wants('publicKey', IMPORT_SHOWS.publicKey, true);
  wants('privateKey', IMPORT_SHOWS.privateKey, true);
  wants('privateKey', IMPORT_USES, false);
  const numbers = (handle: ObjectHandle) => ({
    exponent: library.reader.bytes(session, handle, 'PUBLIC_EXPONENT'),
    modulus: library.reader.bytes(session, handle, 'MODULUS'),
  });
  const { modulus, exponent } = numbers(halves.publicKey);
  const own = numbers(halves.privateKey);
  if (!modulus || !exponent) wrong.push('its public half is not shown');
  else {
    if (trim(modulus).length * 8 !== bits) wrong.push(`it has not ${bits} bits`);
    if (!sameInteger(exponent, EXPONENT)) wrong.push('its exponent is another');
    if (
      (own.modulus && !sameInteger(own.modulus, modulus)) ||
      (own.exponent && !sameInteger(own.exponent, exponent))
    )
      wrong.push('its halves are not of one pair');
    if (wrong.length === 0) return { modulus, exponent };
  }
  throw new KeymootError(
    'key-not-as-asked',
    `The token made another import key than asked for: ${wrong.join('; ')}. It was given up; nothing was sealed to it.`,
  );
};

const destroyImportKey = (library: OpenLibrary, { at, publicKey, privateKey }: ImportKey): void => {
  for (const handle of [privateKey, publicKey])
    quietly(() => {
      library.lib.destroyObject(at.session, handle);
    });
};
export const dropImportKey = (library: OpenLibrary, key: ImportKey): void => {
  destroyImportKey(library, key);
  key.at.leave();
};

export const unwrapImported = async (
  library: OpenLibrary,
  { at, privateKey }: ImportKey,
  input: TokenInput<'importFinish'>,
): Promise<KeyReadback> => {
  const { slot, session } = at;
  refuseTaken(library, session, input.targets);
  const unwrap = (template: readonly TemplateEntry[]) =>
    naming(template, () =>
      library.lib.unwrapKey(session, oaep(input.hash), privateKey, input.wrapped, template),
    );
  const made = await unwrap(input.template);
  return afterwards(async () => {
    const readback = await readBack(library, slot, session, [made], input.cmac);
    if (readback.check || input.twin !== true) return readback;
    const check = await twinCheck(library, at, unwrap);
    return check ? { ...readback, check, twin: true as const } : readback;
  });
};

const TWIN: readonly TemplateEntry[] = [
  entry('CLASS', CKO.SECRET_KEY),
  entry('KEY_TYPE', CKK.AES),
  entry('TOKEN', false), // not persistent
  entry('PRIVATE', true),
  entry('SENSITIVE', true),
  entry('EXTRACTABLE', false),
  entry('SIGN', true), // for the CMAC
  entry('VERIFY', false),
  entry('ENCRYPT', false),
  entry('DECRYPT', false),
  entry('WRAP', false),
  entry('UNWRAP', false),
  entry('DERIVE', false),
];

/**
 * A wrapping key may not sign, and modules that unwrapped it report no CKA_CHECK_VALUE (SoftHSM, NSS), so the import could not be checked. The same bytes
 * unwrapped once more, as a session object that may only sign, are the same key.
 */
const twinCheck = async (
  library: OpenLibrary,
  { slot, session }: LoggedIn,
  unwrap: (template: readonly TemplateEntry[]) => Promise<ObjectHandle>,
): Promise<Check | undefined> => {
  let twin: ObjectHandle;
  try {
    twin = await unwrap(TWIN);
  } catch (error) {
    // A token without session keys has no such twin; the imported key stays.
    if (error instanceof KeymootError && error.code !== 'token-removed') return undefined;
    throw error;
  }
  try {
    return await checkOf(library, slot, twin, library.reader.read(session, twin), true);
  } finally {
    quietly(() => {
      library.lib.destroyObject(session, twin);
    });
  }
};

/** Without leading zeros: devices differ in whether they write an integer's sign byte. */
const trim = (integer: Uint8Array): Uint8Array => {
  const first = integer.findIndex((byte) => byte !== 0);
  return first === -1 ? integer.subarray(integer.length) : integer.subarray(first);
};
const sameInteger = (a: Uint8Array, b: Uint8Array): boolean =>
  Buffer.compare(trim(a), trim(b)) === 0;

/** C_WrapKey under an RSA public key that exists only in this session. */
export const wrapUnderRsa = async (
  library: OpenLibrary,
  { session }: LoggedIn,
  input: TokenInput<'wrapOaep'>,
): Promise<TokenOutput<'wrapOaep'>> => {
  const { target, known, wrappingKey } = input;
  if ((target === undefined) === (known === undefined))
    throw new KeymootError('message-malformed', 'either a key or a known value is wrapped');
  const mine: ObjectHandle[] = [];
  const create = (template: TemplateEntry[]): ObjectHandle => {
    const handle = library.lib.createObject(session, template);
    mine.push(handle);
    return handle;
  };
  try {
    const publicKey = await naming(wrapping(wrappingKey), () =>
      Promise.resolve(create(wrapping(wrappingKey))),
    );
    // The key that the device will encrypt to: read back, and compared with what people verified.
    const modulus = library.reader.bytes(session, publicKey, 'MODULUS');
    const exponent = library.reader.bytes(session, publicKey, 'PUBLIC_EXPONENT');
    if (
      !modulus ||
      !exponent ||
      !sameInteger(modulus, wrappingKey.modulus) ||
      !sameInteger(exponent, wrappingKey.exponent)
    )
      throw new KeymootError(
        'key-not-as-asked',
        'The token holds another wrapping key than the one it was given. Nothing was wrapped.',
      );
    const key = known ? create(knownKey(known)) : only(library, session, target as Target);
    const { attributes } = library.reader.read(session, key);
    // SECURITY: checked again after the service's own policy, since a module may wrap a key that it reports as not extractable (NSS does).
    if (attributes['CKA_EXTRACTABLE'] !== true)
      throw new KeymootError(
        'policy-refused',
        'The token does not say that this key may leave it. Nothing was wrapped.',
      );
    const bytes = trim(wrappingKey.modulus).length;
    const mechanism = oaep(input.hash);
    const wrapped = await library.lib.wrapKey(session, mechanism, publicKey, key, bytes);
    if (wrapped.length !== bytes)
      throw new KeymootError('module-lied', 'The wrapped key does not have the length of its key.');
    return { wrapped, attributes };
  } finally {
    known?.fill(0);
    for (const handle of mine)
      quietly(() => {
        library.lib.destroyObject(session, handle);
      });
  }
};

const wrapping = ({ modulus, exponent }: TokenInput<'wrapOaep'>['wrappingKey']) => [
  entry('CLASS', CKO.PUBLIC_KEY),
  entry('KEY_TYPE', CKK.RSA),
  entry('TOKEN', false), // ends with the session
  entry('PRIVATE', false),
  entry('WRAP', true), // its one use
  entry('ENCRYPT', false),
  entry('VERIFY', false),
  entry('MODULUS', trim(modulus)),
  entry('PUBLIC_EXPONENT', trim(exponent)),
];

/** The self-test's key with a known value: C_CreateObject is synchronous, so the template does not get into the binding's asynchronous copies. */
const knownKey = (value: Uint8Array) => [
  entry('CLASS', CKO.SECRET_KEY),
  entry('KEY_TYPE', CKK.AES),
  entry('TOKEN', false),
  entry('PRIVATE', true),
  entry('SENSITIVE', true),
  entry('EXTRACTABLE', true), // it is made to be wrapped
  entry('ENCRYPT', false),
  entry('DECRYPT', false),
  entry('WRAP', false),
  entry('UNWRAP', false),
  entry('VALUE', value),
];

/** @throws KeymootError not-found, ambiguous: an operation on one key never guesses */
export const only = (library: OpenLibrary, session: Session, target: Target): ObjectHandle => {
  const [first, second] = library.lib.find(session, byTarget(target));
  if (!first)
    throw new KeymootError('not-found', 'The token has no key with that id, or does not show it.');
  if (second)
    throw new KeymootError('ambiguous', 'The token has two keys with that id. Nothing was done.');
  return first;
};
