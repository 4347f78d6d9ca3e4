/** Simulates AWS's side of an export with a throw-away key: issues parameters and opens what comes back. */
import {
  constants,
  createPrivateKey,
  generateKeyPair,
  privateDecrypt,
  randomBytes,
  type KeyObject,
} from 'node:crypto';
import { promisify } from 'node:util';

export interface PlayedAws {
  privateKey: KeyObject;
  /** What `aws kms get-parameters-for-import` would print. */
  params: string;
}

export const playAws = async (bits = 4096, validMs = 24 * 3600_000): Promise<PlayedAws> => {
  const { publicKey, privateKey } = await promisify(generateKeyPair)('rsa', {
    modulusLength: bits,
    publicKeyEncoding: { type: 'spki', format: 'der' },
    privateKeyEncoding: { type: 'pkcs8', format: 'der' },
  });
  const params = {
    KeyId: 'arn:aws:kms:eu-central-1:111122223333:key/0987dcba-09fe-87dc-65ba-ab0987654321',
    ImportToken: randomBytes(1024).toString('base64'),
    PublicKey: publicKey.toString('base64'),
    ParametersValidTo: new Date(Date.now() + validMs).toISOString().replace('Z', '000+00:00'),
  };
  return {
    privateKey: createPrivateKey({ key: privateKey, format: 'der', type: 'pkcs8' }),
    params: `${JSON.stringify(params, undefined, 4)}\n`,
  };
};

/** The key bytes inside, or undefined when the blob does not open. The caller zeroes them. */
export const openBlob = (
  aws: PlayedAws,
  blob: Uint8Array,
  oaepHash: 'sha1' | 'sha256',
): Buffer | undefined => {
  try {
    return privateDecrypt(
      { key: aws.privateKey, padding: constants.RSA_PKCS1_OAEP_PADDING, oaepHash },
      blob,
    );
  } catch {
    return undefined; // the reason is never reported (RFC 8017, 7.1.2)
  }
};
