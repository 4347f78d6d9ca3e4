/**
 * Every way a call can fail, as a closed set.
 *
 * A code is for programs and for the support call; the message is for people and says what happened, what was not harmed and what to do next. No message ever
 * contains a secret, a path the person did not type, or a stack.
 */
export const ERROR_CODES = {
  // the call itself
  'input-invalid': 'A value does not have the form it needs.',
  'channel-unknown': 'There is no such call.',
  'message-malformed': 'The message is not one of ours.',
  'message-too-large': 'The message is larger than any of ours.',
  'not-found': 'Nothing is known under that name.',
  ambiguous: 'More than one thing fits.',
  'grant-unknown': 'That file was not chosen here, or was used already.',
  'file-unreadable': 'The file could not be read.',
  'file-too-large': 'The file is larger than anything expected here.',
  'file-exists': 'Something is there already; nothing is overwritten.',
  'file-not-written': 'The file could not be written.',
  cancelled: 'It was cancelled.',
  // people
  'act-required': 'This needs a fresh proof by a named person.',
  'act-refused': 'The proof does not hold.',
  'two-required': 'This needs two different people.',
  'presence-required': 'No person who may read is present.',
  'role-refused': 'That role may not do this.',
  'person-unknown': 'No such person is enrolled.',
  'secret-unknown': 'That secret was never given, or was used already.',
  'secret-unreadable': 'The sealed value could not be opened.',
  // the desk
  'desk-exists': 'A desk is here already.',
  'desk-missing': 'There is no desk here yet.',
  'desk-busy': 'Another Keymoot has this desk open.',
  'desk-not-ready': 'The desk has not been set up to the end.',
  'policy-refused': 'The policy does not allow it.',
  'signer-missing': 'The log can not be sealed now.',
  'recovery-needed': 'Something was left unfinished and must be settled first.',
  // the store
  'store-damaged': 'The database is damaged.',
  'store-older': 'The database is from an earlier build.',
  'store-newer': 'The database is from a newer version.',
  'store-read-only': 'The database can not be written.',
  'store-full': 'The disk is full.',
  'store-tampered': 'The database says something that its log does not.',
  'log-mismatch': 'The log contradicts what was sealed.',
  // modules and tokens
  'module-missing': 'There is no such file.',
  'module-not-library': 'The file is not a shared library.',
  'module-wrong-width': 'The library is for another kind of processor or program.',
  'module-dependency': 'The library needs another one that is missing.',
  'module-not-pkcs11': 'The library loads, but is not PKCS#11.',
  'module-crashed': 'The vendor library ended its process.',
  'module-hung': 'The vendor library did not answer.',
  'module-lied': 'The vendor library contradicts itself.',
  'module-quarantined': 'The library changed since it was last approved.',
  'module-failed': 'The vendor library reported a failure.',
  'token-missing': 'The token is not there.',
  'token-not-initialised': 'The token has not been initialised.',
  'token-removed': 'The token went away.',
  'token-full': 'The token has no room.',
  'token-failed': 'The token reported a failure.',
  'pin-wrong': 'The PIN is wrong.',
  'pin-half-missing': 'Only one half of the PIN was given.',
  'pin-last-try': 'One try is left before the token locks.',
  'pin-locked': 'The PIN is locked.',
  'pin-form': 'The PIN does not have a form the token takes.',
  'already-logged-in': 'The token was logged in already.',
  // keys and exports
  'label-taken': 'A key with that label is there already.',
  'key-not-as-asked': 'The token made something other than was asked for.',
  'mechanism-unsupported': 'The token can not do that.',
  'self-test-failed': 'The token failed its self-test.',
  'params-malformed': 'The parameters are not what the provider sends.',
  'params-expired': 'The parameters have expired.',
  'wrapping-key-refused': 'The wrapping key may not be used.',
  'readback-wrong': 'The words read back are not the ones shown.',
  // ceremonies
  'step-refused': 'That step is not the one that is due.',
  'component-refused': 'The component was refused.',
  'state-refused': 'That can not be done in this state.',
  // ours
  internal: 'Keymoot made a mistake.',
} as const;

export type ErrorCode = keyof typeof ERROR_CODES;
export const isErrorCode = (value: unknown): value is ErrorCode =>
  typeof value === 'string' && Object.hasOwn(ERROR_CODES, value);

type ErrorFields = Readonly<Record<string, string>>;

/** The one error class. `fields` name the inputs at fault, by their path; a device's own name is in `fields.device` (CKR_… from C_…). */
export class KeymootError extends Error {
  readonly code: ErrorCode;
  readonly fields: ErrorFields | undefined;
  constructor(
    code: ErrorCode,
    message: string,
    options: { cause?: unknown; fields?: ErrorFields } = {},
  ) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.name = 'KeymootError';
    this.code = code;
    this.fields = options.fields;
  }
}

export interface ErrorData {
  code: ErrorCode;
  message: string;
  fields?: ErrorFields;
}

/**
 * The part of an error that crosses a process boundary: no stack, no cause. An unexpected error becomes `internal` without its text, which may contain data.
 */
export const errorData = (error: unknown): ErrorData => {
  if (!(error instanceof KeymootError)) {
    return {
      code: 'internal',
      message:
        'Keymoot made a mistake. Nothing was acknowledged; look at the state before you try again.',
    };
  }
  const { code, message, fields } = error;
  return fields === undefined ? { code, message } : { code, message, fields };
};

export const fromErrorData = ({ code, message, fields }: ErrorData): KeymootError =>
  new KeymootError(code, message, fields === undefined ? {} : { fields });
