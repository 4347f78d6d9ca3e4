/**
 * Electron's runtime, and how this checkout's window is started on it.
 *
 * The package `electron` downloads its runtime on first use, not when it is installed. A complete runtime gets the application as an argument; one without
 * Electron's own starter is linked into out/electron with our application in its place, as an installer lays it out.
 */
import {
  copyFileSync,
  existsSync,
  linkSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { at, capture, node24, toolEnvironment } from './project.mjs';

const PROGRAMS = { darwin: 'Electron.app/Contents/MacOS/Electron', win32: 'electron.exe' };
const PROGRAM = PROGRAMS[process.platform] ?? 'electron';
const MAIN = at('out/window/main/main.cjs');

/** The folder of an existing runtime, and where it was found. */
export function electronRuntime(environment = process.env) {
  const given = environment.ELECTRON_OVERRIDE_DIST_PATH;
  if (given)
    return existsSync(join(given, PROGRAM))
      ? { folder: given, why: 'ELECTRON_OVERRIDE_DIST_PATH names its runtime' }
      : undefined;
  const folder = at('node_modules/electron/dist');
  const pathFile = at('node_modules/electron/path.txt');
  return existsSync(pathFile) && existsSync(join(folder, PROGRAM))
    ? { folder, why: 'its runtime is here' }
    : undefined;
}

/** Lets the package download its runtime, once. Offline that fails at once; a hanging network is cut off by a time limit. */
export async function fetchElectron(say) {
  const script = at('node_modules/electron/install.js');
  if (!existsSync(script)) return undefined;
  say('Fetching Electron’s runtime');
  const { code } = await capture(node24, [script], { env: toolEnvironment(), timeout: 180_000 });
  return code === 0 ? electronRuntime() : undefined;
}

function putIn(from, to) {
  try {
    linkSync(from, to);
  } catch {
    copyFileSync(from, to); // another file system, or links are not allowed there
  }
}

/** Links a folder's files into another place, except the entries named in `skip`. */
export function putTree(from, to, skip) {
  mkdirSync(to, { recursive: true });
  for (const entry of readdirSync(from, { withFileTypes: true })) {
    if (skip.includes(entry.name)) continue;
    const [source, target] = [join(from, entry.name), join(to, entry.name)];
    if (entry.isDirectory()) putTree(source, target, []);
    else putIn(source, target);
  }
}

/** The program and first arguments that open the window on a runtime. Tests give a `main` and a `home` of their own. */
export function electronCommand(runtime, { main = MAIN, home = at('out/electron') } = {}) {
  const program = join(runtime, PROGRAM);
  if (process.platform !== 'linux' || existsSync(join(runtime, 'resources/default_app.asar')))
    return [program, main];

  const stamp = `${runtime} ${statSync(program).mtimeMs} ${main}\n`;
  const stampFile = join(home, 'keymoot.stamp');
  const placed = join(home, PROGRAM);
  if (existsSync(stampFile) && readFileSync(stampFile, 'utf8') === stamp) return [placed];
  const folder = `${home}.${process.pid}`;
  rmSync(folder, { recursive: true, force: true });
  putTree(runtime, folder, ['resources']);
  const { version } = JSON.parse(readFileSync(at('package.json'), 'utf8'));
  const application = join(folder, 'resources/app');
  mkdirSync(application, { recursive: true });
  writeFileSync(
    join(application, 'package.json'),
    JSON.stringify({ name: 'keymoot', version, main: 'main.cjs' }),
  );
  writeFileSync(join(application, 'main.cjs'), `require(${JSON.stringify(main)});\n`);
  writeFileSync(join(folder, 'keymoot.stamp'), stamp);
  rmSync(home, { recursive: true, force: true });
  mkdirSync(dirname(home), { recursive: true });
  renameSync(folder, home);
  return [placed];
}
