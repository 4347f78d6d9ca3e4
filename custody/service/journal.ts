/**
 * The writer of the log: makes entries and commits them together with the rows that follow from them.
 *
 * Each entry is checked against the state by the verifier's own rules before it is committed: an entry that an auditor would refuse is not written.
 */
import { hostname, uptime } from 'node:os';
import type { Mode } from '../../shared/domain/basics.ts';
import { KeymootError } from '../../shared/errors.ts';
import type { Entry, EntryOf } from '../../shared/log/entries.ts';
import { cleanText } from '../../shared/text.ts';
import { DESK, entryBytes, subjectOf, type NewEntry } from '../core/audit/entry.ts';
import { Broken, readEntry } from '../core/audit/reading.ts';
import { openEnvelope } from '../core/audit/statement.ts';
import { lacks } from '../core/audit/verify/quorum.ts';
import { nameHash } from '../core/people/names.ts';
import { follow, type CountedAct } from '../core/state/follow.ts';
import { State } from '../core/state/state.ts';
import { VERSION } from '../build.ts';
import { indexRows } from '../projections/log-index.ts';
import { project } from '../projections/projections.ts';
import type { Store } from '../store/store.ts';
import { documentsOf } from './documents.ts';
import { uuidv7 } from './ids.ts';
import { judgeLog, type Tell } from './judged-log.ts';
import { tampered } from './tampered.ts';
import { timeText } from './time-text.ts';
import { canBeSettled } from './wish.ts';

const HOST = cleanText(hostname(), 64) || 'desk';

/** Milliseconds from the machine's start to this process's start. Queried once, since the query costs as much as the rest of an entry. */
const BOOT_MS = uptime() * 1000 - performance.now();

/** From this size on, a jump of the wall clock against the monotonic clock, or behind the last entry, gets an entry of its own, ms. */
const CLOCK_STEP_MS = 5_000;

interface Clocks {
  /** ms since 1970, and may be set. */
  wall: number;
  /** ms, and only goes forward. */
  steady: number;
}
const clocks = (): Clocks => ({ wall: Date.now(), steady: performance.now() });

export interface RecordOptions {
  /** Stores data that the log only names by a hash (evidence, names, sealed keys), in the same transaction before the entries. */
  beside?: () => void;
  /** The device has acted already: the reserve is used if the disk is full. */
  mustSucceed?: boolean;
}

export class Journal {
  readonly #store: Store;
  #state: State;
  #origin: string | undefined;
  #announced: NewEntry | undefined;
  /** The time of the last record, by both clocks. */
  #clock = clocks();
  /** Called after each commit with the entries written. */
  onWritten: (entries: readonly Entry[]) => void = () => undefined;

  constructor(store: Store) {
    this.#store = store;
    this.#state = new State(documentsOf(store));
  }

  /**
   * Judges the log, and compares the tables with it. Before that the state is empty.
   * @throws KeymootError store-tampered, log-mismatch
   */
  async open(tell: Tell): Promise<void> {
    this.#checkName();
    this.#state = await judgeLog(this.#store, this.origin, tell);
    const { sealed } = this.#state.facts;
    if (sealed > (this.#store.log.lastCheckpoint()?.size ?? 0))
      throw new KeymootError(
        'log-mismatch',
        `The log itself says that ${sealed} of its entries were sealed, and their seal is missing. Nothing was written. Keep the data folder as evidence.`,
      );
    for (const intent of this.#state.intents)
      if (!canBeSettled(intent)) throw tampered('something that was interrupted');
    for (const [id, { salt, name }] of this.#store.people.salted())
      // SECURITY: people recognise each other by name, so each stored name must be the one that its person signed. Erased names are not stored.
      if (this.#state.members.get(id)?.nameSha256 !== nameHash(salt, name))
        throw tampered('a person’s name');
  }
  /** Compares the desk's name and mode in the database with the first entry. */
  #checkName(): void {
    const origin = this.#store.meta.get('origin');
    if (this.#store.log.size === 0) {
      if (origin !== undefined) throw tampered('its own name');
      return;
    }
    const genesis = this.entry(0);
    if (genesis.type !== 'log.genesis' || genesis.log !== origin) throw tampered('its own name');
    if (genesis.detail.mode !== this.#store.meta.get('mode')) throw tampered('its mode');
  }

  /**
   * Whether there was a policy, by the index alone: decides which screens to draw while the log is judged. SECURITY: no right follows from it.
   */
  get seemsReady(): boolean {
    return this.#store.index.of('type', 'policy.changed').length > 0;
  }
  /** The state that follows from the log. SECURITY: rights come from here, never from a row. */
  get state(): State {
    return this.#state;
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
        `Entry ${seq} of the log is not one that this desk wrote${cause instanceof Broken ? ` (${cause.message})` : ''}. Nothing was changed. Keep the data folder as evidence and restore a copy.`,
        { cause },
      );
    }
  }
  genesis(): EntryOf<'log.genesis'> | undefined {
    if (this.#store.log.size === 0) return undefined;
    const entry = this.entry(0);
    return entry.type === 'log.genesis' ? entry : undefined;
  }

  /** Queues an entry to be written before the next one. */
  announce(entry: NewEntry): void {
    this.#announced = entry;
  }

  /** By how much the wall clock jumped since the last record, ms; at the first record, by how much it lies behind the last entry. */
  #clockStep(now: Clocks): number {
    const jumped = now.wall - this.#clock.wall - (now.steady - this.#clock.steady);
    const behind = Math.min(0, now.wall - this.#state.facts.time);
    return Math.round(Math.abs(jumped) > Math.abs(behind) ? jumped : behind);
  }

  /** The entry as it is written. People sign it last, when all signed members are set. */
  #make(entry: NewEntry, seq: number, origin: string): Entry {
    const { actor = DESK, ceremony, corr, detail, evidence, outcome = 'success' } = entry;
    const { reason, sign, target, tokenSerial, type } = entry;
    const about = { subject: subjectOf({ type, outcome, detail, ceremony }) };
    const acts = sign?.(ceremony === undefined ? about : { ...about, ceremony });
    return {
      acts: acts?.length === 0 ? undefined : acts,
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

  /** Acts that this process signed just now: their signatures need no verification. */
  #acts({ acts = [] }: Entry): CountedAct[] {
    return acts.flatMap((act) => {
      const statement = openEnvelope(act)?.statement;
      if (statement?.kind !== 'act') return [];
      const member = this.#state.members.get(statement.person);
      if (member === undefined || member.left) return [];
      return [{ statement, role: member.role, keySha256: member.key.sha256 }];
    });
  }

  /** Applies an entry to the state; throws when an auditor would refuse it. */
  #follow(entry: Entry): void {
    const acts = this.#acts(entry);
    const wrong = lacks(entry, acts, this.#state);
    const say = (why: string): void => {
      wrong.push(why);
    };
    follow(this.#state, entry, { acts, lacking: wrong.length > 0, say, doubt: say });
    const [why] = wrong;
    if (why !== undefined)
      throw new KeymootError(
        'internal',
        `Keymoot would have written an entry of type ${entry.type} that an auditor refuses: ${why}. Nothing was written. What was asked for may have been done at a device; look before you repeat it.`,
      );
  }

  /** Writes entries and the rows that follow from them, in one transaction, on disk when this returns. */
  record(entries: readonly NewEntry[], options: RecordOptions = {}): Entry[] {
    const { beside, mustSucceed = false } = options;
    const now = clocks();
    const step = this.#clockStep(now);
    const all: NewEntry[] = [
      ...(Math.abs(step) > CLOCK_STEP_MS && this.#store.log.size > 0
        ? [{ type: 'clock.changed' as const, detail: { step_ms: step } }]
        : []),
      ...(this.#announced === undefined ? [] : [this.#announced]),
      ...entries,
    ];
    const state = this.#state;
    let written: Entry[];
    try {
      written = this.#store.commit(() => {
        // The second try on a full disk starts from the beginning.
        state.drop();
        state.begin();
        beside?.();
        const origin = this.origin ?? '';
        return all.map((next) => {
          const entry = this.#make(next, this.#store.log.size, origin);
          this.#store.log.append(entryBytes(entry));
          this.#follow(entry);
          for (const row of indexRows(entry)) this.#store.index.add(row);
          project(entry, state, this.#store);
          return entry;
        });
      }, mustSucceed);
    } catch (error) {
      state.drop();
      throw error;
    }
    state.keep();
    this.#clock = now;
    this.#announced = undefined;
    this.onWritten(written);
    return written.slice(all.length - entries.length);
  }
}
