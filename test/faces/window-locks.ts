/** How the browser around the page is started and locked. */
import { statSync } from 'node:fs';
import { expect, test } from 'vitest';
import type { Opened } from './opened.ts';
import { commandOf, listening, profileOf } from './processes.ts';

export const lockTests = (of: Opened): void => {
  const { name } = of;

  test.runIf(name === 'Electron')('has every lock of its pages shut', async () => {
    const found = await of.face.app!.evaluate(({ BrowserWindow, session }) => {
      const window = BrowserWindow.getAllWindows()[0]!;
      const contents = window.webContents as Electron.WebContents & {
        getLastWebPreferences: () => Electron.WebPreferences;
      };
      const { sandbox, contextIsolation, nodeIntegration, webviewTag, webSecurity } =
        contents.getLastWebPreferences();
      contents.openDevTools();
      return {
        preferences: { sandbox, contextIsolation, nodeIntegration, webviewTag, webSecurity },
        devTools: contents.isDevToolsOpened(),
        persistent: contents.session.isPersistent(),
        defaultUsed: contents.session === session.defaultSession,
        spelling: contents.session.isSpellCheckerEnabled(),
        minimum: window.getMinimumSize(),
        title: window.getTitle(),
      };
    });
    expect(found).toEqual({
      preferences: {
        sandbox: true,
        contextIsolation: true,
        nodeIntegration: false,
        webviewTag: false,
        webSecurity: true,
      },
      devTools: false,
      persistent: false,
      defaultUsed: false,
      spelling: false,
      minimum: [1024, 600],
      title: 'Keymoot',
    });
  });

  test.runIf(name === 'Chromium')('listens on no port, and has its sandbox unless root', () => {
    expect(listening(process.pid)).toEqual(of.portsBefore);
    const browser = commandOf(of.home, '--remote-debugging-pipe');
    expect(browser).toContain('--app=');
    expect(browser).not.toMatch(
      /--remote-debugging-port|--password-store=basic|--use-mock-keychain/,
    );
    expect(browser.includes('--no-sandbox')).toBe(process.getuid?.() === 0);
    expect(statSync(profileOf(browser)).mode & 0o077).toBe(0);
  });
};
