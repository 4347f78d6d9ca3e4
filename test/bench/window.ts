/**
 * The window: how soon it can be used, how quickly it answers with ten thousand keys, what it weighs.
 *
 * Against the same face opening an empty page, in turns within one run. The browser's own processes are counted, not the custody service's.
 */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { _electron, type Page } from 'playwright-core';
import { Room } from '../../custody/cli/rehearsal/room.ts';
import { findBrowser, openBrowser } from '../../electron/fallback/open.ts';
import { desktopEnvironment } from '../../shared/environment.ts';
import { makeProfile } from '../../electron/fallback/profile.ts';
import { electronCommand } from '../../scripts/lib/electron.mjs';
import { at } from '../../scripts/lib/project.mjs';
import {
  buildAll,
  childrenOf,
  electronDist,
  type FaceName,
  FACES,
  openFace,
  startDisplay,
} from '../faces/faces.ts';
import { deskOfKeys } from './many-keys.ts';
import type { Row } from './rows.ts';
import {
  clickToPaint,
  goTo,
  keystrokes,
  longTasks,
  painted,
  watchLongTasks,
} from './window-measures.ts';

const ROUNDS = 3;
const asRoot = process.getuid?.() === 0;

interface Opened {
  page: Page;
  /** From its start until its first whole frame, ms. */
  usableMs: number;
  close: () => Promise<void>;
}

/** A window of the same kind with nothing in it; begun when the driver looks, as the driven desk is. */
const EMPTY = `
const { app, BrowserWindow } = require('electron');
app.disableHardwareAcceleration();
const ready = app.whenReady();
const begun = new Promise((begin) => { globalThis.__playwright_run = begin; });
begun.then(() => ready).then(() => {
  new BrowserWindow({ width: 1280, height: 800, webPreferences: { sandbox: true } }).loadURL('data:text/html,<p>empty');
});
app.on('window-all-closed', () => app.quit());
`;

const openEmpty = async (name: FaceName, display: string): Promise<Opened> => {
  const began = performance.now();
  if (name === 'Electron') {
    const main = at('out/electron-empty.cjs');
    writeFileSync(main, EMPTY);
    const [executablePath = '', ...args] = electronCommand(electronDist ?? '', {
      main,
      home: at('out/electron-empty'),
    });
    const app = await _electron.launch({
      executablePath,
      args: [...args, ...(asRoot ? ['--no-sandbox'] : [])],
      env: { ...desktopEnvironment(process.env), DISPLAY: display },
      chromiumSandbox: !asRoot,
    });
    const page = await app.firstWindow();
    await page.waitForURL('data:**', { waitUntil: 'commit' });
    await painted(page, 'p');
    return { page, usableMs: performance.now() - began, close: () => app.close() };
  }
  const profile = makeProfile();
  const before = process.env['DISPLAY'];
  process.env['DISPLAY'] = display;
  try {
    const { context, page } = await openBrowser(findBrowser() ?? '', profile.folder, asRoot);
    await painted(page, 'html');
    return {
      page,
      usableMs: performance.now() - began,
      close: async () => {
        await context.close();
        profile.remove();
      },
    };
  } finally {
    if (before === undefined) delete process.env['DISPLAY'];
    else process.env['DISPLAY'] = before;
  }
};

const openDesk = async (
  name: FaceName,
  display: string,
  home: string,
): Promise<Opened & { service: number }> => {
  const began = performance.now();
  const { page, servicePid, close } = await openFace(name, { display, home });
  await painted(page, '.rail a');
  return { page, usableMs: performance.now() - began, close, service: servicePid() };
};

/** Shared pages counted once, MB. */
const proportionalMb = (pid: number): number => {
  try {
    const text = readFileSync(`/proc/${pid}/smaps_rollup`, 'utf8');
    return Number(/^Pss:\s+(\d+) kB/m.exec(text)?.[1] ?? 0) / 1024;
  } catch {
    return 0; // it ended meanwhile
  }
};
/** Of the processes that came since `before`, but for the service and what is below it. */
const windowMb = (before: ReadonlySet<number>, service?: number): number => {
  const others = new Set(service === undefined ? [] : [service, ...childrenOf(service)]);
  return childrenOf(process.pid)
    .filter((pid) => !before.has(pid) && !others.has(pid))
    .reduce((sum, pid) => sum + proportionalMb(pid), 0);
};

const least = (times: readonly number[]): number => Math.min(...times);
const median = (times: readonly number[]): number =>
  times.toSorted((a, b) => a - b)[Math.floor(times.length / 2)] ?? Number.NaN;
const below = (name: string, value: number, unit: string, limit: number, note: string): Row => ({
  name,
  value,
  unit,
  goal: `below ${limit}`,
  ok: value < limit,
  note,
});

/** Start and weight, against an empty page. */
const benchOpening = async (name: FaceName, display: string, home: string): Promise<Row[]> => {
  const empty: number[] = [];
  const ours: number[] = [];
  let emptyMb = Number.NaN;
  let oursMb = Number.NaN;
  for (let round = 0; round < ROUNDS; round++) {
    const before = new Set(childrenOf(process.pid));
    const blank = await openEmpty(name, display);
    empty.push(blank.usableMs);
    await sleep(1000);
    emptyMb = windowMb(before);
    await blank.close();
    const desk = await openDesk(name, display, home);
    ours.push(desk.usableMs);
    await sleep(1000);
    oursMb = windowMb(before, desk.service);
    await desk.close();
  }
  const ratio = least(ours) / least(empty);
  const limit = emptyMb * 1.3 + 120;
  // The fallback's page is a second one: the browser opens with an empty one, until its rules hold.
  const goal = name === 'Electron' ? 1.4 : 1.8;
  return [
    {
      name: `${name}: usable window / the same face with an empty page`,
      value: ratio,
      unit: '×',
      goal: `at most ${goal}`,
      ok: ratio <= goal,
      note: `${Math.round(least(ours))} ms against ${Math.round(least(empty))} ms`,
    },
    {
      name: `${name}: memory of the window`,
      value: oursMb,
      unit: 'MB',
      goal: `below ${Math.round(limit)}`,
      ok: oursMb < limit,
      note: `1.3 × the empty page’s ${Math.round(emptyMb)} MB + 120 MB, shared pages counted once`,
    },
  ];
};

const SCREENS = ['Overview', 'Tokens', 'Ceremonies', 'Exports', 'People', 'Settings'] as const;

/** Answers with a full inventory, and quiet while a token works. */
const benchAnswers = async (
  name: FaceName,
  display: string,
  home: string,
  room: Room,
): Promise<Row[]> => {
  const { page, close } = await openDesk(name, display, home);
  try {
    const keysLink = 'a[href="#/keys"]';
    const rows = 'table.list tbody tr:nth-child(6)';
    await clickToPaint(page, keysLink, rows);
    await page.getByText('being read').waitFor({ state: 'detached', timeout: 240_000 });
    const opens: number[] = [];
    const clicks: number[] = [];
    for (let round = 0; round < ROUNDS; round++)
      for (const title of SCREENS) {
        clicks.push(
          await clickToPaint(page, `.rail a[href="#/${title.toLowerCase()}"]`, `#${title}`),
        );
        opens.push(await clickToPaint(page, keysLink, rows));
      }
    const keys = await keystrokes(page, 'Search keys', 'zone-master-00');
    await watchLongTasks(page);
    const made = await generateSlowly(page, room);
    const long = await longTasks(page);
    return [
      below(
        `${name}: list of keys, click to paint`,
        median(opens),
        'ms',
        300,
        `median of ${opens.length}, slowest ${Math.round(Math.max(...opens))} ms`,
      ),
      below(
        `${name}: a key typed into its search, to paint`,
        median(keys),
        'ms',
        50,
        `median of ${keys.length}, slowest ${Math.round(Math.max(...keys))} ms`,
      ),
      below(
        `${name}: any other screen, click to paint`,
        median(clicks),
        'ms',
        100,
        `median of ${clicks.length}, slowest ${Math.round(Math.max(...clicks))} ms`,
      ),
      below(
        `${name}: longest the page is held up while RSA-4096 is made`,
        Math.max(0, ...long),
        'ms',
        50,
        `${long.length} tasks over 50 ms in ${(made / 1000).toFixed(1)} s`,
      ),
    ];
  } finally {
    await close();
  }
};

/** Generates RSA-4096 as people do, in the window; gives how long it took, ms. */
const generateSlowly = async (page: Page, room: Room): Promise<number> => {
  const text = (bytes: Uint8Array | undefined) => Buffer.from(bytes ?? []).toString();
  const log = room.pins.get('log');
  await goTo(page, 'overview');
  await page.getByLabel('Log token’s PIN: first half').fill(text(log?.first));
  await page.getByLabel('Log token’s PIN: second half').fill(text(log?.second));
  await page
    .getByLabel('Passphrase of Ada Moreno')
    .fill(text(room.player('administrator').passphrase));
  await page.getByRole('button', { name: 'Open the desk' }).click();
  await page.getByRole('button', { name: 'Open the desk' }).waitFor({ state: 'detached' });
  await goTo(page, 'keys/generate');
  const pin = room.pins.get('bench');
  await page.getByLabel('Algorithm').selectOption('RSA-4096');
  await page.getByLabel('Label', { exact: true }).fill(`slow-${Date.now()}`);
  await page.getByLabel('first half').fill(text(pin?.first));
  await page.getByLabel('second half').fill(text(pin?.second));
  for (const who of ['administrator', 'officer'])
    await page
      .getByLabel(`Passphrase of ${room.player(who).name}`)
      .fill(text(room.player(who).passphrase));
  await page.getByRole('button', { name: /^Generate RSA-4096/ }).click();
  await longTasks(page);
  const began = performance.now();
  await page.getByText('What is known, and whose word it is').waitFor({ timeout: 180_000 });
  return performance.now() - began;
};

export const benchWindow = async (keys: number): Promise<Row[]> => {
  if (FACES.length === 0) return [];
  await buildAll();
  const folder = mkdtempSync(join(tmpdir(), 'keymoot-bench-'));
  const { display, end } = await startDisplay();
  try {
    const few = join(folder, 'few');
    const room = await Room.enter(join(few, 'desk'));
    await room.found('bench.keymoot.local');
    await room.desk.stop();
    process.stderr.write(`writing a desk with ${keys} keys…\n`);
    const many = join(folder, 'many');
    const people = await deskOfKeys(join(many, 'desk'), keys);
    const rows: Row[] = [];
    for (const name of FACES) {
      rows.push(...(await benchOpening(name, display, few)));
      rows.push(...(await benchAnswers(name, display, many, people)));
    }
    return rows;
  } finally {
    end();
    rmSync(folder, { recursive: true, force: true, maxRetries: 5, retryDelay: 100 });
  }
};
