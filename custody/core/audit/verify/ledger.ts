/** Judges entries, each by itself and against the others: sections 4 to 6, 12 and 13 of resources/formats/audit-log.md. Hashes are judged elsewhere. */
import { MAX_ENTRY_BYTES, TYPES, type Entry } from '../../../../shared/log/entries.ts';
import { ORIGIN } from '../../../../shared/log/rules.ts';
import type { Act } from '../../../../shared/log/statement.ts';
import { follow } from '../../state/follow.ts';
import { FOUNDERS } from '../../state/people.ts';
import { State, type Documents } from '../../state/state.ts';
import { subjectOf } from '../entry.ts';
import { Broken, keyIn, readEntry } from '../reading.ts';
import type { Findings, Place } from './findings.ts';
import { Ids } from './ids.ts';
import {
  judgeAct,
  judgeEnrolment,
  openAct,
  openEnrolment,
  verifyAhead,
  type Opened,
  type Scene,
} from './people.ts';
import { lacks } from './quorum.ts';
import type { Tree } from './tree.ts';
import { keysFor, type TrustFile } from './trust.ts';

/** What an id stands for: an entry's type, and whether it is an intent and closed. */
const TYPE_NUMBER = new Map(TYPES.map((type, number) => [type, number]));
const OPEN = 1;
const CLOSED = 2;

class Growing {
  #bytes = new Uint8Array(1024);
  at(index: number): number {
    return this.#bytes[index] ?? 0;
  }
  set(index: number, value: number): void {
    if (index >= this.#bytes.length) {
      const more = new Uint8Array(this.#bytes.length * 2);
      more.set(this.#bytes);
      this.#bytes = more;
    }
    this.#bytes[index] = value;
  }
}

export interface LedgerOf {
  origin: string | null;
  trust: TrustFile | undefined;
  tree: Tree;
  findings: Findings;
  random: Uint8Array;
  /** Bytes of a piece of evidence; undefined when it is missing. */
  evidenceSize: (sha256: string) => number | undefined;
  /** The content of the definitions and policies that entries name. */
  documents: Documents;
}

/** An entry whose form was judged, but not yet its acts. */
export interface Read {
  index: number;
  entry: Entry;
  acts: readonly Opened<Act>[];
  place: Place & { offset: number };
}

export class Ledger {
  readonly #of: LedgerOf;
  /** Ids in the order they came; `#types` and `#intents` hold at the same place what each id stands for. */
  readonly #ids: Ids;
  readonly #types = new Growing();
  readonly #intents = new Growing();
  readonly #nonces: Ids;
  /** The state that follows from the entries so far. */
  readonly state: State;
  /** Key hashes of the first people. */
  readonly founders: string[] = [];
  /** The number of entries after which the founders are known: a checkpoint of at least this size covers them. */
  foundersKnownAt = 1;
  /** Evidence in the bundle that some entry names. */
  readonly evidence = new Set<string>();
  openIntents = 0;
  /** Entries that could not be judged to their end. */
  unread = 0;

  constructor(of: LedgerOf) {
    this.#of = of;
    this.#ids = new Ids(of.random);
    this.#nonces = new Ids(of.random);
    this.state = new State(of.documents);
  }

  /** Judges everything about an entry except its hash. `place.offset` is where its bytes begin. */
  take(index: number, bytes: Buffer, place: Place & { offset: number }): void {
    const read = this.read(index, bytes, place);
    if (read !== undefined) this.judge(read);
  }

  /**
   * The first half of {@link take}, for reading some entries ahead. Undefined when the entry could not be read.
   */
  read(index: number, bytes: Buffer, place: Place & { offset: number }): Read | undefined {
    return this.#orBroken(place, () => {
      const entry = this.#read(index, bytes);
      const scene = this.#scene(place);
      const acts = (entry.acts ?? []).map((envelope) => openAct(scene, index, envelope));
      return { index, entry, acts, place };
    });
  }
  /** Verifies signatures ahead of {@link judge}, for acts by people whose enrolment was read already. */
  async verifyAhead(reads: readonly Read[]): Promise<void> {
    await Promise.all(
      reads.flatMap(({ acts }) =>
        acts.flatMap((act) => {
          const member = this.state.members.get(act.statement.person);
          return member === undefined ? [] : [verifyAhead(act, member)];
        }),
      ),
    );
  }
  /** The second half, in the order of the log. */
  judge(read: Read): void {
    this.#orBroken(read.place, () => {
      this.#judgePeople(this.#scene(read.place), read);
    });
  }

  #scene(place: Place): Scene {
    const { origin, tree, findings } = this.#of;
    return { origin, tree, findings, place };
  }
  #orBroken<T>(place: Place & { offset: number }, look: () => T): T | undefined {
    try {
      return look();
    } catch (error) {
      if (!(error instanceof Broken)) throw error;
      this.unread += 1;
      const where = { ...place, offset: place.offset + error.offset };
      this.#of.findings.fail('format', error.message, where);
      return undefined;
    }
  }

  #checkFrame(index: number, { log, seq, type }: Entry): void {
    const { origin } = this.#of;
    if (origin !== null && log !== origin) throw new Broken('log is not the origin');
    if (seq !== index) throw new Broken('seq is not its place in the log');
    if ((type === 'log.genesis') !== (index === 0))
      throw new Broken(index === 0 ? 'it is not log.genesis' : 'it is a second log.genesis');
  }

  /** Parses the entry and judges its form. */
  #read(index: number, bytes: Buffer): Entry {
    if (bytes.length > MAX_ENTRY_BYTES)
      throw new Broken(`it is longer than ${MAX_ENTRY_BYTES} bytes`);
    const entry = readEntry(bytes);
    this.#checkFrame(index, entry);
    this.#checkGenesis(entry);
    if (entry.type === 'log.key' || entry.type === 'person.enrolled') keyIn(entry.detail.key);
    this.#checkIds(entry);
    this.#checkEvidence(entry);
    return entry;
  }

  #checkGenesis(entry: Entry): void {
    if (entry.type !== 'log.genesis') return;
    const { detail, outcome, log } = entry;
    keyIn(detail.key);
    const [, installation, rehearsal] = ORIGIN.exec(log) ?? [];
    if (outcome !== 'success') throw new Broken('log.genesis is not a success');
    if (detail.installation !== installation)
      throw new Broken('the installation is not the one in the origin');
    if ((detail.mode === 'rehearsal') !== (rehearsal !== undefined))
      throw new Broken('the mode is not the one that the origin’s ending says');
  }

  /** No id occurs twice; an outcome closes one earlier intent of its type. */
  #checkIds({ id, corr, outcome, type }: Entry): void {
    let closes: number | undefined;
    if (corr !== undefined) {
      closes = this.#ids.find(corr);
      if (closes === undefined) throw new Broken('corr names no earlier entry');
      const state = this.#intents.at(closes);
      if (state === 0) throw new Broken('corr names an entry that is no intent');
      if (TYPES[this.#types.at(closes)] !== type)
        throw new Broken('corr names an intent of another type');
      if (state === CLOSED) throw new Broken('corr names an intent that was closed before');
    }
    const mine = this.#ids.add(id);
    if (mine === undefined) throw new Broken('an earlier entry has the same id');
    this.#types.set(mine, TYPE_NUMBER.get(type) ?? 0);
    if (outcome === 'intent') {
      this.#intents.set(mine, OPEN);
      this.openIntents += 1;
    }
    if (closes !== undefined) {
      this.#intents.set(closes, CLOSED);
      this.openIntents -= 1;
    }
  }

  #checkEvidence({ evidence = [] }: Entry): void {
    for (const { sha256, bytes } of evidence) {
      const size = this.#of.evidenceSize(sha256);
      if (size === undefined) {
        const why = `evidence/${sha256} is named by an entry and is not in the bundle`;
        this.#of.findings.doubt('integrity', why);
        continue;
      }
      this.evidence.add(sha256);
      if (size !== bytes)
        throw new Broken(`evidence/${sha256} has ${size} bytes, and its entry says ${bytes}`);
    }
  }

  #judgePeople(scene: Scene, { index, entry, acts }: Read): void {
    const people = new Set(acts.map(({ statement }) => statement.person));
    if (people.size < acts.length) throw new Broken('a person acts twice in it');
    if (acts.length > 1 && entry.actor.id !== acts[0]?.statement.person)
      throw new Broken('several people act and its actor is not the first of them');
    for (const { statement } of acts)
      if (this.#nonces.add(statement.nonce) === undefined)
        throw new Broken('the nonce of an act was used before');

    const about = acts.length === 0 ? undefined : { entry, subject: subjectOf(entry) };
    const counted = acts.flatMap((act) =>
      about === undefined ? [] : (judgeAct(scene, this.state, about, act, this.unread > 0) ?? []),
    );
    const short = [
      ...this.#lacksEnrolment(scene, index, entry),
      ...lacks(entry, counted, this.state),
    ];
    const { findings, place } = scene;
    for (const why of short) findings.doubt('quorum', `entry ${index} (${entry.type}): ${why}`);
    this.#checkAgainstOutside(scene, index, entry);
    if (
      entry.type === 'person.enrolled' &&
      entry.outcome === 'success' &&
      this.founders.length < FOUNDERS
    ) {
      this.founders.push(entry.detail.key.sha256);
      this.foundersKnownAt = index + 1;
    }
    follow(this.state, entry, {
      acts: counted,
      lacking: short.length > 0,
      // After an unreadable entry, an apparent contradiction may be explained by that entry.
      say: (why) => {
        if (this.unread > 0) findings.doubt('state', `entry ${index} (${entry.type}): ${why}`);
        else findings.fail('state', `${entry.type}: ${why}`, place);
      },
      doubt: (why) => {
        findings.doubt('state', `entry ${index} (${entry.type}): ${why}`);
      },
    });
  }

  /** Judges the new person's own statement. */
  #lacksEnrolment(scene: Scene, index: number, entry: Entry): string[] {
    if (entry.type !== 'person.enrolled') return [];
    if (this.state.members.has(entry.detail.person))
      throw new Broken('the person is enrolled already');
    const opened = openEnrolment(scene, index, entry.detail.statement);
    return judgeEnrolment(scene, entry, opened)
      ? []
      : ['the statement by the person’s own key does not count'];
  }

  /** Compares values that an entry repeats with their source outside the log. */
  #checkAgainstOutside({ tree, findings, place }: Scene, index: number, entry: Entry): void {
    if (entry.type === 'audit.exported') {
      const { size, root } = entry.detail;
      if (size > index || tree.root(size) !== root)
        findings.fail('integrity', `it names another root for size ${size}`, place);
    }
    const { trust } = this.#of;
    if (entry.type === 'log.genesis' && trust !== undefined) {
      const pinned = keysFor(trust, 1);
      if (pinned.length === 0)
        findings.doubt('authenticity', 'no pinned key covers the first entry');
      else if (!pinned.some(({ sha256 }) => sha256 === entry.detail.key.sha256))
        findings.fail('authenticity', 'the key in log.genesis is not a pinned one', place);
    }
  }
}
