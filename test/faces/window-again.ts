/** After the service ended or the window was closed: what is restored, and what remains. */
import { existsSync } from 'node:fs';
import { expect, test, vi } from 'vitest';
import type { FaceMessage } from '../../shared/window/bridge.ts';
import { bytesUnder } from '../support/memory.ts';
import { openFace, request } from './faces.ts';
import type { Opened } from './opened.ts';
import { commandOf, profileOf } from './processes.ts';

export const againTests = (of: Opened): void => {
  test('tells the page when the service is gone and when another is there', async () => {
    const { page } = of.face;
    await page.evaluate(() => {
      const heard: unknown[] = [];
      (globalThis as Record<string, unknown>)['heard'] = heard;
      globalThis.keymoot!.subscribe((message) => heard.push(message));
    });
    const before = await request(page, 'desk.hello');
    process.kill(of.face.servicePid(), 'SIGKILL');
    const heard = () =>
      page.evaluate(() => (globalThis as Record<string, unknown>)['heard'] as FaceMessage[]);
    await vi.waitFor(
      async () => {
        const kinds = (await heard()).map(({ kind }) => kind).filter((kind) => kind !== 'event');
        expect(kinds).toEqual(['service-down', 'service-up']);
      },
      { timeout: 15_000 },
    );
    const after = await request(page, 'desk.hello');
    const epoch = (answer: unknown) => (answer as { value: { epoch: number } }).value.epoch;
    expect(epoch(after)).toBe(epoch(before) + 1);
  });

  test('keeps nothing of the page’s on disk', async () => {
    const canary = `canary-${'5a'.repeat(12)}`;
    await of.face.page.evaluate((text) => {
      try {
        localStorage.setItem('kept', text);
        sessionStorage.setItem('kept', text);
        document.cookie = `kept=${text}; max-age=1000`;
      } catch {
        // refused altogether
      }
    }, canary);
    await new Promise((resolve) => setTimeout(resolve, 1500));
    expect(bytesUnder(of.home).includes(canary)).toBe(false);
  });

  test('opens again where it was, with the desk it had, after it is closed', async () => {
    const service = of.face.servicePid();
    if (of.face.app !== undefined)
      await of.face.app.evaluate(({ BrowserWindow }) => {
        BrowserWindow.getAllWindows()[0]?.setBounds({ x: 30, y: 40, width: 1100, height: 650 });
      });
    const before = await request(of.face.page, 'desk.hello');
    const profile = of.face.app === undefined ? profileOf(commandOf(of.home, '--app=')) : undefined;
    await of.face.close();
    expect(() => process.kill(service, 0)).toThrow();
    if (profile !== undefined) expect(existsSync(profile)).toBe(false);
    of.face = await openFace(of.name, { display: of.display, home: of.home });
    const after = await request(of.face.page, 'desk.hello');
    const epoch = (answer: unknown) => (answer as { value: { epoch: number } }).value.epoch;
    expect(epoch(after)).toBe(epoch(before) + 1);
    if (of.face.app !== undefined)
      expect(
        await of.face.app.evaluate(({ BrowserWindow }) =>
          BrowserWindow.getAllWindows()[0]?.getBounds(),
        ),
      ).toEqual({ x: 30, y: 40, width: 1100, height: 650 });
  });
};
