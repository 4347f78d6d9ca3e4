/**
 * Text that the window shows only for a moment: an observer in the page, set up beforehand, records it, so that it need not be shown any more when it is read.
 */
import { setTimeout as wait } from 'node:timers/promises';
import type { Page } from 'playwright-core';
import { PATIENCE_MS } from './desk.ts';

interface Noting {
  noted: string[];
  stopNoting: () => void;
}

/**
 * The whole text of the first element of a role with these words that appears through `cause`.
 *
 * @param words in one line on the screen
 */
export const shownAfter = async (
  page: Page,
  words: string,
  cause: () => void,
  role: 'alert' | 'dialog' = 'alert',
): Promise<string> => {
  await page.evaluate(
    ([words, role]) => {
      const here = globalThis as unknown as Noting;
      here.noted = [];
      const note = (): void => {
        for (const element of document.querySelectorAll<HTMLElement>(`[role=${role}]`))
          if (element.innerText.includes(words)) here.noted.push(element.innerText);
      };
      const changes = new MutationObserver(note);
      changes.observe(document.body, { childList: true, subtree: true, characterData: true });
      here.stopNoting = () => {
        changes.disconnect();
      };
    },
    [words, role] as const,
  );
  cause();
  const look = () => page.evaluate(() => (globalThis as unknown as Noting).noted[0]);
  const until = Date.now() + PATIENCE_MS;
  let shown: string | undefined;
  while ((shown = await look()) === undefined) {
    if (Date.now() > until) throw new Error(`the window has not shown “${words}”`);
    await wait(50);
  }
  await page.evaluate(() => {
    (globalThis as unknown as Noting).stopNoting();
  });
  return shown;
};
