/**
 * What people sign: DSSE envelopes over statements (resources/formats/audit-log.md, section 5).
 * Source: github.com/secure-systems-lab/dsse, protocol.md v1.0.2.
 */
import { hash, verify } from 'node:crypto';
import { canonicalBytes } from '../../../shared/canonical.ts';
import { either } from '../../../shared/log/rules.ts';
import { PAYLOAD_TYPE, type Envelope } from '../../../shared/log/shapes.ts';
import { actRule, enrolmentRule, type Act, type Enrolment } from '../../../shared/log/statement.ts';
import type { SigningKey } from '../../../shared/domain/people.ts';
import { base64, fromBase64 } from './note.ts';
import { Broken, keyIn, readCanonical } from './reading.ts';

const statementRule = either(actRule, enrolmentRule);
type Statement = Act | Enrolment;

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

/** The statement in the envelope, strictly parsed, with the payload's hash; undefined when there is none. */
export const openEnvelope = (
  from: Envelope,
): { statement: Statement; payload: Uint8Array; sha256: string } | undefined => {
  const payload = fromBase64(from.payload);
  if (payload === undefined) return undefined;
  try {
    const statement = readCanonical(Buffer.from(payload), statementRule);
    return { statement, payload, sha256: hash('sha256', payload) };
  } catch (error) {
    if (error instanceof Broken) return undefined;
    throw error;
  }
};

/** Ed25519 signs the encoding itself, ECDSA its SHA-256 as DER. */
export const digestOf = ({ alg }: Pick<SigningKey, 'alg'>): string | null =>
  alg === 'Ed25519' ? null : 'sha256';

/** Does this key's signature hold? */
export const envelopeHolds = (from: Envelope, key: SigningKey): boolean => {
  const [line] = from.signatures;
  const payload = fromBase64(from.payload);
  const signature = line === undefined ? undefined : fromBase64(line.sig);
  if (line?.keyid !== key.sha256 || payload === undefined || signature === undefined) return false;
  try {
    return verify(digestOf(key), preAuthentication(payload), keyIn(key), signature);
  } catch {
    return false; // a key or signature that the library can't parse is not valid
  }
};
