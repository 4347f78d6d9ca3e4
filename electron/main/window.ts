/** The one window: its creation, its stored place, and the messages to its page. */
import { BrowserWindow, dialog, screen, type Session } from 'electron';
import { FACE_ARGUMENT, HOME } from '../common/ipc.ts';
import type { FileDialog } from '../common/files.ts';
import type { FaceInfo } from '../../shared/window/bridge.ts';
import { MINIMUM, placeOnDisplays, readState, writeState } from './state.ts';

export interface WindowOptions {
  session: Session;
  preload: string;
  icon: string;
  face: FaceInfo;
  developer: boolean;
  /** Where the window's place is kept. */
  stateFolder: string;
}

/** How long after loading the window waits for the page's first paint before it is shown anyway. */
const UNPAINTED_MS = 1000;

export class DeskWindow {
  readonly browser: BrowserWindow;
  readonly #stateFolder: string;
  #zoom: number;

  constructor({ session, preload, icon, face, developer, stateFolder }: WindowOptions) {
    const state = readState(stateFolder);
    this.#stateFolder = stateFolder;
    this.#zoom = state?.zoom ?? 100;
    const areas = screen.getAllDisplays().map(({ workArea }) => workArea);
    const introduction = Buffer.from(JSON.stringify(face)).toString('base64');
    const place = placeOnDisplays(state, areas);
    this.browser = new BrowserWindow({
      ...place,
      minWidth: Math.min(MINIMUM.width, place.width),
      minHeight: Math.min(MINIMUM.height, place.height),
      title: 'Keymoot',
      icon,
      show: false,
      backgroundColor: '#f6f5f2',
      webPreferences: {
        session,
        preload,
        additionalArguments: [`${FACE_ARGUMENT}${introduction}`],
        sandbox: true,
        contextIsolation: true,
        nodeIntegration: false,
        nodeIntegrationInSubFrames: false,
        nodeIntegrationInWorker: false,
        webSecurity: true,
        allowRunningInsecureContent: false,
        experimentalFeatures: false,
        webviewTag: false,
        plugins: false,
        webgl: false,
        spellcheck: false,
        navigateOnDragDrop: false,
        safeDialogs: true,
        devTools: developer,
        v8CacheOptions: 'none',
      },
    });
    const { webContents } = this.browser;
    if (state?.maximized === true) this.browser.maximize();
    // Shown once it is painted, so that it never appears empty; and in any case soon after loading: if the event of the first paint never comes, the desk must
    // not run without a window.
    let shown = false;
    const show = (): void => {
      if (shown || this.browser.isDestroyed()) return;
      shown = true;
      this.browser.show();
    };
    this.browser.once('ready-to-show', show);
    webContents.once('did-finish-load', () => {
      setTimeout(show, UNPAINTED_MS);
    });
    // The browser resets the zoom at each load, since the session is not stored.
    webContents.on('did-finish-load', () => {
      this.setZoom(this.#zoom);
    });
    this.browser.on('close', () => {
      this.keepState();
    });
    // The page's title is the application's: what a page calls itself doesn't reach the title bar.
    this.browser.on('page-title-updated', (event) => {
      event.preventDefault();
    });
    // A page whose process ended is shown again; the people present must prove themselves again.
    let crashes = 0;
    webContents.on('render-process-gone', (_event, { reason }) => {
      if (reason !== 'clean-exit' && ++crashes <= 3) webContents.reload();
    });
  }

  async load(): Promise<void> {
    await this.browser.loadURL(`${HOME}/`);
  }
  get zoom(): number {
    return this.#zoom;
  }
  setZoom(percent: number): void {
    this.#zoom = Math.min(200, Math.max(100, Math.round(percent)));
    this.browser.webContents.setZoomFactor(this.#zoom / 100);
  }
  keepState(): void {
    writeState(this.#stateFolder, {
      v: 1,
      bounds: this.browser.getNormalBounds(),
      maximized: this.browser.isMaximized(),
      zoom: this.#zoom,
    });
  }
  /** Excludes the window from screen captures and recordings. Works on Windows and macOS; Linux has no such function. */
  shield(on: boolean): void {
    this.browser.setContentProtection(on);
  }
  /** Shows a place in the page, without loading it anew. */
  show(route: string): void {
    void this.browser.loadURL(`${HOME}/#/${route}`);
  }
  /** The page's own help, by its own key. */
  help(): void {
    this.browser.webContents.sendInputEvent({ type: 'keyDown', keyCode: 'F1' });
  }
  toFront(): void {
    if (this.browser.isMinimized()) this.browser.restore();
    this.browser.focus();
  }

  /** Prints the page through the system's dialog. Cancelling it is no error. */
  print(): Promise<void> {
    return new Promise((done) => {
      this.browser.webContents.print({ printBackground: true }, () => {
        done();
      });
    });
  }

  readonly fileDialog: FileDialog = async ({ kind, title, suggested }) => {
    if (kind !== 'write') {
      const { filePaths } = await dialog.showOpenDialog(this.browser, {
        title,
        properties: [kind === 'folder' ? 'openDirectory' : 'openFile', 'dontAddToRecent'],
      });
      return filePaths[0];
    }
    const { canceled, filePath } = await dialog.showSaveDialog(this.browser, {
      title,
      ...(suggested === undefined ? {} : { defaultPath: suggested }),
      properties: ['dontAddToRecent', 'showOverwriteConfirmation'],
    });
    return canceled ? undefined : filePath;
  };
}
