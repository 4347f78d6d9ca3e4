/**
 * A window's use of the network, traced at the kernel: every socket, connection and datagram of all its processes, while its page tries every way to connect.
 *
 * Allowed, and nothing else:
 * - Chromium asks the kernel whether there is a way to the outside by "connecting" a UDP socket to 2001:4860:4860::8888 and looking at the address it would
 *   come from, and the same of 8.8.8.8 when a page makes a call to others (WebRTC). For UDP that sends nothing; that nothing is sent on any such socket is
 * looked at, too.
 * - Such a call also takes a port from the system, on which nothing is sent.
 * - The Chromium window's own requests go to 127.0.0.1:9, where no process listens: that address is set as its proxy. Electron's has none of those.
 * - Sockets that don't leave the machine: UNIX (the display, the desktop's bus) and netlink (which interfaces there are).
 */
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { createSocket, type Socket } from 'node:dgram';
import { chmodSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:net';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { beforeAll, describe, expect, test, vi } from 'vitest';
import { electronCommand } from '../../scripts/lib/electron.mjs';
import { at } from '../../scripts/lib/project.mjs';
import { endsWithSuite } from '../support/at-end.ts';
import {
  buildAll,
  childrenOf,
  codeOf,
  electronDist,
  FACES,
  newHome,
  openFace,
  serviceBelow,
  startDisplay,
} from './faces.ts';

const CALLS = 'trace=socket,connect,bind,listen,sendto,sendmsg,sendmmsg';
const tracing = (file: string): string[] => ['-f', '-yy', '--seccomp-bpf', '-e', CALLS, '-o', file];
/** Not every container lets a process be traced. */
const canTrace =
  process.platform === 'linux' &&
  spawnSync('strace', [...tracing('/dev/null'), 'true']).status === 0;
if (!canTrace) console.warn('SKIPPED: the window’s use of the network is NOT traced: no strace');

const DEAD_PROXY = 'TCP 127.0.0.1:9';
const HARMLESS = /^(UDP (2001:4860:4860::8888|8\.8\.8\.8):\d+|bind UDP (0\.0\.0\.0|::):0)$/;

/** The lines of a trace about the internet, shortened; lines that strace could not decode stay unchanged. */
const internetIn = (trace: string): string[] =>
  trace.split('\n').flatMap((line) => {
    const [, call = '', kind = ''] = /^\d+ +(\w+)\(\d+<(TCP|UDP)/.exec(line) ?? [];
    if (call === 'connect' || call === 'bind') {
      const [, port] = /sin6?_port=htons\((\d+)\)/.exec(line) ?? [];
      const [, address] = /(?:inet_addr\(|inet_pton\(AF_INET6, )"([^"]+)"/.exec(line) ?? [];
      const what = `${kind} ${address ?? '?'}:${port ?? '?'}`;
      return [call === 'bind' ? `bind ${what}` : what];
    }
    if (call !== '') return [`${call} on ${kind}`];
    return /^\d+ +(connect|bind|send\w*)\(.*AF_INET/.test(line) ? [line] : [];
  });

/** Every way to connect that a page has, without a driver's privileges. Runs in the page, so it uses nothing from outside itself. */
const tryEverything = async (tcp: number, udp: number): Promise<void> => {
  const web = `http://127.0.0.1:${tcp}`;
  const far = 'https://keymoot-test.example.com';
  const quiet = (attempt: () => unknown): void => {
    try {
      const result = attempt();
      if (result instanceof Promise) result.catch(() => undefined);
    } catch {
      // refused at once
    }
  };
  const put = (tag: string, attributes: Record<string, string>, text = ''): HTMLElement => {
    const element = document.createElement(tag);
    for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, value);
    element.textContent = text;
    document.body.append(element);
    return element;
  };
  await new Promise((resolve) => setTimeout(resolve, 0));
  for (const url of [web, far]) {
    quiet(() => fetch(`${url}/fetch`, { mode: 'no-cors', keepalive: true }));
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
    quiet(() => new SharedWorker(`${url}/worker.js`));
    quiet(() => navigator.serviceWorker.register(`${url}/service.js`));
    quiet(() => new FontFace('x', `url(${url}/font)`).load());
    quiet(() => (new Image().src = `${url}/image`));
    quiet(() => put('script', { src: `${url}/script.js` }));
    quiet(() =>
      put('script', { type: 'speculationrules' }, `{"prefetch":[{"urls":["${url}/s"]}]}`),
    );
    quiet(() => put('iframe', { src: `${url}/frame` }));
    quiet(() => put('object', { data: `${url}/object` }));
    quiet(() => put('embed', { src: `${url}/embed` }));
    quiet(() => put('video', { src: `${url}/video`, poster: `${url}/poster` }));
    quiet(() => put('style', {}, `@import url(${url}/import.css);`));
    quiet(() => put('div', { style: `background: url(${url}/background)` }));
    quiet(() =>
      put('meta', {
        'http-equiv': 'Content-Security-Policy',
        content: `img-src 'none'; report-uri ${url}/csp`,
      }),
    );
    for (const rel of [
      'stylesheet',
      'prefetch',
      'prerender',
      'preconnect',
      'dns-prefetch',
      'modulepreload',
      'manifest',
      'icon',
    ])
      quiet(() => put('link', { rel, href: `${url}/${rel}` }));
    quiet(() => {
      const anchor = put('a', { href: '#/ping', ping: `${url}/ping` });
      anchor.click();
    });
    quiet(() => {
      (put('form', { action: `${url}/form`, method: 'post' }) as HTMLFormElement).submit();
    });
    quiet(() => globalThis.open(`${url}/open`, '_blank'));
  }
  const servers = [`stun:127.0.0.1:${udp}`, 'stun:keymoot-test.example.com:3478'];
  quiet(async () => {
    const turn = [`turn:127.0.0.1:${udp}?transport=udp`, `turn:127.0.0.1:${tcp}?transport=tcp`];
    const peer = new RTCPeerConnection({
      iceServers: [
        ...servers.map((urls) => ({ urls })),
        ...turn.map((urls) => ({ urls, username: 'x', credential: 'y' })),
      ],
    });
    peer.createDataChannel('x');
    await peer.setLocalDescription(await peer.createOffer());
  });
  await new Promise((resolve) => setTimeout(resolve, 3000));
};

describe.runIf(canTrace)('nothing leaves', () => {
  let display: string;
  let web: Server;
  let datagrams: Socket;
  const reached: string[] = [];
  const ports = { tcp: 0, udp: 0 };
  const atEnd = endsWithSuite();
  beforeAll(async () => {
    await buildAll();
    const screen = await startDisplay();
    ({ display } = screen);
    atEnd(screen.end);
    web = createServer((socket) => {
      reached.push('a connection');
      socket.destroy();
    });
    await new Promise<void>((done) => web.listen(0, '127.0.0.1', done));
    atEnd(() => web.close());
    datagrams = createSocket('udp4', () => reached.push('a datagram'));
    await new Promise<void>((done) => datagrams.bind(0, '127.0.0.1', done));
    atEnd(() => datagrams.close());
    ports.tcp = (web.address() as AddressInfo).port;
    ports.udp = datagrams.address().port;
  });

  /** Checks the trace itself: it contains the display's socket and a complete start. */
  const isWhole = (trace: string): void => {
    expect(trace).toMatch(/connect\(\d+<UNIX.*X11-unix/);
    expect(trace.split('\n').length).toBeGreaterThan(100);
  };

  test.runIf(electronDist !== undefined)('of Electron and the service below it', async () => {
    const { home, remove } = newHome();
    const file = join(home, 'trace');
    // As people start it, except for a page that tries everything once it is loaded.
    const main = join(home, 'main.cjs');
    const call = `(${tryEverything.toString()})(${ports.tcp}, ${ports.udp})`;
    writeFileSync(
      main,
      `require('electron').app.on('web-contents-created', (_event, contents) =>
         contents.once('did-finish-load', () =>
           contents.executeJavaScript(${JSON.stringify(call)}).then(() => console.log('TRIED'))));
       require(${JSON.stringify(at('out/window/main/main.cjs'))});`,
    );
    const line = electronCommand(electronDist!, { main, home: join(home, 'electron') });
    const root = process.getuid?.() === 0 ? ['--no-sandbox'] : [];
    const config = join(home, 'config');
    mkdirSync(config);
    const child: ChildProcess = spawn(
      'strace',
      [...tracing(file), ...line, ...root, '--data', join(home, 'desk')],
      {
        env: { ...process.env, DISPLAY: display, XDG_CONFIG_HOME: config },
        stdio: ['ignore', 'pipe', 'ignore'],
      },
    );
    let said = '';
    child.stdout?.on('data', (bytes: Buffer) => (said += bytes.toString()));
    await vi.waitFor(
      () => {
        expect(said).toContain('TRIED');
      },
      { timeout: 45_000, interval: 200 },
    );
    expect(serviceBelow(child.pid ?? 0)).toBeGreaterThan(0);
    process.kill(childrenOf(child.pid ?? 0)[0] ?? 0, 'SIGTERM');
    await codeOf(child, home);
    const trace = readFileSync(file, 'utf8');
    isWhole(trace);
    expect(internetIn(trace).filter((one) => !HARMLESS.test(one))).toEqual([]);
    expect(reached).toEqual([]);
    remove();
  });

  test.runIf(FACES.includes('Chromium'))(
    'of the system’s Chromium but for a proxy that isn’t there',
    async () => {
      const { home, remove } = newHome();
      const file = join(home, 'trace');
      const bin = join(home, 'bin');
      mkdirSync(bin);
      const place = spawnSync('sh', ['-c', 'command -v chromium || command -v google-chrome'], {
        encoding: 'utf8',
      });
      const words = ['strace', ...tracing(file), place.stdout.trim()];
      writeFileSync(join(bin, 'chromium'), `#!/bin/sh\nexec ${words.join(' ')} "$@"\n`);
      chmodSync(join(bin, 'chromium'), 0o755);
      const env = { PATH: `${bin}:${process.env['PATH'] ?? ''}` };
      const face = await openFace('Chromium', { display, home, env });
      await face.page.evaluate(`(${tryEverything.toString()})(${ports.tcp}, ${ports.udp})`);
      await face.close();
      const trace = readFileSync(file, 'utf8');
      isWhole(trace);
      const seen = internetIn(trace).filter((one) => !HARMLESS.test(one));
      expect(seen.filter((one) => one !== DEAD_PROXY)).toEqual([]);
      expect(reached).toEqual([]);
      remove();
    },
  );

  test('is found out by this very test when something does leave', () => {
    const { home, remove } = newHome();
    const file = join(home, 'trace');
    const script = `
      require('node:net').connect(${ports.tcp}, '127.0.0.1').on('connect', function () { this.destroy(); });
      const socket = require('node:dgram').createSocket('udp4');
      socket.send('x', ${ports.udp}, '127.0.0.1', () => socket.close());
      const server = require('node:net').createServer().listen(0, () => server.close());`;
    spawnSync('strace', [...tracing(file), process.execPath, '-e', script]);
    const found = internetIn(readFileSync(file, 'utf8'));
    expect(found).toContain(`TCP 127.0.0.1:${ports.tcp}`);
    expect(found.join('\n')).toMatch(/send\w+ on UDP/);
    expect(found).toContain('listen on TCP');
    remove();
  });
});
