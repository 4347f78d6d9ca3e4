/** A window shared by many tests, and a server outside that it must not reach. */
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { expect } from 'vitest';
import { openFace, request, type FaceName, type OpenFace } from './faces.ts';
import { listening } from './processes.ts';

/** The server that an escaping request would reach. */
export interface Outside {
  url: string;
  /** The requests that reached it. */
  reached: string[];
  end: () => void;
}

export const startOutside = async (): Promise<Outside> => {
  const reached: string[] = [];
  const server = createServer((incoming, answer) => {
    reached.push(incoming.url ?? '');
    answer.setHeader('Access-Control-Allow-Origin', '*');
    answer.end('<title>outside</title>');
  });
  server.on('upgrade', (incoming) => {
    reached.push(incoming.url ?? '');
    incoming.socket.destroy();
  });
  await new Promise<void>((done) => {
    server.listen(0, '127.0.0.1', done);
  });
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    reached,
    end: () => {
      server.close();
    },
  };
};

export class Opened {
  readonly name: FaceName;
  readonly home: string;
  display = '';
  outside!: Outside;
  /** A window that is opened again replaces it. */
  face!: OpenFace;
  /** Open ports of this process before the driver started. */
  portsBefore: readonly string[] = [];

  constructor(name: FaceName, home: string) {
    this.name = name;
    this.home = home;
  }
  async open(display: string, outside: Outside): Promise<void> {
    this.display = display;
    this.outside = outside;
    this.portsBefore = listening(process.pid);
    this.face = await openFace(this.name, { display, home: this.home });
  }
  /** The page is at its origin, and its calls are answered. */
  readonly isHome = async (): Promise<void> => {
    const { page, origin } = this.face;
    await page.waitForFunction(() => globalThis.keymoot !== undefined);
    expect(page.url().startsWith(`${origin}/`), page.url()).toBe(true);
    expect(await request(page, 'desk.hello')).toMatchObject({ ok: true });
  };
}
