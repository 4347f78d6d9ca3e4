/**
 * `npm start` (by start.mjs) and `node scripts/window.mjs [--build] [--face electron|chromium] [--data DIR]`: builds the window when a source changed, chooses
 * a face for it, says which and why in one line, and opens it.
 */
import { spawn } from 'node:child_process';
import { mkdirSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { electronCommand, electronRuntime, fetchElectron } from './lib/electron.mjs';
import { fingerprint } from './lib/fingerprint.mjs';
import { windowLicences } from './lib/licences.mjs';
import { folderOfTheCaller, follow } from './lib/launch.mjs';
import {
  nodeEnvironment,
  nodeOptions,
  windowEnvironment,
  withoutCore,
} from './lib/environment.mjs';
import { at, capture, isMain, main, node24, Stop, toolEnvironment } from './lib/project.mjs';
import { CHROMIUM, ELECTRON_LIBRARIES, missing } from './lib/system.mjs';
import { setup } from './setup.mjs';

const HOME = at('out/window');
const STAMP = join(HOME, 'keymoot.stamp');
const SOURCES = ['electron', 'renderer', 'shared', 'resources/icons', 'package-lock.json'];
const RECIPE = [
  ...['package.json', 'electron.vite.config.ts', 'scripts/window.mjs'],
  ...['scripts/lib/bundled.ts', 'scripts/lib/licences.mjs'],
];
const say = (line) => console.error(line);

const stamp = () => `${fingerprint(SOURCES)} ${fingerprint(RECIPE)}\n`;

export function windowIsFresh() {
  try {
    return readFileSync(STAMP, 'utf8') === stamp();
  } catch {
    return false; // no stamp, or a source that went away meanwhile: build
  }
}

/** Builds faces and page into out/window, whole or not at all. */
export async function ensureWindow() {
  if (windowIsFresh()) return;
  say('Building the window');
  // The stamp of before: a source saved while we built makes the next start build again.
  const before = stamp();
  const folder = `${HOME}.${process.pid}`;
  try {
    const args = [at('node_modules/electron-vite/bin/electron-vite.js'), 'build'];
    const env = toolEnvironment({ KEYMOOT_WINDOW_OUT: folder });
    const { code, output } = await capture(node24, args, { env });
    if (code !== 0) throw new Stop(`building the window failed (exit code ${code})\n${output}`);
    writeFileSync(join(folder, 'THIRD-PARTY-LICENSES.txt'), windowLicences(folder));
    writeFileSync(join(folder, 'keymoot.stamp'), before);
    rmSync(HOME, { recursive: true, force: true });
    renameSync(folder, HOME);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Whether there is anything to open a window on. */
export const hasDisplay = (environment = process.env) =>
  process.platform !== 'linux' ||
  Boolean(environment.DISPLAY) ||
  Boolean(environment.WAYLAND_DISPLAY);

const asRoot = process.getuid?.() === 0;

function systemSays(file) {
  try {
    return readFileSync(file, 'utf8').trim();
  } catch {
    return undefined; // this kernel does not say
  }
}

/**
 * Whether Electron's pages can have a sandbox here: user namespaces for everyone, or its helper installed by the administrator. Without, Electron would stop
 * with a message about that helper; a system's Chromium has what it needs.
 */
function sandboxPossible(runtime) {
  if (process.platform !== 'linux' || asRoot) return true;
  const { uid, mode } = statSync(join(runtime, 'chrome-sandbox'), { throwIfNoEntry: false }) ?? {};
  if (uid === 0 && (mode & 0o4000) !== 0) return true;
  const restricted =
    systemSays('/proc/sys/kernel/apparmor_restrict_unprivileged_userns') === '1' ||
    systemSays('/proc/sys/kernel/unprivileged_userns_clone') === '0' ||
    systemSays('/proc/sys/user/max_user_namespaces') === '0';
  return !restricted;
}

/** A download that failed a moment ago is not tried at each start. */
const FAILED = at('out/electron-not-fetched');
const RETRY_AFTER = 10 * 60_000;

async function electronOrWhyNot() {
  const here = electronRuntime();
  if (here !== undefined) {
    return sandboxPossible(here.folder)
      ? here
      : { whyNot: 'this system gives Electron’s runtime no sandbox' };
  }
  const failed = statSync(FAILED, { throwIfNoEntry: false });
  if (failed === undefined || Date.now() - failed.mtimeMs > RETRY_AFTER) {
    const fetched = await fetchElectron(say);
    if (fetched !== undefined) return fetched;
    mkdirSync(at('out'), { recursive: true });
    writeFileSync(FAILED, '');
  }
  return { whyNot: 'Electron’s runtime is not here and could not be fetched' };
}

/** `{ face, why }` and, for Electron, its runtime. */
export async function chooseFace(wanted) {
  if (wanted === 'chromium') return { face: 'chromium', why: 'it was asked for' };
  const electron = await electronOrWhyNot();
  if (electron.folder !== undefined)
    return { face: 'electron', why: electron.why, runtime: electron.folder };
  if (wanted === 'electron') throw new Stop(`no Electron window: ${electron.whyNot}`);
  return { face: 'chromium', why: electron.whyNot };
}

const capitalized = (text) => text.charAt(0).toUpperCase() + text.slice(1);

function command({ face, why, runtime }, args) {
  if (face === 'electron') {
    const wayland = !process.env.DISPLAY && process.env.WAYLAND_DISPLAY;
    return [
      ...electronCommand(runtime),
      ...(asRoot ? ['--no-sandbox'] : []),
      ...(wayland ? ['--ozone-platform=wayland'] : []),
      ...args,
    ];
  }
  return [
    node24,
    ...nodeOptions(),
    join(HOME, 'main/fallback.cjs'),
    '--why',
    `${capitalized(why)}.`,
    ...args,
  ];
}

/** Opens the window and resolves to its exit code when it is closed. */
export async function openWindow(given) {
  const { values } = parseArgs({
    args: given,
    options: {
      build: { type: 'boolean' },
      face: { type: 'string' },
      data: { type: 'string' },
    },
  });
  if (values.face !== undefined && !['electron', 'chromium'].includes(values.face))
    throw new Stop('--face is electron or chromium');
  await ensureWindow();
  if (values.build) return 0;

  const choice = await chooseFace(values.face);
  const needed = choice.face === 'electron' ? ELECTRON_LIBRARIES : [CHROMIUM];
  if (missing(needed).length > 0) await setup(needed);
  const name = choice.face === 'electron' ? 'Electron' : 'Chromium';
  const root = asRoot ? ' Started as root, so without the browser’s sandbox.' : '';
  say(`Opening the window with ${name}: ${choice.why}.${root}`);

  const data = values.data === undefined ? [] : ['--data', values.data];
  // A core dump of a page's process could hold what was being typed.
  const [program, ...rest] = withoutCore(command(choice, data));
  const options = {
    stdio: 'inherit',
    cwd: folderOfTheCaller(),
    env: nodeEnvironment(windowEnvironment()),
  };
  return follow(spawn(program, rest, options));
}

if (isMain(import.meta.url)) {
  await main(async () => {
    await setup();
    if (!process.argv.includes('--build') && !hasDisplay())
      throw new Stop('there is no display: neither DISPLAY nor WAYLAND_DISPLAY is set');
    return openWindow(process.argv.slice(2));
  });
}
