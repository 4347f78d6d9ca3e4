/**
 * A person's hands and eyes at the window: what is done is done by visible names and roles, as somebody would who was told what to press. No call of the
 * page's bridge is made here, and nothing is read that isn't shown.
 *
 * What the flows of the desk are made of is in `desk-people.ts`, `desk-ceremony.ts`, `desk-export.ts` and `desk-log.ts`.
 */
import type { Locator, Page } from 'playwright-core';
import type { Person, Pin } from './cast.ts';
import type { AnsweredFiles } from './files.ts';
import { type Hands, Mouse } from './hands.ts';

export type ScreenName =
  'Overview' | 'Tokens' | 'Keys' | 'Ceremonies' | 'Exports' | 'Audit' | 'People' | 'Settings';

/** How long anything may take to be seen, ms. The longest is a key of 4096 bits, on a busy machine. */
export const PATIENCE_MS = 30_000;

/** Hex in fours with two words under each, as a fingerprint is shown: its words, in order. */
const wordsOf = (shown: string): string[] =>
  shown
    .trim()
    .split(/\s+/)
    .filter((_, at) => at % 3 !== 0);

export class Desk {
  readonly page: Page;
  /** What a file dialog answers. */
  readonly files: AnsweredFiles;
  readonly hands: Hands;
  /** Told of each new thing on the screen, by a name: for screenshots, and for checks that hold everywhere. */
  seen: (what: string) => Promise<void> = () => Promise.resolve();

  /** @param hands a mouse, unless other hands are given */
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

  /** By the rail. */
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
  /** A box or a circle. */
  async tick(role: 'checkbox' | 'radio', name: string | RegExp): Promise<void> {
    const box = this.page.getByRole(role, { name, exact: typeof name === 'string' });
    await this.hands.tick(box);
  }
  /** Puts the text into a field; for what isn't secret. */
  async write(label: string | RegExp, text: string): Promise<void> {
    await this.hands.write(this.field(label), text);
  }
  /** Key by key: what is secret is never one string on its way to the page. */
  async type(label: string | RegExp, text: string): Promise<void> {
    await this.hands.type(this.field(label), text);
  }
  async choose(label: string, option: string | RegExp): Promise<void> {
    const field = this.field(label);
    await field.waitFor();
    const offered = field.getByRole('option', { includeHidden: true });
    const fits = (text: string) =>
      typeof option === 'string' ? text.startsWith(option) : option.test(text);
    // What is offered may still be read: tokens are, after each start of the service.
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
  /** Chooses who takes the place that a select names, and lets them prove themselves. */
  async proveAs(places: Readonly<Record<string, Person>>): Promise<void> {
    for (const [place, { name }] of Object.entries(places)) await this.choose(place, name);
    await this.prove(...Object.values(places));
  }
  /** Both holders type their halves of what the fields call `of`. */
  async enterPin(of: string, { first, second }: Pin): Promise<void> {
    await this.type(`${of}: first half`, first);
    await this.type(`${of}: second half`, second);
  }

  /** What the window says about an act that was refused: whole, with its code. */
  async refusal(): Promise<string> {
    return this.#read(this.page.locator('form').getByRole('alert').last());
  }
  /** What the window says about the desk, above all else. */
  async notice(): Promise<string> {
    return this.#read(this.alert.first());
  }
  async #read(alert: Locator): Promise<string> {
    // Held from when it was seen, for it may be gone when it is asked for again.
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
  /** All that is on the screen, for whoever must find out why a test failed. */
  shown(): Promise<string> {
    return this.page
      .locator('body')
      .innerText({ timeout: 5000 })
      .catch((error: unknown) => String(error));
  }
  /** What the state bar says. */
  get stateBar(): Promise<string> {
    return this.page.getByRole('contentinfo').innerText();
  }
}
