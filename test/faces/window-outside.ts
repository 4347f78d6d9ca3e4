/** The page reaches nothing outside itself. */
import { expect, test, vi } from 'vitest';
import type { Opened } from './opened.ts';

export const outsideTests = (of: Opened): void => {
  const { name } = of;

  test('reaches nothing outside', async () => {
    await of.face.page.evaluate(
      async ([url]) => {
        const quiet = (attempt: () => unknown) => {
          try {
            const result = attempt();
            if (result instanceof Promise) result.catch(() => undefined);
          } catch {
            // refused at once
          }
        };
        const put = (tag: string, attributes: Record<string, string>) => {
          const element = document.createElement(tag);
          for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, value);
          document.body.append(element);
        };
        await new Promise((resolve) => setTimeout(resolve, 0));
        quiet(() => fetch(`${url}/fetch`, { mode: 'no-cors' }));
        quiet(() => {
          const old = new XMLHttpRequest();
          old.open('GET', `${url}/xhr`);
          old.send();
        });
        quiet(() => new WebSocket(`${url.replace('http', 'ws')}/websocket`));
        quiet(() => new EventSource(`${url}/events`));
        quiet(() => navigator.sendBeacon(`${url}/beacon`, 'x'));
        quiet(() => import(/* @vite-ignore */ `${url}/module.js`));
        quiet(() => new Worker(`${url}/worker.js`));
        quiet(() => put('img', { src: `${url}/image` }));
        quiet(() => put('script', { src: `${url}/script.js` }));
        quiet(() => put('iframe', { src: `${url}/frame` }));
        quiet(() => put('object', { data: `${url}/object` }));
        quiet(() => put('embed', { src: `${url}/embed` }));
        quiet(() => put('video', { src: `${url}/video` }));
        quiet(() => put('link', { rel: 'stylesheet', href: `${url}/style.css` }));
        quiet(() => put('link', { rel: 'prefetch', href: `${url}/prefetch` }));
        quiet(() => put('link', { rel: 'preconnect', href: url }));
        quiet(() => put('link', { rel: 'dns-prefetch', href: 'http://example.com' }));
        quiet(() => put('div', { style: `background: url(${url}/background)` }));
        quiet(() => {
          put('form', { action: `${url}/form`, id: 'outside' });
          (document.getElementById('outside') as HTMLFormElement).submit();
        });
        await new Promise((resolve) => setTimeout(resolve, 1000));
      },
      [of.outside.url] as const,
    );
    expect(of.outside.reached).toEqual([]);
    await of.face.page.reload();
    await of.isHome();
  });

  test('opens no other window and goes nowhere else', async () => {
    const { page, origin } = of.face;
    const pages = () => page.context().pages().length;
    expect(pages()).toBe(1);
    const opened = await page.evaluate(
      ([url]) => {
        const others = [`${url}/open`, 'about:blank', '', 'data:text/html,x'].map((address) => {
          const other = globalThis.open(address, '_blank');
          return other === null || other.closed;
        });
        return others;
      },
      [of.outside.url] as const,
    );
    await vi.waitFor(
      () => {
        expect(pages()).toBe(1);
      },
      { timeout: 20_000 },
    );
    if (name === 'Electron') expect(opened).toEqual([true, true, true, true]);
    for (const address of [
      `${of.outside.url}/go`,
      `${origin}.evil/`,
      'about:blank',
      'data:text/html,<title>x',
      'file:///etc/passwd',
      'chrome://version',
      'blob:null/x',
    ]) {
      for (const how of ['location', 'anchor', 'blank', 'refresh'])
        await page
          .evaluate(
            ([address, how]) => {
              const anchor = document.createElement('a');
              anchor.href = address;
              if (how === 'blank') anchor.target = '_blank';
              const refresh = document.createElement('meta');
              refresh.httpEquiv = 'refresh';
              refresh.content = `0; url=${address}`;
              if (how === 'location') globalThis.location.href = address;
              else if (how === 'refresh') document.head.append(refresh);
              else {
                document.body.append(anchor);
                anchor.click();
                anchor.remove();
              }
            },
            [address, how] as const,
          )
          .catch(() => undefined);
      await new Promise((resolve) => setTimeout(resolve, 150));
      await vi.waitFor(of.isHome, { timeout: 10_000 });
    }
    expect(pages()).toBe(1);
    expect(of.outside.reached).toEqual([]);
  });

  test('is given no permission', async () => {
    const answers = await of.face.page.evaluate(async () => {
      const states: Record<string, string> = {};
      for (const permission of ['geolocation', 'notifications', 'camera', 'microphone', 'midi'])
        states[permission] = await navigator.permissions
          .query({ name: permission as PermissionName })
          .then(({ state }) => state)
          .catch(() => 'denied');
      states['position'] = await new Promise((resolve) => {
        navigator.geolocation.getCurrentPosition(
          () => {
            resolve('given');
          },
          () => {
            resolve('denied');
          },
          { timeout: 3000 },
        );
      });
      const media = navigator.mediaDevices as MediaDevices | undefined;
      states['media'] = await (
        media?.getUserMedia({ audio: true }) ?? Promise.reject(new Error())
      ).then(
        () => 'given',
        () => 'denied',
      );
      states['clipboard'] = await navigator.clipboard.readText().then(
        () => 'given',
        () => 'denied',
      );
      return states;
    });
    expect(new Set(Object.values(answers)), JSON.stringify(answers)).toEqual(new Set(['denied']));
  });
};
