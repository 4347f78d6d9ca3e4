/** Takes pictures of the window: at a normal size, in the dark, and enlarged for weak eyes. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { CDPSession, Page } from 'playwright-core';

/** A screen at 200 % is one with half as many pixels to lay out on. */
const VIEWS = [
  { name: 'light', scheme: 'light', zoom: 1 },
  { name: 'dark', scheme: 'dark', zoom: 1 },
  { name: 'zoomed', scheme: 'light', zoom: 2 },
  { name: 'zoomed-dark', scheme: 'dark', zoom: 2 },
] as const;
const SCREEN = { width: 1280, height: 800 };

export class Camera {
  readonly #folder: string;
  readonly #page: Page;
  readonly #session: CDPSession;
  readonly #seen = new Set<string>();

  private constructor(folder: string, page: Page, session: CDPSession) {
    this.#folder = folder;
    this.#page = page;
    this.#session = session;
  }
  static async at(page: Page, folder: string): Promise<Camera> {
    mkdirSync(folder, { recursive: true });
    return new Camera(folder, page, await page.context().newCDPSession(page));
  }

  /** One file for each view, numbered in the order of the story. A view is not taken twice under the same name. */
  async take(what: string): Promise<void> {
    if (this.#seen.has(what)) return;
    this.#seen.add(what);
    // A list's rows are drawn in several steps.
    await this.#page
      .getByText(/\bbeing read\b/)
      .first()
      .waitFor({ state: 'hidden' });
    const name = `${String(this.#seen.size).padStart(3, '0')}-${what.replace(/[^\w]+/g, '-').toLowerCase()}`;
    for (const view of VIEWS) {
      await this.#layOut(view.zoom);
      await this.#page.emulateMedia({ colorScheme: view.scheme, reducedMotion: 'reduce' });
      await this.#page.evaluate(() => document.fonts.ready.then(() => undefined));
      const { data } = await this.#session.send('Page.captureScreenshot', { format: 'png' });
      writeFileSync(join(this.#folder, `${name}-${view.name}.png`), Buffer.from(data, 'base64'));
    }
    await this.#layOut(1);
    await this.#page.emulateMedia({ colorScheme: 'light', reducedMotion: 'reduce' });
    process.stdout.write(`  ${name}\n`);
  }
  async #layOut(zoom: number): Promise<void> {
    await this.#session.send('Emulation.setDeviceMetricsOverride', {
      width: SCREEN.width / zoom,
      height: SCREEN.height / zoom,
      deviceScaleFactor: zoom,
      mobile: false,
    });
  }
}
