/**
 * What people sign: DSSE envelopes over statements (resources/formats/audit-log.md, section 5).
 * Source: github.com/secure-systems-lab/dsse, protocol.md v1.0.2.
 */
import { createPublicKey, hash, verify } from 'node:crypto';
import { z } from 'zod';
import { canonicalBytes, parseCanonical } from '../../../shared/canonical.ts';
import {
  Base64,
  CeremonyId,
  Count,
  Hex64,
  Time,
  Uuid,
  text,
} from '../../../shared/domain/basics.ts';
import { Role, SigningKey } from '../../../shared/domain/people.ts';
import { base64, fromBase64 } from './note.ts';

export const PAYLOAD_TYPE = 'application/vnd.keymoot.statement+json';

export const Envelope = z.strictObject({
  payload: Base64,
  payloadType: z.literal(PAYLOAD_TYPE),
  signatures: z.array(z.strictObject({ keyid: Hex64, sig: Base64 })).length(1),
});
export type Envelope = z.infer<typeof Envelope>;

export const SUBJECTS = [
  'policy',
  'enrolment',
  'person',
  'definition',
  'ceremony',
  'key',
  'module',
  'export',
  'token',
] as const;
export const Subject = z.strictObject({ kind: z.enum(SUBJECTS), sha256: Hex64 });
export type Subject = z.infer<typeof Subject>;

/** What people who let a module in sign: its file, its path and how it is loaded. `module`: the id that it gets, which says nothing yet. */
export const moduleSubject = ({
  module: _module,
  ...facts
}: Readonly<Record<string, string>> & { module: string }): Subject => ({
  kind: 'module',
  sha256: hash('sha256', canonicalBytes(facts)),
});

export const StatementCeremony = z.strictObject({
  id: CeremonyId,
  definition_sha256: Hex64,
  step: text(32).optional(),
});
const head = z.strictObject({ size: Count, root: Base64 });
const common = { v: z.literal(1), log: text(160), person: Uuid, head, time: Time };

export const Enrolment = z.strictObject({
  ...common,
  kind: z.literal('enrolment'),
  role: Role,
  key: SigningKey,
  name_sha256: Hex64,
});
export type Enrolment = z.infer<typeof Enrolment>;
export const Act = z.strictObject({
  ...common,
  kind: z.literal('act'),
  channel: text(64),
  input_sha256: Hex64,
  subject: Subject.optional(),
  ceremony: StatementCeremony.optional(),
  nonce: z.string().regex(/^[0-9a-f]{32}$/),
});
export type Act = z.infer<typeof Act>;
const Statement = z.discriminatedUnion('kind', [Enrolment, Act]);
type Statement = z.infer<typeof Statement>;

/** The bytes that are signed: DSSE's pre-authentication encoding. */
export const preAuthentication = (payload: Uint8Array): Uint8Array =>
  Buffer.concat([
    Buffer.from(`DSSEv1 ${PAYLOAD_TYPE.length} ${PAYLOAD_TYPE} ${payload.length} `),
    payload,
  ]);

export const statementBytes = (statement: Statement): Uint8Array => canonicalBytes(statement);

export const envelope = (
  payload: Uint8Array,
  keySha256: string,
  signature: Uint8Array,
): Envelope => ({
  payload: base64(payload),
  payloadType: PAYLOAD_TYPE,
  signatures: [{ keyid: keySha256, sig: base64(signature) }],
});

/** The statement inside, strictly parsed, with the payload's hash; undefined when it is not one. */
export const openEnvelope = (
  from: Envelope,
): { statement: Statement; payload: Uint8Array; sha256: string } | undefined => {
  const payload = fromBase64(from.payload);
  if (payload === undefined) return undefined;
  try {
    const statement = Statement.parse(parseCanonical(payload));
    return { statement, payload, sha256: hash('sha256', payload) };
  } catch {
    return undefined; // not canonical, or not of this form: in either case no statement
  }
};

/** Does this key's signature hold? Ed25519 signs PAE itself, ECDSA its SHA-256 as DER. */
export const envelopeHolds = (from: Envelope, key: SigningKey): boolean => {
  const [line] = from.signatures;
  const payload = fromBase64(from.payload);
  const signature = line === undefined ? undefined : fromBase64(line.sig);
  const spki = fromBase64(key.spki);
  if (
    line?.keyid !== key.sha256 ||
    payload === undefined ||
    signature === undefined ||
    spki === undefined
  )
    return false;
  if (hash('sha256', spki) !== key.sha256) return false;
  try {
    const publicKey = createPublicKey({ key: Buffer.from(spki), format: 'der', type: 'spki' });
    const expected = key.alg === 'Ed25519' ? 'ed25519' : 'ec';
    if (publicKey.asymmetricKeyType !== expected) return false;
    if (expected === 'ec' && publicKey.asymmetricKeyDetails?.namedCurve !== 'prime256v1')
      return false;
    return verify(
      expected === 'ec' ? 'sha256' : null,
      preAuthentication(payload),
      publicKey,
      signature,
    );
  } catch {
    return false; // a key or a signature that the library can't read holds for nothing
  }
};
