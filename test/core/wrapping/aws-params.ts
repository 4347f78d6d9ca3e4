/** What `aws kms get-parameters-for-import` prints, made for the tests. */
import { generateKeyPairSync } from 'node:crypto';

export const ARN = 'arn:aws:kms:eu-central-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab';
/** 2026-01-30T12:00:00Z */
export const NOW_MS = Date.UTC(2026, 0, 30, 12);
export const VALID_TO = '2026-01-31T12:00:00+00:00';

export const wrappingPair = (modulusLength: number) => {
  const { publicKey, privateKey } = generateKeyPairSync('rsa', { modulusLength });
  return {
    spki: Uint8Array.from(publicKey.export({ format: 'der', type: 'spki' })),
    pkcs8: Uint8Array.from(privateKey.export({ format: 'der', type: 'pkcs8' })),
  };
};

export const pair3072 = wrappingPair(3072);

export type Members = Record<string, unknown>;

export const members = (changes: Members = {}): Members => ({
  KeyId: ARN,
  ImportToken: Buffer.alloc(1200, 7).toString('base64'),
  PublicKey: Buffer.from(pair3072.spki).toString('base64'),
  ParametersValidTo: VALID_TO,
  ...changes,
});

export const paramsJson = (changes: Members = {}): Uint8Array =>
  new TextEncoder().encode(`${JSON.stringify(members(changes), null, 4)}\n`);
