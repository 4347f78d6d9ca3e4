/**
 * The PKCS#11 calls we make, and no others, each throwing a DeviceError that names the call.
 *
 * Properties of the binding (pkcs11js 2.1) that shape this file:
 * - it silently truncates numbers in templates and mechanisms to 32 bits, so they are checked here;
 * - a bad mechanism parameter crashes the process, so parameters come from mechanisms.ts only;
 * - its callback forms keep no reference to their buffers: only the promise forms are used, with every buffer in a local until after the await;
 * - it takes a PIN as a string, which can't be wiped, and copies templates into memory that it never clears.
 */
import type * as Binding from 'pkcs11js';
import { KeymootError } from '../../../shared/errors.ts';
import type { TemplateEntry } from '../../../shared/token/requests.ts';
import { nativeRequire } from '../../native.ts';
import { deviceError } from './errors.ts';
import type { Mechanism } from './mechanisms.ts';

/** Slot, session and object handles: opaque buffers of the platform's word. */
export type Slot = Buffer & { readonly kind?: 'slot' };
export type Session = Buffer & { readonly kind?: 'session' };
export type ObjectHandle = Buffer & { readonly kind?: 'object' };

export const USER = 1;
export const SECURITY_OFFICER = 0;
const RW_SESSION = 0x2 | 0x4;
const RO_SESSION = 0x4;
/** CKF_OS_LOCKING_OK: the promise forms call from several threads, which C_Initialize must permit. */
const OS_LOCKING_OK = 2;
/** A label in C_InitToken has exactly this many bytes, padded with spaces. */
const LABEL_BYTES = 32;

const named =
  <A extends unknown[], R>(call: string, act: (...args: A) => R): ((...args: A) => R) =>
  (...args) => {
    try {
      return act(...args);
    } catch (error) {
      throw deviceError(error, call);
    }
  };

const namedAsync =
  <A extends unknown[], R>(
    call: string,
    act: (...args: A) => Promise<R>,
  ): ((...args: A) => Promise<R>) =>
  async (...args) => {
    try {
      return await act(...args);
    } catch (error) {
      throw deviceError(error, call);
    }
  };

const view = (bytes: Uint8Array): Buffer =>
  Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);

const word = (value: number): number => {
  if (!Number.isSafeInteger(value) || value < 0 || value > 0xffffffff)
    throw new KeymootError('input-invalid', 'a number in a key template does not fit 32 bits');
  return value;
};

const native = (template: readonly TemplateEntry[]): Binding.Template =>
  template.map(({ type, value }) => ({
    type: word(type),
    value:
      typeof value === 'boolean' ? value : typeof value === 'number' ? word(value) : view(value),
  }));

export type Cryptoki = ReturnType<typeof bind>;

const bind = (p11: Binding.PKCS11) => ({
  initialize: named('C_Initialize', (libraryParameters: string | undefined) => {
    // The binding cuts off the last character of the parameters, so a space is appended.
    p11.C_Initialize(
      libraryParameters === undefined
        ? { flags: OS_LOCKING_OK }
        : { flags: OS_LOCKING_OK, libraryParameters: `${libraryParameters} ` },
    );
  }),
  finalize: named('C_Finalize', () => {
    p11.C_Finalize();
  }),
  info: named('C_GetInfo', () => p11.C_GetInfo()),
  slots: named('C_GetSlotList', (): Slot[] => p11.C_GetSlotList(true)),
  tokenInfo: named('C_GetTokenInfo', (slot: Slot) => p11.C_GetTokenInfo(slot)),
  mechanisms: named('C_GetMechanismList', (slot: Slot) => p11.C_GetMechanismList(slot)),
  initToken: named('C_InitToken', (slot: Slot, pin: string, label: string) => {
    p11.C_InitToken(slot, pin, label + ' '.repeat(LABEL_BYTES - Buffer.byteLength(label)));
  }),
  initPin: named('C_InitPIN', (session: Session, pin: string) => {
    p11.C_InitPIN(session, pin);
  }),
  openSession: named('C_OpenSession', (slot: Slot, access: 'read' | 'write'): Session =>
    p11.C_OpenSession(slot, access === 'write' ? RW_SESSION : RO_SESSION),
  ),
  closeSession: named('C_CloseSession', (session: Session) => {
    p11.C_CloseSession(session);
  }),
  closeAllSessions: named('C_CloseAllSessions', (slot: Slot) => {
    p11.C_CloseAllSessions(slot);
  }),
  login: named('C_Login', (session: Session, user: number, pin: string) => {
    p11.C_Login(session, user, pin);
  }),
  logout: named('C_Logout', (session: Session) => {
    p11.C_Logout(session);
  }),
  random: named('C_GenerateRandom', (session: Session, bytes: number): Uint8Array => {
    const out = Buffer.alloc(bytes);
    p11.C_GenerateRandom(session, out);
    return out;
  }),
  createObject: named(
    'C_CreateObject',
    (session: Session, template: readonly TemplateEntry[]): ObjectHandle =>
      p11.C_CreateObject(session, native(template)),
  ),
  destroyObject: named('C_DestroyObject', (session: Session, object: ObjectHandle) => {
    p11.C_DestroyObject(session, object);
  }),
  /** All matching handles, fetched 256 at a time. The search is always ended; otherwise the session would be unusable. */
  find: named(
    'C_FindObjects',
    (session: Session, template: readonly TemplateEntry[]): ObjectHandle[] => {
      p11.C_FindObjectsInit(session, native(template));
      try {
        const found: ObjectHandle[] = [];
        for (;;) {
          const batch = p11.C_FindObjects(session, 256);
          found.push(...batch);
          if (batch.length === 0) return found;
        }
      } finally {
        p11.C_FindObjectsFinal(session);
      }
    },
  ),
  /** All or nothing, as in the standard: one unreadable attribute fails the call. `undefined` where the device has no value. */
  attributes: named(
    'C_GetAttributeValue',
    (
      session: Session,
      object: ObjectHandle,
      types: readonly number[],
    ): (Uint8Array | undefined)[] =>
      p11
        .C_GetAttributeValue(
          session,
          object,
          types.map((type) => ({ type })),
        )
        .map(({ value }) => value as Uint8Array | undefined),
  ),
  generateKey: namedAsync(
    'C_GenerateKey',
    async (session: Session, mechanism: Mechanism, template: readonly TemplateEntry[]) => {
      const held = native(template);
      const handle = await p11.C_GenerateKeyAsync(session, mechanism, held);
      return keep(handle as ObjectHandle, held);
    },
  ),
  generateKeyPair: namedAsync(
    'C_GenerateKeyPair',
    async (
      session: Session,
      mechanism: Mechanism,
      publicKey: readonly TemplateEntry[],
      privateKey: readonly TemplateEntry[],
    ) => {
      const held = [native(publicKey), native(privateKey)] as const;
      const pair = await p11.C_GenerateKeyPairAsync(session, mechanism, held[0], held[1]);
      return keep(pair, held);
    },
  ),
  sign: namedAsync(
    'C_Sign',
    async (
      session: Session,
      mechanism: Mechanism,
      key: ObjectHandle,
      data: Uint8Array,
      maxBytes: number,
    ): Promise<Uint8Array> => {
      const input = view(data);
      const output = Buffer.alloc(maxBytes);
      p11.C_SignInit(session, mechanism, key);
      const signature = await p11.C_SignAsync(session, input, output);
      return keep(Uint8Array.from(signature), input, output);
    },
  ),
  wrapKey: namedAsync(
    'C_WrapKey',
    async (
      session: Session,
      mechanism: Mechanism,
      wrappingKey: ObjectHandle,
      key: ObjectHandle,
      maxBytes: number,
    ): Promise<Uint8Array> => {
      const output = Buffer.alloc(maxBytes);
      const wrapped = await p11.C_WrapKeyAsync(session, mechanism, wrappingKey, key, output);
      return keep(Uint8Array.from(wrapped), output, mechanism);
    },
  ),
  unwrapKey: namedAsync(
    'C_UnwrapKey',
    async (
      session: Session,
      mechanism: Mechanism,
      unwrappingKey: ObjectHandle,
      wrapped: Uint8Array,
      template: readonly TemplateEntry[],
    ): Promise<ObjectHandle> => {
      const input = view(wrapped);
      const held = native(template);
      const handle = await p11.C_UnwrapKeyAsync(session, mechanism, unwrappingKey, input, held);
      return keep(handle as ObjectHandle, input, held, mechanism);
    },
  ),
});

/** Returns `value` and releases the rest: naming the buffers after the await keeps them from being collected during the native call. */
const keep = <T>(value: T, ...held: unknown[]): T => {
  held.length = 0;
  return value;
};

/**
 * Loads a vendor's library, whose start-up code runs in this call.
 *
 * @throws KeymootError module-dependency, module-not-pkcs11, module-wrong-width, module-failed
 */
export const loadLibrary = (path: string): Cryptoki => {
  const { PKCS11 } = nativeRequire('pkcs11js');
  const p11 = new PKCS11();
  try {
    p11.load(path);
  } catch (error) {
    throw loadError(error, path);
  }
  return bind(p11);
};

/** The loader's message is the only evidence of why it refused; it differs by system, but is English, since the language is never set. */
export const loadError = (error: unknown, path: string): KeymootError => {
  const said = error instanceof Error ? error.message : '';
  if (/C_GetFunctionList|Win32 error 127/u.test(said))
    return new KeymootError(
      'module-not-pkcs11',
      'The library loads, but has no C_GetFunctionList, so it is not a PKCS#11 module.',
    );
  if (/executable|ELF header|file too short|not a mach-o/iu.test(said))
    return new KeymootError(
      'module-not-library',
      'The loader says that this is not a shared library.',
    );
  if (/wrong ELF class|incompatible architecture|Win32 error 193/u.test(said))
    return new KeymootError(
      'module-wrong-width',
      'The library is for another kind of processor or program.',
    );
  if (/CKR_/u.test(said))
    return new KeymootError('module-failed', 'The library did not give its list of functions.', {
      fields: { device: 'C_GetFunctionList' },
    });
  const missing = /^([^:\n]+): cannot open shared object file|Library not loaded: (\S+)/u.exec(
    said,
  );
  const library = (missing?.[1] ?? missing?.[2] ?? '').split('/').at(-1) ?? '';
  const symbol = /undefined symbol: ([A-Za-z0-9_@.]+)/u.exec(said)?.[1];
  const needs =
    symbol !== undefined
      ? `It needs "${symbol}", which none of its libraries has.`
      : library === '' || path.endsWith(`/${library}`)
        ? 'One of the libraries it needs could not be loaded.'
        : `It needs ${library}, which is not installed.`;
  return new KeymootError(
    'module-dependency',
    `${needs} Install the rest of the vendor's software, then try again.`,
  );
};
