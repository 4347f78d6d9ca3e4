/**
 * Runs in every document before its own scripts: makes the bridge for our page, and takes the binding away from every other.
 *
 * Sent to the browser as text, so it uses nothing from outside itself. That the binding is out of sight is tidiness; who calls it is checked on our side.
 */
import type { FaceInfo, FaceMessage, PageBridge } from '../../shared/window/bridge.ts';

/** What of a browser's page this script touches. */
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

  // What a browser does by its keys beyond a window's business (developer tools, the page's source, saving it, downloads, bookmarks) it doesn't do here. The page
  // hears all of them. Some it keeps for itself: new windows, which are closed as they open.
  const plain = new Set('a c f k p r v x y z 0 + - = enter backspace delete home end'.split(' '));
  page.addEventListener(
    'keydown',
    (event) => {
      const { key, ctrlKey, metaKey, altKey, shiftKey } = event;
      const name = key.toLowerCase();
      // Both together is how many keyboards write @ and the like.
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
      // Held where the driver finds it: the browser tells the path of a File to the driver, and never to a page.
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
    // A browser can't keep its window out of a picture of the screen.
    shield: () => undefined,
    subscribe: (listener) => {
      listeners.add(listener);
      if (!following) {
        following = true;
        follow().catch(() => undefined); // the face is gone, and the page goes with it
      }
      return () => {
        listeners.delete(listener);
      };
    },
  };
  Object.defineProperty(page, 'keymoot', { value: Object.freeze(bridge), enumerable: true });
};
