/** Facts about a key, from the device's answers: for all code that makes, imports or adopts one. */
import { hash } from 'node:crypto';
import type { Attributes, Control, KeyRecord, KeyState } from '../../../shared/domain/keys.ts';
import type { TokenRef } from '../../../shared/domain/tokens.ts';
import { KeymootError } from '../../../shared/errors.ts';
import { isText } from '../../../shared/text.ts';
import type { KeyReadback } from '../../../shared/token/protocol.ts';
import { base64 } from '../../core/audit/note.ts';
import { tokenId } from '../../core/state/state.ts';
import { originOf, secretPart } from '../../core/keys/readback.ts';
import { spkiOf } from '../../core/keys/spki.ts';
import type { Desk } from '../desk.ts';
import { ALGORITHM_TABLE, type KeyRequest } from '../../core/keys/templates.ts';

export const requireKey = (desk: Desk, id: string): KeyRecord => {
  const key = desk.store.keys.get(id);
  if (key === undefined)
    throw new KeymootError('not-found', 'This desk has no such key. Nothing was done.');
  return key;
};

/** Attributes for an entry, as the device reported them, without long public values, which the fingerprint covers already. */
export const logAttributes = (attributes: Attributes): Attributes =>
  Object.fromEntries(
    Object.entries(attributes)
      .filter(
        ([name]) =>
          !['CKA_MODULUS', 'CKA_EC_POINT', 'CKA_EC_PARAMS', 'CKA_PUBLIC_EXPONENT'].includes(name),
      )
      .filter(([, value]) => typeof value !== 'string' || value === '' || isText(value, 1024)),
  );

/**
 * R3a: dual control is real only where two people proved themselves at this desk when it set the token's PIN in halves; anything else is single control, and is
 * labelled so. SECURITY: counted from their signatures in the log.
 */
export const controlOf = (desk: Desk, { module, token }: TokenRef): Control =>
  desk.journal.state.twoAtInit.get(tokenId(module, token)) === true
    ? 'pin-halves'
    : 'single-control';

interface KeyFacts {
  id: string;
  at: TokenRef;
  request: KeyRequest;
  state: KeyState;
  control: Control;
  ceremony?: string;
  /** A check value from the holder, where it proves more than the device's own. */
  check?: KeyRecord['check'];
  created: string;
}

export const keyRecord = (facts: KeyFacts, readback: KeyReadback): KeyRecord => {
  const { id, at, request, state, control, ceremony, created } = facts;
  const attributes = secretPart(readback)?.attributes ?? {};
  const spki = spkiOf(readback);
  const check = facts.check ?? readback.check;
  return {
    id,
    label: request.label,
    algorithm: request.algorithm,
    bits: ALGORITHM_TABLE[request.algorithm].bits,
    purpose: request.purpose,
    extractable: request.extractable,
    at,
    ckaid: Buffer.from(request.ckaid).toString('hex'),
    state,
    origin: originOf(attributes, request.family),
    control,
    ...(check === undefined ? {} : { check }),
    ...(spki === undefined ? {} : { spki: base64(spki), spkiSha256: hash('sha256', spki) }),
    attributes,
    ...(ceremony === undefined ? {} : { ceremony }),
    created,
  };
};

/** The same facts in the form of the log. */
export const keyDetail = (key: KeyRecord, more: { recovered?: boolean; grade?: 'C' } = {}) => ({
  key: key.id,
  algorithm: key.algorithm,
  bits: key.bits,
  label: key.label,
  purpose: key.purpose,
  extractable: key.extractable,
  ckaid: key.ckaid,
  module: key.at.module,
  token: key.at.token,
  attributes: logAttributes(key.attributes),
  ...(key.check === undefined ? {} : { check: key.check }),
  ...(key.spkiSha256 === undefined ? {} : { spki_sha256: key.spkiSha256 }),
  origin: key.origin,
  control: key.control,
  ...more,
});

export const keyTarget = (key: Pick<KeyRecord, 'label' | 'ckaid' | 'spkiSha256'>) => ({
  kind: 'key',
  label: key.label,
  ckaid: key.ckaid,
  ...(key.spkiSha256 === undefined ? {} : { fp: key.spkiSha256 }),
});

const SPKI_MEDIA = 'application/vnd.keymoot.public-key';

/** The entry's members for a key that was made; the public key is named as evidence. */
export const madeEntry = (key: KeyRecord, more: { recovered?: boolean; grade?: 'C' } = {}) => ({
  target: keyTarget(key),
  tokenSerial: key.at.token.serial,
  detail: keyDetail(key, more),
  ...(key.spki === undefined || key.spkiSha256 === undefined
    ? {}
    : {
        evidence: [
          {
            sha256: key.spkiSha256,
            media: SPKI_MEDIA,
            bytes: Buffer.from(key.spki, 'base64').length,
          },
        ],
      }),
});
/** Stores the public key that {@link madeEntry} names. */
export const keepPublicKey =
  (desk: Desk, { spki }: KeyRecord) =>
  () => {
    if (spki !== undefined) desk.store.evidence.put(SPKI_MEDIA, Buffer.from(spki, 'base64'));
  };
