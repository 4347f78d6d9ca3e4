/**
 * Requests to the holder: the short-lived process that keeps components from their entry until the key is formed.
 *
 * The holder loads no vendor library, no database and no network, and never sees a PIN; the vendor's process never gets a component, and gets the sum only
 * wrapped under its token's import key (design 03, R27 grade C). A library that is itself software (SoftHSM, NSS) unwraps it in that process.
 */
import { CHECK_METHODS } from '../domain/check-methods.ts';
import { bytes, oneOf, record, string, whole, type Form, type Formed } from '../form.ts';
import { oaepHash } from '../token/requests.ts';

const hex64 = string(64, /^[0-9a-f]{64}$/);
const check = record({
  method: oneOf(CHECK_METHODS),
  value: string(16, /^(?:[0-9a-f]{2}){2,}$/),
});

export const holderRequests = {
  begin: record({ setId: string(), count: whole(2, 9), bytes: oneOf([16, 32]) }),
  /** Takes one component as typed: hex digits; spaces and line breaks are ignored, nothing is corrected. */
  receive: record(
    { index: whole(1, 9), typed: bytes, check: string(64) },
    /** The commitment of an earlier entry of this component, which must match. */
    { commitment: hex64 },
  ),
  /** XORs the components, seals the sum to the token's import key of `bits` bits, and zeroes everything. */
  combine: record({ spki: bytes, bits: whole(), hash: oaepHash }, { expected: check }),
} as const satisfies Record<string, Form<object>>;
export type HolderOp = keyof typeof holderRequests;
export type HolderInput<K extends HolderOp> = Formed<(typeof holderRequests)[K]>;
