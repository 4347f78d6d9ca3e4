/** Tests how a token really wraps, with known values that protect nothing. */
import { generateKeyPairSync, randomBytes } from 'node:crypto';
import type { AwsAlgorithm } from '../../../shared/contract/exports.ts';
import type { KeyRecord } from '../../../shared/domain/keys.ts';
import { KeymootError } from '../../../shared/errors.ts';
import { AWS_OAEP_HASH } from '../../core/wrapping/aws.ts';
import { judgeOaep, requirePassed } from '../../core/wrapping/selftest.ts';
import { parseRsaSpki } from '../../core/wrapping/spki.ts';
import type { Desk } from '../desk.ts';
import type { Login } from '../key-work.ts';
import { reasonOf } from '../reason.ts';

/** The progress text of the test. */
export const SELF_TEST = 'Testing how the token wraps, on a key that is worth nothing.';
const OAEP_WORDS = 'RSA-OAEP and';

/**
 * Wraps a throw-away key whose value is known under a throw-away key pair made here, and opens it: this proves what the token really does, not what it lists
 * (design 04, 3.4).
 * @param bits of the wrapping key that the real wrap will use
 */
export const selfTest = async (
  desk: Desk,
  key: KeyRecord,
  algorithm: AwsAlgorithm,
  login: Login,
): Promise<readonly string[]> => {
  const { privateKey, publicKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
  const spki = publicKey.export({ format: 'der', type: 'spki' });
  const { modulus, exponent } = parseRsaSpki(spki);
  const known = randomBytes(32);
  const hashName = AWS_OAEP_HASH[algorithm];
  try {
    const { wrapped } = await desk.devices.with(key.at.module, 'act', (client) =>
      client.call('wrapOaep', {
        token: key.at.token,
        pin: login.pin,
        lastTry: login.lastTry,
        hash: hashName,
        wrappingKey: { modulus, exponent },
        known,
      }),
    );
    const verdict = judgeOaep({
      blob: wrapped,
      privateKey: privateKey.export({ format: 'der', type: 'pkcs8' }),
      hash: hashName,
      plaintext: known,
    });
    requirePassed(verdict, `${OAEP_WORDS} ${hashName} on token “${key.at.token.label}”`);
    return verdict.ok ? verdict.shown : [];
  } catch (error) {
    if (!(error instanceof KeymootError) || error.code !== 'mechanism-unsupported') throw error;
    const other = algorithm === 'RSAES_OAEP_SHA_256' ? 'RSAES_OAEP_SHA_1' : 'RSAES_OAEP_SHA_256';
    throw new KeymootError(
      'mechanism-unsupported',
      `This token can’t wrap with ${OAEP_WORDS} ${hashName} (${reasonOf(error)}), so ${algorithm} is not possible with it. Nothing was wrapped. ` +
        `Ask AWS for ${other} instead, or use a token that does ${hashName}: NSS does, SoftHSM does SHA-1 only.`,
      {
        cause: error,
        fields: { algorithm, alternative: other, device: error.fields?.device ?? '' },
      },
    );
  } finally {
    known.fill(0);
  }
};
