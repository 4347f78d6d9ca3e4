/**
 * Notices tokens that appear and leave, while a face subscribes to it (design 02, rule 17).
 *
 * Each module has one idle process that polls and never logs in. Each look initialises the library anew, since a token made by another program appears only
 * then. A look is cheap (measured: 1.2 ms for SoftHSM with five tokens, 2 ms for NSS; a new process costs 100 ms), and a slow module is polled less often. A
 * look gives way to an act and can be ended at any moment.
 */
import { stat } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import type { ModuleView } from '../../shared/contract/tokens.ts';
import { errorData } from '../../shared/errors.ts';
import type { Store } from '../store/store.ts';
import type { ModuleRow } from '../store/tables/modules.ts';
import type { TokenClient } from '../tokens/client.ts';
import type { Devices } from './devices.ts';

/** Between two looks, ms: with the look and the face's own request, well within two seconds. */
const EVERY_MS = 1_000;
/** A look takes at most this share of the time: a slow one (a poll of a smart card took 11.6 s) runs about once a minute. */
const SHARE = 1 / 5;
/** A failing module is tried again after 2, 4, 8 … seconds, at most 30. */
const LONGEST_BACKOFF_MS = 30_000;
/** How long an act or a list request waits for a running look, ms. */
const PATIENCE_MS = 1_000;
/** For the first look, which starts a process. */
const FIRST_PATIENCE_MS = 3_000;
/** Libraries are not made to be initialised without end: a new process after this many looks. */
const MOST_LOOKS = 1_000;

/** The result of a look, as in `tokens.list`. */
export type Seen = Pick<ModuleView, 'info' | 'tokens' | 'error'>;

interface Watched {
  client?: TokenClient | undefined;
  looks: number;
  /** Ends the process, also while it loads. */
  end: AbortController;
  /** The file that the process loaded: a replaced file is hashed before it is loaded. */
  file: string;
  looking?: Promise<void> | undefined;
  failures: number;
  /** When the next look is due, ms as performance.now(). */
  due: number;
  seen?: Seen | undefined;
}

const SILENT: Seen = {
  tokens: [],
  error: {
    code: 'module-hung',
    message:
      'The library has not answered yet. It is still being asked; its tokens are shown when it does.',
  },
};

const spelled = ({ info, tokens, error }: Seen): string =>
  JSON.stringify([info, error, tokens.map((token) => JSON.stringify(token)).sort()]);

const fileOf = async (path: string): Promise<string> => {
  try {
    const { ino, size, mtimeMs, ctimeMs } = await stat(path);
    return [ino, size, mtimeMs, ctimeMs].join(' ');
  } catch {
    return ''; // The reason is reported when the module is loaded.
  }
};

export class TokenWatch {
  readonly #store: Store;
  readonly #devices: Devices;
  readonly #changed: () => void;
  readonly #watched = new Map<string, Watched>();
  #timer: NodeJS.Timeout | undefined;

  constructor(store: Store, devices: Devices, changed: () => void) {
    this.#store = store;
    this.#devices = devices;
    this.#changed = changed;
    devices.aside = (module) => this.#stepAside(module);
  }

  start(): void {
    if (this.#timer !== undefined) return;
    this.#timer = setInterval(() => {
      for (const row of this.#store.modules.all()) {
        const watched = this.#of(row.id);
        if (performance.now() >= watched.due) void this.#look(row, watched);
      }
    }, EVERY_MS);
  }
  stop(): void {
    clearInterval(this.#timer);
    this.#timer = undefined;
    for (const watched of this.#watched.values()) this.#endProcess(watched);
    this.#watched.clear();
  }

  /**
   * What a module shows now; while an act uses it or it does not answer, what it showed last.
   *
   * @returns undefined while the watch is off; the caller then looks itself
   */
  async look(row: ModuleRow): Promise<Seen | undefined> {
    if (this.#timer === undefined) return undefined;
    const watched = this.#of(row.id);
    const looked = this.#look(row, watched);
    const patience = watched.seen === undefined ? FIRST_PATIENCE_MS : PATIENCE_MS;
    await Promise.race([looked, sleep(patience, undefined, { ref: false })]);
    if (watched.looking !== undefined) watched.seen ??= SILENT;
    return watched.seen;
  }

  #of(module: string): Watched {
    const known = this.#watched.get(module);
    if (known !== undefined) return known;
    const fresh = { looks: 0, end: new AbortController(), file: '', failures: 0, due: 0 };
    this.#watched.set(module, fresh);
    return fresh;
  }

  #look(row: ModuleRow, watched: Watched): Promise<void> {
    if (this.#devices.acting(row.id)) return Promise.resolve();
    watched.looking ??= this.#lookNow(row, watched).finally(() => {
      watched.looking = undefined;
    });
    return watched.looking;
  }

  async #lookNow(row: ModuleRow, watched: Watched): Promise<void> {
    const { signal } = watched.end;
    try {
      const file = await fileOf(row.path);
      if (file !== watched.file || watched.looks >= MOST_LOOKS) this.#close(watched);
      watched.file = file;
      watched.client ??= await this.#devices.start(row.id, 'look', signal);
      watched.looks += 1;
      const began = performance.now();
      const tokens = await watched.client.call('rescan', {});
      const now = performance.now();
      const { info } = watched.client;
      watched.failures = 0;
      watched.due = now + Math.max(0, (now - began) / SHARE - EVERY_MS);
      this.#show(watched, { info, tokens });
    } catch (error) {
      this.#close(watched);
      if (signal.aborted) return; // Ended to give way to an act.
      watched.failures += 1;
      watched.due = performance.now() + Math.min(LONGEST_BACKOFF_MS, 1_000 * 2 ** watched.failures);
      this.#show(watched, { tokens: [], error: errorData(error) });
    }
  }

  #show(watched: Watched, seen: Seen): void {
    const before = watched.seen;
    watched.seen = seen;
    if (before !== undefined && spelled(before) !== spelled(seen)) this.#changed();
  }

  /** Lets the process log off and end in the background. */
  #close(watched: Watched): void {
    const { client } = watched;
    watched.client = undefined;
    watched.looks = 0;
    if (client !== undefined) void this.#devices.end(client);
  }
  #endProcess(watched: Watched): void {
    watched.end.abort();
    watched.end = new AbortController();
    this.#close(watched);
  }

  /** An act waits briefly for a running look and then ends it, so that the two never use a module at once. */
  async #stepAside(module: string): Promise<void> {
    const watched = this.#watched.get(module);
    const { looking } = watched ?? {};
    if (watched === undefined || looking === undefined) return;
    await Promise.race([looking, sleep(PATIENCE_MS)]);
    if (watched.looking !== looking) return;
    this.#endProcess(watched);
    await looking;
  }
}
