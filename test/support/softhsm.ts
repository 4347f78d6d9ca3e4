/** Throw-away SoftHSM tokens, in a folder of their own that is removed with the test. */
import { existsSync, mkdtempSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { realpathSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TokenIdentity } from '../../shared/domain/tokens.ts';
import type { PinHalves } from '../../shared/token/protocol.ts';
import { TokenClient, type TokenClientOptions } from '../../custody/tokens/client.ts';
import { wellKnownPaths } from '../../custody/tokens/discovery.ts';
import { hashFile } from '../../custody/tokens/header.ts';

export const halves = (first: string, second: string): PinHalves => ({
  first: new TextEncoder().encode(first),
  second: new TextEncoder().encode(second),
});

/** The two PIN halves of every throw-away token. New buffers each time, since both ends wipe them. */
export const USER_PIN = (): PinHalves => halves('left-12', 'right-34');
export const SO_PIN = (): PinHalves => halves('so-left-5', 'so-right-6');

export const softhsmLibrary = (): string | undefined => {
  const path = wellKnownPaths('softhsm').find((candidate) => existsSync(candidate));
  return path === undefined ? undefined : realpathSync(path);
};

export interface ThrowAway {
  readonly options: TokenClientOptions;
  readonly folder: string;
  remove: () => void;
}

/** A folder for tokens, with its configuration; no token yet. */
export const softhsmFolder = async (): Promise<ThrowAway> => {
  const path = softhsmLibrary();
  if (path === undefined) throw new Error('SoftHSM is not installed: npm test installs it');
  const folder = mkdtempSync(join(tmpdir(), 'keymoot-softhsm-'));
  mkdirSync(join(folder, 'tokens'));
  const conf = join(folder, 'softhsm2.conf');
  writeFileSync(
    conf,
    [
      `directories.tokendir = ${join(folder, 'tokens')}`,
      'objectstore.backend = file',
      'log.level = ERROR',
      'slots.removable = true',
      'slots.mechanisms = ALL',
      '',
    ].join('\n'),
  );
  return {
    options: {
      path,
      sha256: await hashFile(path),
      family: 'softhsm',
      env: { SOFTHSM2_CONF: conf },
    },
    folder,
    remove: () => {
      rmSync(folder, { recursive: true, force: true });
    },
  };
};

/** A new token with USER_PIN and SO_PIN. Needs a process of its own: other processes see the token only after a restart. */
export const softhsmToken = async (
  options: TokenClientOptions,
  label: string,
): Promise<TokenIdentity> => {
  const client = await TokenClient.start(options);
  try {
    return await client.call('initToken', { label, soPin: SO_PIN(), userPin: USER_PIN() });
  } finally {
    await client.close();
  }
};
