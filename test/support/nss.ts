/** Throw-away NSS databases: softoken is a token that supports what SoftHSM does not (OAEP with SHA-256), and lacks what SoftHSM has. */
import { existsSync, mkdtempSync, realpathSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TokenIdentity } from '../../shared/domain/tokens.ts';
import { TokenClient, type TokenClientOptions } from '../../custody/tokens/client.ts';
import { wellKnownPaths } from '../../custody/tokens/discovery.ts';
import { hashFile } from '../../custody/tokens/header.ts';
import { type ThrowAway, USER_PIN } from './softhsm.ts';

export const nssLibrary = (): string | undefined => {
  const path = wellKnownPaths('nss').find((candidate) => existsSync(candidate));
  return path === undefined ? undefined : realpathSync(path);
};

/** A new database. Its token's label is a parameter of the library. */
export const nssFolder = async (label: string): Promise<ThrowAway> => {
  const path = nssLibrary();
  if (path === undefined) throw new Error('NSS is not installed: npm test installs it');
  const folder = mkdtempSync(join(tmpdir(), 'keymoot-nss-'));
  return {
    options: {
      path,
      sha256: await hashFile(path),
      family: 'nss',
      libraryParameters: `configdir='sql:${folder}' certPrefix='' keyPrefix='' secmod='secmod.db' flags= dbTokenDescription='${label}'`,
    },
    folder,
    remove: () => {
      rmSync(folder, { recursive: true, force: true });
    },
  };
};

/** The database's own token (NSS shows another, for ciphers only), with USER_PIN set. */
export const nssToken = async (
  options: TokenClientOptions,
  label: string,
): Promise<TokenIdentity> => {
  const client = await TokenClient.start(options);
  try {
    const tokens = await client.call('tokens', {});
    const token = tokens.find(({ identity }) => identity.label === label)?.identity;
    if (!token) throw new Error('the database shows no token with that label');
    return await client.call('initPin', { token, userPin: USER_PIN() });
  } finally {
    await client.close();
  }
};
