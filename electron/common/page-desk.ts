/** The desk as a page reaches it: the same behind the Electron window and behind the fallback's. */
import { uuid } from '../../shared/contract/wire.ts';
import { list } from '../../shared/form.ts';
import type { FaceMessage } from '../../shared/window/bridge.ts';
import { type Answer, refused } from './answers.ts';
import { askFile, grant, type FileDialog } from './files.ts';
import { parseCall, parseDropped, parseFileQuestion } from './page-calls.ts';
import type { ServiceLink } from './service-link.ts';

const isPeople = list(uuid);

export class PageDesk {
  readonly #link: ServiceLink;
  readonly #dialog: FileDialog;
  /** Resolves when the presence of the previous page's people has ended. */
  #ready: Promise<void> = Promise.resolve();
  #pages = 0;
  #asking = false;

  constructor(link: ServiceLink, dialog: FileDialog) {
    this.#link = link;
    this.#dialog = dialog;
  }

  /**
   * A new page begins, and presence at the previous page ends (design 01, "The contract"). The page's calls wait until it has ended. A service that was given
   * up is started again: a reload is how a person asks for that.
   */
  pageBegins(): void {
    this.#link.start();
    // Before the first page no person can be present, so there is no presence to end.
    if (this.#pages++ > 0) this.#ready = this.endPresence();
  }

  async endPresence(): Promise<void> {
    const answer = await this.#link.request({ channel: 'desk.status', input: {} });
    const { here } = (answer.ok ? answer.value : {}) as { here?: unknown };
    for (const person of isPeople(here) ? here : [])
      await this.#link.request({ channel: 'presence.leave', input: { person } });
  }

  /** A call whose sender was checked: it is our page. */
  async request(raw: unknown): Promise<Answer> {
    const call = parseCall(raw);
    if (!call.ok) return call;
    await this.#ready;
    return this.#link.request(call.request);
  }

  /** Shows a file dialog, one at a time. Rejects with a message. */
  async askFile(
    purpose: unknown,
    suggested: unknown,
  ): Promise<{ grant: string; name: string } | undefined> {
    const question = parseFileQuestion(purpose, suggested);
    if (question === undefined) throw new Error('There is no such kind of file.');
    if (this.#asking) return undefined;
    this.#asking = true;
    try {
      return await askFile(this.#link, this.#dialog, question.purpose, question.suggested);
    } finally {
      this.#asking = false;
    }
  }

  /** Takes the path of a dropped file or folder, as the browser gave it. Rejects with a message. */
  async askDropped(
    purpose: unknown,
    path: unknown,
  ): Promise<{ grant: string; name: string } | undefined> {
    const dropped = parseDropped(purpose, path);
    if (dropped === undefined) throw new Error('That can’t be used here. Nothing was done.');
    if (dropped.path === '') return undefined;
    await this.#ready;
    return grant(this.#link, dropped.purpose, dropped.path);
  }

  listen(listener: (message: FaceMessage) => void): () => void {
    return this.#link.listen(listener);
  }
}

/** The answer to a caller that is not our page; it says no more than that. */
export const NOT_OURS: Answer = refused(
  'channel-unknown',
  'There is no such call. Nothing was done.',
);
