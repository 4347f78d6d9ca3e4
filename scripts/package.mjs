/**
 * `npm run package`: what is carried to the workstation, in dist/keymoot/.
 *
 *   keymoot               the bundle inside a copy of Node 24 (a single executable application)
 *   native/node_modules/  the two native packages, cut down to what this platform loads
 *   resources/            word lists, ceremony templates, formats, the verifier
 *   LICENSE, THIRD-PARTY-LICENSES.txt
 *   SHA256SUMS            of all of these; check with `sha256sum -c SHA256SUMS`
 *
 * Built beside the old one and put in its place at the end, since it may be running.
 *
 * With `-- --window` also dist/window/: the window as it is installed, Electron's runtime and this program in it, its fuses set.
 */
import { createHash } from 'node:crypto';
import { chmodSync, copyFileSync, cpSync, existsSync, mkdirSync } from 'node:fs';
import { readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { electronRuntime, fetchElectron } from './lib/electron.mjs';
import { nodeOptions } from './lib/environment.mjs';
import { filesUnder } from './lib/fingerprint.mjs';
import { licenceTexts, lockedPackages } from './lib/licences.mjs';
import { packWindow } from './lib/packaging.mjs';
import { at, capture, isMain, main, node24, root, Stop, whole } from './lib/project.mjs';
import { setup } from './setup.mjs';
import { ensureWindow } from './window.mjs';

const PROGRAM = process.platform === 'win32' ? 'keymoot.exe' : 'keymoot';
const TARGET = at('dist/keymoot');
export const packaged = join(TARGET, PROGRAM);

/** Node looks for this text in its own binary to learn that a program was put into it. */
const FUSE = 'NODE_SEA_FUSE_fce680ab2cc467b6e072b8b5df1996b2';

async function quietly(what, command, args, options) {
  const { code, output } = await capture(command, args, options);
  if (code !== 0) throw new Stop(`${what} failed (exit code ${code})\n${output}`);
  return output;
}

async function makeProgram(folder) {
  await quietly('the build', node24, [at('scripts/build.mjs'), '--in-one-file']);
  const [config, blob, executable] = ['sea.json', 'sea.blob', PROGRAM].map((f) => join(folder, f));
  // What the configuration names ends up in the program, so nothing in it may tell where we are:
  // two people who build the same sources get the same bytes, and can compare them. For the same
  // reason there is no code cache, which differs each time and would save some 6 ms a start.
  writeFileSync(
    config,
    JSON.stringify({
      main: relative(root, whole),
      output: blob,
      disableExperimentalSEAWarning: true,
      useSnapshot: false,
      useCodeCache: false,
      // SECURITY: nothing in the environment (NODE_OPTIONS) may load code into the desk.
      execArgvExtension: 'none',
      // SECURITY: no OpenSSL configuration is read and no debugger opens: shared/environment.ts says why.
      execArgv: nodeOptions(),
    }),
  );
  await quietly('making the program', node24, ['--experimental-sea-config', config]);
  copyFileSync(node24, executable);
  chmodSync(executable, 0o755);
  const mac = process.platform === 'darwin';
  // macOS runs signed programs only, and the copy's signature is broken by what we add to it.
  if (mac) await quietly('codesign', 'codesign', ['--remove-signature', executable]);
  const postject = at('node_modules/postject/dist/cli.js');
  const segment = mac ? ['--macho-segment-name', 'NODE_SEA'] : [];
  const inject = [postject, executable, 'NODE_SEA_BLOB', blob, '--sentinel-fuse', FUSE, ...segment];
  await quietly('putting the program into Node', node24, inject);
  if (mac) await quietly('codesign', 'codesign', ['--sign', '-', executable]);
  rmSync(config);
  rmSync(blob);
}

/** Copies from a native package only what loading it on this platform reads, and tries that. */
async function copyNative(folder) {
  const binding = JSON.stringify(at('node_modules/better-sqlite3/lib/binding.js'));
  const ask = `require('node:path').basename(require(${binding}).getPrebuildPath())`;
  const prebuilt = (await quietly('asking for the SQLite binary', node24, ['-p', ask])).trim();
  const parts = {
    'better-sqlite3': ['package.json', 'LICENSE', 'lib', `prebuilds/${prebuilt}`],
    pkcs11js: ['package.json', 'LICENSE', 'index.js', 'build/Release/pkcs11.node'],
  };
  const native = join(folder, 'native');
  for (const [name, paths] of Object.entries(parts)) {
    for (const path of paths) {
      const to = join(native, 'node_modules', name, path);
      mkdirSync(dirname(to), { recursive: true });
      cpSync(at('node_modules', name, path), to, { recursive: true });
    }
  }
  const load = "require('pkcs11js'); new (require('better-sqlite3'))(':memory:').close()";
  await quietly('loading the native packages', node24, ['-e', load], { cwd: native });
}

/** The licence texts of the npm packages that the program contains. */
function thirdPartyLicences() {
  const packages = lockedPackages();
  const node = packages['node_modules/node'].version;
  const contained = Object.entries(packages)
    .filter(([path, { dev, optional }]) => path !== '' && !dev && !optional && existsSync(at(path)))
    .map(([path]) => path);
  return licenceTexts(contained, [
    `Node.js ${node} (MIT, and those of what it contains)\n\n` +
      `https://github.com/nodejs/node/blob/v${node}/LICENSE\n`,
  ]);
}

function checksums(folder) {
  const line = (file) =>
    `${createHash('sha256')
      .update(readFileSync(join(folder, file)))
      .digest('hex')}  ${file}\n`;
  const names = readdirSync(folder).sort();
  return names
    .flatMap((name) => filesUnder(name, folder))
    .map(line)
    .join('');
}

export async function makePackage() {
  const folder = `${TARGET}.${process.pid}`;
  try {
    mkdirSync(folder, { recursive: true });
    await makeProgram(folder);
    await copyNative(folder);
    cpSync(at('resources'), join(folder, 'resources'), { recursive: true });
    copyFileSync(at('LICENSE'), join(folder, 'LICENSE'));
    writeFileSync(join(folder, 'THIRD-PARTY-LICENSES.txt'), thirdPartyLicences());
    writeFileSync(join(folder, 'SHA256SUMS'), checksums(folder));
    await quietly('the packaged program', join(folder, PROGRAM), ['--version'], { cwd: folder });
    rmSync(TARGET, { recursive: true, force: true });
    renameSync(folder, TARGET);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
  return (await quietly('the packaged program', packaged, ['--version'])).trim();
}

/** dist/window/, from a runtime that is here or can be fetched. */
async function makeWindowPackage(say) {
  const runtime = electronRuntime() ?? (await fetchElectron(say));
  if (runtime === undefined)
    throw new Stop(
      'Electron’s runtime is not here and could not be fetched, so there is nothing to pack',
    );
  await ensureWindow();
  const folder = at('dist/window');
  await packWindow({ runtime: runtime.folder, folder }, say);
  writeFileSync(join(folder, 'SHA256SUMS'), checksums(folder));
  return folder;
}

if (isMain(import.meta.url)) {
  await main(async () => {
    await setup();
    console.log(`${packaged}\n${await makePackage()}`);
    if (process.argv.includes('--window'))
      console.log(await makeWindowPackage((line) => console.error(line)));
  });
}
