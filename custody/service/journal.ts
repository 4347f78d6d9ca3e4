/**
 * The writer of the log: turns what happened into entries, commits them together with the state they change, and keeps the authority that follows from them.
 */
import { hostname, uptime } from 'node:os';
import type { Mode } from '../../shared/domain/basics.ts';
import { KeymootError } from '../../shared/errors.ts';
import { cleanText } from '../../shared/text.ts';
import {
  DESK,
  entryBytes,
  readEntry,
  type Entry,
  type EntryOf,
  type NewEntry,
} from '../core/audit/entry.ts';
import {
  AUTHORITY_TYPES,
  authorise,
  nameHash,
  nobody,
  type Authority,
} from '../core/people/authority.ts';
import { VERSION } from '../build.ts';
import type { Store } from '../store/store.ts';
import { uuidv7 } from './ids.ts';
import { tampered } from './tampered.ts';
import { timeText } from './time-text.ts';

const HOST = cleanText(hostname(), 64) || 'desk';

/** Milliseconds from the machine's start to this process's: asked once, since asking costs as much as the rest of an entry. */
const BOOT_MS = uptime() * 1000 - performance.now();

/** A jump of the wall clock against the monotonic one that is worth an entry, ms. */
const CLOCK_STEP_MS = 5_000;

/** The key of the desk that an entry tells of. (Other entries call the public key of a person or of the log `key`.) */
export const keyTold = ({ detail }: Entry): string | undefined =>
  'key' in detail && typeof detail.key === 'string' ? detail.key : undefined;

export interface RecordOptions {
  apply?: (written: Entry[]) => void;
  before?: () => void;
  mustSucceed?: boolean;
}

export class Journal {
  readonly #store: Store;
  #authority: Authority = nobody;
  #origin: string | undefined;
  #announced: NewEntry | undefined;
  #clock = { wall: Date.now(), steady: performance.now() };
  /** Called after each commit with what was written. */
  onWritten: (entries: readonly Entry[]) => void = () => undefined;

  constructor(store: Store) {
    this.#store = store;
    for (const { seq } of store.log.ofTypes(AUTHORITY_TYPES)) {
      // SECURITY: an entry gives rights only if its leaf is in the tree that the checkpoints sign.
      if (!store.log.recheckLeaf(seq))
        throw new KeymootError(
          'store-tampered',
          `Entry ${seq} of the log is not the one that was sealed. Nothing was changed. Keep the data folder as evidence and restore a copy.`,
        );
      this.#authority = authorise(this.#authority, this.entry(seq));
    }
    this.#compareTables();
  }

  /** A row without its statement has no rights, and a desk whose tables disagree with its log does not open. */
  #compareTables(): void {
    const rows = this.#store.people.all();
    for (const row of rows) {
      const member = this.#authority.members.get(row.id);
      if (
        member?.role !== row.role ||
        member.key.sha256 !== row.keySha256 ||
        member.left !== row.gone
      )
        throw tampered('a person');
    }
    if (rows.length !== this.#authority.members.size) throw tampered('its people');
    for (const [id, { salt, name }] of this.#store.people.salted()) {
      // SECURITY: people are shown to each other by name, so a name is the one that its person signed. An erased one is not there.
      const member = this.#authority.members.get(id);
      if (member?.nameSha256 !== nameHash(salt, name)) throw tampered('a person’s name');
    }
    // Before the founding there is no log, and modules may be known already.
    for (const row of this.#store.log.size === 0 ? [] : this.#store.modules.all())
      if (this.#authority.modules.get(row.id) !== row.sha256) throw tampered('a module');
    const origin = this.#store.meta.get('origin');
    if (this.#store.log.size > 0) {
      const genesis = this.entry(0);
      if (genesis.type !== 'log.genesis' || genesis.log !== origin) throw tampered('its own name');
      if (genesis.detail.mode !== this.#store.meta.get('mode')) throw tampered('its mode');
    } else if (origin !== undefined) throw tampered('its own name');
  }

  get authority(): Authority {
    return this.#authority;
  }
  /** Set once, by the founding. */
  get origin(): string | undefined {
    this.#origin ??= this.#store.meta.get('origin');
    return this.#origin;
  }
  get mode(): Mode | undefined {
    const mode = this.#store.meta.get('mode');
    return mode === 'production' || mode === 'rehearsal' ? mode : undefined;
  }
  entry(seq: number): Entry {
    const bytes = this.#store.log.entry(seq);
    try {
      return readEntry(bytes);
    } catch (cause) {
      throw new KeymootError(
        'store-tampered',
        `Entry ${seq} of the log is not one that this desk wrote. Nothing was changed. Keep the data folder as evidence and restore a copy.`,
        { cause },
      );
    }
  }
  genesis(): EntryOf<'log.genesis'> | undefined {
    if (this.#store.log.size === 0) return undefined;
    const entry = this.entry(0);
    return entry.type === 'log.genesis' ? entry : undefined;
  }

  /** Goes before the next entry that is recorded. */
  announce(entry: NewEntry): void {
    this.#announced = entry;
  }

  #clockStep(): number {
    const now = { wall: Date.now(), steady: performance.now() };
    const step = Math.round(now.wall - this.#clock.wall - (now.steady - this.#clock.steady));
    this.#clock = now;
    return step;
  }

  #make(entry: NewEntry, seq: number, origin: string): Entry {
    const { acts, actor = DESK, ceremony, corr, detail, evidence, outcome = 'success' } = entry;
    const { reason, target, tokenSerial, type } = entry;
    // In the order of the canonical form, which is then the quickest to write.
    return {
      acts,
      actor,
      app: { version: VERSION },
      ceremony,
      clock: { boot_ms: Math.round(BOOT_MS + performance.now()) },
      corr,
      detail,
      evidence,
      id: uuidv7(),
      log: origin,
      outcome,
      reason,
      seq,
      target,
      time: timeText(),
      type,
      v: 1,
      where: { host: HOST, token_serial: tokenSerial === '' ? undefined : tokenSerial },
    } as Entry;
  }

  /**
   * Writes entries and the state that goes with them, in one transaction, on disk when this returns.
   * @param options.apply changes tables; gets the entries as written
   * @param options.before changes tables before the entries are made: the founding's own name
   * @param options.mustSucceed the device has acted already: use the reserve if the disk is full
   */
  record(entries: readonly NewEntry[], options: RecordOptions = {}): Entry[] {
    const { before, apply, mustSucceed = false } = options;
    const step = this.#clockStep();
    const all: NewEntry[] = [
      ...(this.#announced === undefined ? [] : [this.#announced]),
      ...(Math.abs(step) > CLOCK_STEP_MS && this.#store.log.size > 0
        ? [{ type: 'clock.changed' as const, detail: { step_ms: step } }]
        : []),
      ...entries,
    ];
    const written = this.#store.commit(() => {
      before?.();
      const made: Entry[] = [];
      const origin = this.origin ?? '';
      for (const next of all) {
        const entry = this.#make(next, this.#store.log.size, origin);
        this.#store.log.append(entryBytes(entry));
        if (entry.ceremony !== undefined)
          this.#store.ceremonies.addEntry(entry.ceremony.id, entry.seq);
        const key = keyTold(entry);
        if (key !== undefined) this.#store.keyEntries.add(key, entry.seq);
        made.push(entry);
      }
      apply?.(made.slice(all.length - entries.length));
      return made;
    }, mustSucceed);
    this.#announced = undefined;
    for (const entry of written) this.#authority = authorise(this.#authority, entry);
    this.onWritten(written);
    return written.slice(all.length - entries.length);
  }
}
