/**
 * The desk: everything that the handlers work with, put together once. The service is the only authority.
 */
import { hash } from 'node:crypto';
import { basename } from 'node:path';
import { canonicalBytes } from '../../shared/canonical.ts';
import type { EventName, Payload } from '../../shared/contract/index.ts';
import type { PinHandles, Unfinished } from '../../shared/contract/desk.ts';
import type { FilePurpose } from '../../shared/contract/names.ts';
import { errorData, KeymootError } from '../../shared/errors.ts';
import { DEFAULT_POLICY, Policy } from '../../shared/domain/policy.ts';
import type { TokenRef } from '../../shared/domain/tokens.ts';
import type { FactsOf, RuleName } from '../../shared/policy/rules.ts';
import type { PinHalves } from '../../shared/token/protocol.ts';
import { BUILD } from '../build.ts';
import type { Entry } from '../../shared/log/entries.ts';
import type { NewEntry } from '../core/audit/entry.ts';
import { Judge } from '../judge/client.ts';
import { Store } from '../store/store.ts';
import { CeremonyRoom } from './ceremony-room.ts';
import { Devices, sameToken } from './devices.ts';
import { uuidv7 } from './ids.ts';
import { Journal } from './journal.ts';
import type { Tell } from './judged-log.ts';
import { wishIn, untilIn, whatIn } from './wish.ts';
import { refusedByPolicy } from './policy.ts';
import { ReadBacks } from './read-back.ts';
import { reasonOf } from './reason.ts';
import { Secrets } from './secrets.ts';
import { Signer } from './signer.ts';
import { TokenWatch } from './token-watch.ts';

export type Emit = <E extends EventName>(event: E, payload: Payload<E>) => void;

/** An entry of an act that may leave objects on a device. */
export type KeyIntent = Extract<
  NewEntry,
  { type: 'key.generate' | 'key.import' | 'key.wrap' | 'key.destroy' }
>;

export class Desk {
  readonly store: Store;
  readonly journal: Journal;
  readonly devices: Devices;
  readonly watch: TokenWatch;
  readonly signer: Signer;
  readonly secrets = new Secrets();
  readonly readBacks = new ReadBacks();
  readonly judge = new Judge();
  readonly ceremonies: CeremonyRoom;
  readonly epoch: number;
  readonly here = new Set<string>();
  readonly #grants = new Map<string, { purpose: FilePurpose; path: string }>();
  /** Intents whose acts are running now, by entry. */
  readonly #underWay = new Set<string>();
  readonly emit: Emit;
  /** Aborted when the face has gone: read-only work is then cancelled. */
  readonly faceGone = new AbortController();

  private constructor(store: Store, emit: Emit) {
    this.store = store;
    this.emit = emit;
    this.epoch = Number(store.meta.get('epoch') ?? '0') + 1;
    this.journal = new Journal(store);
    this.devices = new Devices(store, this.journal, this.epoch);
    this.watch = new TokenWatch(store, this.devices, () => {
      emit('tokens.changed', {});
    });
    this.signer = new Signer(store, this.journal, this.devices);
    this.ceremonies = new CeremonyRoom(this.journal, store, (ceremony) => {
      emit('ceremony.changed', { ceremony });
    });
    this.journal.onWritten = (entries: readonly Entry[]) => {
      this.signer.written(entries);
      this.ceremonies.written(entries);
      emit('log.changed', this.signer.state());
    };
    this.signer.onLost = (error) => {
      const token = this.signer.key?.at.token;
      if (token !== undefined) emit('signer.lost', { error: errorData(error), token });
    };
    this.signer.onChanged = () => {
      emit('log.changed', this.signer.state());
    };
  }

  /** The desk of a folder, not opened yet: before {@link begin} it gives only its name. */
  static at(folder: string, emit: Emit): Desk {
    const store = Store.open(folder);
    try {
      return new Desk(store, emit);
    } catch (error) {
      store.close();
      throw error;
    }
  }
  /** The folder's desk, opened. */
  static async open(folder: string, emit: Emit, tell?: Tell): Promise<Desk> {
    const desk = Desk.at(folder, emit);
    await desk.begin(tell);
    return desk;
  }

  /**
   * Opens the desk: judges the log, increments the epoch, ends the former service's processes and closes the intents that need no device. Closes the desk when
   * it refuses it.
   * @param tell gets the progress of the check of the log
   */
  async begin(tell: Tell = () => undefined): Promise<void> {
    const { journal, store } = this;
    try {
      await journal.open(tell);
      this.ceremonies.begin();
      this.policy();
      this.devices.begin();
      store.commit(() => {
        store.meta.set('epoch', String(this.epoch));
      });
      if (journal.genesis() === undefined) return;
      const { size, sealed } = this.signer.state();
      // Written together with the first entry of an act: a service that only reads writes no entry that would need a seal.
      journal.announce({
        type: 'app.start',
        detail: { build: BUILD, epoch: this.epoch, sealed, unsealed: size - sealed },
      });
      this.#closeWhatNeedsNoDevice();
    } catch (error) {
      store.close();
      throw error;
    }
  }

  /** Closes interrupted wraps and packages: they left nothing on a device, since session objects end with their process. */
  #closeWhatNeedsNoDevice(): void {
    for (const intent of this.store.intents.all()) {
      const entry = this.journal.entry(intent.seq);
      if (entry.type !== 'key.wrap') continue;
      const { type, detail, ceremony } = entry;
      this.journal.record([
        {
          type,
          detail,
          // Whether the package was in its place before the interruption is not known, though certainly nothing is on a device.
          outcome: 'unknown',
          corr: intent.entry,
          reason: 'interrupted',
          ...(ceremony === undefined ? {} : { ceremony }),
        },
      ]);
    }
  }

  get state(): 'EMPTY' | 'FOUNDING' | 'READY' {
    if (this.store.log.size === 0) return 'EMPTY';
    return this.journal.state.facts.policyAgreed ? 'READY' : 'FOUNDING';
  }
  requireReady(): void {
    if (this.state !== 'READY')
      throw new KeymootError(
        'desk-not-ready',
        'The desk is not set up to the end: make the log key, enrol two people, and let both approve the policy. Nothing was done.',
      );
  }

  /** The policy in force: the document whose hash two people approved. Before the first approval, the draft that they will see. */
  policy(): Policy {
    const inForce = this.journal.state.facts.policy;
    if (inForce === undefined) return DEFAULT_POLICY;
    const bytes = this.store.evidence.get(inForce.sha256);
    // SECURITY: the table only stores the document; its hash comes from the log.
    if (bytes === undefined || hash('sha256', bytes) !== inForce.sha256)
      throw new KeymootError(
        'store-tampered',
        'The policy in the database is not the one that two people approved. Nothing was changed. Keep the data folder as evidence and restore a copy.',
      );
    return Policy.parse(JSON.parse(Buffer.from(bytes).toString('utf8')));
  }
  policySha256(): string {
    return (
      this.journal.state.facts.policy?.sha256 ?? hash('sha256', canonicalBytes(DEFAULT_POLICY))
    );
  }

  /** @throws KeymootError policy-refused, which names the rule and ends with `then` */
  requireAllowed<N extends RuleName>(rule: N, facts: FactsOf<N>, then: string): void {
    const refused = refusedByPolicy(this.policy(), rule, facts, then);
    if (refused !== undefined) throw refused;
  }

  /** Takes both halves of a PIN. The caller zeroes them. */
  takePin(handles: PinHandles, channel: string): PinHalves {
    const first = this.secrets.take(handles.first, { purpose: 'pin-half', channel });
    try {
      const second = this.secrets.take(handles.second, { purpose: 'pin-half', channel });
      if (first.length === 0 || second.length === 0) {
        second.fill(0);
        throw new KeymootError(
          'pin-half-missing',
          'Only one half of the PIN was given. Both holders enter theirs; the token was not asked.',
        );
      }
      return { first, second };
    } catch (error) {
      first.fill(0);
      throw error;
    }
  }
  /** Records that a token refused a PIN, whatever the PIN was entered for. */
  #noteFailedLogin(told: unknown): void {
    const unfinished = told instanceof KeymootError && told.code === 'recovery-needed';
    const error = unfinished ? told.cause : told;
    if (!(error instanceof KeymootError) || !['pin-wrong', 'pin-locked'].includes(error.code))
      return;
    this.journal.record([
      {
        type: 'session.login_failed',
        outcome: 'failure',
        reason: reasonOf(error),
        detail: { what: 'token' },
      },
    ]);
  }
  async withPin<T>(
    handles: PinHandles,
    channel: string,
    use: (pin: PinHalves) => Promise<T>,
  ): Promise<T> {
    const pin = this.takePin(handles, channel);
    try {
      return await use(pin);
    } catch (error) {
      this.#noteFailedLogin(error);
      throw error;
    } finally {
      pin.first.fill(0);
      pin.second.fill(0);
    }
  }
  /** Each half of a new PIN must be long enough that one holder could not guess the other's. */
  checkNewHalves(pin: PinHalves): void {
    for (const { length: characters } of [pin.first, pin.second])
      this.requireAllowed('pinHalf', { characters }, 'The token was not changed.');
  }

  grant(purpose: FilePurpose, path: string): { grant: string; name: string } {
    if (this.#grants.size > 64) this.#grants.clear();
    const grant = uuidv7();
    this.#grants.set(grant, { purpose, path });
    return { grant, name: basename(path) };
  }
  /** A granted path, once. */
  takeGrant(grant: string, purpose: FilePurpose): string {
    const held = this.#grants.get(grant);
    if (held?.purpose !== purpose)
      throw new KeymootError(
        'grant-unknown',
        'That file was not chosen here, or was used already. Nothing was done. Choose it again.',
      );
    this.#grants.delete(grant);
    return held.path;
  }

  /** Commits the intents before the act (R8). The first entry is the one that may have to be settled, and has the deadline; the others are settled with it. */
  openIntents(
    [first, ...others]: readonly [KeyIntent, ...NewEntry[]],
    deadlineMs: number,
  ): [Entry, ...Entry[]] {
    const until = new Date(Date.now() + deadlineMs).toISOString();
    const written = this.journal.record(
      [{ ...first, detail: { ...first.detail, until } }, ...others].map((entry) => ({
        ...entry,
        outcome: 'intent' as const,
      })),
    ) as [Entry, ...Entry[]];
    this.#underWay.add(written[0].id);
    return written;
  }
  /** Writes the outcome. `beside`: stores data that the log only names by a hash. */
  closeIntent(intent: string, entries: readonly NewEntry[], beside?: () => void): Entry[] {
    const written = this.journal.record(entries, {
      mustSucceed: true,
      ...(beside === undefined ? {} : { beside }),
    });
    this.#underWay.delete(intent);
    return written;
  }
  /** The act has stopped with an unknown result: its intent now counts as interrupted and must be settled. */
  leaveIntent(intent: string): void {
    this.#underWay.delete(intent);
    this.emit('log.changed', this.signer.state());
  }

  /** Unfinished acts that are not running any more: people must settle them. */
  interrupted(): Unfinished[] {
    return this.unfinished().filter(({ intent }) => !this.#underWay.has(intent));
  }
  unfinished(): Unfinished[] {
    return this.store.intents.all().map(({ entry: intent, seq }) => {
      const entry = this.journal.entry(seq);
      const token = wishIn(entry)?.at;
      return {
        ...{ intent, seq, type: entry.type, time: entry.time, what: whatIn(entry) },
        ...(token === undefined ? {} : { token }),
        until: new Date(untilIn(entry)).toISOString(),
      };
    });
  }
  /** Refuses new acts on a token with an unsettled one: otherwise there could be two keys, or an act repeated blindly (R8). */
  requireSettled(at: TokenRef): void {
    const open = this.unfinished().find(
      ({ token }) =>
        token !== undefined && token.module === at.module && sameToken(token.token, at.token),
    );
    if (open !== undefined)
      throw new KeymootError(
        'recovery-needed',
        `On this token something was interrupted: ${open.what}. Two people settle that first. Nothing was done.`,
        { fields: { intent: open.intent } },
      );
  }

  /**
   * Seals the entries just recorded. They are committed, so losing the signer here is no failure of the act: the log's state and an event report it, and the
   * tail is sealed when the signer returns. A log that contradicts its seals is an error and stops everything.
   */
  async seal(): Promise<void> {
    try {
      await this.signer.seal();
    } catch (error) {
      if (error instanceof KeymootError && error.code === 'log-mismatch') throw error;
    }
  }
  /** For acts that are useless without a seal: founding, opening, exporting. */
  mustSeal(): Promise<void> {
    return this.signer.mustSeal();
  }

  close(): void {
    this.watch.stop();
    this.judge.end();
    this.signer.close('The desk was closed.');
    this.secrets.dropAll();
    this.ceremonies.close();
    this.store.close();
  }
}
