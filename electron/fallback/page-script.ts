/**
 * Runs in every document before its own scripts: makes the bridge for our page, and removes the binding from every other.
 *
 * Sent to the browser as text, so it uses nothing from outside itself. Removing the binding is only tidiness; the face checks the sender of each call.
 */
import type { FaceInfo, FaceMessage, PageBridge } from '../../shared/window/bridge.ts';

/** The members of a browser's page that this script uses. */
interface Key {
  key: string;
  ctrlKey: boolean;
  metaKey: boolean;
  altKey: boolean;
  shiftKey: boolean;
  preventDefault: () => void;
}
interface Page {
  addEventListener: (name: 'keydown', hear: (event: Key) => void, options: object) => void;
  top: unknown;
  location: { origin: string };
  print: () => void;
  keymoot: PageBridge | undefined;
  [binding: string]: unknown;
}
export type Binding = (verb: string, ...args: unknown[]) => Promise<unknown>;

export const openBridge = (given: {
  face: FaceInfo;
  home: string;
  binding: string;
  unsendable: unknown;
}): void => {
  const page = globalThis as unknown as Page;
  const call = page[given.binding] as Binding | undefined;
  Reflect.deleteProperty(page, given.binding);
  if (call === undefined || page.top !== page || page.location.origin !== given.home) return;

  // The browser's own key commands (developer tools, the page's source, saving it, downloads, bookmarks) are switched off: the page gets these keys first. Only
  // those for new windows never reach the page; such windows are closed as they open.
  const plain = new Set('a c f k p r v x y z 0 + - = enter backspace delete home end'.split(' '));
  page.addEventListener(
    'keydown',
    (event) => {
      const { key, ctrlKey, metaKey, altKey, shiftKey } = event;
      const name = key.toLowerCase();
      // Ctrl and Alt together type @ and similar characters on many keyboards.
      const command = (ctrlKey || metaKey) && !altKey && name.length > 0;
      const usual = shiftKey
        ? /^(z|\+|=|arrow.*|home|end)$/.test(name)
        : plain.has(name) || name.startsWith('arrow');
      const wanted = /^f\d/.test(name) ? /^f(1|5|11)$/.test(name) : !command || usual;
      if (!wanted) event.preventDefault();
    },
    { capture: true },
  );

  const listeners = new Set<(message: FaceMessage) => void>();
  let following = false;
  const follow = async (): Promise<void> => {
    for (;;) {
      for (const message of (await call('next')) as FaceMessage[])
        for (const listener of listeners) {
          try {
            listener(message);
          } catch (error) {
            console.error(error);
          }
        }
    }
  };
  const chosen = async (verb: string, purpose: string, suggested?: string) => {
    const answer = (await call(verb, purpose, suggested)) as {
      chosen?: { grant: string; name: string };
      refused?: string;
    };
    if (answer.refused !== undefined) throw new Error(answer.refused);
    return answer.chosen;
  };
  const bridge: PageBridge = {
    face: Object.freeze(given.face),
    request: async (request) => {
      try {
        return await call('request', request);
      } catch {
        return given.unsendable; // it can't be copied out of the page
      }
    },
    askFile: (purpose, suggested) => chosen('askFile', purpose, suggested),
    askDropped: async (purpose, file) => {
      // Put where the driver finds it: the browser gives the path of a File to the driver, never to a page.
      Object.defineProperty(page, given.binding, { value: file, configurable: true });
      try {
        return await chosen('askDropped', purpose);
      } finally {
        Reflect.deleteProperty(page, given.binding);
      }
    },
    print: () => {
      page.print();
      return Promise.resolve();
    },
    // A browser can't exclude its window from screen captures.
    shield: () => undefined,
    subscribe: (listener) => {
      listeners.add(listener);
      if (!following) {
        following = true;
        follow().catch(() => undefined); // the face has ended, and the page ends with it
      }
      return () => {
        listeners.delete(listener);
      };
    },
  };
  Object.defineProperty(page, 'keymoot', { value: Object.freeze(bridge), enumerable: true });
};
