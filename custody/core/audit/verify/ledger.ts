/** Entries one by one and among each other: sections 4 to 6 and 12 of resources/formats/audit-log.md. Hashes are judged elsewhere. */
import { MAX_ENTRY_BYTES, type Entry, type EntryType } from '../entry.ts';
import type { Act } from '../statement.ts';
import type { Findings, Place } from './findings.ts';
import { Ids } from './ids.ts';
import {
  judgeAct,
  judgeEnrolment,
  memberOf,
  openAct,
  openEnrolment,
  payloadHash,
  verifyAhead,
  type Member,
  type Opened,
  type Scene,
} from './people.ts';
import { ASKS, Quorum } from './quorum.ts';
import { Broken, ORIGIN, readCanonical } from './rules.ts';
import { briefly, ENTRY, TYPES, type Brief } from './table.ts';
import type { Tree } from './tree.ts';
import { keysFor, type TrustFile } from './trust.ts';

const FOUNDERS = 2;
/** What an id stands for: an entry's type, and whether it is an intent and closed. */
const TYPE_NUMBER = new Map(TYPES.map((type, number) => [type, number]));
const OPEN = 1;
const CLOSED = 2;

/** Types of which nothing in {@link Ledger} looks at more than the frame, when nobody acts in them. */
const QUIET: ReadonlySet<EntryType> = new Set(
  TYPES.filter((type) => !ASKS.has(type) && type !== 'log.genesis' && type !== 'audit.exported'),
);

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
  /** Bytes of a piece of evidence, undefined when it is not there. */
  evidenceSize: (sha256: string) => number | undefined;
  /** The definition that hashes to this, undefined when it is not there. */
  definition: (sha256: string) => Uint8Array | undefined;
}

/** An entry whose own words were judged, and not yet who acts in it. */
export interface Read {
  index: number;
  entry: Entry;
  acts: readonly Opened<Act>[];
  place: Place & { offset: number };
}

export class Ledger {
  readonly #of: LedgerOf;
  /** Ids in the order they came, with what each stands for beside it. */
  readonly #ids: Ids;
  readonly #types = new Growing();
  readonly #intents = new Growing();
  readonly #nonces: Ids;
  readonly #quorum: Quorum;
  readonly #people = new Map<string, Member>();
  /** Key hashes of the first people. */
  readonly founders: string[] = [];
  /** Evidence in the bundle that an entry names. */
  readonly evidence = new Set<string>();
  openIntents = 0;
  /** Entries that could not be judged to their end. */
  unread = 0;

  constructor(of: LedgerOf) {
    this.#of = of;
    this.#ids = new Ids(of.random);
    this.#nonces = new Ids(of.random);
    this.#quorum = new Quorum(of.definition);
  }

  /** Everything about an entry but its hash. `place.offset` is where its bytes begin. */
  take(index: number, bytes: Buffer, place: Place & { offset: number }): void {
    const read = this.read(index, bytes, place);
    if (read !== undefined) this.judge(read);
  }

  /**
   * The first half of {@link take}, for who reads some entries ahead. Undefined when nothing is left to judge: the entry could not be read, or it is of a type
   * that asks for nobody and nobody acts in it.
   */
  read(index: number, bytes: Buffer, place: Place & { offset: number }): Read | undefined {
    return this.#orBroken(place, () => {
      const entry = this.#read(index, bytes);
      if (entry === undefined) return undefined;
      const scene = this.#scene(place);
      const acts = (entry.acts ?? []).map((envelope) => openAct(scene, index, envelope));
      return { index, entry, acts, place };
    });
  }
  /** Looks at the signatures of entries ahead of {@link judge}, as far as those who acted are known yet. */
  async verifyAhead(reads: readonly Read[]): Promise<void> {
    await Promise.all(
      reads.flatMap(({ acts }) =>
        acts.flatMap((act) => {
          const member = this.#people.get(act.statement.person);
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

  #checkFrame(index: number, { log, seq, type }: Brief): void {
    const { origin } = this.#of;
    if (origin !== null && log !== origin) throw new Broken('log is not the origin');
    if (seq !== index) throw new Broken('seq is not its place in the log');
    if ((type === 'log.genesis') !== (index === 0))
      throw new Broken(index === 0 ? 'it is not log.genesis' : 'it is a second log.genesis');
  }

  /** The entry, its own words judged; undefined when it is of a type that asks for nobody and nobody acts in it: most of a log. */
  #read(index: number, bytes: Buffer): Entry | undefined {
    if (bytes.length > MAX_ENTRY_BYTES)
      throw new Broken(`it is longer than ${MAX_ENTRY_BYTES} bytes`);
    const text = bytes.toString('latin1');
    const brief = briefly(text);
    if (brief !== undefined && QUIET.has(brief.type)) {
      this.#checkFrame(index, brief);
      this.#checkIds(brief);
      return undefined;
    }
    const entry = (brief === undefined ? readCanonical(bytes, ENTRY) : JSON.parse(text)) as Entry;
    this.#checkFrame(index, entry);
    this.#checkGenesis(entry);
    this.#checkIds(entry);
    this.#checkEvidence(entry);
    return entry;
  }

  #checkGenesis(entry: Entry): void {
    if (entry.type !== 'log.genesis') return;
    const { detail, outcome, log } = entry;
    const [, installation, rehearsal] = ORIGIN.exec(log) ?? [];
    if (outcome !== 'success') throw new Broken('log.genesis is not a success');
    if (detail.installation !== installation)
      throw new Broken('the installation is not the one in the origin');
    if ((detail.mode === 'rehearsal') !== (rehearsal !== undefined))
      throw new Broken('the mode is not the one that the origin’s ending says');
  }

  /** No id twice; an outcome closes one earlier intent of its type. */
  #checkIds({ id, corr, outcome, type }: Brief): void {
    let closes: number | undefined;
    if (corr !== undefined) {
      if (outcome === 'intent') throw new Broken('an intent has corr');
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

    let short: string[] = [];
    let others: string | undefined;
    const enrolled = entry.type === 'person.enrolled' ? entry : undefined;
    let opened;
    if (enrolled !== undefined) {
      if (this.#people.has(enrolled.detail.person))
        throw new Broken('the person is enrolled already');
      opened = openEnrolment(scene, index, enrolled.detail.statement);
    }
    const counted = acts.flatMap(
      (act) => judgeAct(scene, this.#people, act, this.unread > 0) ?? [],
    );
    if (enrolled !== undefined && opened !== undefined) {
      if (!judgeEnrolment(scene, enrolled, opened))
        short = ['the statement by the person’s own key does not count'];
      if (this.founders.length >= FOUNDERS) others = payloadHash(opened);
    }
    short.push(...this.#quorum.judge(entry, counted, others));
    for (const why of short)
      scene.findings.doubt('quorum', `entry ${index} (${entry.type}): ${why}`);
    this.#checkAgainstOutside(scene, index, entry);
    this.#remember(entry);
  }

  /** What an entry repeats of things that are known otherwise. */
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

  /** Only a success changes who is here. */
  #remember(entry: Entry): void {
    if (entry.outcome !== 'success') return;
    switch (entry.type) {
      case 'person.enrolled':
        this.#people.set(entry.detail.person, memberOf(entry.detail));
        if (this.founders.length < FOUNDERS) this.founders.push(entry.detail.key.sha256);
        break;
      case 'person.role_changed': {
        const member = this.#people.get(entry.detail.person);
        if (member !== undefined) member.role = entry.detail.role;
        break;
      }
      case 'person.left': {
        const member = this.#people.get(entry.detail.person);
        if (member !== undefined) member.left = true;
        break;
      }
      default:
    }
  }
}
