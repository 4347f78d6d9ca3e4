/**
 * What the service says to a token process and what comes back: one request, one reply, errors as data.
 *
 * A token process has one vendor library loaded and knows no policy, no people and no database. Every request that needs a login carries the PIN's two
 * halves and is login–act–logout in one; only the log's signer stays logged in (design 08, T4 and T5), and an import from `importBegin` to `importFinish`.
 * The channel is Node's IPC with structured clone; the bytes of a request travel beside it (custody/aside.ts), so no PIN is ever text or left in its buffers.
 */
import { z } from 'zod';
import { Attributes, Check } from '../domain/keys.ts';
import { ModuleInfo, TokenIdentity, TokenSummary } from '../domain/tokens.ts';

const Bytes = z.custom<Uint8Array>((value) => value instanceof Uint8Array, 'must be bytes');

/** Attribute by PKCS#11 number. Booleans and numbers are encoded for the platform by the process. */
export const TemplateEntry = z.strictObject({
  type: z.int().min(0),
  value: z.union([z.boolean(), z.int().min(0), Bytes]),
});
export type TemplateEntry = z.infer<typeof TemplateEntry>;
const Template = z.array(TemplateEntry).max(64);

/** Two halves in the order of their seats. They are joined here, in the token process, and nowhere else. */
export const PinHalves = z.strictObject({ first: Bytes, second: Bytes });
export type PinHalves = z.infer<typeof PinHalves>;

const onToken = { token: TokenIdentity };
const loggedIn = { token: TokenIdentity, pin: PinHalves, lastTry: z.boolean() };

/** An object search: class and CKA_ID, which is how a key of ours is found again. */
const Target = z.strictObject({ objectClass: z.int().min(0), ckaid: Bytes });

export const OaepHash = z.enum(['SHA-1', 'SHA-256', 'SHA-384', 'SHA-512']);
export type OaepHash = z.infer<typeof OaepHash>;

const RsaPublic = z.strictObject({ modulus: Bytes, exponent: Bytes });

/** An object as the device describes it. `ckaid` and labels are the device's words, cleaned for showing. */
export const TokenObject = z.strictObject({
  objectClass: z.int().min(0),
  ckaid: z.string(),
  label: z.string(),
  attributes: Attributes,
});
export type TokenObject = z.infer<typeof TokenObject>;

const KeyReadback = z.strictObject({
  objects: z.array(TokenObject),
  /** Read from the device: CMAC where the key may sign, else CKA_CHECK_VALUE, else absent. */
  check: Check.optional(),
  /** The check value was made with a session twin, unwrapped from the same bytes and destroyed: the key itself may not sign. */
  twin: z.literal(true).optional(),
  /** Public part as the device reports it. */
  modulus: Bytes.optional(),
  exponent: Bytes.optional(),
  /** Of the private half of an RSA pair, where the device shows it. */
  privateModulus: Bytes.optional(),
  ecParams: Bytes.optional(),
  ecPoint: Bytes.optional(),
});
export type KeyReadback = z.infer<typeof KeyReadback>;

const op = <I extends z.ZodType, O extends z.ZodType>(input: I, output: O) => ({ input, output });
const Nothing = z.strictObject({});

export const tokenProtocol = {
  /** Loads the library and initialises it. The first request, once. */
  open: op(
    z.strictObject({
      path: z.string(),
      sha256: z.string(),
      libraryParameters: z.string().optional(),
    }),
    ModuleInfo,
  ),
  tokens: op(Nothing, z.array(TokenSummary)),
  /** The same after initialising the library anew: a token that another process made shows only then. Not while something is logged in. */
  rescan: op(Nothing, z.array(TokenSummary)),
  mechanisms: op(z.strictObject(onToken), z.array(z.int())),
  /** Initialises a free slot and sets both PINs. Answers with the token's new identity. */
  initToken: op(
    z.strictObject({ label: z.string(), soPin: PinHalves, userPin: PinHalves }),
    TokenIdentity,
  ),
  /** NSS: sets the first PIN of its database, which has no SO PIN of its own. */
  initPin: op(z.strictObject({ ...onToken, userPin: PinHalves }), TokenIdentity),
  /** Everything on the token that this login may see; without a PIN the public view. */
  list: op(
    z.strictObject({ ...onToken, pin: PinHalves.optional(), lastTry: z.boolean() }),
    z.array(TokenObject),
  ),
  find: op(
    z.strictObject({ ...loggedIn, targets: z.array(Target).max(4), label: z.string().optional() }),
    z.strictObject({ byId: KeyReadback, sameLabel: z.int().min(0) }),
  ),
  generate: op(
    z.strictObject({
      ...loggedIn,
      mechanism: z.int(),
      secret: Template.optional(),
      publicKey: Template.optional(),
      privateKey: Template.optional(),
      targets: z.array(Target).max(4),
      label: z.string(),
      cmac: z.boolean(),
    }),
    KeyReadback,
  ),
  destroy: op(
    z.strictObject({ ...loggedIn, targets: z.array(Target).max(4) }),
    z.strictObject({ destroyed: z.int().min(0) }),
  ),
  /** Makes a session RSA key pair that can unwrap and nothing else, and stays logged in for `importFinish`. */
  importBegin: op(z.strictObject({ ...loggedIn, bits: z.int(), label: z.string() }), RsaPublic),
  /** Unwraps, destroys the import key, reads back, logs out. */
  importFinish: op(
    z.strictObject({
      wrapped: Bytes,
      hash: OaepHash,
      template: Template,
      targets: z.array(Target).max(4),
      cmac: z.boolean(),
      /** Where the key may not sign and the token shows no check value of its own: see KeyReadback.twin. */
      twin: z.boolean().optional(),
    }),
    KeyReadback,
  ),
  /** C_WrapKey of a secret key under an RSA public key with OAEP. With `known` a session key of that value is wrapped instead: the self-test. */
  wrapOaep: op(
    z.strictObject({
      ...loggedIn,
      hash: OaepHash,
      wrappingKey: RsaPublic,
      target: Target.optional(),
      known: Bytes.optional(),
    }),
    z.strictObject({ wrapped: Bytes, attributes: Attributes }),
  ),
  random: op(z.strictObject({ ...onToken, bytes: z.int().min(1).max(1024) }), Bytes),
  /** Opens the log's signer: logs in and stays so until the process ends. Answers with the key as the device describes it. */
  signerOpen: op(z.strictObject({ ...loggedIn, targets: z.array(Target).max(4) }), KeyReadback),
  /** ECDSA over a SHA-256 digest: raw r ‖ s. */
  signerSign: op(z.strictObject({ digest: Bytes }), Bytes),
} as const;

export type TokenOp = keyof typeof tokenProtocol;
export type TokenInput<K extends TokenOp> = z.infer<(typeof tokenProtocol)[K]['input']>;
export type TokenOutput<K extends TokenOp> = z.infer<(typeof tokenProtocol)[K]['output']>;
export const TOKEN_OPS = Object.keys(tokenProtocol) as TokenOp[];

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
