/** No process of a window opens the debugger that a Node opens on SIGUSR1: neither the face, nor its starter, nor the service. */
import { type ChildProcess, spawn } from 'node:child_process';
import { mkdirSync, readlinkSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { at } from '../../scripts/lib/project.mjs';
import { askForDebugger } from '../support/debugger.ts';
import {
  buildAll,
  childrenOf,
  codeOf,
  FACES,
  newHome,
  serviceBelow,
  spawnElectron,
  startDisplay,
} from './faces.ts';
import { commandOf } from './processes.ts';

let display: string;
let endDisplay: () => void;
const { home, remove } = newHome();
beforeAll(async () => {
  await buildAll();
  ({ display, end: endDisplay } = await startDisplay());
});
afterAll(() => {
  endDisplay();
  remove();
});

const isNode = (pid: number): boolean => {
  try {
    return /\/node$/.test(readlinkSync(`/proc/${pid}/exe`));
  } catch {
    return false; // ended meanwhile
  }
};
const opened = (place: string): Promise<void> =>
  vi.waitFor(
    () => {
      expect(commandOf(place, '--type=renderer')).not.toBe('');
    },
    { timeout: 30_000, interval: 200 },
  );

describe.runIf(process.platform === 'linux')('SIGUSR1', () => {
  test.runIf(FACES.includes('Electron'))('opens nothing in Electron’s window', async () => {
    const place = join(home, 'electron');
    const child = spawnElectron({ display, home: place });
    await opened(place);
    const pids = [child.pid ?? 0, serviceBelow(child.pid ?? 0)];
    expect(await askForDebugger(pids)).toEqual({ ports: [], ended: [] });
    child.kill('SIGTERM');
    expect(await codeOf(child, place)).toBe(0);
  });

  test.runIf(FACES.includes('Chromium'))(
    'opens nothing in the Chromium window, from its launcher on',
    async () => {
      const place = join(home, 'chromium');
      const config = join(place, 'config');
      mkdirSync(config, { recursive: true });
      const script = [
        at('scripts/window.mjs'),
        '--face',
        'chromium',
        '--data',
        join(place, 'desk'),
      ];
      const child: ChildProcess = spawn(process.execPath, script, {
        env: { ...process.env, DISPLAY: display, XDG_CONFIG_HOME: config },
        stdio: 'ignore',
      });
      await opened(place);
      const pids = [child.pid ?? 0, ...childrenOf(child.pid ?? 0)].filter(isNode);
      expect(pids).toContain(serviceBelow(child.pid ?? 0));
      expect(pids).toHaveLength(3);
      expect(await askForDebugger(pids)).toEqual({ ports: [], ended: [] });
      child.kill('SIGTERM');
      expect(await codeOf(child, place)).toBe(0);
    },
  );
});
