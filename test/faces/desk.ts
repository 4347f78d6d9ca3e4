/**
 * A person's hands and eyes at the window: every action uses visible names and roles, like a person who follows instructions. The page's bridge is not called
 * here, and only visible text is read.
 *
 * The flows of the desk are in `desk-people.ts`, `desk-ceremony.ts`, `desk-export.ts` and `desk-log.ts`.
 */
import type { Locator, Page } from 'playwright-core';
import type { Person, Pin } from './cast.ts';
import type { AnsweredFiles } from './files.ts';
import { type Hands, Mouse } from './hands.ts';

export type ScreenName =
  'Overview' | 'Tokens' | 'Keys' | 'Ceremonies' | 'Exports' | 'Audit' | 'People' | 'Settings';

/** How long the window may take to show a result, ms. The longest is a key of 4096 bits on a busy machine. */
export const PATIENCE_MS = 30_000;

/** Hex in fours with two words under each, as a fingerprint is shown: its words, in order. */
const wordsOf = (shown: string): string[] =>
  shown
    .trim()
    .split(/\s+/)
    .filter((_, at) => at % 3 !== 0);

export class Desk {
  readonly page: Page;
  /** The answers of the file dialogs. */
  readonly files: AnsweredFiles;
  readonly hands: Hands;
  /** Called with a name for each new view: for screenshots, and for checks of every view. */
  seen: (what: string) => Promise<void> = () => Promise.resolve();

  /** @param hands a mouse by default */
  constructor(page: Page, files: AnsweredFiles, hands: Hands = new Mouse(page)) {
    this.page = page;
    this.files = files;
    this.hands = hands;
    page.setDefaultTimeout(PATIENCE_MS);
  }

  get work(): Locator {
    return this.page.getByRole('main');
  }
  heading(name: string | RegExp): Locator {
    return this.work.getByRole('heading', { name, exact: typeof name === 'string' });
  }
  field(label: string | RegExp): Locator {
    return this.page.getByLabel(label, { exact: typeof label === 'string' });
  }
  button(name: string | RegExp): Locator {
    return this.page.getByRole('button', { name, exact: typeof name === 'string' });
  }
  get alert(): Locator {
    return this.page.getByRole('alert');
  }

  /** Goes to a screen by the rail. */
  async goTo(screen: ScreenName): Promise<void> {
    await this.hands.open(screen);
    await this.heading(screen).waitFor();
    await this.seen(`screen ${screen}`);
  }
  async follow(link: string): Promise<void> {
    await this.hands.press(this.work.getByRole('link', { name: link, exact: true }));
  }
  async press(name: string | RegExp): Promise<void> {
    await this.hands.press(this.button(name));
  }
  /** A checkbox or a radio button. */
  async tick(role: 'checkbox' | 'radio', name: string | RegExp): Promise<void> {
    const box = this.page.getByRole(role, { name, exact: typeof name === 'string' });
    await this.hands.tick(box);
  }
  /** Fills a field at once; for text that isn't secret. */
  async write(label: string | RegExp, text: string): Promise<void> {
    await this.hands.write(this.field(label), text);
  }
  /** Types key by key: a secret is never sent to the page as one string. */
  async type(label: string | RegExp, text: string): Promise<void> {
    await this.hands.type(this.field(label), text);
  }
  async choose(label: string, option: string | RegExp): Promise<void> {
    const field = this.field(label);
    await field.waitFor();
    const offered = field.getByRole('option', { includeHidden: true });
    const fits = (text: string) =>
      typeof option === 'string' ? text.startsWith(option) : option.test(text);
    // The options may still be loading: tokens are read after each start of the service.
    let labels = await offered.allTextContents();
    for (let tries = 0; tries < 100 && !labels.some(fits); tries++) {
      await this.page.waitForTimeout(100);
      labels = await offered.allTextContents();
    }
    const found = labels.find(fits);
    if (found === undefined)
      throw new Error(`${label} offers no ${String(option)}, but ${labels.join('; ')}`);
    await this.hands.choose(field, labels.indexOf(found));
  }
  /** Each types their own passphrase into the field with their name. */
  async prove(...people: readonly Person[]): Promise<void> {
    for (const { name, passphrase } of people) await this.type(`Passphrase of ${name}`, passphrase);
  }
  /** Chooses the person for a place by its select, and lets them prove themselves. */
  async proveAs(places: Readonly<Record<string, Person>>): Promise<void> {
    for (const [place, { name }] of Object.entries(places)) await this.choose(place, name);
    await this.prove(...Object.values(places));
  }
  /** Both holders type their halves of what the fields call `of`. */
  async enterPin(of: string, { first, second }: Pin): Promise<void> {
    await this.type(`${of}: first half`, first);
    await this.type(`${of}: second half`, second);
  }

  /** The window's whole message about a refused act, with its code. */
  async refusal(): Promise<string> {
    return this.#read(this.page.locator('form').getByRole('alert').last());
  }
  /** The window's message about the desk, above everything else. */
  async notice(): Promise<string> {
    return this.#read(this.alert.first());
  }
  async #read(alert: Locator): Promise<string> {
    // The element is kept from when it was seen, since it may be gone at the next query.
    const words = await (await alert.elementHandle()).innerText();
    await this.seen(`said: ${words.slice(0, 40)}`);
    return words;
  }
  /** The words of the fingerprint on the screen. */
  async words(): Promise<string[]> {
    return wordsOf(await this.work.getByRole('group', { name: 'Fingerprint' }).first().innerText());
  }
  /** Types the words that the screen asks for. */
  async typeWords(words: readonly string[]): Promise<void> {
    const labels = await this.work.getByText(/^Word \d+$/).allInnerTexts();
    if (labels.length === 0) throw new Error('no words are asked for');
    for (const label of labels) await this.write(label, words[Number(label.slice(5)) - 1] ?? '');
  }
  /** All text on the screen, for finding out why a test failed. */
  shown(): Promise<string> {
    return this.page
      .locator('body')
      .innerText({ timeout: 5000 })
      .catch((error: unknown) => String(error));
  }
  /** The text of the state bar. */
  get stateBar(): Promise<string> {
    return this.page.getByRole('contentinfo').innerText();
  }
}
