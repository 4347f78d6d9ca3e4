/**
 * The fallback face: the system's Chromium as a window, driven over a pipe, where Electron's runtime can't be had.
 *
 * The page, its bridge and the rules for it are the Electron face's. No port is opened: the browser takes commands on inherited descriptors, and the page's own
 * origin is a name that can't be resolved, answered here and nowhere else.
 */
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import type { BrowserContext, Frame, Page, Route } from 'playwright-core';
import { respond } from '../common/content.ts';
import { answersFromEnvironment } from '../common/files.ts';
import { UNSENDABLE } from '../common/ipc.ts';
import { isOurPage } from '../common/page-calls.ts';
import { NOT_OURS, PageDesk } from '../common/page-desk.ts';
import { desktopEnvironment } from '../../shared/environment.ts';
import { findProgram, serveCommand } from '../common/program.ts';
import { ServiceLink } from '../common/service-link.ts';
import type { FaceInfo } from '../../shared/window/bridge.ts';
import { desktopDialog, onPath } from './dialog.ts';
import { Mailbox } from './mailbox.ts';
import { Opening, within } from './opening.ts';
import { openBridge } from './page-script.ts';
import { endBrowserOf, makeProfile } from './profile.ts';

/** RFC 6761: names under `invalid` never resolve. */
const HOME = 'https://desk.keymoot.invalid';
const BINDING = 'keymootFace';
const BROWSERS = ['chromium', 'chromium-browser', 'google-chrome', 'google-chrome-stable'];
const BROWSER_OF_MACOS = '/Applications/Google Chrome.app/Contents/MacOS/Google Chrome';

/** Removed from the driver's own arguments: those that weaken the browser or make it show a warning. */
const DROPPED_ARGUMENTS = [
  '--password-store=basic',
  '--use-mock-keychain',
  '--disable-popup-blocking',
  '--disable-ipc-flooding-protection',
  '--unsafely-disable-devtools-self-xss-warnings',
  '--enable-unsafe-swiftshader',
  '--enable-automation',
];
/** The driver's own list, which a second one replaces, and more features that would use a network or store data. */
const DISABLED_FEATURES = [
  'AvoidUnnecessaryBeforeUnloadCheckSync',
  'DestroyProfileOnBrowserClose',
  'HttpsUpgrades',
  'HttpsFirstBalancedModeAutoEnable',
  'LensOverlay',
  'MediaRouter',
  'PaintHolding',
  'ThirdPartyStoragePartitioning',
  'AvoidCorsURLLoaderRestartOnRedirect',
  'TcpPortRandomizationWin',
  'OptimizationHints',
  'NetworkTimeServiceQuerying',
  'AimEnabled',
  'PreconnectToSearch',
  // Ours.
  'AutofillServerCommunication',
  'DialMediaRouteProvider',
  'OptimizationGuideModelDownloading',
  'Translate',
  // SECURITY: else a page's call announces itself to the local network.
  'WebRtcHideLocalIpsWithMdns',
];
const ARGUMENTS = [
  '--app=data:text/html,<title>Keymoot</title>',
  '--window-size=1280,800',
  // SECURITY: no name is looked up and no address reached, not even by the browser's own requests: all go to a proxy that doesn't exist, on a port
  // of this machine that only its administrator could open. (Resolver rules would be more direct, but make Chromium show a warning bar.)
  '--proxy-server=http://127.0.0.1:9',
  '--proxy-bypass-list=<-loopback>',
  // Forms need no graphics driver.
  '--disable-gpu',
  '--no-pings',
  '--disable-domain-reliability',
  '--webrtc-ip-handling-policy=disable_non_proxied_udp',
  `--disable-features=${DISABLED_FEATURES.join(',')}`,
  '--disk-cache-size=1',
  '--disable-gpu-shader-disk-cache',
  '--disable-sync',
  '--disable-crash-reporter',
];

/** How long each may take, ms. The browser's start is the first part of the window's opening. */
export interface Limits {
  launch: number;
  open: number;
  /** The browser's shutdown. */
  end: number;
}
const LIMITS: Limits = { launch: 30_000, open: 45_000, end: 10_000 };
/** How long the browser may take to say which file was dropped, ms. */
const DROP_MS = 10_000;

export const findBrowser = (): string | undefined => {
  for (const name of BROWSERS) {
    const place = onPath(name);
    if (place !== undefined) return place;
  }
  return process.platform === 'darwin' ? BROWSER_OF_MACOS : undefined;
};

const serveContent =
  (folder: string, onPage: () => void) =>
  async (route: Route): Promise<void> => {
    const request = route.request();
    const url = request.url();
    // SECURITY: one origin, exactly; everything else ends here, before it is a request.
    if (!url.startsWith(`${HOME}/`)) {
      await route.abort('blockedbyclient');
      return;
    }
    const { status, headers, body, page } = await respond(
      folder,
      request.method(),
      url.slice(HOME.length),
    );
    if (page) onPage();
    await route.fulfill({ status, headers, body });
  };

/** The browser's only window and its one page. */
export const openBrowser = async (
  executablePath: string,
  profile: string,
  asRoot: boolean,
  timeout = LIMITS.launch,
): Promise<{ context: BrowserContext; page: Page }> => {
  // The driver reads them when it is loaded, so they are removed before.
  for (const name of Object.keys(process.env))
    if (/^(DEBUG|PW|PLAYWRIGHT)/i.test(name)) Reflect.deleteProperty(process.env, name);
  const { chromium } = await import('playwright-core');
  const context = await chromium.launchPersistentContext(profile, {
    executablePath,
    timeout,
    headless: false,
    // SECURITY: the driver switches the sandbox off by default. It does not work for root.
    chromiumSandbox: !asRoot,
    // A crash report would hold a page's memory; its place goes with the profile.
    env: { ...desktopEnvironment(process.env), BREAKPAD_DUMP_LOCATION: profile },
    args: [
      ...ARGUMENTS,
      ...(process.platform === 'linux' && !process.env['DISPLAY']
        ? ['--ozone-platform=wayland']
        : []),
    ],
    ignoreDefaultArgs: DROPPED_ARGUMENTS,
    viewport: null,
    acceptDownloads: false,
    serviceWorkers: 'block',
    permissions: [],
    handleSIGINT: false,
    handleSIGTERM: false,
    handleSIGHUP: false,
  });
  const page = context.pages()[0] ?? (await context.waitForEvent('page', { timeout }));
  return { context, page };
};

/** The path of the File that the page exposes. The browser knows the path of a file that a person dropped, and none for a File that a page made itself. */
const pathOfFile = async (page: Page): Promise<string> => {
  const session = await page.context().newCDPSession(page);
  try {
    const { result } = await session.send('Runtime.evaluate', {
      expression: `globalThis[${JSON.stringify(BINDING)}]`,
    });
    if (result.objectId === undefined || result.className !== 'File') return '';
    const { path } = await session.send('DOM.getFileInfo', { objectId: result.objectId });
    return path;
  } finally {
    await session.detach();
  }
};
const droppedPath = (page: Page): Promise<string> =>
  within(
    DROP_MS,
    () => new Error('The browser does not say which file that is. Nothing was done.'),
    pathOfFile(page),
  );

/**
 * The driver does not report the browser's own pages (developer tools, a page's source): they are closed as they open, except the print dialog. Forbidding
 * developer tools in the profile (devtools.availability) would also shut out the driver, which attaches in the same way.
 */
const closeTools = async (context: BrowserContext): Promise<void> => {
  const browser = await context.browser()?.newBrowserCDPSession();
  const look = ({ targetInfo }: { targetInfo: { targetId: string; url: string } }): void => {
    const { targetId, url } = targetInfo;
    if (/^(devtools|view-source|file):|^chrome(-untrusted)?:\/\/(?!print\/)/.test(url))
      browser?.send('Target.closeTarget', { targetId }).catch(() => undefined); // gone by itself
  };
  browser?.on('Target.targetCreated', look);
  browser?.on('Target.targetInfoChanged', look);
  await browser?.send('Target.setDiscoverTargets', { discover: true });
};

type Answer = (source: { page: Page; frame: Frame }, ...args: unknown[]) => unknown;

/** The binding's answers to the page. */
const answerPage =
  (page: Page, desk: PageDesk, mailbox: Mailbox): Answer =>
  async (source, verb, ...args) => {
    // SECURITY: the binding exists in every frame of every page; only calls from our page's main frame at our exact origin are answered.
    const ours = isOurPage(
      {
        url: source.frame.url(),
        isMainFrame: source.frame === page.mainFrame(),
        isOurWindow: source.page === page,
      },
      HOME,
    );
    if (!ours) return NOT_OURS;
    switch (verb) {
      case 'request':
        return desk.request(args[0]);
      case 'next':
        return mailbox.next();
      case 'askFile':
        try {
          return { chosen: await desk.askFile(args[0], args[1]) };
        } catch (error) {
          return {
            refused: error instanceof Error ? error.message : 'The file could not be chosen.',
          };
        }
      case 'askDropped':
        try {
          return { chosen: await desk.askDropped(args[0], await droppedPath(page)) };
        } catch (error) {
          return {
            refused: error instanceof Error ? error.message : 'That can’t be used here.',
          };
        }
      default:
        return NOT_OURS;
    }
  };

/** Settings for every page of the browser. Each is a round trip; except for one they are independent of each other, so they are sent together. */
const setRules = async (
  context: BrowserContext,
  answer: Answer,
  face: FaceInfo,
  content: string,
  onPage: () => void,
): Promise<void> => {
  const bound = context.exposeBinding(BINDING, answer);
  const given = { face, home: HOME, binding: BINDING, unsendable: UNSENDABLE };
  await Promise.all([
    // Scripts run in the order in which they were added: the script that makes the bridge finds the binding.
    bound.then(() => context.addInitScript(openBridge, given)),
    context.route(() => true, serveContent(content, onPage)),
    context.routeWebSocket(/.*/, (socket) => void socket.close()),
    context.setOffline(true),
    closeTools(context),
  ]);
};

export interface FallbackOptions {
  /** The desk's data folder. */
  data: string;
  /** out/window: the page is beside the running program. */
  built: string;
  /** Why this face and not Electron's. */
  why: string | undefined;
  limits?: Limits;
}

export interface Fallback {
  page: Page;
  context: BrowserContext;
  link: ServiceLink;
  /** Resolves when window and service have ended. */
  closed: Promise<undefined>;
  close: () => Promise<void>;
}

/**
 * Opens the window on a desk.
 *
 * @throws an error that names the stage, when the browser hangs; browser and service have been ended then
 */
export const openFallback = async ({
  data,
  built,
  why,
  limits = LIMITS,
}: FallbackOptions): Promise<Fallback> => {
  const asRoot = process.getuid?.() === 0;
  const executablePath = findBrowser();
  if (executablePath === undefined)
    throw new Error('There is no Chromium here: install the package chromium of this system.');

  const link = new ServiceLink({
    command: () => {
      const program = findProgram({ checkout: built });
      return program === undefined ? undefined : serveCommand(program, data);
    },
  });
  link.start();
  const mailbox = new Mailbox();
  const desk = new PageDesk(link, answersFromEnvironment(process.env, false) ?? desktopDialog);
  desk.listen((message) => {
    mailbox.put(message);
  });

  const profile = makeProfile();
  process.once('exit', profile.remove);
  let browser: BrowserContext | undefined;
  let ending: Promise<void> | undefined;
  const { promise: closed, resolve: tellClosed } = Promise.withResolvers<undefined>();
  const close = (): Promise<void> =>
    (ending ??= (async () => {
      // The service may hold a PIN, so it is ended without waiting for a browser that hangs.
      const late = await Promise.race([
        browser === undefined
          ? true
          : browser.close().then(
              () => false,
              () => false,
            ), // it is gone already
        setTimeout(limits.end, true, { ref: false }),
      ]);
      if (late) endBrowserOf(profile.folder);
      await link.stop();
      profile.remove();
      process.off('exit', profile.remove);
      tellClosed(undefined);
    })());

  const opening = new Opening(limits.open);
  try {
    const { context, page } = await opening.stage(
      'starting the browser',
      openBrowser(executablePath, profile.folder, asRoot, limits.launch),
    );
    browser = context;
    const face: FaceInfo = {
      name: 'Chromium',
      version: context.browser()?.version() ?? 'unknown',
      sandboxed: !asRoot,
      why: `${why ?? 'Electron’s runtime is not here.'} This is the fallback window, for rehearsals, tests and build hosts.`,
    };
    // SECURITY: all of them must be in force before navigation.
    await opening.stage(
      'setting the rules for its page',
      setRules(context, answerPage(page, desk, mailbox), face, join(built, 'renderer'), () => {
        mailbox.clear();
        desk.pageBegins();
      }),
    );

    // One window: any other page is closed as it opens.
    const closeOther = (other: Page): void => {
      if (other !== page) void other.close().catch(() => undefined); // it closed by itself
    };
    context.on('page', closeOther);
    context.pages().forEach(closeOther);
    const home = async (): Promise<void> => {
      await page.goto(`${HOME}/`, { waitUntil: 'commit' });
    };
    page.on('framenavigated', (frame) => {
      const away = frame === page.mainFrame() && !frame.url().startsWith(`${HOME}/`);
      if (away && ending === undefined) home().catch(() => undefined); // the page is being closed
    });
    page.on('dialog', (dialog) => void dialog.accept().catch(() => undefined)); // closed with its page
    page.on('crash', () => {
      home().catch(() => undefined); // the page is being closed
    });
    page.on('close', () => {
      void close();
    });
    context.on('close', () => {
      void close();
    });
    await opening.stage('loading its page', home());
    return { page, context, link, closed, close };
  } catch (error) {
    await close();
    throw error;
  }
};
