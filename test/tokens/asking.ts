/** The token that several tests ask, and the requests that they make, with the PIN that throw-away tokens have. */
import { randomBytes } from 'node:crypto';
import type { Algorithm, Purpose } from '../../shared/domain/keys.ts';
import type { Family, TokenIdentity } from '../../shared/domain/tokens.ts';
import type { KeyReadback } from '../../shared/token/protocol.ts';
import { type GenerateSpec, generateSpec } from '../../custody/core/keys/templates.ts';
import { TokenClient, type TokenClientOptions } from '../../custody/tokens/client.ts';
import { type ThrowAway, USER_PIN } from '../support/softhsm.ts';

/** A token in a folder of its own, and a process that has its library loaded. */
export const newToken = async (
  folder: () => Promise<ThrowAway>,
  init: (options: TokenClientOptions, label: string) => Promise<TokenIdentity>,
  label: string,
): Promise<{ away: ThrowAway; token: TokenIdentity; client: TokenClient }> => {
  const away = await folder();
  const token = await init(away.options, label);
  return { away, token, client: await TokenClient.start(away.options) };
};
export const leave = async (client: TokenClient, away: ThrowAway): Promise<void> => {
  await client.close();
  away.remove();
};

export const planFor = (
  family: Family,
  algorithm: Algorithm,
  purpose: Purpose,
  extractable = false,
): GenerateSpec =>
  generateSpec({
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
  asked: GenerateSpec,
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
