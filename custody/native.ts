/**
 * Loads the two native packages. They can't be bundled, so where they are depends on how Keymoot runs:
 *
 * - single executable: in `native/node_modules` beside the program;
 * - built (out/program) or sources: in the node_modules found upward from the running file.
 *
 * Nothing else is ever looked up this way, and no environment variable has a say.
 */
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { isSea } from 'node:sea';
import { fileURLToPath } from 'node:url';

interface Natives {
  'better-sqlite3': typeof import('better-sqlite3');
  pkcs11js: typeof import('pkcs11js');
}

/**
 * The file that runs: this one from sources, one in out/program when built. What is built is CommonJS, where import.meta has no url of its own.
 *
 * @returns an absolute path
 */
export const runningFile = (): string => {
  if (typeof __filename === 'string') return __filename;
  const url: unknown = import.meta.url;
  if (typeof url === 'string') return fileURLToPath(url);
  return process.argv[1] ?? process.execPath;
};

const loaded: Partial<Natives> = {};

/**
 * Loads a package once: afterwards nothing of it is looked for again, by whoever the process acts as then.
 *
 * @param name one of the two native packages
 * @throws what Node throws when the package is missing or was built for another runtime
 */
export const nativeRequire = <K extends keyof Natives>(name: K): Natives[K] => {
  // SECURITY: only beside the executable: a packaged desk never searches upward through folders that others may write.
  const from = isSea() ? join(dirname(process.execPath), 'native', 'x.js') : runningFile();
  return (loaded[name] ??= createRequire(from)(name) as Natives[K]);
};
