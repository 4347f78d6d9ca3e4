/**
 * Set-up: does only what is missing, so that `npm start` and `npm test` work straight after cloning. In this order, since each needs the one before: system
 * packages, npm packages, the build. When nothing is missing it prints nothing and takes some tens of milliseconds.
 *
 * Runs under the machine's own Node (20.10 or newer) with nothing installed.
 */
import { buildIsFresh } from './build.mjs';
import { at, isMain, main, must, node24, Stop, toolEnvironment } from './lib/project.mjs';
import { ensureDependencies } from './lib/dependencies.mjs';
import { ensureSystem, REQUIREMENTS } from './lib/system.mjs';

const OLDEST = [20, 10];

function checkNode(version = process.versions.node) {
  const [major, minor] = version.split('.').map(Number);
  if (major > OLDEST[0] || (major === OLDEST[0] && minor >= OLDEST[1])) return;
  throw new Stop(`needs Node ${OLDEST.join('.')} or newer to set itself up; this is ${version}`);
}

/** To standard error: standard output belongs to the program that is started afterwards. */
const say = (line) => console.error(line);

export async function ensureBuild() {
  if (buildIsFresh()) return;
  say('Building keymoot');
  const options = { env: toolEnvironment(), stdio: ['ignore', 2, 2] };
  await must('the build', node24, [at('scripts/build.mjs')], options);
}

/** @param more system packages beyond the common requirements */
export async function setup(more = []) {
  checkNode();
  await ensureSystem(say, [...REQUIREMENTS, ...more]);
  await ensureDependencies(say);
  await ensureBuild();
}

if (isMain(import.meta.url)) await main(setup);
