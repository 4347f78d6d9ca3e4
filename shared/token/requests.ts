/**
 * Requests to a token process: one request, one reply, errors as data. The replies are in protocol.ts.
 *
 * A token process has one vendor library loaded and knows no policy, no people and no database. Every request that needs a login carries the PIN's two
 * halves and is login–act–logout in one; only the log's signer stays logged in (design 08, T4 and T5), and an import from `importBegin` to `importFinish`.
 * The channel is Node's IPC with structured clone; the bytes of a request travel beside it (custody/aside.ts), so no PIN is ever text or left in its buffers.
 *
 * Checked by hand: the process starts for each act, and a schema library would be a third of its start.
 */
import {
  bytes,
  either,
  flag,
  list,
  oneOf,
  record,
  string,
  whole,
  type Form,
  type Formed,
} from '../form.ts';
import { isText } from '../text.ts';

/** A text from a device: undefined, or plain text. */
const deviceText: Form<string> = (value): value is string =>
  typeof value === 'string' && (value === '' || isText(value, 64));
const token = record({
  manufacturer: deviceText,
  model: deviceText,
  serial: deviceText,
  label: deviceText,
});

/** Attribute by PKCS#11 number. Booleans and numbers are encoded for the platform by the process. */
const templateEntry = record({ type: whole(0), value: either(flag, either(whole(0), bytes)) });
export type TemplateEntry = Formed<typeof templateEntry>;
const template = list(templateEntry, 64);

/** Two halves in the order of their seats. They are joined in the token process, and nowhere else. */
const pinHalves = record({ first: bytes, second: bytes });
export type PinHalves = Formed<typeof pinHalves>;

const loggedIn = { token, pin: pinHalves, lastTry: flag };

/** An object search: class and CKA_ID, which is how a key of ours is found again. */
const target = record({ objectClass: whole(0), ckaid: bytes });
const targets = list(target, 4);

export const OAEP_HASHES = ['SHA-1', 'SHA-256', 'SHA-384', 'SHA-512'] as const;
export type OaepHash = (typeof OAEP_HASHES)[number];
export const oaepHash = oneOf(OAEP_HASHES);

const nothing = record({});

export const tokenRequests = {
  /** Loads the library and initialises it. The first request, once. */
  open: record({ path: string(), sha256: string() }, { libraryParameters: string() }),
  tokens: nothing,
  /** The same after initialising the library again: a token that another process made appears only then. Not while a session is logged in. */
  rescan: nothing,
  mechanisms: record({ token }),
  /** Initialises a free slot and sets both PINs. Answers with the token's new identity. */
  initToken: record({ label: string(), soPin: pinHalves, userPin: pinHalves }),
  /** NSS: sets the first PIN of its database, which has no SO PIN of its own. */
  initPin: record({ token, userPin: pinHalves }),
  /** All objects on the token that this login may see; without a PIN the public ones. */
  list: record({ token, lastTry: flag }, { pin: pinHalves }),
  find: record({ ...loggedIn, targets }, { label: string() }),
  generate: record(
    { ...loggedIn, mechanism: whole(), targets, label: string(), cmac: flag },
    { secret: template, publicKey: template, privateKey: template },
  ),
  destroy: record({ ...loggedIn, targets }),
  /** Makes a session RSA key pair that can unwrap and nothing else, and stays logged in for `importFinish`. */
  importBegin: record({ ...loggedIn, bits: whole(), label: string() }),
  /** Unwraps, destroys the import key, reads back, logs out. */
  importFinish: record(
    { wrapped: bytes, hash: oaepHash, template, targets, cmac: flag },
    /** For a key that may not sign on a token that shows no check value: see KeyReadback.twin. */
    { twin: flag },
  ),
  /** C_WrapKey of a secret key under an RSA public key with OAEP. With `known` a session key of that value is wrapped instead: the self-test. */
  wrapOaep: record(
    { ...loggedIn, hash: oaepHash, wrappingKey: record({ modulus: bytes, exponent: bytes }) },
    { target, known: bytes },
  ),
  random: record({ token, bytes: whole(1, 1024) }),
  /** Opens the log's signer: logs in and stays logged in until the process ends. Answers with the key as the device describes it. */
  signerOpen: record({ ...loggedIn, targets }),
  /** ECDSA over a SHA-256 digest: raw r ‖ s. */
  signerSign: record({ digest: bytes }),
} as const satisfies Record<string, Form<object>>;

export type TokenOp = keyof typeof tokenRequests;
export type TokenInput<K extends TokenOp> = Formed<(typeof tokenRequests)[K]>;
export const isTokenOp = (name: unknown): name is TokenOp =>
  typeof name === 'string' && Object.hasOwn(tokenRequests, name);

export interface TokenRequest {
  seq: number;
  op: TokenOp;
  input: unknown;
}
/** `device` keeps the device's own name for the support call: CKR_PIN_INCORRECT from C_Login. */
export type TokenReply =
  | { seq: number; ok: true; value: unknown; ms: number }
  | {
      seq: number;
      ok: false;
      error: { code: string; message: string; fields?: Record<string, string> };
    };
