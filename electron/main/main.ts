/**
 * The Electron face: opens a window, passes the contract through, shows dialogs, prints.
 *
 * No native module, no SQL, no key and no PIN is in this process: secrets are sealed in the page and opened in the service.
 */
import { createHash } from 'node:crypto';
import { join } from 'node:path';
import {
  app,
  dialog,
  ipcMain,
  type IpcMainEvent,
  type IpcMainInvokeEvent,
  protocol,
  session as sessions,
  shell,
} from 'electron';
import { answersFromEnvironment } from '../common/files.ts';
import { ASK_FILE, DROPPED, HOME, MESSAGE, PRINT, REQUEST, SCHEME, SHIELD } from '../common/ipc.ts';
import { isOurPage } from '../common/page-calls.ts';
import { NOT_OURS, PageDesk } from '../common/page-desk.ts';
import { dataFolder, findProgram, serveCommand } from '../common/program.ts';
import { ServiceLink } from '../common/service-link.ts';
import type { FaceInfo } from '../../shared/window/bridge.ts';
import { installMenu } from './menu.ts';
import { cutNetwork, hardenContents, hardenSession } from './security.ts';
import { DeskWindow } from './window.ts';

// SECURITY: on this signal a Node opens its debugger to everyone on the machine. A listener overrides that; in a packaged window a fuse of the runtime
// (electron-builder.yml) disables it from the first instant.
process.on('SIGUSR1', () => undefined);

const packaged = app.isPackaged;
const developer = process.env['KEYMOOT_DEVELOPER'] === '1';
const asRoot = process.getuid?.() === 0;
/** out/window, or the same within a packaged application. */
const built = join(__dirname, '..');

const data = dataFolder(process.argv.slice(1));

app.setName('Keymoot');
// Two desks on one machine have a window each; the same desk has one.
const profile = join(
  app.getPath('appData'),
  'Keymoot',
  data.isDefault
    ? 'window'
    : `window-${createHash('sha256').update(data.folder).digest('hex').slice(0, 16)}`,
);
app.setPath('userData', profile);
// No data of a page is stored on disk, above all no memory dump of a crash.
app.setPath('crashDumps', join(profile, 'none'));

// SECURITY: no cache of compiled code, though the page would start some hundredths of a second sooner: it would be in the profile, where the user's other
// programs can write, and would run instead of the shipped code.
protocol.registerSchemesAsPrivileged([
  { scheme: SCHEME, privileges: { standard: true, secure: true, codeCache: false } },
]);
cutNetwork();
// Forms need no graphics driver, a vendor's code that sees all that is drawn. On machines without one, a window with hardware acceleration hung at times,
// waiting for a process that had given up.
app.disableHardwareAcceleration();
// The browser's sandbox does not work for root in a container: the page then warns in a banner. A packaged desk refuses both, below.
if (!app.commandLine.hasSwitch('no-sandbox')) app.enableSandbox();
app.on('web-contents-created', (_event, contents) => {
  hardenContents(contents);
});

/** Switches that would let the command line inspect a running desk: a packaged desk refuses to start with them. */
const OPENING = [
  'inspect',
  'inspect-brk',
  'remote-debugging-port',
  'remote-debugging-pipe',
  'no-sandbox',
];

const refuseToStart = (words: string): void => {
  dialog.showErrorBox('Keymoot does not start', words);
  app.exit(1);
};

const faceInfo = (): FaceInfo => {
  const sandboxed = !app.commandLine.hasSwitch('no-sandbox');
  const why = packaged ? 'This is the packaged window.' : 'Electron’s runtime is here.';
  return {
    name: 'Electron',
    version: process.versions.electron,
    sandboxed,
    why: sandboxed
      ? why
      : `${why} ${asRoot ? 'It was started as root' : 'It was told to do without'}, so the browser’s own sandbox is off.`,
  };
};

let quitting = false;
app.on('before-quit', () => {
  quitting = true;
});

/** The reason to refuse this start, as a message. */
const whyNot = (): string | undefined => {
  if (!packaged) return undefined;
  if (asRoot) return 'Keymoot does not run as root. Start it as an ordinary person.';
  if (OPENING.some((name) => app.commandLine.hasSwitch(name)))
    return 'An option was given that would open the desk to other programs.';
  return undefined;
};

const run = async (): Promise<void> => {
  const refused = whyNot();
  if (refused !== undefined) {
    await app.whenReady();
    refuseToStart(refused);
    return;
  }
  const link = new ServiceLink({
    command: () => {
      const program = findProgram(
        packaged ? { packaged: process.resourcesPath } : { checkout: built },
      );
      return program === undefined ? undefined : serveCommand(program, data.folder);
    },
  });
  // The service opens the desk while Electron makes itself ready.
  link.start();
  await app.whenReady();

  // In memory, and without a cache: a session whose name doesn't begin with `persist:` leaves nothing on disk.
  const session = sessions.fromPartition('keymoot', { cache: false });
  const answers = answersFromEnvironment(process.env, packaged);
  const desk = new PageDesk(link, (question) => (answers ?? window.fileDialog)(question));
  hardenSession(sessions.defaultSession, undefined);
  hardenSession(session, {
    folder: join(built, 'renderer'),
    developer,
    onPage: () => {
      window.shield(false);
      desk.pageBegins();
    },
  });

  const face = faceInfo();
  const window = new DeskWindow({
    session,
    preload: join(built, 'preload/preload.cjs'),
    icon: join(built, 'renderer/keymoot.png'),
    face,
    developer,
    stateFolder: profile,
  });
  const contents = window.browser.webContents;

  // SECURITY: only calls from the desk's own page in its own main frame are answered.
  const isOurs = ({ sender, senderFrame }: IpcMainInvokeEvent | IpcMainEvent): boolean =>
    isOurPage(
      {
        url: senderFrame?.url,
        origin: senderFrame?.origin,
        isMainFrame: senderFrame !== null && senderFrame === contents.mainFrame,
        isOurWindow: sender === contents,
      },
      HOME,
    );
  ipcMain.handle(REQUEST, (event, raw: unknown) => (isOurs(event) ? desk.request(raw) : NOT_OURS));
  ipcMain.handle(ASK_FILE, async (event, purpose: unknown, suggested: unknown) => {
    if (!isOurs(event)) return {};
    try {
      return { chosen: await desk.askFile(purpose, suggested) };
    } catch (error) {
      return { refused: error instanceof Error ? error.message : 'The file could not be chosen.' };
    }
  });
  ipcMain.handle(DROPPED, async (event, purpose: unknown, path: unknown) => {
    if (!isOurs(event)) return {};
    try {
      return { chosen: await desk.askDropped(purpose, path) };
    } catch (error) {
      return { refused: error instanceof Error ? error.message : 'That can’t be used here.' };
    }
  });
  ipcMain.handle(PRINT, async (event) => {
    if (isOurs(event)) await window.print();
  });
  ipcMain.on(SHIELD, (event, on: unknown) => {
    if (isOurs(event)) window.shield(on === true);
  });
  desk.listen((message) => {
    if (!contents.isDestroyed()) contents.send(MESSAGE, message);
  });

  installMenu({
    window: window.browser,
    face,
    developer,
    print: () => void window.print(),
    openFolder: () => void shell.openPath(data.folder),
    show: (route) => {
      window.show(route);
    },
    help: () => {
      window.help();
    },
    zoom: () => window.zoom,
    setZoom: (percent) => {
      window.setZoom(percent);
    },
  });
  app.on('second-instance', () => {
    window.toFront();
  });
  app.on('window-all-closed', () => {
    app.quit();
  });
  // The service finishes its calls before the face ends.
  let stopped = false;
  app.on('will-quit', (event) => {
    if (stopped) return;
    event.preventDefault();
    void link.stop().finally(() => {
      stopped = true;
      // Without a service to wait for, this runs still within the event, where Electron ignores a call of quit.
      setImmediate(() => {
        app.quit();
      });
    });
  });
  await window.load();
};

if (app.requestSingleInstanceLock()) {
  run().catch((error: unknown) => {
    if (quitting) return; // quit while the page was loading
    if (developer) console.error(error);
    refuseToStart('The window could not be opened. The desk’s data was not touched.');
  });
} else {
  console.error('This desk’s window is open already; it has been brought to the front.');
  app.quit();
}
