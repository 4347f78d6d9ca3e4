/** Accessibility faults for people with a screen reader or weak eyes: runs axe on the page as shown, in light and dark. */
import { createRequire } from 'node:module';
import { readFileSync } from 'node:fs';
import type { Page } from 'playwright-core';
import { brokenWords } from './broken-words.ts';

/** The script that `@axe-core/playwright` puts into a page; it would do so again for every run. */
const AXE = readFileSync(
  createRequire(createRequire(import.meta.url).resolve('@axe-core/playwright')).resolve(
    'axe-core/axe.min.js',
  ),
  'utf8',
);
interface Axe {
  run: (options: object) => Promise<{
    violations: { id: string; nodes: { html: string; failureSummary?: string }[] }[];
  }>;
}

export interface Stumble {
  where: string;
  rule: string;
  /** The elements, as axe writes them. */
  at: string[];
}

export class Walk {
  readonly stumbles: Stumble[] = [];
  /** Another one when the window was opened again. */
  page: Page | undefined;
  readonly #seen = new Set<string>();

  get length(): number {
    return this.#seen.size;
  }

  /** Checks the page as shown now, unless it was checked under this name before. */
  async look(where: string): Promise<void> {
    const { page } = this;
    if (page === undefined || this.#seen.has(where)) return;
    this.#seen.add(where);
    await page.emulateMedia({ colorScheme: 'light', reducedMotion: 'reduce' });
    await this.#run(page, `${where}, light`);
    const torn = await brokenWords(page);
    if (torn.length > 0) this.stumbles.push({ where, rule: 'words are whole', at: torn });
    await page.emulateMedia({ colorScheme: 'dark', reducedMotion: 'reduce' });
    // Only the colours differ in the dark, so only the contrast is checked again.
    await this.#run(page, `${where}, dark`, 'color-contrast');
    await page.emulateMedia({ colorScheme: 'light', reducedMotion: 'reduce' });
  }
  async #run(page: Page, where: string, ...rules: string[]): Promise<void> {
    // An element in a colour transition would be checked with an intermediate colour.
    await page.evaluate(() => {
      for (const animation of document.getAnimations()) animation.finish();
    });
    const has = await page.evaluate(() => 'axe' in globalThis);
    if (!has) await page.evaluate(AXE);
    const { violations } = await page.evaluate(
      (runOnly) =>
        (globalThis as unknown as { axe: Axe }).axe.run({
          resultTypes: ['violations'],
          ...(runOnly.length === 0 ? {} : { runOnly }),
        }),
      rules,
    );
    for (const { id, nodes } of violations)
      this.stumbles.push({
        where,
        rule: id,
        at: nodes.map(
          ({ html, failureSummary }) => `${html.slice(0, 200)} ${failureSummary ?? ''}`,
        ),
      });
  }
}
