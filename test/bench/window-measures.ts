/** What is measured inside the page: from a click or a key to the frame that shows its answer, and what held the page up. */
import type { Page } from 'playwright-core';

/** What of a browser's page is touched here. */
interface InPage {
  document: {
    querySelector: (selector: string) => { textContent: string; click: () => void } | null;
  };
  location: { hash: string };
  requestAnimationFrame: (then: () => void) => void;
  setTimeout: (then: () => void, ms: number) => void;
  addEventListener: (name: 'keydown', then: () => void, capture: true) => void;
  PerformanceObserver: new (seen: (list: { getEntries: () => { duration: number }[] }) => void) => {
    observe: (what: { type: string }) => void;
  };
  keystrokes: number[];
  longTasks: number[];
}

/**
 * Resolves in the frame after the one in which this is on the page. Asked in one call, for the driver's own waiting would first put a large script into the page.
 *
 * @param selector of what is looked for; a page that isn't gone to meanwhile
 */
export const painted = (page: Page, selector: string): Promise<void> =>
  page.evaluate((selector) => {
    const { document, requestAnimationFrame } = globalThis as unknown as InPage;
    return new Promise<void>((done) => {
      const look = (): void => {
        requestAnimationFrame(() => {
          if (document.querySelector(selector) === null) look();
          else requestAnimationFrame(() => done());
        });
      };
      look();
    });
  }, selector);

export const goTo = (page: Page, place: string): Promise<void> =>
  page.evaluate((hash) => {
    (globalThis as unknown as InPage).location.hash = hash;
  }, `#/${place}`);

/**
 * From the click on a link to the frame after which its screen is painted, ms.
 *
 * @param shown a selector of what is only there once the answer is; or `#` and the heading it bears
 */
export const clickToPaint = (page: Page, link: string, shown: string): Promise<number> =>
  page.evaluate(
    ([link, shown]) => {
      const { document, requestAnimationFrame, setTimeout } = globalThis as unknown as InPage;
      const there = (): boolean =>
        shown.startsWith('#')
          ? document.querySelector('h1')?.textContent === shown.slice(1)
          : document.querySelector(shown) !== null;
      return new Promise<number>((done) => {
        const began = performance.now();
        const look = () => {
          requestAnimationFrame(() => {
            // A task that is queued before a frame is drawn runs when it has been.
            if (there())
              setTimeout(() => {
                done(performance.now() - began);
              }, 0);
            else look();
          });
        };
        document.querySelector(link)?.click();
        look();
      });
    },
    [link, shown] as const,
  );

/** Types into a field and gives, for each key, the time to the frame after it, ms. */
export const keystrokes = async (page: Page, label: string, text: string): Promise<number[]> => {
  await page.evaluate(() => {
    const here = globalThis as unknown as InPage;
    here.keystrokes = [];
    here.addEventListener(
      'keydown',
      () => {
        const began = performance.now();
        here.requestAnimationFrame(() => {
          here.setTimeout(() => here.keystrokes.push(performance.now() - began), 0);
        });
      },
      true,
    );
  });
  await page.getByLabel(label).pressSequentially(text, { delay: 70 });
  await page.waitForTimeout(300);
  return page.evaluate(() => (globalThis as unknown as InPage).keystrokes);
};

/** Notes every task of the page's that is longer than 50 ms from here on. */
export const watchLongTasks = (page: Page): Promise<void> =>
  page.evaluate(() => {
    const here = globalThis as unknown as InPage;
    here.longTasks = [];
    new here.PerformanceObserver((list) => {
      for (const { duration } of list.getEntries()) here.longTasks.push(duration);
    }).observe({ type: 'longtask' });
  });
/** Those noted so far, ms; they are noted no more. */
export const longTasks = (page: Page): Promise<number[]> =>
  page.evaluate(() => (globalThis as unknown as InPage).longTasks.splice(0));
