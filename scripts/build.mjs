/**
 * The build: custody/main.ts and all it imports, npm packages too, as one CommonJS file
 * out/program.cjs. One file, because a single executable's main script can load nothing but
 * Node's built-ins. From a checkout out/keymoot.cjs starts it, see STARTER.
 *
 * - The two native packages stay outside: custody/native.ts loads them from beside the program.
 * - Not minified: whoever audits a workstation can read what runs there.
 * - A dynamic import() stays lazy: the token process must not evaluate the command line's modules.
 */
import { existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { fingerprint, RECIPE, SOURCES } from './lib/fingerprint.mjs';
import { at, bundle, capture, isMain, main, node24, program, root, Stop } from './lib/project.mjs';

const STAMP = at('out/keymoot.stamp');
const NATIVE = ['better-sqlite3', 'pkcs11js'];

/**
 * V8 keeps what it compiled beside the program: compiling a megabyte takes a third of the processor time of
 * a start (80 ms instead of 120 for a token process), and the program starts itself for every act. Whoever may write there could as well
 * write the program.
 */
const COMPILED = at('out/compiled');
const STARTER = `'use strict';
require('node:module').enableCompileCache(require('node:path').join(__dirname, 'compiled'));
require('./program.cjs');
`;

const stamp = () => `${fingerprint(SOURCES)} ${fingerprint(RECIPE)}\n`;

export function buildIsFresh() {
  try {
    return existsSync(bundle) && existsSync(program) && readFileSync(STAMP, 'utf8') === stamp();
  } catch {
    return false; // no stamp, or a source that went away meanwhile: build
  }
}

/** Bundles `entry` into the file `target`; both absolute. Needs Vite, so Node 24 and installed packages. */
export async function bundleProgram(entry, target, define) {
  const { build } = await import('vite');
  const folder = `${target}.${process.pid}`;
  try {
    await build({
      root,
      configFile: false,
      logLevel: 'warn',
      publicDir: false,
      define,
      ssr: { target: 'node', noExternal: true, external: NATIVE },
      build: {
        ssr: entry,
        target: 'node24',
        outDir: folder,
        minify: false,
        sourcemap: false,
        rolldownOptions: {
          external: NATIVE,
          output: { format: 'cjs', entryFileNames: 'keymoot.cjs', codeSplitting: false },
        },
      },
    });
    // Whole or not at all: another process may start the program at this very moment.
    renameSync(`${folder}/keymoot.cjs`, target);
  } catch (error) {
    throw new Stop(error.message); // where in a source it went wrong, not where in the bundler
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

async function build() {
  if (Number(process.versions.node.split('.')[0]) < 22) {
    throw new Stop("the build needs the project's own Node 24; `node scripts/setup.mjs` does both");
  }
  const before = stamp();
  const { version } = JSON.parse(readFileSync(at('package.json'), 'utf8'));
  mkdirSync(at('out'), { recursive: true });
  await bundleProgram(at('custody/main.ts'), program, {
    __KEYMOOT_VERSION__: JSON.stringify(version),
    __KEYMOOT_BUILD__: JSON.stringify(fingerprint(SOURCES)),
  });
  rmSync(COMPILED, { recursive: true, force: true });
  writeFileSync(`${bundle}.${process.pid}`, STARTER);
  renameSync(`${bundle}.${process.pid}`, bundle);
  const { code, output } = await capture(node24, [bundle, '--version']); // fills COMPILED
  if (code !== 0) throw new Stop(output);
  // The stamp of before: a source saved while we built makes the next start build again.
  writeFileSync(STAMP, before);
}

if (isMain(import.meta.url)) await main(build);
