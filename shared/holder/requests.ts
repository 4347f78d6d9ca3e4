/**
 * What the service says to the holder: the short-lived process in which components lie between their entry and the forming of the key.
 *
 * The holder loads no vendor library, no database and no network, and never sees a PIN; the vendor's process is never given a component, and the sum
 * only wrapped under its token's import key (design 03, R27 grade C). A library that is itself software (SoftHSM, NSS) unwraps it in that process.
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
  /** Takes one component as it was typed: hex digits, spaces and line breaks ignored, nothing corrected. */
  receive: record(
    { index: whole(1, 9), typed: bytes, check: string(64) },
    /** From an earlier entry of the same component: this one must be the same. */
    { commitment: hex64 },
  ),
  /** Adds the components up, seals the sum to the token's import key of so many bits, and forgets everything. */
  combine: record({ spki: bytes, bits: whole(), hash: oaepHash }, { expected: check }),
} as const satisfies Record<string, Form<object>>;
export type HolderOp = keyof typeof holderRequests;
export type HolderInput<K extends HolderOp> = Formed<(typeof holderRequests)[K]>;
