/** The page's access to the desk: its bridge, complete, and no call that is not for pages. */
import { expect, test } from 'vitest';
import { request } from './faces.ts';
import type { Opened } from './opened.ts';

export const bridgeTests = (of: Opened): void => {
  const { name } = of;

  test('gives the page its bridge, whole and fixed', async () => {
    const bridge = await of.face.page.evaluate(() => {
      const before = globalThis.keymoot!.request;
      try {
        (globalThis as Record<string, unknown>)['keymoot'] = {};
        (globalThis.keymoot as unknown as Record<string, unknown>)['request'] = () => 'mine';
      } catch {
        // a frozen thing in strict code
      }
      return {
        names: Object.keys(globalThis.keymoot!).sort(),
        same: globalThis.keymoot!.request === before,
        face: globalThis.keymoot!.face,
        others: ['require', 'process', 'module', 'ipcRenderer', 'electron', 'keymootFace'].filter(
          (other) => other in globalThis,
        ),
      };
    });
    expect(bridge.names).toEqual([
      'askDropped',
      'askFile',
      'face',
      'print',
      'request',
      'shield',
      'subscribe',
    ]);
    expect(bridge.same).toBe(true);
    expect(bridge.others).toEqual([]);
    expect(bridge.face).toMatchObject({ name, sandboxed: process.getuid?.() !== 0 });
    expect(bridge.face.version).toMatch(/^\d+\./);
    expect(bridge.face.why.length).toBeGreaterThan(10);
  });

  test('passes a call through, and stops what no page may ask', async () => {
    const { page } = of.face;
    expect(await request(page, 'desk.hello')).toMatchObject({ ok: true, value: { protocol: 1 } });
    expect(await request(page, 'people.list')).toMatchObject({ ok: true });
    for (const channel of ['files.grant', 'toString', '__proto__', 'desk.nothing'])
      expect(await request(page, channel), channel).toMatchObject({
        ok: false,
        error: { code: 'channel-unknown' },
      });
    expect(await request(page, 'desk.hello', 'x'.repeat(2 ** 21))).toMatchObject({
      ok: false,
      error: { code: 'message-too-large' },
    });
    expect(
      await page.evaluate(() =>
        globalThis.keymoot!.request(
          JSON.parse('{"channel":"desk.hello","input":{"constructor":{}}}'),
        ),
      ),
    ).toMatchObject({ ok: false });
  });

  test('answers a file question that makes no sense in words, and opens nothing', async () => {
    const answer = await of.face.page.evaluate(() =>
      globalThis.keymoot!.askFile('__proto__' as 'trust').then(
        () => 'given',
        (error: unknown) => String(error),
      ),
    );
    expect(answer).toMatch(/no such kind of file/);
    expect(answer).not.toMatch(/invoking|remote method|at .*:\d+:\d+/);
  });
};
