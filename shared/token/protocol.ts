/** A token process's answers, as the service checks them. A vendor's code runs there: an answer of the right form is not believed for that alone. */
import { z } from 'zod';
import { Attributes, Check } from '../domain/keys.ts';
import { ModuleInfo, TokenIdentity, TokenSummary } from '../domain/tokens.ts';
import { OAEP_HASHES, type TokenOp } from './requests.ts';

export type { PinHalves, TemplateEntry, TokenInput, TokenOp } from './requests.ts';

const Bytes = z.custom<Uint8Array>((value) => value instanceof Uint8Array, 'must be bytes');

export const OaepHash = z.enum(OAEP_HASHES);
export type OaepHash = z.infer<typeof OaepHash>;

/** An object as the device describes it. `ckaid` and labels come from the device, cleaned for display. */
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

export const tokenAnswers = {
  open: ModuleInfo,
  tokens: z.array(TokenSummary),
  rescan: z.array(TokenSummary),
  mechanisms: z.array(z.int()),
  initToken: TokenIdentity,
  initPin: TokenIdentity,
  list: z.array(TokenObject),
  find: z.strictObject({ byId: KeyReadback, sameLabel: z.int().min(0) }),
  generate: KeyReadback,
  destroy: z.strictObject({ destroyed: z.int().min(0) }),
  importBegin: z.strictObject({ modulus: Bytes, exponent: Bytes }),
  importFinish: KeyReadback,
  wrapOaep: z.strictObject({ wrapped: Bytes, attributes: Attributes }),
  random: Bytes,
  signerOpen: KeyReadback,
  signerSign: Bytes,
} as const satisfies Record<TokenOp, z.ZodType>;

export type TokenOutput<K extends TokenOp> = z.infer<(typeof tokenAnswers)[K]>;
