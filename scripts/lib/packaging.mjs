/**
 * The packaged window: Electron's runtime, page and faces in one archive, the fuses set, the keymoot program beside it.
 *
 * electron-builder does it, configured by electron-builder.yml, from a local runtime: nothing is downloaded while packing. The tool is not among the project's
 * packages, since only packaging needs its ninety megabytes: it is installed into out/packaging, from a lock file of its own.
 */
import {
  cpSync,
  existsSync,
  mkdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { putTree } from './electron.mjs';
import { at, capture, must, node24, npmCommand, Stop, toolEnvironment } from './project.mjs';

const RECIPE = ['package.json', 'package-lock.json'];
const HOME = at('out/packaging');
const TOOL = 'node_modules/electron-builder/cli.js';

/** The folder with the packaging tool's packages, installed when its lock file changed. */
export async function ensurePackagingTool(say) {
  const texts = RECIPE.map((name) => readFileSync(at('scripts/packaging', name), 'utf8'));
  const fresh = RECIPE.every((name, i) => {
    const file = join(HOME, name);
    return existsSync(file) && readFileSync(file, 'utf8') === texts[i];
  });
  if (fresh && existsSync(join(HOME, TOOL))) return HOME;

  say('Installing the packaging tool');
  const folder = `${HOME}.${process.pid}`;
  try {
    rmSync(folder, { recursive: true, force: true });
    mkdirSync(folder, { recursive: true });
    RECIPE.forEach((name, i) => writeFileSync(join(folder, name), texts[i]));
    const [npm, ...cli] = npmCommand();
    const flags = ['--no-audit', '--no-fund', '--no-update-notifier', '--loglevel=error'];
    // SECURITY: no install script of its packages runs.
    await must('installing the packaging tool', npm, [...cli, 'ci', '--ignore-scripts', ...flags], {
      cwd: folder,
      env: toolEnvironment(),
      stdio: ['ignore', 2, 2],
    });
    rmSync(HOME, { recursive: true, force: true });
    renameSync(folder, HOME);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
  return HOME;
}

/** Electron's version in a runtime's folder. */
const versionOf = (runtime) =>
  readFileSync(join(runtime, 'version'), 'utf8').trim().replace(/^v/, '');
/** The version that the project is built against. */
export const pinnedElectron = () =>
  JSON.parse(readFileSync(at('package.json'), 'utf8')).devDependencies.electron;

/**
 * Makes the packaged window in `folder`. The window and dist/keymoot must be built.
 *
 * @param anyVersion accepts a runtime of another version: for tests, never for a workstation
 */
export async function packWindow({ runtime, folder, anyVersion = false }, say) {
  const version = versionOf(runtime);
  if (version !== pinnedElectron() && !anyVersion)
    throw new Stop(
      `this runtime is Electron ${version}; the window is packed with ${pinnedElectron()} only`,
    );
  const tool = await ensurePackagingTool(say);
  const work = `${folder}.${process.pid}`;
  try {
    // The runtime contains a starter that would run any application; only our application is put in.
    putTree(runtime, join(work, 'runtime'), ['resources']);
    mkdirSync(join(work, 'runtime/resources'));
    const args = [
      join(tool, TOOL),
      '--dir',
      '--publish=never',
      `--config=${at('electron-builder.yml')}`,
      `-c.electronDist=${join(work, 'runtime')}`,
      `-c.electronVersion=${version}`,
      `-c.directories.output=${join(work, 'made')}`,
    ];
    const { code, output } = await capture(node24, args, { env: toolEnvironment() });
    if (code !== 0) throw new Stop(`packing the window failed (exit code ${code})\n${output}`);
    const made = { linux: 'linux-unpacked', win32: 'win-unpacked' }[process.platform] ?? 'mac';
    rmSync(folder, { recursive: true, force: true });
    try {
      renameSync(join(work, 'made', made), folder);
    } catch (error) {
      if (error.code !== 'EXDEV') throw error; // on another file system it is copied instead
      cpSync(join(work, 'made', made), folder, { recursive: true, verbatimSymlinks: true });
    }
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
}
