/** OpenSSL's own program: checks with it share no code with the desk. */
import { spawnSync } from 'node:child_process';

export const openssl = (args: readonly string[], input?: Uint8Array): Buffer => {
  const { status, stdout, stderr } = spawnSync('openssl', args, { input, timeout: 60_000 });
  if (status !== 0) throw new Error(`openssl ${args[0] ?? ''} failed: ${stderr.toString()}`);
  return stdout;
};
