/** Restrictions on every page of this application, in the order in which a request meets them. */
import { app, type Session, type WebContents } from 'electron';
import { respond } from '../common/content.ts';
import { DEAD_PROXY, HOME, SCHEME } from '../common/ipc.ts';

/** Cuts off every way to the network. Called before the application is ready. */
export const cutNetwork = (): void => {
  const { commandLine } = app;
  commandLine.appendSwitch('host-resolver-rules', 'MAP * ~NOTFOUND');
  commandLine.appendSwitch('disable-background-networking');
  commandLine.appendSwitch('disable-component-update');
  commandLine.appendSwitch('disable-domain-reliability');
  commandLine.appendSwitch('disable-breakpad');
  commandLine.appendSwitch('no-pings');
  commandLine.appendSwitch(
    'disable-features',
    'MediaRouter,DialMediaRouteProvider,NetworkTimeServiceQuerying,WebRtcHideLocalIpsWithMdns',
  );
};

/** Refuses every request to a session except those for the page's own scheme. */
export const hardenSession = (
  session: Session,
  content: { folder: string; onPage: () => void; developer: boolean } | undefined,
): void => {
  // SECURITY: every permission request and every permission check is answered no.
  session.setPermissionRequestHandler((_contents, _permission, answer) => {
    answer(false);
  });
  session.setPermissionCheckHandler(() => false);
  session.setDevicePermissionHandler(() => false);
  session.setSpellCheckerEnabled(false);
  session.on('will-download', (event) => {
    event.preventDefault();
  });
  // SECURITY: no network: every request for anything outside the page's own folder is cancelled here.
  session.webRequest.onBeforeRequest(({ url }, answer) => {
    const ours =
      content !== undefined &&
      (url.startsWith(`${HOME}/`) || (content.developer && url.startsWith('devtools://')));
    // An image that is in the page itself.
    answer({ cancel: !ours && !url.startsWith('data:image/') });
  });
  session.enableNetworkEmulation({ offline: true });
  // Traffic that is no request, and so escapes the rule above, would go to a proxy that doesn't exist, on a port that only this machine's administrator could
  // open.
  void session.setProxy({
    mode: 'fixed_servers',
    proxyRules: DEAD_PROXY,
    proxyBypassRules: '<-loopback>',
  });
  if (content === undefined) return;

  session.protocol.handle(SCHEME, async (request) => {
    const path = request.url.startsWith(`${HOME}/`) ? request.url.slice(HOME.length) : '';
    const { status, headers, body, page } = await respond(content.folder, request.method, path);
    if (page) content.onPage();
    return new Response(new Uint8Array(body), { status, headers });
  });
};

/** Lets no page navigate elsewhere, embed another or open a window. */
export const hardenContents = (contents: WebContents): void => {
  // SECURITY: a page's calls to others (WebRTC) are no requests, so nothing above sees them: by default they announce themselves to the local network and send
  // datagrams to any address. Here they may use only the proxy, which doesn't exist.
  contents.setWebRTCIPHandlingPolicy('disable_non_proxied_udp');
  // The page may load itself again; that ends all presence and nothing else.
  const mayGo = (url: string) => url === `${HOME}/` || url.startsWith(`${HOME}/#`);
  contents.on('will-navigate', (event) => {
    if (!mayGo(event.url)) event.preventDefault();
  });
  contents.on('will-redirect', (event) => {
    event.preventDefault();
  });
  contents.on('will-frame-navigate', (event) => {
    if (!event.isMainFrame || !mayGo(event.url)) event.preventDefault();
  });
  // Navigation to an address without content (about:blank) raises no event that could prevent it.
  contents.on('did-navigate', (_event, url) => {
    if (!mayGo(url) && url !== '') void contents.loadURL(`${HOME}/`).catch(() => undefined); // it is being closed
  });
  contents.on('will-attach-webview', (event) => {
    event.preventDefault();
  });
  contents.setWindowOpenHandler(() => ({ action: 'deny' }));
  // A page can't prevent its window from closing.
  contents.on('will-prevent-unload', (event) => {
    event.preventDefault();
  });
};
