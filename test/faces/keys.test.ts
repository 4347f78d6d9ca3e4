/** A browser's key commands and a right click open nothing around the page. */
import { setTimeout } from 'node:timers/promises';
import { beforeAll, describe, expect, test, vi } from 'vitest';
import { endsWithSuite } from '../support/at-end.ts';
import {
  buildAll,
  FACES,
  inTime,
  newHome,
  openFace,
  type OpenFace,
  startDisplay,
} from './faces.ts';
import { type Keyboard, openKeyboard } from './keyboard.ts';

let display: string;
const atEnd = endsWithSuite();
beforeAll(async () => {
  await buildAll();
  const screen = await startDisplay();
  ({ display } = screen);
  atEnd(screen.end);
});

const SHORTCUTS: Record<string, string[]> = {
  'developer tools': ['F12'],
  'developer tools, by letter': ['Control', 'Shift', 'i'],
  'the console': ['Control', 'Shift', 'j'],
  'picking an element': ['Control', 'Shift', 'c'],
  'the page’s source': ['Control', 'u'],
  'saving the page': ['Control', 's'],
  'opening a file': ['Control', 'o'],
  'a window': ['Control', 'n'],
  'a private window': ['Control', 'Shift', 'n'],
  'a tab': ['Control', 't'],
  'the last tab': ['Control', 'Shift', 't'],
  'the address': ['Control', 'l'],
  'the history': ['Control', 'h'],
  downloads: ['Control', 'j'],
  bookmarks: ['Control', 'Shift', 'o'],
  'clearing data': ['Control', 'Shift', 'Delete'],
};

describe.each(FACES)('the window on %s', (name) => {
  const { home, remove } = newHome();
  let face: OpenFace;
  let keyboard: Keyboard;
  /** All that is open, by address. */
  let open: () => Promise<string[]>;
  const atEnd = endsWithSuite();
  atEnd(remove);
  beforeAll(async () => {
    face = await openFace(name, { display, home });
    atEnd(() => face.close());
    const { app, page } = face;
    const driver = await inTime(
      10_000,
      'a session with the browser',
      Promise.resolve(page.context().browser()?.newBrowserCDPSession()),
    );
    open = async () => {
      if (app !== undefined)
        return app.evaluate(({ webContents }) =>
          webContents.getAllWebContents().map((contents) => contents.getURL().split('#')[0] ?? ''),
        );
      const found = await driver!.send('Target.getTargets');
      return found.targetInfos
        .filter(({ type }) => type !== 'browser')
        .map(({ url }) => url.split('#')[0] ?? '');
    };
    keyboard = await inTime(10_000, 'the display’s keyboard', openKeyboard(display));
    atEnd(keyboard.end);
    // A listener that doesn't interfere: proves that a real key reached the page.
    await page.evaluate(() => {
      document.addEventListener('keydown', ({ key }) => {
        document.documentElement.dataset['key'] = key;
      });
    });
    await vi.waitFor(
      async () => {
        await keyboard.click(640, 700);
        await keyboard.press('a');
        expect(await page.evaluate(() => document.documentElement.dataset['key'])).toBe('a');
      },
      { timeout: 10_000 },
    );
  });
  test('opens nothing by the keys that browsers have', async () => {
    for (const [what, keys] of Object.entries(SHORTCUTS)) {
      await keyboard.press(...keys);
      await setTimeout(150);
      await vi.waitFor(
        async () => {
          expect(await open(), what).toEqual([`${face.origin}/`]);
        },
        { timeout: 20_000 },
      );
      await keyboard.press('Escape');
    }
    // The page is still the one that was loaded.
    expect(await face.page.evaluate(() => document.documentElement.dataset['key'])).toBe('Escape');
  });

  test('shows no developer tools by a click with the other button', async () => {
    await keyboard.click(640, 700, 3);
    for (const key of ['Up', 'Return']) await keyboard.press(key);
    await setTimeout(700);
    await vi.waitFor(
      async () => {
        expect(await open()).toEqual([`${face.origin}/`]);
      },
      { timeout: 20_000 },
    );
    expect(await face.page.evaluate(() => globalThis.keymoot !== undefined)).toBe(true);
  });
});
