/** Translates return codes for people. Decides by code, never by text; the device's own name goes along as `fields.device`. */
import { type ErrorCode, KeymootError } from '../../../shared/errors.ts';
import { ckrName } from '../../../shared/token/cryptoki.ts';

/** A PKCS#11 return code other than CKR_OK. Never leaves the token process. */
export class DeviceError extends Error {
  /** CK_RV */
  readonly code: number;
  /** C_… */
  readonly call: string;
  constructor(code: number, call: string) {
    super(`${ckrName(code)} from ${call}`);
    this.name = 'DeviceError';
    this.code = code;
    this.call = call;
  }
}

/** The binding throws several classes of error; only "CKR_…:number" in the message is common to all. Anything else is a bug of ours. */
export const deviceError = (error: unknown, call: string): unknown => {
  if (error instanceof DeviceError || error instanceof KeymootError) return error;
  if (!(error instanceof Error)) return error;
  const numbered = /CKR_\w+:(\d+)/u.exec(error.message);
  if (numbered) return new DeviceError(Number(numbered[1]), call);
  const { code } = error as { code?: unknown };
  if (typeof code === 'number' && error.message.startsWith('CKR_'))
    return new DeviceError(code, call);
  return error;
};

export const isCode = (error: unknown, ...codes: number[]): boolean =>
  error instanceof DeviceError && codes.includes(error.code);

/** The token, its slot or its reader is gone. */
export const REMOVED = [0x32, 0xe0, 0x3] as const;
/** Codes that may mean removal: looking for the token again decides. */
export const PERHAPS_REMOVED = [0x5, 0x6, 0x30, 0x82, 0x60, 0xb0, 0xb3, 0xe1, 0x101] as const;

const TEMPLATE = [0x10, 0x12, 0x13, 0xd0, 0xd1];
const UNSUPPORTED = [0x7, 0x54, 0x62, 0x63, 0x70, 0x71, 0x115, 0x114, 0xf1, 0xf2, 0x130, 0x140];

/** Error and message for a code, except for PINs (see login.ts). */
const words = (code: number): readonly [ErrorCode, string] => {
  if ((REMOVED as readonly number[]).includes(code))
    return [
      'token-removed',
      'The token went away. Nothing more was sent to it; what it had begun is settled when it is back.',
    ];
  if (code === 0x31)
    return ['token-full', 'The token has no room for another object. Nothing was made.'];
  if (TEMPLATE.includes(code))
    return ['token-failed', 'The token does not take a key with these attributes.'];
  if (UNSUPPORTED.includes(code))
    return ['mechanism-unsupported', 'The token can not do that, or not with this size or hash.'];
  if (code === 0x69 || code === 0x6a)
    return ['token-failed', 'The token does not let this key be wrapped: it was made to stay.'];
  if (code === 0x68) return ['token-failed', 'The token does not let this key be used for that.'];
  if (code === 0xe2 || code === 0xb5) return ['token-failed', 'The token is write-protected.'];
  if (code === 0xa3)
    return [
      'token-failed',
      'The token says that this PIN has expired. Nothing was done; the PIN is changed first, with the maker’s own tool.',
    ];
  if (code === 0xa1 || code === 0xa2 || code === 0x1b8)
    return ['pin-form', 'The token does not take a PIN of this length or form.'];
  if (code === 0xa4) return ['pin-locked', 'The PIN is locked.'];
  if (code === 0xa0) return ['pin-wrong', 'The PIN is wrong.'];
  if (code === 0x100)
    return ['already-logged-in', 'The token was logged in already, so this PIN was not checked.'];
  if (code === 0x102) return ['token-not-initialised', 'The token has no user PIN yet.'];
  if (code === 0x110 || code === 0x112 || code === 0x40 || code === 0x41)
    return ['token-failed', 'The token could not open the wrapped key.'];
  if (code === 0x101) return ['token-failed', 'The token reports that no user is logged in.'];
  if (code === 0x30) return ['token-failed', 'The token reported a fault of its own.'];
  return ['module-failed', 'The vendor library reported a failure.'];
};

/** @param attributes names in the template, shown when the device refused it */
export const forPeople = (error: DeviceError, attributes: readonly string[] = []): KeymootError => {
  const [code, message] = words(error.code);
  const named = TEMPLATE.includes(error.code) && attributes.length > 0;
  return new KeymootError(code, message, {
    fields: {
      device: `${ckrName(error.code)} from ${error.call}`,
      ...(named ? { attributes: attributes.join(' ') } : {}),
    },
  });
};
