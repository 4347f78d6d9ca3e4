/**
 * How Keymoot starts another Keymoot process: the service, a token process, a short-lived forming or splitting process.
 *
 * Three rules, the same for every child:
 * - its environment holds only the variables that the caller names (shared/environment.ts), and it reads no OpenSSL configuration (design 08, T9);
 * - it can't leave a core dump;
 * - it is never detached, and never forked with `child_process.fork`, which would run the main program again.
 */
import { type ChildProcess, type StdioOptions, spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { isSea } from 'node:sea';
import { nodeEnvironment, nodeOptions, withoutCore } from '../shared/environment.ts';
import { KeymootError } from '../shared/errors.ts';
import { runningFile } from './native.ts';

const BUNDLE = 'out/keymoot.cjs';

const findBundle = (): string => {
  for (let folder = dirname(runningFile()); ; folder = dirname(folder)) {
    const candidate = join(folder, BUNDLE);
    if (existsSync(candidate)) return candidate;
    if (folder === dirname(folder)) break;
  }
  throw new KeymootError('internal', 'the program has not been built: run npm run build');
};

/** Program and first arguments that start this Keymoot again. */
const selfCommand = (): string[] => {
  // SECURITY: KEYMOOT_MAIN lets a test run a hostile program instead; a packaged desk starts only itself.
  // The options are part of a packaged program already (scripts/package.mjs).
  if (isSea()) return [process.execPath];
  const node = [process.execPath, ...nodeOptions(process.platform)];
  return [...node, process.env['KEYMOOT_MAIN'] ?? findBundle()];
};

interface SpawnOptions {
  /** The whole environment of the child. */
  readonly env?: Readonly<Record<string, string>>;
  readonly stdio: StdioOptions;
}

/**
 * Starts Keymoot with `args`. The pid is the child's own.
 *
 * @param args the sub-command first, for example `['token']`
 */
export const spawnSelf = (args: readonly string[], options: SpawnOptions): ChildProcess => {
  const line = withoutCore(process.platform, [...selfCommand(), ...args]);
  const [program, ...rest] = line as [string, ...string[]];
  const ipc = Array.isArray(options.stdio) && options.stdio.includes('ipc');
  const settings = {
    env: nodeEnvironment(options.env ?? {}),
    stdio: options.stdio,
    detached: false,
    shell: false,
    windowsHide: true,
    // Structured clone: bytes stay bytes, and no secret is ever text on a pipe.
    ...(ipc ? { serialization: 'advanced' as const } : {}),
  };
  return spawn(program, rest, settings);
};
