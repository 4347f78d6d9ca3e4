/** The requests that several tests make, with the PIN that throw-away tokens have. */
import { randomBytes } from 'node:crypto';
import type { Algorithm, Purpose } from '../../shared/domain/keys.ts';
import type { Family, TokenIdentity } from '../../shared/domain/tokens.ts';
import type { KeyReadback } from '../../shared/token/protocol.ts';
import { type GeneratePlan, generatePlan } from '../../custody/core/keys/templates.ts';
import type { TokenClient } from '../../custody/tokens/client.ts';
import { USER_PIN } from '../support/softhsm.ts';

export const planFor = (
  family: Family,
  algorithm: Algorithm,
  purpose: Purpose,
  extractable = false,
): GeneratePlan =>
  generatePlan({
    algorithm,
    purpose,
    extractable,
    label: `${algorithm} for ${purpose}`,
    ckaid: randomBytes(16),
    family,
  });

export const generate = (
  client: TokenClient,
  token: TokenIdentity,
  asked: GeneratePlan,
): Promise<KeyReadback> => {
  const { mechanism, secret, publicKey, privateKey, targets, cmac, request } = asked;
  return client.call(
    'generate',
    {
      token,
      pin: USER_PIN(),
      lastTry: false,
      mechanism,
      ...(secret ? { secret } : {}),
      ...(publicKey ? { publicKey } : {}),
      ...(privateKey ? { privateKey } : {}),
      targets,
      label: request.label,
      cmac,
    },
    { deadlineMs: asked.deadlineMs },
  );
};
