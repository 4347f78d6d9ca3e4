/**
 * The Keymoot program as a face starts it: which file, with which arguments and environment.
 *
 * A face holds no key, no record and no PIN; all of that is in this program's own process.
 */
import { existsSync } from 'node:fs';
import { homedir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import {
  nodeEnvironment,
  nodeOptions,
  serviceEnvironment,
  withoutCore,
  type Environment,
} from '../../shared/environment.ts';

export interface Command {
  program: string;
  args: string[];
  env: Record<string, string | undefined>;
}

/**
 * glibc keeps freed memory up to a threshold that grows with what was freed, and scrypt frees 16 MiB at a time: fixed at 1 MiB it goes back to the system.
 */
const MALLOC = { MALLOC_MMAP_THRESHOLD_: '1048576' };

/** Where the program is: beside a packaged window, else in the checkout that holds `start`. */
export const findProgram = (
  where: { packaged: string } | { checkout: string },
): string[] | undefined => {
  const windows = process.platform === 'win32';
  if ('packaged' in where) {
    // SECURITY: only there: a packaged desk never searches upward through folders that others may write.
    const program = join(where.packaged, 'keymoot', windows ? 'keymoot.exe' : 'keymoot');
    return existsSync(program) ? [program] : undefined;
  }
  for (let folder = resolve(where.checkout); ; folder = dirname(folder)) {
    const node = join(folder, 'node_modules/node/bin', windows ? 'node.exe' : 'node');
    const bundle = join(folder, 'out/keymoot.cjs');
    if (existsSync(node) && existsSync(bundle))
      return [node, ...nodeOptions(process.platform), bundle];
    if (folder === dirname(folder)) return undefined;
  }
};

/** The command that serves a data folder. The pid is the program's own. */
export const serveCommand = (
  program: readonly string[],
  folder: string,
  environment: Environment = process.env,
): Command => {
  const line = withoutCore(process.platform, [...program, 'serve', '--data', folder]);
  const [first = '', ...args] = line;
  return {
    program: first,
    args,
    env: nodeEnvironment({ ...serviceEnvironment(environment), ...MALLOC }),
  };
};

/** The system's place for the desk's data: the same as the command line's, so that both open the same desk. */
const defaultDataFolder = (): string => {
  if (process.platform === 'win32')
    return join(process.env['LOCALAPPDATA'] ?? homedir(), 'Keymoot');
  if (process.platform === 'darwin')
    return join(homedir(), 'Library', 'Application Support', 'Keymoot');
  return join(process.env['XDG_DATA_HOME'] ?? join(homedir(), '.local', 'share'), 'keymoot');
};

/** `--data DIR`, else KEYMOOT_DATA, else the system's place; `isDefault` when neither is given. */
export const dataFolder = (args: readonly string[]): { folder: string; isDefault: boolean } => {
  const at = args.findIndex((arg) => arg === '--data' || arg.startsWith('--data='));
  const option = at < 0 ? undefined : args[at]?.slice('--data='.length) || args[at + 1];
  const given = option ?? process.env['KEYMOOT_DATA'];
  return { folder: resolve(given ?? defaultDataFolder()), isDefault: given === undefined };
};
