/** Both windows as they are opened: what the page gets, and all that it doesn't. */
import { createServer, type Server } from 'node:http';
import { type AddressInfo } from 'node:net';
import { existsSync, readdirSync, readFileSync, readlinkSync, statSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { at } from '../../scripts/lib/project.mjs';
import type { FaceMessage } from '../../shared/window/bridge.ts';
import {
  buildAll,
  childrenOf,
  codeOf,
  FACES,
  newHome,
  openFace,
  type OpenFace,
  processesOf,
  request,
  serviceBelow,
  spawnElectron,
  startDisplay,
} from './faces.ts';
import { bytesUnder } from '../support/memory.ts';

let display: string;
let endDisplay: () => void;
/** What anything that got out would reach. */
let outside: Server;
let outsideUrl: string;
const reached: string[] = [];

beforeAll(async () => {
  await buildAll();
  ({ display, end: endDisplay } = await startDisplay());
  outside = createServer((incoming, answer) => {
    reached.push(incoming.url ?? '');
    answer.setHeader('Access-Control-Allow-Origin', '*');
    answer.end('<title>outside</title>');
  });
  outside.on('upgrade', (incoming) => {
    reached.push(incoming.url ?? '');
    incoming.socket.destroy();
  });
  await new Promise<void>((done) => {
    outside.listen(0, '127.0.0.1', done);
  });
  outsideUrl = `http://127.0.0.1:${(outside.address() as AddressInfo).port}`;
}, 120_000);
afterAll(() => {
  outside.close();
  endDisplay();
});

/** TCP ports that a process and those below it listen on. */
const listening = (pid: number): string[] => {
  const sockets = new Set<string>();
  const quietly = <T>(read: () => T, otherwise: T): T => {
    try {
      return read();
    } catch {
      return otherwise; // ended or closed meanwhile
    }
  };
  for (const process of [pid, ...childrenOf(pid)])
    for (const fd of quietly(() => readdirSync(`/proc/${process}/fd`), [])) {
      const target = quietly(() => readlinkSync(`/proc/${process}/fd/${fd}`), '');
      sockets.add(/^socket:\[(\d+)\]$/.exec(target)?.[1] ?? '');
    }
  return ['tcp', 'tcp6'].flatMap((kind) =>
    readFileSync(`/proc/net/${kind}`, 'utf8')
      .split('\n')
      .slice(1)
      .map((line) => line.trim().split(/\s+/))
      .filter((fields) => fields[3] === '0A' && sockets.has(fields[9] ?? ''))
      .map((fields) => fields[1] ?? ''),
  );
};

/** The command line of the process of a window that has this in it. */
const commandOf = (home: string, has: string): string =>
  processesOf(home)
    .map((pid) => {
      try {
        return readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ');
      } catch {
        return ''; // ended meanwhile
      }
    })
    .find((line) => line.includes(has)) ?? '';
const profileOf = (browser: string): string => /--user-data-dir=(\S+)/.exec(browser)?.[1] ?? '';

describe.each(FACES)('the window on %s', (name) => {
  const { home, remove } = newHome();
  let face: OpenFace;
  /** Ports of this process, before a driver is at work in it. */
  let before: string[];
  beforeAll(async () => {
    before = listening(process.pid);
    face = await openFace(name, { display, home });
  });
  afterAll(async () => {
    await face.close();
    remove();
  });
  const isHome = async (): Promise<void> => {
    await face.page.waitForFunction(() => globalThis.keymoot !== undefined);
    expect(face.page.url().startsWith(`${face.origin}/`), face.page.url()).toBe(true);
    expect(await request(face.page, 'desk.hello')).toMatchObject({ ok: true });
  };

  test('gives the page its bridge, whole and fixed', async () => {
    const bridge = await face.page.evaluate(() => {
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
    const { page } = face;
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

  test('runs no code that didn’t come with it', async () => {
    const { page } = face;
    const ran = await page.evaluate(
      () =>
        new Promise((resolve) => {
          const found: string[] = [];
          const mark = (what: string) => `globalThis.ran = (globalThis.ran ?? '') + '${what} ';`;
          const attempts: Record<string, () => void> = {
            eval: () => void globalThis.eval(mark('eval')),
            // eslint-disable-next-line @typescript-eslint/no-implied-eval -- what is tried is whether it's refused
            function: () => void new Function(mark('function'))(),
            inline: () => {
              const script = document.createElement('script');
              script.textContent = mark('inline');
              document.head.append(script);
            },
            attribute: () => {
              const button = document.createElement('button');
              button.setAttribute('onclick', mark('attribute'));
              document.body.append(button);
              button.click();
              button.remove();
            },
            data: () => {
              const script = document.createElement('script');
              script.src = `data:text/javascript,${mark('data')}`;
              document.head.append(script);
            },
            blob: () => {
              const script = document.createElement('script');
              script.src = URL.createObjectURL(new Blob([mark('blob')]));
              document.head.append(script);
            },
            markup: () => {
              document.createElement('div').innerHTML = `<img src=x onerror="${mark('markup')}">`;
            },
            policy: () => {
              const { trustedTypes } = globalThis as unknown as {
                trustedTypes: { createPolicy: (name: string, rules: object) => unknown };
              };
              for (const name of ['default', 'mine'])
                trustedTypes.createPolicy(name, { createHTML: (text: string) => text });
            },
            address: () => {
              const link = document.createElement('a');
              link.href = `javascript:${mark('address')}`;
              document.body.append(link);
              link.click();
              link.remove();
            },
          };
          // Later, as a page's own code: what a driver evaluates is let past the policy.
          setTimeout(() => {
            for (const [what, attempt] of Object.entries(attempts))
              try {
                attempt();
              } catch {
                found.push(what);
              }
            setTimeout(() => {
              resolve([found, (globalThis as Record<string, unknown>)['ran']]);
            }, 300);
          }, 0);
        }),
    );
    expect(ran).toEqual([
      ['eval', 'function', 'inline', 'attribute', 'data', 'blob', 'markup', 'policy'],
      undefined,
    ]);
  });

  test('reaches nothing outside', async () => {
    await face.page.evaluate(
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
      [outsideUrl] as const,
    );
    expect(reached).toEqual([]);
    await face.page.reload();
    await isHome();
  });

  test('opens no other window and goes nowhere else', async () => {
    const { page, origin } = face;
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
      [outsideUrl] as const,
    );
    await vi.waitFor(
      () => {
        expect(pages()).toBe(1);
      },
      { timeout: 20_000 },
    );
    if (name === 'Electron') expect(opened).toEqual([true, true, true, true]);
    for (const address of [
      `${outsideUrl}/go`,
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
      await vi.waitFor(isHome, { timeout: 10_000 });
    }
    expect(pages()).toBe(1);
    expect(reached).toEqual([]);
  });

  test('hears no call from a frame', async () => {
    const { page } = face;
    const makeFrame = (source: string) =>
      page.evaluate(async (source) => {
        const frame = document.createElement('iframe');
        if (source === 'srcdoc') frame.srcdoc = 'in a frame';
        else frame.src = source;
        document.body.append(frame);
        await new Promise((resolve) => setTimeout(resolve, 300));
      }, source);
    for (const source of ['srcdoc', 'about:blank', './index.html', `${outsideUrl}/frame`])
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
    expect(reached).toEqual([]);
    await page.evaluate(() => {
      for (const frame of document.querySelectorAll('iframe')) frame.remove();
    });
  });

  test.runIf(name === 'Chromium')(
    'hears no frame that calls the driver’s own binding',
    async () => {
      const { page, link } = face;
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
      // The same from the page itself is heard: the call was made as one is.
      await page.evaluate(call);
      await vi.waitFor(
        () => {
          expect(asked).toHaveBeenCalledWith({ channel: 'desk.status', input: {} });
        },
        { timeout: 20_000 },
      );
      asked.mockRestore();
      await page.reload();
      await isHome();
    },
  );

  test.runIf(name === 'Electron')(
    'hears no other window, the page’s own address or not',
    async () => {
      const answers = await face.app!.evaluate(async ({ BrowserWindow }, preload) => {
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

  test('is given no permission', async () => {
    const answers = await face.page.evaluate(async () => {
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

  test('has a new nonce at each load, and styles that carry it are the only ones inline', async () => {
    const nonce = () =>
      face.page.evaluate(
        () => document.querySelector<HTMLMetaElement>('meta[name=csp-nonce]')?.content ?? '',
      );
    const before = await nonce();
    await face.page.reload();
    await isHome();
    const after = await nonce();
    expect(before).toMatch(/^[A-Za-z0-9+/]{22}==$/);
    expect(after).not.toBe(before);
    const colours = await face.page.evaluate((nonce) => {
      const style = (color: string, given?: string) => {
        const element = document.createElement('style');
        if (given !== undefined) element.nonce = given;
        element.textContent = `body { outline-color: ${color} }`;
        document.head.append(element);
        const seen = getComputedStyle(document.body).outlineColor;
        element.remove();
        return seen;
      };
      return [style('rgb(1, 2, 3)'), style('rgb(4, 5, 6)', nonce)];
    }, after);
    expect(colours[0]).not.toBe('rgb(1, 2, 3)');
    expect(colours[1]).toBe('rgb(4, 5, 6)');
  });

  test.runIf(name === 'Electron')('has every lock of its pages shut', async () => {
    const found = await face.app!.evaluate(({ BrowserWindow, session }) => {
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
    expect(listening(process.pid)).toEqual(before);
    const browser = commandOf(home, '--remote-debugging-pipe');
    expect(browser).toContain('--app=');
    expect(browser).not.toMatch(
      /--remote-debugging-port|--password-store=basic|--use-mock-keychain/,
    );
    expect(browser.includes('--no-sandbox')).toBe(process.getuid?.() === 0);
    expect(statSync(profileOf(browser)).mode & 0o077).toBe(0);
  });

  test('tells the page when the service is gone and when another is there', async () => {
    const { page } = face;
    await page.evaluate(() => {
      const heard: unknown[] = [];
      (globalThis as Record<string, unknown>)['heard'] = heard;
      globalThis.keymoot!.subscribe((message) => heard.push(message));
    });
    const before = await request(page, 'desk.hello');
    process.kill(face.servicePid(), 'SIGKILL');
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

  test('answers a file question that makes no sense in words, and opens nothing', async () => {
    const answer = await face.page.evaluate(() =>
      globalThis.keymoot!.askFile('__proto__' as 'trust').then(
        () => 'given',
        (error: unknown) => String(error),
      ),
    );
    expect(answer).toMatch(/no such kind of file/);
    expect(answer).not.toMatch(/invoking|remote method|at .*:\d+:\d+/);
  });

  test('keeps nothing of the page’s on disk', async () => {
    const canary = `canary-${'5a'.repeat(12)}`;
    await face.page.evaluate((text) => {
      try {
        localStorage.setItem('kept', text);
        sessionStorage.setItem('kept', text);
        document.cookie = `kept=${text}; max-age=1000`;
      } catch {
        // refused altogether
      }
    }, canary);
    await new Promise((resolve) => setTimeout(resolve, 1500));
    expect(bytesUnder(home).includes(canary)).toBe(false);
  });

  test('opens again where it was, with the desk it had, after it is closed', async () => {
    const service = face.servicePid();
    if (face.app !== undefined)
      await face.app.evaluate(({ BrowserWindow }) => {
        BrowserWindow.getAllWindows()[0]?.setBounds({ x: 30, y: 40, width: 1100, height: 650 });
      });
    const before = await request(face.page, 'desk.hello');
    const profile = face.app === undefined ? profileOf(commandOf(home, '--app=')) : undefined;
    await face.close();
    expect(() => process.kill(service, 0)).toThrow();
    if (profile !== undefined) expect(existsSync(profile)).toBe(false);
    face = await openFace(name, { display, home });
    const after = await request(face.page, 'desk.hello');
    const epoch = (answer: unknown) => (answer as { value: { epoch: number } }).value.epoch;
    expect(epoch(after)).toBe(epoch(before) + 1);
    if (face.app !== undefined)
      expect(
        await face.app.evaluate(({ BrowserWindow }) =>
          BrowserWindow.getAllWindows()[0]?.getBounds(),
        ),
      ).toEqual({ x: 30, y: 40, width: 1100, height: 650 });
  });
});

describe.runIf(FACES.includes('Electron'))('Electron by itself', () => {
  test('listens on no port, is one per desk, and ends well when told', async () => {
    const { home, remove } = newHome();
    const first = spawnElectron({ display, home });
    let service = 0;
    await vi.waitFor(
      () => {
        service = serviceBelow(first.pid ?? 0);
        expect(childrenOf(first.pid ?? 0).length).toBeGreaterThan(2);
      },
      { timeout: 15_000, interval: 200 },
    );
    expect(listening(first.pid ?? 0)).toEqual([]);

    const second = spawnElectron({ display, home });
    let said = '';
    second.stderr?.on('data', (bytes: Buffer) => (said += bytes.toString()));
    expect(await codeOf(second, home)).toBe(0);
    expect(said).toContain('open already');
    // Another desk has a window of its own.
    const other = newHome();
    const third = spawnElectron({ display, home: other.home });
    await vi.waitFor(() => serviceBelow(third.pid ?? 0), { timeout: 15_000, interval: 200 });

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
