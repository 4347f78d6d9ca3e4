/** A person's input devices: mouse and keyboard, or a keyboard alone. */
import { setTimeout as wait } from 'node:timers/promises';
import type { ElementHandle, Locator, Page } from 'playwright-core';

export interface Hands {
  /** Goes to a screen. */
  open: (screen: string) => Promise<void>;
  /** A button or a link. */
  press: (target: Locator) => Promise<void>;
  tick: (box: Locator) => Promise<void>;
  /** @param at of the options, from 0 */
  choose: (select: Locator, at: number) => Promise<void>;
  write: (field: Locator, text: string) => Promise<void>;
  /** As `write`, but key by key in any case. */
  type: (field: Locator, text: string) => Promise<void>;
}

export class Mouse implements Hands {
  readonly #page: Page;

  constructor(page: Page) {
    this.#page = page;
  }
  async open(screen: string): Promise<void> {
    await this.#page
      .getByRole('navigation', { name: 'Screens' })
      .getByRole('link', { name: screen, exact: true })
      .click();
  }
  press(target: Locator): Promise<void> {
    return target.click();
  }
  tick(box: Locator): Promise<void> {
    return box.check();
  }
  async choose(select: Locator, at: number): Promise<void> {
    await select.selectOption({ index: at });
  }
  write(field: Locator, text: string): Promise<void> {
    return field.fill(text);
  }
  async type(field: Locator, text: string): Promise<void> {
    await field.fill('');
    await field.pressSequentially(text);
  }
}

/** The most steps with Tab that any way on a screen may take. */
const FAR = 60;
/** How long a page that has just changed may take to put the focus somewhere, ms. */
const SETTLE_MS = 300;

/** Runs in the page: the position of the focus relative to an element. */
const look = (element: Element) => {
  const active = document.activeElement ?? document.body;
  const choice = (one: Element) =>
    one instanceof HTMLInputElement && one.type === 'radio' ? one.name : '';
  const style = getComputedStyle(element);
  const { left, right, top, bottom } = element.getBoundingClientRect();
  const over = document.elementFromPoint((left + right) / 2, (top + bottom) / 2);
  const words = (one: Element) =>
    (one.getAttribute('aria-label') ?? one.closest('label')?.textContent ?? one.textContent)
      .trim()
      .slice(0, 60) ||
    one.id ||
    one.tagName;
  return {
    here: active === element,
    nowhere: active === document.body,
    /** Another option of the same group has the focus: arrow keys move on. */
    sibling: choice(active) !== '' && choice(active) === choice(element),
    after: (active.compareDocumentPosition(element) & Node.DOCUMENT_POSITION_FOLLOWING) !== 0,
    at: words(active),
    name: words(element),
    ringed: style.outlineStyle !== 'none' && parseFloat(style.outlineWidth) >= 2,
    inSight: over !== null && (element.contains(over) || over.contains(element)),
  };
};

export class Keys implements Hands {
  /** Places without a focus or with an invisible one, as text. */
  readonly missed: string[] = [];
  readonly #page: Page;
  /** A page that has just been loaded has no focus. */
  #fresh = true;

  constructor(page: Page) {
    this.#page = page;
    page.on('load', () => {
      this.#fresh = true;
    });
  }
  get #keys(): Page['keyboard'] {
    return this.#page.keyboard;
  }

  /** Moves to an element by its name, from any focus. */
  async open(screen: string): Promise<void> {
    const palette = this.#page.getByRole('dialog', { name: 'Commands' });
    await this.#keys.press('Control+K');
    await palette.waitFor();
    await this.#keys.type(`Go to ${screen}`);
    await palette.getByRole('option', { name: `Go to ${screen}`, selected: true }).waitFor();
    await this.#keys.press('Enter');
    await palette.waitFor({ state: 'detached' });
  }
  async press(target: Locator): Promise<void> {
    await this.#reach(target);
    await this.#keys.press('Enter');
  }
  async tick(box: Locator): Promise<void> {
    await this.#reach(box);
    if (!(await box.isChecked())) await this.#keys.press('Space');
  }
  async choose(select: Locator, at: number): Promise<void> {
    await this.#reach(select);
    const now = await select.evaluate((element) => (element as HTMLSelectElement).selectedIndex);
    for (let step = now; step !== at; step += Math.sign(at - now))
      await this.#keys.press(at > now ? 'ArrowDown' : 'ArrowUp');
  }
  async write(field: Locator, text: string): Promise<void> {
    await this.#reach(field);
    await this.#keys.press('Control+A');
    await (text === '' ? this.#keys.press('Delete') : this.#keys.type(text));
  }
  type(field: Locator, text: string): Promise<void> {
    return this.write(field, text);
  }

  /** By Tab, or back; among the choices of one question by the arrows. */
  async #reach(target: Locator): Promise<void> {
    await target.waitFor();
    const element = (await target.elementHandle()) as ElementHandle<Element>;
    await element.waitForElementState('enabled');
    await this.#somewhere(element);
    const way: string[] = [];
    while (way.length < FAR) {
      const { here, sibling, after, at, name, ringed, inSight } = await element.evaluate(look);
      if (here) {
        if (!ringed) this.missed.push(`no ring shows that “${name}” has the focus`);
        if (!inSight) this.missed.push(`“${name}” has the focus and is hidden`);
        return;
      }
      way.push(at);
      await this.#keys.press(sibling ? 'ArrowDown' : after ? 'Tab' : 'Shift+Tab');
    }
    throw new Error(`Tab does not lead there: ${way.join(' > ')}`);
  }
  /** Waits until some element has the focus. */
  async #somewhere(element: ElementHandle<Element>): Promise<void> {
    const until = Date.now() + SETTLE_MS;
    for (;;) {
      const { nowhere, name } = await element.evaluate(look);
      if (!nowhere || this.#fresh) break;
      if (Date.now() > until) {
        this.missed.push(`nothing had the focus on the way to “${name}”`);
        break;
      }
      await wait(20);
    }
    this.#fresh = false;
  }
}
