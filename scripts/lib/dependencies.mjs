/**
 * npm packages, exactly as package-lock.json has them.
 *
 * Install scripts run for the two packages that need theirs and for no other: `node` fetches its
 * binary, `pkcs11js` is compiled. npm 11 would do that by `allowScripts`; npm 10 would run every
 * package's. `npm ci --ignore-scripts` and then `npm rebuild` by name is the same on both.
 */
import { createHash } from 'node:crypto';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { at, must, node24, npmCommand, Stop, toolEnvironment } from './project.mjs';

const LOCK = at('package-lock.json');
const STAMP = at('node_modules/.keymoot-setup.json');
const BUILT = ['node', 'pkcs11js'];
const BUILT_FILES = [node24, at('node_modules/pkcs11js/build/Release/pkcs11.node')];

function readJson(path) {
  try {
    return JSON.parse(readFileSync(path, 'utf8'));
  } catch {
    return undefined; // missing, or cut short by a kill: both mean "not installed"
  }
}

/**
 * Whether npm's record of the installed packages agrees with the lock file, so that an `npm ci` or `npm install` done by hand isn't repeated. Packages for
 * other platforms are absent.
 */
export function agrees(lock, installed) {
  if (!lock?.packages || !installed?.packages) return false;
  const wanted = Object.entries(lock.packages).filter(([path]) => path !== '');
  const same = (a, b) => a?.version === b?.version && a?.integrity === b?.integrity;
  return (
    wanted.every(([path, entry]) =>
      path in installed.packages ? same(entry, installed.packages[path]) : entry.optional === true,
    ) && Object.keys(installed.packages).every((path) => path in lock.packages)
  );
}

/** The stamp also names the platform: a tree carried to another machine needs other binaries. */
function currentStamp() {
  const lock = createHash('sha256').update(readFileSync(LOCK)).digest('hex');
  return { lock, platform: `${process.platform}-${process.arch}` };
}

export function dependenciesInstalled() {
  if (!BUILT_FILES.every((path) => existsSync(path))) return false;
  const [stamp, current] = [readJson(STAMP), currentStamp()];
  if (stamp !== undefined && stamp.platform !== current.platform) return false;
  if (stamp?.lock === current.lock) return true;
  if (!agrees(readJson(LOCK), readJson(at('node_modules/.package-lock.json')))) return false;
  writeFileSync(STAMP, JSON.stringify(current));
  return true;
}

/**
 * node-gyp downloads Node's headers unless told where they are; most installations of Node have
 * them. The binding is Node-API, so those of the machine's Node serve Node 24 as well.
 */
export function withHeaders(environment = process.env) {
  if (environment.npm_config_nodedir) return environment;
  const nodes = [environment.npm_node_execpath, process.execPath].filter(Boolean);
  const prefix = nodes
    .map((node) => dirname(dirname(node)))
    .find((folder) => existsSync(join(folder, 'include/node/node_api.h')));
  return prefix ? { ...environment, npm_config_nodedir: prefix } : environment;
}

export async function ensureDependencies(say) {
  if (dependenciesInstalled()) return;
  const [npm, ...cli] = npmCommand();
  // Warnings here would be about packages that want a newer Node than npm runs under; they get one.
  const flags = ['--no-audit', '--no-fund', '--no-update-notifier', '--loglevel=error'];
  const env = withHeaders();
  // To standard error, like set-up's own lines: the output of `keymoot … > file` must not begin with npm's.
  const options = { env, stdio: ['ignore', 2, 2] };

  say('Installing the npm packages of package-lock.json');
  await must('npm ci', npm, [...cli, 'ci', '--ignore-scripts', ...flags], options);
  say('Fetching Node 24 and compiling the PKCS#11 binding');
  await must('npm rebuild', npm, [...cli, 'rebuild', ...BUILT, ...flags], options);

  // Under an old Node, npm silently omits optional packages that want a newer one, the bundler's binary among them. A second run under Node 24 adds them;
  // mostly there are none.
  const [npm24, env24] = [cli.length > 0 ? node24 : npm, toolEnvironment(env)];
  const complete = [...cli, 'install', '--ignore-scripts', '--no-save', ...flags];
  await must('npm install', npm24, complete, { env: env24, stdio: ['ignore', 'ignore', 2] });

  const absent = BUILT_FILES.filter((path) => !existsSync(path));
  if (absent.length > 0) throw new Stop(`npm rebuild did not make ${absent.join(' and ')}`);
  writeFileSync(STAMP, JSON.stringify(currentStamp()));
}
