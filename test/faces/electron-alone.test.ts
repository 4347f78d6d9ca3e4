/** Electron as people start it, without a test driver: one window a desk, no open port, and an orderly end on a signal. */
import { beforeAll, describe, expect, test, vi } from 'vitest';
import { endsWithSuite } from '../support/at-end.ts';
import {
  buildAll,
  codeOf,
  FACES,
  newHome,
  openFace,
  serviceBelow,
  spawnElectron,
  startDisplay,
} from './faces.ts';
import { commandOf, listening } from './processes.ts';

let display: string;
const atEnd = endsWithSuite();
beforeAll(async () => {
  await buildAll();
  const screen = await startDisplay();
  ({ display } = screen);
  atEnd(screen.end);
});

/** Waits until the window has its page: before that Electron does not handle a signal to end. */
const opened = (home: string): Promise<void> =>
  vi.waitFor(
    () => {
      expect(commandOf(home, '--type=renderer')).not.toBe('');
    },
    { timeout: 30_000, interval: 200 },
  );

describe.runIf(FACES.includes('Electron'))('Electron by itself', () => {
  test('listens on no port, is one per desk, and ends well when told', async () => {
    const { home, remove } = newHome();
    const first = spawnElectron({ display, home });
    await opened(home);
    const service = serviceBelow(first.pid ?? 0);
    expect(listening(first.pid ?? 0)).toEqual([]);

    const second = spawnElectron({ display, home });
    let said = '';
    second.stderr?.on('data', (bytes: Buffer) => (said += bytes.toString()));
    expect(await codeOf(second, home)).toBe(0);
    expect(said).toContain('open already');
    // Another desk has a window of its own.
    const other = newHome();
    const third = spawnElectron({ display, home: other.home });
    await opened(other.home);

    first.kill('SIGTERM');
    third.kill('SIGTERM');
    expect(await codeOf(first, home)).toBe(0);
    expect(() => process.kill(service, 0)).toThrow();
    expect(await codeOf(third, other.home)).toBe(0);
    remove();
    other.remove();
  });

  test('ends also while its service is away', async () => {
    const { home, remove } = newHome();
    const face = await openFace('Electron', { display, home });
    await face.page.evaluate(() => {
      let gone = 0;
      globalThis.keymoot!.subscribe(({ kind }) => {
        if (kind === 'service-down') document.title = `gone ${++gone}`;
      });
    });
    // Another is started at once after the first, and half a second after the second: the window is closed in between.
    for (const title of ['gone 1', 'gone 2']) {
      await vi.waitFor(() => process.kill(face.servicePid(), 'SIGKILL'), { timeout: 10_000 });
      await face.page.waitForFunction((title) => document.title === title, title);
    }
    await face.close();
    remove();
  });
});
