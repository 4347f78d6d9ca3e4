/**
 * Finds the token; login, act, logout.
 *
 * SECURITY: the rules of design 08, T3 and T4, all in this file:
 * - a PIN is the join of two halves, made here and nowhere else; an empty half is refused;
 * - CKR_USER_ALREADY_LOGGED_IN is always an error: logins are per process, and a second C_Login with a *wrong* PIN gets that answer;
 * - no login is retried; the last try before a lock needs the caller's explicit consent;
 * - logout and close always follow, whatever happened in between.
 */
import type * as Binding from 'pkcs11js';
import type { PinState, TokenIdentity, TokenSummary } from '../../../shared/domain/tokens.ts';
import { KeymootError } from '../../../shared/errors.ts';
import { cleanText, hasUnseen } from '../../../shared/text.ts';
import { ckrName } from '../../../shared/token/cryptoki.ts';
import type { PinHalves } from '../../../shared/token/requests.ts';
import { type Cryptoki, SECURITY_OFFICER, type Session, type Slot, USER } from './cryptoki.ts';
import { DeviceError, PERHAPS_REMOVED, REMOVED, isCode } from './errors.ts';

/** CKF_… of CK_TOKEN_INFO, PKCS#11 3.1 table 6. */
const FLAG = {
  WRITE_PROTECTED: 0x2,
  LOGIN_REQUIRED: 0x4,
  USER_PIN_INITIALIZED: 0x8,
  PROTECTED_AUTHENTICATION_PATH: 0x100,
  TOKEN_INITIALIZED: 0x400,
  USER_PIN_COUNT_LOW: 0x10000,
  USER_PIN_FINAL_TRY: 0x20000,
  USER_PIN_LOCKED: 0x40000,
  SO_PIN_COUNT_LOW: 0x100000,
  SO_PIN_FINAL_TRY: 0x200000,
  SO_PIN_LOCKED: 0x400000,
} as const;

/** A counter value that stands for unknown or unlimited. */
const UNLIMITED = 0xffffffff;

const deviceText = (text: string): string => cleanText(text.replace(/[\0 ]+$/u, ''), 64);

export const identityOf = (info: Binding.TokenInfo): TokenIdentity => ({
  manufacturer: deviceText(info.manufacturerID),
  model: deviceText(info.model),
  serial: deviceText(info.serialNumber),
  label: deviceText(info.label),
});

const sameIdentity = (a: TokenIdentity, b: TokenIdentity): boolean =>
  a.manufacturer === b.manufacturer &&
  a.model === b.model &&
  a.serial === b.serial &&
  a.label === b.label;

/** Software tokens that never set a PIN flag: for them a missing flag carries no information. */
const saysNothing = (info: Binding.TokenInfo): boolean =>
  /^(?:Mozilla|NSS)/u.test(info.manufacturerID) || /^tpm2|TPM2/u.test(info.model);

const pinState = (
  info: Binding.TokenInfo,
  set: boolean,
  locked: number,
  finalTry: number,
  low: number,
): PinState => {
  // SoftHSM reports the SO PIN of an empty slot as locked; there is none.
  if (!isInitialised(info)) return 'not-set';
  if ((info.flags & locked) !== 0) return 'locked';
  if ((info.flags & finalTry) !== 0) return 'final-try';
  if (!set) return 'not-set';
  if ((info.flags & low) !== 0) return 'count-low';
  return saysNothing(info) ? 'unknown' : 'ok';
};

export const userPinState = (info: Binding.TokenInfo): PinState =>
  pinState(
    info,
    (info.flags & FLAG.USER_PIN_INITIALIZED) !== 0,
    FLAG.USER_PIN_LOCKED,
    FLAG.USER_PIN_FINAL_TRY,
    FLAG.USER_PIN_COUNT_LOW,
  );

const isInitialised = (info: Binding.TokenInfo): boolean =>
  (info.flags & FLAG.TOKEN_INITIALIZED) !== 0;

const versionText = ({ major, minor }: Binding.Version): string => `${major}.${minor}`;

export const summaryOf = (info: Binding.TokenInfo): TokenSummary => ({
  identity: identityOf(info),
  initialised: isInitialised(info),
  loginRequired: (info.flags & FLAG.LOGIN_REQUIRED) !== 0,
  pinPad: (info.flags & FLAG.PROTECTED_AUTHENTICATION_PATH) !== 0,
  writeProtected: (info.flags & FLAG.WRITE_PROTECTED) !== 0,
  userPin: userPinState(info),
  soPin: pinState(
    info,
    isInitialised(info),
    FLAG.SO_PIN_LOCKED,
    FLAG.SO_PIN_FINAL_TRY,
    FLAG.SO_PIN_COUNT_LOW,
  ),
  pinMin: info.minPinLen,
  pinMax: info.maxPinLen,
  firmware: versionText(info.firmwareVersion),
  hardware: versionText(info.hardwareVersion),
});

export interface Present {
  slot: Slot;
  info: Binding.TokenInfo;
}

/** All present tokens. A slot that empties meanwhile is skipped. */
export const present = (lib: Cryptoki): Present[] =>
  lib.slots().flatMap((slot) => {
    try {
      return [{ slot, info: lib.tokenInfo(slot) }];
    } catch (error) {
      if (isCode(error, ...REMOVED, 0xe1)) return [];
      throw error;
    }
  });

/** @throws KeymootError token-missing, ambiguous */
export const locate = (lib: Cryptoki, token: TokenIdentity): Present => {
  const found = present(lib).filter(({ info }) => sameIdentity(identityOf(info), token));
  const [first, second] = found;
  if (!first)
    throw new KeymootError(
      'token-missing',
      `The token "${token.label}" (serial ${token.serial}) is not there. Insert or connect it and look again.`,
    );
  if (second)
    throw new KeymootError(
      'ambiguous',
      `Two tokens call themselves "${token.label}" with serial ${token.serial}. Remove one; nothing was done.`,
    );
  return first;
};

/** The first slot with an uninitialised token. */
export const freeSlot = (lib: Cryptoki): Present => {
  const free = present(lib).find(({ info }) => !isInitialised(info));
  if (free) return free;
  throw new KeymootError('token-missing', 'No token without a label is there to be initialised.');
};

/** An error that may mean a removed token does mean it when the token can't be found any more. */
export const settleRemoval = (lib: Cryptoki, token: TokenIdentity, error: unknown): unknown => {
  if (!isCode(error, ...PERHAPS_REMOVED)) return error;
  try {
    locate(lib, token);
    return error;
  } catch (search) {
    const gone =
      (search instanceof KeymootError && search.code === 'token-missing') ||
      isCode(search, ...REMOVED);
    return gone ? new DeviceError(0xe0, (error as DeviceError).call) : error;
  }
};

/**
 * Joins the halves in the order of their seats and checks the form before the token counts a try.
 *
 * The joined buffer and the halves are cleared. The string is not: the binding takes nothing else, JavaScript can't wipe one, and it lives until this process
 * ends, which is why token processes are short-lived.
 *
 * @throws KeymootError pin-half-missing, pin-form
 */
export const joinPin = (pin: PinHalves, info: Binding.TokenInfo): string => {
  const { first, second } = pin;
  const joined = Buffer.alloc(first.length + second.length);
  try {
    if (first.length === 0 || second.length === 0)
      throw new KeymootError(
        'pin-half-missing',
        'Only one half of the PIN was given. The token was not asked, so no try was used.',
      );
    joined.set(first, 0);
    joined.set(second, first.length);
    const longest = info.maxPinLen === 0 || info.maxPinLen === UNLIMITED ? 1024 : info.maxPinLen;
    const shortest = info.minPinLen === UNLIMITED ? 0 : info.minPinLen;
    if (joined.length < shortest || joined.length > longest)
      throw new KeymootError(
        'pin-form',
        `This token takes PINs of ${shortest} to ${longest} bytes; the two halves together have ${joined.length}. No try was used.`,
      );
    return plainText(joined);
  } finally {
    joined.fill(0);
    first.fill(0);
    second.fill(0);
  }
};

const plainText = (joined: Buffer): string => {
  const form = new KeymootError(
    'pin-form',
    'A PIN may only hold characters that can be seen and typed. No try was used.',
  );
  let text: string;
  try {
    // ignoreBOM: a byte order mark is kept and then refused, rather than silently dropped.
    text = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(joined);
  } catch {
    throw form; // no cause: it would contain the PIN's bytes
  }
  if (hasUnseen(text)) throw form;
  return text;
};

const LOCKED =
  'The PIN is locked, and nothing was done. The token’s security officer sets a new one with the SO PIN (on some cards: the PUK) and the maker’s own tool; no key is lost by that.';

/** SECURITY: read before each login; the flags decide whether a try may be used at all. */
const checkTries = (info: Binding.TokenInfo, lastTry: boolean): void => {
  const state = userPinState(info);
  if (state === 'locked') throw new KeymootError('pin-locked', LOCKED);
  if (state === 'not-set')
    throw new KeymootError('token-not-initialised', 'The token has no user PIN yet.');
  if (state === 'final-try' && !lastTry)
    throw new KeymootError(
      'pin-last-try',
      'One try is left before this PIN locks. It was not used; confirm that you want to use it.',
    );
};

const triesLeft = (info: Binding.TokenInfo): string => {
  switch (userPinState(info)) {
    case 'locked':
      return 'That was the last try: the PIN is now locked.';
    case 'final-try':
      return 'One try is left before it locks.';
    case 'count-low':
      return 'At least one wrong PIN was given since the last good one; this token does not say how many tries are left.';
    case 'ok':
    case 'not-set':
    case 'unknown':
      return 'This token does not say how many tries are left.';
  }
};

/** The token's PIN state now; empty when it no longer answers, since the used try must be reported anyway. */
const triesLeftAt = (lib: Cryptoki, slot: Slot): string => {
  try {
    return ` ${triesLeft(lib.tokenInfo(slot))}`;
  } catch {
    return '';
  }
};

const loginError = (lib: Cryptoki, slot: Slot, error: unknown): unknown => {
  if (!(error instanceof DeviceError)) return error;
  const fields = { device: `${ckrName(error.code)} from ${error.call}` };
  if (error.code === 0xa0) {
    return new KeymootError('pin-wrong', `The PIN is wrong.${triesLeftAt(lib, slot)}`, { fields });
  }
  if (error.code === 0xa4) return new KeymootError('pin-locked', LOCKED, { fields });
  return error;
};

/** A session of its own, always closed. A failed operation leaves its session unusable. */
export const inSession = async <T>(
  lib: Cryptoki,
  slot: Slot,
  access: 'read' | 'write',
  act: (session: Session) => T | Promise<T>,
): Promise<T> => {
  const session = lib.openSession(slot, access);
  try {
    return await act(session);
  } finally {
    quietly(() => {
      lib.closeSession(session);
    });
  }
};

/** An error during cleanup must not hide the error that caused it. */
export const quietly = (act: () => void): void => {
  try {
    act();
  } catch {
    // The session or token is gone already, so there is nothing to clean up.
  }
};

export interface LoggedIn {
  slot: Slot;
  info: Binding.TokenInfo;
  session: Session;
  /** Logs out and closes. Never throws. */
  leave: () => void;
}

/** Logs in as the user until `leave`. */
export const login = (
  lib: Cryptoki,
  token: TokenIdentity,
  pin: PinHalves,
  lastTry: boolean,
): LoggedIn => {
  const { slot, info } = locate(lib, token);
  checkTries(info, lastTry);
  const text = joinPin(pin, info);
  const session = lib.openSession(slot, 'write');
  try {
    // SECURITY: "already logged in" is an error like any other; the token would not have checked this PIN.
    lib.login(session, USER, text);
  } catch (error) {
    quietly(() => {
      lib.closeSession(session);
    });
    throw loginError(lib, slot, error);
  }
  return { slot, info, session, leave: () => leave(lib, slot, session) };
};

const leave = (lib: Cryptoki, slot: Slot, session: Session): void => {
  try {
    lib.logout(session);
  } catch {
    // SECURITY: ending the last session also logs out (PKCS#11 3.1, 5.6.2), should C_Logout have failed.
    quietly(() => {
      lib.closeAllSessions(slot);
    });
  }
  quietly(() => {
    lib.closeSession(session);
  });
};

/** Login, act, logout. */
export const loggedIn = async <T>(
  lib: Cryptoki,
  input: { token: TokenIdentity; pin: PinHalves; lastTry: boolean },
  act: (session: Session, at: LoggedIn) => T | Promise<T>,
): Promise<T> => {
  const at = login(lib, input.token, input.pin, input.lastTry);
  try {
    return await act(at.session, at);
  } finally {
    at.leave();
  }
};

/** Sets a token's user PIN as its security officer. `soPin` may be empty: NSS has no SO PIN. */
export const setUserPin = async (
  lib: Cryptoki,
  slot: Slot,
  soPin: string,
  userPin: string,
): Promise<void> => {
  await inSession(lib, slot, 'write', (session) => {
    lib.login(session, SECURITY_OFFICER, soPin);
    try {
      lib.initPin(session, userPin);
    } finally {
      quietly(() => {
        lib.logout(session);
      });
    }
  });
};
