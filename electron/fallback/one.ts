/**
 * One window a desk: a second start finds the first and asks it to the front, as Electron does by itself.
 *
 * They meet at a socket in a folder that only its user can enter. Nothing is read from it: that somebody came is all it says.
 */
import { createHash } from 'node:crypto';
import { mkdirSync, rmSync } from 'node:fs';
import { connect, createServer, type Server } from 'node:net';
import { homedir } from 'node:os';
import { join } from 'node:path';

/** Sockets have short names on every Unix; a longer one would be cut off without a word. */
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
      socket.on('error', () => undefined); // it may be gone already, and has said what it had to
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
 * Whether this is the desk's one window; if not, the one that is has been asked to the front. Where it can't be found out it counts as the one: two services
 * on one desk are kept apart by the store.
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
    // A folder that can't be written: a window is worth more than its being the only one.
  }
  return true;
};
