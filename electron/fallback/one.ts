/**
 * One window a desk: a second start finds the first and asks it to the front, as Electron does by itself.
 *
 * They meet at a socket in a folder that only its user can enter. No data is read from it: the connection itself is the message.
 */
import { createHash } from 'node:crypto';
import { mkdirSync, rmSync } from 'node:fs';
import { connect, createServer, type Server } from 'node:net';
import { homedir } from 'node:os';
import { join } from 'node:path';

/** Sockets have short names on every Unix; a longer one would be cut off silently. */
const LONGEST = 103;

const meetingPlace = (data: string): string => {
  const name = `keymoot-${createHash('sha256').update(data).digest('hex').slice(0, 16)}`;
  if (process.platform === 'win32') return `\\\\.\\pipe\\${name}`;
  const config = process.env['XDG_CONFIG_HOME'] ?? join(homedir(), '.config');
  const folder = join(config, 'Keymoot');
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  return join(folder, `${name}.socket`);
};

const listen = (place: string, onAnother: () => void): Promise<Server | 'taken'> =>
  new Promise((resolve, reject) => {
    const server = createServer((socket) => {
      socket.on('error', () => undefined); // it may have closed already; its connection was the message
      socket.destroy();
      onAnother();
    });
    server.once('error', (error: NodeJS.ErrnoException) => {
      if (error.code === 'EADDRINUSE') resolve('taken');
      else reject(error);
    });
    server.listen(place, () => {
      server.unref();
      resolve(server);
    });
  });

const somebodyIsThere = (place: string): Promise<boolean> =>
  new Promise((resolve) => {
    const socket = connect(place);
    socket.once('connect', () => {
      socket.destroy();
      resolve(true);
    });
    socket.once('error', () => {
      resolve(false);
    });
  });

/**
 * Whether this is the desk's only window; if not, the other one was brought to the front. Counts as the only one where this can't be determined: the store
 * excludes a second service on one desk.
 */
export const isTheOne = async (data: string, onAnother: () => void): Promise<boolean> => {
  try {
    const place = meetingPlace(data);
    if (place.length > LONGEST) return true;
    for (let tries = 0; tries < 2; tries++) {
      if ((await listen(place, onAnother)) !== 'taken') return true;
      if (await somebodyIsThere(place)) return false;
      rmSync(place, { force: true }); // left by a window that was ended
    }
  } catch {
    // The folder can't be written: rather open a possible second window than none.
  }
  return true;
};
