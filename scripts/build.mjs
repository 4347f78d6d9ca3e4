/**
 * The build: custody/main.ts and all it imports, npm packages too, as CommonJS.
 *
 * - From a checkout out/keymoot.cjs starts out/program/, see STARTER: a file for each lazily loaded part, so that a token process,
 *   which is started for every act, reads only its own.
 * - `--in-one-file` makes out/whole/keymoot.cjs, for scripts/package.mjs: a single executable's main script can load nothing but
 *   Node's built-ins.
 * - The two native packages stay outside: custody/native.ts loads them from beside the program.
 * - Not minified: an auditor of a workstation can read the code that runs there.
 * - A dynamic import() stays lazy: the token process must not evaluate the command line's modules.
 */
import { existsSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { fingerprint, RECIPE, SOURCES } from './lib/fingerprint.mjs';
import { at, bundle, capture, isMain, main, node24, root, Stop, whole } from './lib/project.mjs';

const STAMP = at('out/keymoot.stamp');
const PROGRAM = at('out/program');
const NATIVE = ['better-sqlite3', 'pkcs11js'];

/**
 * V8's compile cache beside the program, which starts itself for every act: a token process takes a fifth less processor time to start. An attacker who could
 * write to the cache could as well replace the program.
 */
const COMPILED = at('out/compiled');
const STARTER = `'use strict';
require('node:module').enableCompileCache(require('node:path').join(__dirname, 'compiled'));
require('./program/keymoot.cjs');
`;

const stamp = () => `${fingerprint(SOURCES)} ${fingerprint(RECIPE)}\n`;

export function buildIsFresh() {
  try {
    return existsSync(bundle) && existsSync(PROGRAM) && readFileSync(STAMP, 'utf8') === stamp();
  } catch {
    return false; // no stamp, or a source was deleted meanwhile: build
  }
}

/** Bundles the program into `folder`, replacing an existing one. Needs Vite, so Node 24 and installed packages. */
async function bundleProgram(folder, { inOneFile }) {
  if (Number(process.versions.node.split('.')[0]) < 22) {
    throw new Stop("the build needs the project's own Node 24; `node scripts/setup.mjs` does both");
  }
  const { build } = await import('vite');
  const { version } = JSON.parse(readFileSync(at('package.json'), 'utf8'));
  const made = `${folder}.${process.pid}`;
  const old = `${made}.old`;
  try {
    await build({
      root,
      configFile: false,
      logLevel: 'warn',
      publicDir: false,
      define: {
        __KEYMOOT_VERSION__: JSON.stringify(version),
        __KEYMOOT_BUILD__: JSON.stringify(fingerprint(SOURCES)),
      },
      ssr: { target: 'node', noExternal: true, external: NATIVE },
      build: {
        ssr: at('custody/main.ts'),
        target: 'node24',
        outDir: made,
        minify: false,
        sourcemap: false,
        rolldownOptions: {
          external: NATIVE,
          output: {
            format: 'cjs',
            entryFileNames: 'keymoot.cjs',
            chunkFileNames: '[name].cjs',
            codeSplitting: !inOneFile,
          },
        },
      },
    });
    // Another process may start the program at this moment: it finds the old or the new one, except in the instant between the two renames. A running process
    // has read all it needs: lazy parts are read when a process starts.
    if (existsSync(folder)) renameSync(folder, old);
    renameSync(made, folder);
  } catch (error) {
    throw new Stop(error.message); // the message names the place in the source; the stack only the bundler's
  } finally {
    for (const left of [made, old]) rmSync(left, { recursive: true, force: true });
  }
}

async function build() {
  const before = stamp();
  await bundleProgram(PROGRAM, { inOneFile: false });
  rmSync(COMPILED, { recursive: true, force: true });
  writeFileSync(`${bundle}.${process.pid}`, STARTER);
  renameSync(`${bundle}.${process.pid}`, bundle);
  const { code, output } = await capture(node24, [bundle, '--version']);
  if (code !== 0) throw new Stop(output);
  await capture(node24, [bundle, 'token']); // fills COMPILED for the most started process, which ends at once without a parent to talk to
  // The stamp from before the build: a source saved meanwhile makes the next start build again.
  writeFileSync(STAMP, before);
}

if (isMain(import.meta.url)) {
  const inOneFile = process.argv.includes('--in-one-file');
  await main(() => (inOneFile ? bundleProgram(dirname(whole), { inOneFile }) : build()));
}
