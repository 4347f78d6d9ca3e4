/**
 * Opens the window under either face, for tests: on a display of its own, with a configuration folder of its own.
 *
 * Electron's runtime is taken from KEYMOOT_ELECTRON_DIST, from node_modules, or from a script that fetches one for tests, if there is one.
 */
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { _electron, type ElectronApplication, type Page } from 'playwright-core';
import { electronCommand, electronRuntime } from '../../scripts/lib/electron.mjs';
import { at } from '../../scripts/lib/project.mjs';
import { CHROMIUM, DISPLAY, ELECTRON_LIBRARIES, missing } from '../../scripts/lib/system.mjs';
import { ensureBuild } from '../../scripts/setup.mjs';
import { ensureWindow } from '../../scripts/window.mjs';
import { openFallback } from '../../electron/fallback/open.ts';
import { within } from '../../electron/fallback/opening.ts';
import type { ServiceLink } from '../../electron/common/service-link.ts';
import type { PageBridge } from '../../shared/window/bridge.ts';

export type FaceName = 'Electron' | 'Chromium';

/**
 * How long each may take, ms. An inner wait has a shorter limit than the outer one, which otherwise would end first and could not name what hung: the product's
 * own limits (30 s and 45 s) are within a window's opening, and that within a hook's time (vitest.config.ts).
 */
const LIMITS = {
  display: 10_000,
  launch: 30_000,
  firstWindow: 20_000,
  look: 10_000,
  bridge: 20_000,
  open: 75_000,
  answer: 60_000,
  /** The end of a window after a request, before it is killed. */
  end: 15_000,
  tidy: 5000,
};
/** Rejects with the name of the wait when it takes too long. */
export const inTime = <T>(ms: number, what: string, work: Promise<T>): Promise<T> =>
  within(ms, () => new Error(`${what}: not within ${ms / 1000} s`), work);

const findElectron = (): string | undefined => {
  const given = process.env['KEYMOOT_ELECTRON_DIST'] ?? electronRuntime()?.folder;
  if (given !== undefined) return given;
  const script = at('../shared/tools/electron-runtime.sh');
  if (!existsSync(script)) return undefined;
  const folder = at('out/electron-runtime');
  const { status } = spawnSync('bash', [script, folder], { stdio: ['ignore', 2, 2] });
  return status === 0 ? folder : undefined;
};

/** Undefined where the display, the libraries or the runtime are missing: reported once, visibly. */
export const electronDist = ((): string | undefined => {
  if (missing([DISPLAY, ...ELECTRON_LIBRARIES]).length > 0) return undefined;
  return findElectron();
})();
const chromiumHere = missing([DISPLAY, CHROMIUM]).length === 0;
if (electronDist === undefined)
  console.warn('SKIPPED: the Electron window is NOT tested: its runtime is not here');
if (!chromiumHere) console.warn('SKIPPED: the Chromium window is NOT tested: no Chromium or Xvfb');

/** The faces that can be tested here. */
export const FACES: FaceName[] = [
  ...(electronDist === undefined ? [] : ['Electron' as const]),
  ...(chromiumHere ? ['Chromium' as const] : []),
];

/**
 * A virtual display, ended by `end`.
 *
 * @param memory a folder in which its picture is kept as a file
 */
export const startDisplay = async (
  size = '1280x800',
  memory?: string,
): Promise<{ display: string; end: () => void }> => {
  const server = spawn(
    'Xvfb',
    [
      ...['-displayfd', '3', '-screen', '0', `${size}x24`, '-nolisten', 'tcp'],
      ...(memory === undefined ? [] : ['-fbdir', memory]),
    ],
    { stdio: ['ignore', 'ignore', 'ignore', 'pipe'] },
  );
  const end = (): void => {
    server.kill();
  };
  const number = new Promise<string>((resolve, reject) => {
    server.once('error', reject);
    server.once('exit', () => {
      reject(new Error('Xvfb ended'));
    });
    server.stdio[3]?.once('data', (bytes: Buffer) => {
      resolve(bytes.toString().trim());
    });
  });
  try {
    return { display: `:${await inTime(LIMITS.display, 'the number of a display', number)}`, end };
  } catch (error) {
    end();
    throw error;
  }
};

const asRoot = process.getuid?.() === 0;

/** Program, faces and page, built when a source changed. */
export const buildAll = async (): Promise<void> => {
  await ensureBuild();
  await ensureWindow();
};

export const newHome = (): { home: string; remove: () => void } => {
  const home = mkdtempSync(join(tmpdir(), 'keymoot-face-'));
  return {
    home,
    remove: () => {
      rmSync(home, { recursive: true, force: true, maxRetries: 5, retryDelay: 100 });
    },
  };
};

export interface OpenOptions {
  display: string;
  /** Data and configuration are kept below it; open it again and the desk is as it was. */
  home: string;
  env?: Record<string, string>;
  /** out/window, or the same in a checkout that a test made. */
  built?: string;
}

export interface OpenFace {
  name: FaceName;
  page: Page;
  /** The page's origin. */
  origin: string;
  /** Only under Electron. */
  app: ElectronApplication | undefined;
  /** Only under Chromium, which is driven from this process. */
  link: ServiceLink | undefined;
  /** Of `keymoot serve`. */
  servicePid: () => number;
  close: () => Promise<void>;
}

const environmentOf = ({ display, home, env }: OpenOptions): Record<string, string> => {
  mkdirSync(join(home, 'config'), { recursive: true });
  const inherited = Object.entries(process.env).filter(
    (pair): pair is [string, string] =>
      pair[1] !== undefined && !/^(NODE_OPTIONS|KEYMOOT_|VITEST|WAYLAND_DISPLAY)/.test(pair[0]),
  );
  return {
    ...Object.fromEntries(inherited),
    DISPLAY: display,
    XDG_CONFIG_HOME: join(home, 'config'),
    ...env,
  };
};

/**
 * Starts our application only once the driver has attached: it sometimes misses a window that opens meanwhile. The driver's own way to delay an application
 * adds switches, and the tests are about the window as people start it.
 */
const held = (built: string): string => `
const { app } = require('electron');
const ready = app.whenReady();
const begun = new Promise((begin) => { globalThis.__playwright_run = begin; });
app.whenReady = () => begun.then(() => ready);
require(${JSON.stringify(join(built, 'main/main.cjs'))});
`;
const BUILT = at('out/window');

const electronLine = (
  { home, built = BUILT }: OpenOptions,
  driven: boolean,
): [string, string[]] => {
  if (electronDist === undefined) throw new Error('there is no Electron here');
  const place = at(built === BUILT ? 'out/electron-driven' : 'out/electron-elsewhere');
  const main = `${place}.cjs`;
  if (driven) writeFileSync(main, held(built));
  const [program = '', ...first] = electronCommand(
    electronDist,
    driven ? { main, home: place } : {},
  );
  return [program, [...first, ...(asRoot ? ['--no-sandbox'] : []), '--data', join(home, 'desk')]];
};

/** Electron without a test driver. */
export const spawnElectron = (options: OpenOptions): ChildProcess => {
  const [program, args] = electronLine(options, false);
  return spawn(program, args, { env: environmentOf(options), stdio: ['ignore', 'pipe', 'pipe'] });
};

/** The processes below one, by the system's list. */
export const childrenOf = (pid: number): number[] => {
  const { stdout } = spawnSync('ps', ['-eo', 'pid=,ppid='], { encoding: 'utf8' });
  const parents = stdout
    .trim()
    .split('\n')
    .map((line) => line.trim().split(/\s+/).map(Number) as [number, number]);
  const below = (parent: number): number[] =>
    parents.filter(([, of]) => of === parent).flatMap(([child]) => [child, ...below(child)]);
  return below(pid);
};
export const serviceBelow = (pid: number): number => {
  const { stdout } = spawnSync('ps', ['-eo', 'pid=,args='], { encoding: 'utf8' });
  const below = new Set(childrenOf(pid));
  const line = stdout
    .split('\n')
    .map((text) => text.trim())
    .find(
      (text) => below.has(Number.parseInt(text)) && /keymoot serve|keymoot.cjs serve/.test(text),
    );
  if (line === undefined) throw new Error('no service is running');
  return Number.parseInt(line);
};

/** Every process that was started for a configuration folder, and those below them. */
export const processesOf = (home: string): number[] => {
  const mark = `XDG_CONFIG_HOME=${join(home, 'config')}`;
  const ours = readdirSync('/proc')
    .map(Number)
    .filter((pid) => pid > 0 && pid !== process.pid)
    .filter((pid) => {
      try {
        return readFileSync(`/proc/${pid}/environ`, 'utf8').split('\0').includes(mark);
      } catch {
        return false; // ended meanwhile, or not readable for us
      }
    });
  return [...new Set(ours.flatMap((pid) => [pid, ...childrenOf(pid)]))];
};

const tableOf = (pids: readonly number[]): string =>
  spawnSync('ps', ['-o', 'pid=,ppid=,stat=,wchan:24=,args=', '-ww', '-p', pids.join(',')], {
    encoding: 'utf8',
  })
    .stdout.split('\n')
    .map((line) => line.slice(0, 160))
    .join('\n');

/** Kills the remaining processes of a window, each by its id, and lists them. */
const endAll = (home: string): string => {
  const left = processesOf(home);
  if (left.length === 0) return 'no process of it was left';
  const table = tableOf(left);
  for (const pid of left)
    try {
      process.kill(pid, 'SIGKILL');
    } catch {
      // gone by itself meanwhile
    }
  return `ended by id:\n${table}`;
};

/** The end of a process itself: its pipes may be held open by others for longer. */
const endOf = (child: ChildProcess): Promise<unknown> =>
  child.exitCode === null && child.signalCode === null
    ? new Promise((done) => child.once('exit', done))
    : Promise.resolve();

/**
 * Waits for a window's end, up to a limit: then its processes are killed by their ids, and that is a failure. The wait for the driver's end is shorter, since
 * it waits for pipes that other processes may hold.
 */
const endInTime = async (
  name: FaceName,
  home: string,
  ended: Promise<unknown>,
  driver: Promise<unknown> = ended,
): Promise<void> => {
  const tidied = driver.catch(() => undefined); // a driver that lost its window
  const failure = await inTime(LIMITS.end, `${name} has not ended after it was asked to`, ended)
    .then(() => undefined)
    .catch((error: unknown) => `${String(error)}; ${endAll(home)}`);
  await inTime(LIMITS.tidy, 'tidying up', tidied).catch(() => undefined); // a failure is reported above
  if (failure !== undefined) throw new Error(failure);
};

/** Waits until a window that was started by itself has ended; its exit code. */
export const codeOf = async (child: ChildProcess, home: string): Promise<number | null> => {
  await endInTime('Electron', home, endOf(child));
  return child.exitCode;
};

const openElectron = async (options: OpenOptions): Promise<OpenFace> => {
  const [executablePath, args] = electronLine(options, true);
  const app = await _electron.launch({
    executablePath,
    args,
    env: environmentOf(options),
    chromiumSandbox: !asRoot,
    timeout: LIMITS.launch,
  });
  const child = app.process();
  const page = await app.firstWindow({ timeout: LIMITS.firstWindow });
  return {
    name: 'Electron',
    page,
    origin: 'keymoot://desk',
    app,
    link: undefined,
    servicePid: () => serviceBelow(child.pid ?? 0),
    close: () => endInTime('Electron', options.home, endOf(child), app.close()),
  };
};

const openChromium = async (options: OpenOptions): Promise<OpenFace> => {
  // In this process, so that the test has the driver's page.
  const before = { ...process.env };
  Object.assign(process.env, environmentOf(options));
  try {
    const { page, link, close } = await openFallback({
      data: join(options.home, 'desk'),
      built: options.built ?? BUILT,
      why: 'A test.',
    });
    return {
      name: 'Chromium',
      page,
      origin: 'https://desk.keymoot.invalid',
      app: undefined,
      link,
      servicePid: () => link.pid ?? 0,
      close: () => endInTime('Chromium', options.home, close()),
    };
  } finally {
    for (const name of Object.keys(process.env))
      if (!(name in before)) Reflect.deleteProperty(process.env, name);
    Object.assign(process.env, before);
  }
};

/** Polled here and not by the driver's own waiting, which would first inject a large script into the page. */
const hasBridge = async (page: Page): Promise<void> => {
  const until = Date.now() + LIMITS.bridge;
  const look = (): Promise<boolean> =>
    inTime(
      LIMITS.look,
      'the page’s answer whether it has its bridge',
      page.evaluate(() => globalThis.keymoot !== undefined),
    ).catch((error: unknown) => {
      if (Date.now() > until) throw error;
      return false; // the page is still loading
    });
  while (!(await look())) {
    if (Date.now() > until) throw new Error('The page has no bridge.');
    await setTimeout(10);
  }
};

/** Opens the window and waits until its page has its bridge. One that doesn't open is ended, by the ids of its processes, and the error lists them. */
export const openFace = async (name: FaceName, options: OpenOptions): Promise<OpenFace> => {
  let face: OpenFace | undefined;
  const opening = async (): Promise<OpenFace> => {
    face = await (name === 'Electron' ? openElectron(options) : openChromium(options));
    await hasBridge(face.page);
    return face;
  };
  try {
    return await inTime(LIMITS.open, 'its window and its page', opening());
  } catch (error) {
    const table = tableOf(processesOf(options.home));
    await face?.close().catch(() => undefined); // the first failure is the one reported
    endAll(options.home);
    throw new Error(`${name} did not open: ${String(error)}; its processes were\n${table}`, {
      cause: error,
    });
  }
};

/** A call as the page makes it. */
export const request = (
  page: Page,
  channel: string,
  input: unknown = {},
): ReturnType<PageBridge['request']> =>
  inTime(
    LIMITS.answer,
    `the answer to ${channel}`,
    page.evaluate(([channel, input]) => globalThis.keymoot!.request({ channel, input }), [
      channel,
      input,
    ] as const),
  );
