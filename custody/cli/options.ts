/** Options of every command, and the default data folder. */
import { homedir } from 'node:os';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';

export const defaultDataFolder = (): string => {
  if (process.platform === 'win32')
    return join(process.env['LOCALAPPDATA'] ?? homedir(), 'Keymoot');
  if (process.platform === 'darwin')
    return join(homedir(), 'Library', 'Application Support', 'Keymoot');
  return join(process.env['XDG_DATA_HOME'] ?? join(homedir(), '.local', 'share'), 'keymoot');
};

/** `--data DIR`, else KEYMOOT_DATA, else the system's place. */
export const dataFolder = (args: readonly string[]): string => {
  const { values } = parseArgs({
    args: [...args],
    options: { data: { type: 'string' } },
    strict: false,
  });
  const given = typeof values.data === 'string' ? values.data : process.env['KEYMOOT_DATA'];
  return resolve(given ?? defaultDataFolder());
};
