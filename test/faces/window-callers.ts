/** Calls from any sender other than the page are refused. */
import { expect, test, vi } from 'vitest';
import { at } from '../../scripts/lib/project.mjs';
import type { Opened } from './opened.ts';

export const callerTests = (of: Opened): void => {
  const { name } = of;

  test('hears no call from a frame', async () => {
    const { page } = of.face;
    const makeFrame = (source: string) =>
      page.evaluate(async (source) => {
        const frame = document.createElement('iframe');
        if (source === 'srcdoc') frame.srcdoc = 'in a frame';
        else frame.src = source;
        document.body.append(frame);
        await new Promise((resolve) => setTimeout(resolve, 300));
      }, source);
    for (const source of ['srcdoc', 'about:blank', './index.html', `${of.outside.url}/frame`])
      await makeFrame(source);
    const frames = page.frames().filter((frame) => frame !== page.mainFrame());
    expect(frames.length).toBeGreaterThan(1);
    for (const frame of frames)
      expect(
        await frame.evaluate(() => [
          typeof globalThis.keymoot,
          typeof (globalThis as Record<string, unknown>)['keymootFace'],
        ]),
      ).toEqual(['undefined', 'undefined']);
    expect(of.outside.reached).toEqual([]);
    await page.evaluate(() => {
      for (const frame of document.querySelectorAll('iframe')) frame.remove();
    });
  });

  test.runIf(name === 'Chromium')(
    'hears no frame that calls the driver’s own binding',
    async () => {
      const { page, link } = of.face;
      const asked = vi.spyOn(link!, 'request');
      const call = (): unknown =>
        (
          (globalThis as Record<string, unknown>)['__playwright__binding__'] as (
            payload: string,
          ) => void
        )(
          JSON.stringify({
            name: 'keymootFace',
            seq: 1_000_000,
            serializedArgs: [
              'request',
              {
                o: [
                  { k: 'channel', v: 'desk.status' },
                  { k: 'input', v: { o: [], id: 2 } },
                ],
                id: 1,
              },
            ],
          }),
        );
      await page.evaluate(() => {
        const frame = document.createElement('iframe');
        frame.srcdoc = 'in a frame';
        document.body.append(frame);
      });
      await vi.waitFor(
        () => {
          expect(page.frames().length).toBe(2);
        },
        { timeout: 20_000 },
      );
      await page.frames()[1]!.evaluate(call);
      await new Promise((resolve) => setTimeout(resolve, 500));
      expect(asked).not.toHaveBeenCalled();
      // The same call from the page itself is answered, so the refused calls had the right form.
      await page.evaluate(call);
      await vi.waitFor(
        () => {
          expect(asked).toHaveBeenCalledWith({ channel: 'desk.status', input: {} });
        },
        { timeout: 20_000 },
      );
      asked.mockRestore();
      await page.reload();
      await of.isHome();
    },
  );

  test.runIf(name === 'Electron')(
    'hears no other window, the page’s own address or not',
    async () => {
      const answers = await of.face.app!.evaluate(async ({ BrowserWindow }, preload) => {
        const other = new BrowserWindow({
          show: false,
          webPreferences: {
            session: BrowserWindow.getAllWindows()[0]!.webContents.session,
            preload,
            additionalArguments: [`--keymoot-face=${btoa('{}')}`],
            sandbox: true,
          },
        });
        await other.loadURL('keymoot://desk/');
        const ask = (call: string): Promise<unknown> =>
          other.webContents.executeJavaScript(call, true) as Promise<unknown>;
        const found = [
          await ask("keymoot.request({ channel: 'desk.hello', input: {} })"),
          await ask("keymoot.askFile('trust')"),
          await ask('keymoot.print()'),
        ];
        other.destroy();
        return found;
      }, at('out/window/preload/preload.cjs'));
      expect(answers).toEqual([
        { ok: false, error: expect.objectContaining({ code: 'channel-unknown' }) },
        undefined,
        undefined,
      ]);
    },
  );
};
