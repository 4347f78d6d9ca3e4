/** The window on a desktop: menu, clipboard, one window a desk, and exclusion from screen captures while secrets are typed. */
import { type ChildProcess, spawn } from 'node:child_process';
import { mkdirSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, test, vi } from 'vitest';
import { at, node24 } from '../../scripts/lib/project.mjs';
import { endsWithSuite } from '../support/at-end.ts';
import { copyText } from '../../renderer/ui/copy.ts';
import {
  buildAll,
  codeOf,
  FACES,
  newHome,
  openFace,
  type OpenFace,
  serviceBelow,
  startDisplay,
} from './faces.ts';

let display: string;
const atEnd = endsWithSuite();
beforeAll(async () => {
  await buildAll();
  const screen = await startDisplay();
  ({ display } = screen);
  atEnd(screen.end);
});

describe.each(FACES)('the window on %s', (name) => {
  const { home, remove } = newHome();
  let face: OpenFace;
  const atEnd = endsWithSuite();
  atEnd(remove);
  beforeAll(async () => {
    face = await openFace(name, { display, home });
    atEnd(() => face.close());
  });

  test('copies public text when a person asks, has no permission for the clipboard, and never copies a secret’s field', async () => {
    const { page } = face;
    await page.evaluate(`globalThis.copyText = ${copyText.toString()}`);
    const fields = await page.evaluate(async () => {
      const add = <K extends 'input' | 'button'>(tag: K, id: string, type: string) => {
        const element = document.createElement(tag);
        Object.assign(element, { id: `test-${id}`, type });
        element.style.cssText = 'position: fixed; top: 0; z-index: 999; width: 90px';
        element.style.left = `${document.querySelectorAll('[id^=test-]').length * 100}px`;
        document.body.append(element);
        return element;
      };
      add('input', 'plain', 'text');
      add('input', 'secret', 'password').value = 'not for the clipboard';
      const button = add('button', 'copy', 'button');
      const { copyText } = globalThis as unknown as { copyText: (text: string) => boolean };
      button.addEventListener('click', () => {
        button.textContent = String(copyText('public text'));
      });
      // The page itself never writes to the clipboard.
      const bySelf = await navigator.clipboard.writeText('by itself').then(
        () => 'written',
        () => 'denied',
      );
      const read = await navigator.clipboard.readText().then(
        () => 'read',
        () => 'denied',
      );
      return { bySelf, read };
    });
    expect(fields).toEqual({ bySelf: 'denied', read: 'denied' });
    await page.click('#test-copy');
    expect(await page.textContent('#test-copy')).toBe('true');
    await page.focus('#test-secret');
    for (const keys of ['ControlOrMeta+A', 'ControlOrMeta+C', 'ControlOrMeta+X'])
      await page.keyboard.press(keys);
    expect(await page.inputValue('#test-secret')).toBe('not for the clipboard');
    await page.focus('#test-plain');
    await page.keyboard.press('ControlOrMeta+V');
    expect(await page.inputValue('#test-plain')).toBe('public text');
    await page.evaluate(() => {
      for (const element of document.querySelectorAll('[id^=test-]')) element.remove();
    });
  });

  test.runIf(name === 'Electron')('has a menu for what works without the page', async () => {
    const { app, page } = face;
    await page.evaluate(() => ((globalThis as Record<string, unknown>)['same'] = 'page'));
    const choose = (label: string) =>
      app!.evaluate(({ Menu, BrowserWindow, dialog, shell }, label) => {
        const said: unknown[] = [];
        const { showMessageBox } = dialog;
        const { openPath } = shell;
        dialog.showMessageBox = ((_window: unknown, options: Electron.MessageBoxOptions) => {
          said.push(options.message, options.detail);
          return Promise.resolve({ response: 0, checkboxChecked: false });
        }) as typeof dialog.showMessageBox;
        shell.openPath = (path) => {
          said.push(path);
          return Promise.resolve('');
        };
        const items = Menu.getApplicationMenu()!.items.flatMap(
          ({ submenu }) => submenu?.items ?? [],
        );
        const item = items.find((one) => one.label.replace('&', '') === label)!;
        item.click({}, BrowserWindow.getAllWindows()[0]);
        Object.assign(dialog, { showMessageBox });
        Object.assign(shell, { openPath });
        return said;
      }, label);

    expect(await choose('Open data folder…')).toEqual([join(home, 'desk')]);
    const about = (await choose('About Keymoot')).join('\n');
    expect(about).toMatch(/Keymoot \d+\.\d+\.\d+/);
    for (const part of [/Window: Electron \d+/, /Chromium \d+/, /Node \d+/, /sandbox is/])
      expect(about).toMatch(part);
    await choose('Export log…');
    await page.waitForURL('keymoot://desk/#/audit/export');
    await choose('Help on this screen');
    await page.getByRole('dialog').getByText('Whose word a statement is').waitFor();
    await page.keyboard.press('Escape');
    // All of it in the same page: no presence ended.
    expect(await page.evaluate(() => (globalThis as Record<string, unknown>)['same'])).toBe('page');
    const shown = await app!.evaluate(({ Menu }) =>
      Menu.getApplicationMenu()!.items.map(({ label, submenu }) => [
        label,
        submenu?.items.filter(({ type, visible }) => visible && type !== 'separator').length,
      ]),
    );
    expect(shown).toEqual([
      ['&File', 4],
      ['&Edit', 6],
      ['&View', 5],
      ['&Help', 2],
    ]);
  });

  test.runIf(name === 'Electron')(
    'asks the system to keep it out of pictures while a secret’s field is shown, and no longer',
    async () => {
      const { app, page } = face;
      await app!.evaluate(({ BrowserWindow }) => {
        const asked: boolean[] = [];
        Object.assign(globalThis, { asked });
        BrowserWindow.getAllWindows()[0]!.setContentProtection = (on) => asked.push(on);
      });
      const asked = () =>
        app!.evaluate(() => (globalThis as unknown as { asked: boolean[] }).asked.splice(0));
      const shield = (on: unknown) =>
        page.evaluate((on) => {
          globalThis.keymoot!.shield(on as boolean);
        }, on);
      await shield(true);
      await shield('no');
      const first: boolean[] = [];
      await vi.waitFor(
        async () => {
          first.push(...(await asked()));
          expect(first).toEqual([true, false]);
        },
        { timeout: 20_000 },
      );
      // A new page begins without the exclusion, and the first run has fields for PIN halves.
      await page.reload();
      await page.getByRole('button', { name: 'Set up a rehearsal desk' }).click();
      await page.locator('input[type=password]').first().waitFor();
      const since: boolean[] = [];
      await vi.waitFor(
        async () => {
          since.push(...(await asked()));
          expect(since[0]).toBe(false);
          expect(since.at(-1)).toBe(true);
        },
        { timeout: 20_000 },
      );
    },
  );
});

describe.runIf(FACES.includes('Chromium'))('Chromium by itself', () => {
  test('is one per desk: a second start finds the first, one that was killed is forgotten', async () => {
    const { home, remove } = newHome();
    // A folder of its own: other windows opened meanwhile tidy up the system's.
    const temporary = join(home, 'temporary');
    mkdirSync(temporary);
    const start = (): { child: ChildProcess; said: () => string } => {
      const config = join(home, 'config');
      mkdirSync(config, { recursive: true });
      const line = [at('out/window/main/fallback.cjs'), '--data', join(home, 'desk')];
      const child = spawn(node24, line, {
        env: {
          ...process.env,
          DISPLAY: display,
          XDG_CONFIG_HOME: config,
          TMPDIR: temporary,
        },
        stdio: ['ignore', 'ignore', 'pipe'],
      });
      let text = '';
      child.stderr.on('data', (bytes: Buffer) => (text += bytes.toString()));
      return { child, said: () => text };
    };
    const isUp = ({ child }: ReturnType<typeof start>) =>
      vi.waitFor(() => serviceBelow(child.pid ?? 0), { timeout: 15_000, interval: 200 });

    const first = start();
    await isUp(first);
    const second = start();
    expect(await codeOf(second.child, join(home, 'none'))).toBe(0);
    expect(second.said()).toContain('open already');
    const service = serviceBelow(first.child.pid ?? 0);
    first.child.kill('SIGKILL');
    await vi.waitFor(
      () => {
        expect(() => process.kill(service, 0)).toThrow();
      },
      { timeout: 15_000 },
    );
    // The next window removes the profile of the killed one.
    const left = () =>
      readdirSync(temporary).filter((name) =>
        name.startsWith(`keymoot-window-${first.child.pid ?? 0}-`),
      );
    expect(left().length).toBe(1);
    const third = start();
    await isUp(third);
    await vi.waitFor(
      () => {
        expect(left()).toEqual([]);
      },
      { timeout: 20_000 },
    );
    third.child.kill('SIGTERM');
    await codeOf(third.child, home);
    expect(third.said()).not.toContain('open already');
    remove();
  });
});
