/** Modules and their token processes: one process per act, recorded before it loads the library, ended after the act. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { ModuleRecord, TokenIdentity } from '../../shared/domain/tokens.ts';
import { moduleEnvironment } from '../../shared/environment.ts';
import { KeymootError } from '../../shared/errors.ts';
import type { Store } from '../store/store.ts';
import type { ProcessRow } from '../store/tables/intents.ts';
import type { ModuleRow } from '../store/tables/modules.ts';
import { TokenClient } from '../tokens/client.ts';
import { checkLibrary, hashFile } from '../tokens/header.ts';
import { endFormer, startedAt } from './epochs.ts';
import type { Journal } from './journal.ts';
import { untilIn } from './wish.ts';

type DevicePurpose = 'log' | 'act' | 'look';
/** Starts a process, passes it to `use`, and ends it afterwards if it still runs. */
export type InNew = <T>(use: (client: TokenClient) => Promise<T>) => Promise<T>;

export const sameToken = (a: TokenIdentity, b: TokenIdentity): boolean =>
  a.manufacturer === b.manufacturer &&
  a.model === b.model &&
  a.serial === b.serial &&
  a.label === b.label;

export class Devices {
  /** Called before a library is loaded for anything but a look: the token watch first finishes or ends its look. */
  aside: (module: string) => Promise<void> = () => Promise.resolve();
  /** Number of acting or starting processes, by module. */
  readonly #acts = new Map<string, number>();
  readonly #actors = new Map<TokenClient, string>();
  readonly #store: Store;
  readonly #journal: Journal;
  readonly #epoch: number;
  readonly #former: readonly ProcessRow[];
  #ending: Promise<void> | undefined;
  readonly #reported = new Set<string>();

  constructor(store: Store, journal: Journal, epoch: number) {
    this.#store = store;
    this.#journal = journal;
    this.#epoch = epoch;
    this.#former = store.processes.all();
  }

  /** Starts ending the former service's processes, once the tables were checked against the log. */
  begin(): void {
    this.#formerGone().catch(() => undefined); // the callers that wait for it get the error
  }
  /** Resolves when no token process of a former service runs; tokens are not touched before. After a failure the next call tries again. */
  #formerGone(): Promise<void> {
    this.#ending ??= this.#endFormer().catch((error: unknown) => {
      this.#ending = undefined;
      throw error;
    });
    return this.#ending;
  }
  async #endFormer(): Promise<void> {
    const open = this.#store.intents.all().map(({ seq }) => untilIn(this.#journal.entry(seq)));
    await endFormer(this.#former, Math.max(0, ...open));
    this.#store.commit(() => {
      for (const { pid } of this.#former) this.#store.processes.remove(pid);
    });
  }

  row(module: string): ModuleRow {
    const row = this.#store.modules.get(module);
    if (row === undefined)
      throw new KeymootError(
        'not-found',
        'This desk knows no such module. Nothing was done. Add it under Tokens.',
      );
    return row;
  }

  /** The module as it is now: trusted, changed, or gone. */
  async record(row: ModuleRow): Promise<ModuleRecord> {
    const { id, path, sha256, family, label, training } = row;
    // An unreadable file counts as missing; start() gives the reason.
    const now = await hashFile(path).catch(() => undefined);
    const known = now === this.#approved(row) ? 'trusted' : 'quarantined';
    const state: ModuleRecord['state'] = now === undefined ? 'missing' : known;
    return { id, path, sha256, family, label, training, state };
  }
  #approved(row: ModuleRow): string {
    // SECURITY: the log decides which file may be loaded, not the row; before the founding there is no log.
    if (this.#store.log.size === 0) return row.sha256;
    return this.#journal.state.modules.get(row.id)?.sha256 ?? '';
  }

  /** Whether a process acts on the module now. The token watch does not look meanwhile. */
  acting(module: string): boolean {
    return (this.#acts.get(module) ?? 0) > 0;
  }
  #count(module: string, by: 1 | -1): void {
    this.#acts.set(module, (this.#acts.get(module) ?? 0) + by);
  }

  /**
   * Loads a library in a process of its own. The caller ends it with {@link end}.
   *
   * @param signal ends a process that only looks, at any moment
   * @throws KeymootError not-found, module-…
   */
  async start(module: string, purpose: DevicePurpose, signal?: AbortSignal): Promise<TokenClient> {
    if (purpose === 'act') this.#count(module, 1);
    try {
      if (purpose !== 'look') await this.aside(module);
      const client = await this.#startApproved(module, purpose, signal);
      if (purpose === 'act') this.#actors.set(client, module);
      return client;
    } catch (error) {
      if (purpose === 'act') this.#count(module, -1);
      throw error;
    }
  }
  async #startApproved(
    module: string,
    purpose: DevicePurpose,
    signal: AbortSignal | undefined,
  ): Promise<TokenClient> {
    const row = this.row(module);
    checkLibrary(row.path);
    const now = await hashFile(row.path);
    if (now !== this.#approved(row)) {
      if (!this.#reported.has(now) && this.#store.log.size > 0) {
        this.#reported.add(now);
        this.#journal.record([
          {
            type: 'token.module_changed',
            outcome: 'failure',
            detail: { module, sha256: now, was: row.sha256 },
          },
        ]);
      }
      throw new KeymootError(
        'module-quarantined',
        `The library “${row.label}” changed since it was approved. It was not loaded. If you updated it on purpose, two people approve the new file under Tokens; otherwise find out who changed it.`,
        { fields: { module, sha256: now } },
      );
    }
    return this.startRow(row, now, purpose, signal);
  }

  /** For a module that is not registered yet. */
  async startRow(
    row: ModuleRow,
    sha256: string,
    purpose: DevicePurpose,
    signal?: AbortSignal,
  ): Promise<TokenClient> {
    await this.#formerGone();
    let spawned = 0;
    try {
      return await TokenClient.start({
        path: row.path,
        sha256,
        family: row.family,
        // SECURITY: a row can't choose how a program is loaded, so no LD_PRELOAD comes from the database.
        env: moduleEnvironment(row.family, row.environment),
        ...(row.parameters === undefined ? {} : { libraryParameters: row.parameters }),
        ...(signal === undefined ? {} : { signal }),
        onSpawn: (pid) => {
          spawned = pid;
          this.#store.commit(() => {
            this.#store.processes.add({
              pid,
              started: startedAt(pid) ?? '',
              epoch: this.#epoch,
              module: row.id,
              purpose,
            });
          });
        },
      });
    } catch (error) {
      if (spawned !== 0) this.#forget(spawned);
      throw error;
    }
  }
  #forget(pid: number): void {
    this.#store.commit(() => {
      this.#store.processes.remove(pid);
    });
  }
  /** Ends a process, unless it ended already. */
  async end(client: TokenClient): Promise<void> {
    await client.close();
    const acted = this.#actors.get(client);
    this.#actors.delete(client);
    if (acted !== undefined) this.#count(acted, -1);
    try {
      this.#forget(client.pid);
    } catch {
      // The row stays; the next start finds no such process and removes it.
    }
  }

  /** One login at a time per module: while one process writes to a token, another may not see it (measured on SoftHSM). */
  readonly #acting = new Map<string, Promise<unknown>>();

  /** Holds the module's lock from the first look to the last, so that no other login happens in between. Each use within it has its own process. */
  turn<T>(module: string, hold: (inNew: InNew) => Promise<T>): Promise<T> {
    const run = () => hold((use) => this.#inNew(module, 'act', use));
    const turn = (this.#acting.get(module) ?? Promise.resolve()).then(run);
    this.#acting.set(
      module,
      turn.catch(() => undefined), // the caller gets the error; the queue goes on
    );
    return turn;
  }
  with<T>(
    module: string,
    purpose: DevicePurpose,
    use: (client: TokenClient) => Promise<T>,
  ): Promise<T> {
    return purpose === 'act'
      ? this.turn(module, (inNew) => inNew(use))
      : this.#inNew(module, purpose, use);
  }
  async #inNew<T>(
    module: string,
    purpose: DevicePurpose,
    use: (client: TokenClient) => Promise<T>,
  ): Promise<T> {
    const client = await this.start(module, purpose);
    try {
      return await use(client);
    } finally {
      await this.end(client);
    }
  }

  /** Waits until a deadline has passed, after which a device can't finish a call any more. */
  async waitUntil(untilMs: number): Promise<void> {
    const left = untilMs - Date.now();
    if (left > 0) await sleep(left + 100);
  }
}
