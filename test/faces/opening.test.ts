/** A window that hangs while it opens: the error names the stage in time, and no process is left. */
import { chmodSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { beforeAll, describe, expect, test, vi } from 'vitest';
import { openFallback, type Limits } from '../../electron/fallback/open.ts';
import { Opening } from '../../electron/fallback/opening.ts';
import { at, node24 } from '../../scripts/lib/project.mjs';
import { endsWithSuite } from '../support/at-end.ts';
import { buildAll, FACES, newHome, processesOf, startDisplay } from './faces.ts';
import { browserOf } from './processes.ts';

const never = new Promise<never>(() => undefined);

test('an opening is as long as all of its stages, and names the one that hung', async () => {
  const opening = new Opening(2000);
  expect(await opening.stage('the first', Promise.resolve('its result'))).toBe('its result');
  await wait(1800);
  const since = performance.now();
  await expect(opening.stage('the second', never)).rejects.toThrow(
    /^The window could not be opened: after \d+ s it still stopped at: the second\./,
  );
  expect(performance.now() - since).toBeLessThan(1800);
});
test('what fails by itself is told in its own words, a limit of the driver’s in ours', async () => {
  const opening = new Opening(1000);
  const own = new Error('no display');
  await expect(opening.stage('the first', Promise.reject(own))).rejects.toBe(own);
  const driver = Object.assign(new Error('launch: Timeout\nCall log:'), { name: 'TimeoutError' });
  await expect(opening.stage('the first', Promise.reject(driver))).rejects.toThrow(
    /stopped at: the first/,
  );
});

describe.runIf(FACES.includes('Chromium'))('a Chromium window whose browser hangs', () => {
  const { home, remove } = newHome();
  const atEnd = endsWithSuite();
  atEnd(remove);
  const config = join(home, 'config');
  const bin = join(home, 'bin');
  beforeAll(async () => {
    await buildAll();
    mkdirSync(config);
    mkdirSync(bin);
    const before = { ...process.env };
    atEnd(() => {
      Object.assign(process.env, before);
    });
    const screen = await startDisplay();
    atEnd(screen.end);
    process.env['DISPLAY'] = screen.display;
    process.env['XDG_CONFIG_HOME'] = config;
  });

  const profiles = (): string[] =>
    readdirSync(tmpdir()).filter((name) => name.startsWith(`keymoot-window-${process.pid}-`));
  const open = (limits: Limits) =>
    openFallback({ data: join(home, 'desk'), built: at('out/window'), why: 'A test.', limits });
  const isGone = (): Promise<void> =>
    vi.waitFor(
      () => {
        expect(processesOf(home)).toEqual([]);
        expect(profiles()).toEqual([]);
      },
      { timeout: 5000 },
    );

  test('says so of one that never answers, and ends it and the service', async () => {
    const path = process.env['PATH'] ?? '';
    writeFileSync(join(bin, 'chromium'), `#!${node24}\nsetInterval(() => undefined, 1000);\n`);
    chmodSync(join(bin, 'chromium'), 0o755);
    process.env['PATH'] = `${bin}${delimiter}${path}`;
    try {
      await expect(open({ launch: 1000, open: 5000, end: 1000 })).rejects.toThrow(
        /stopped at: starting the browser\. .*the desk’s data was not touched/,
      );
    } finally {
      process.env['PATH'] = path;
    }
    await isGone();
  });

  test('says so of one that stops on the way, and ends it and the service', async () => {
    const opening = open({ launch: 30_000, open: 5000, end: 1000 });
    opening.catch(() => undefined); // looked at below
    // From when it is there, it may stop anywhere.
    const pid = await vi.waitFor(() => browserOf(home), { timeout: 5000, interval: 2 });
    process.kill(pid, 'SIGSTOP');
    await expect(opening).rejects.toThrow(/after 5 s it still stopped at: \w/);
    await isGone();
  });
});
