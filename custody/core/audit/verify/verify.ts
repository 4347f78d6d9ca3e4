/**
 * Judges an audit bundle (resources/formats/audit-log.md): six parts, each judged separately, and a verdict.
 *
 * Deliberately independent of the stand-alone verifier in resources/verifier: that one shares no code with the desk, this one uses the desk's own core. The
 * tests run both over the same bundles.
 *
 * Entries are streamed, 256 at a time. Memory holds 40 bytes of hashes an entry (a person may have signed under any earlier head), 24 bytes an id, and the
 * findings. Nothing in the bundle is trusted: sizes are claims until the files were read, and trust comes from outside.
 */
import { isUtf8 } from 'node:buffer';
import { MAX_ENTRY_BYTES } from '../../../../shared/log/entries.ts';
import { MAX_DEFINITION, outlineIn } from '../../ceremonies/outline.ts';
import { approvalsIn } from '../../state/policy.ts';
import { TILE_WIDTH, tilePath } from '../tiles.ts';
import { Bundle } from './bundle.ts';
import { Derived } from './derived.ts';
import { Findings, type Verdict } from './findings.ts';
import { Ledger } from './ledger.ts';
import { TooMuch, type BundleReader } from './reader.ts';
import {
  FOR_PEOPLE,
  HEAD_PATH,
  isEvidencePath,
  isForPeople,
  isNotePath,
  type Manifest,
} from './manifest.ts';
import { Tree } from './tree.ts';
import {
  judgeNote,
  parseAnchor,
  parseNote,
  type Anchor,
  type Note,
  type TrustFile,
} from './trust.ts';

const HASH = 32;
const MAX_NOTE = 64 * 2 ** 10;

interface HeldNote {
  path: string;
  text: string;
  note: Note;
}

class Verification {
  readonly #findings: Findings;
  readonly #bundle: Bundle;
  readonly #trust: TrustFile | undefined;
  readonly #anchors: readonly Anchor[];
  readonly #random: Uint8Array;
  readonly #tree = new Tree();
  about: Pick<Verdict, 'log' | 'size' | 'root'> = { log: null, size: null, root: null };

  constructor(
    reader: BundleReader,
    trust: TrustFile | undefined,
    anchors: readonly Anchor[],
    findings: Findings,
  ) {
    this.#findings = findings;
    this.#bundle = new Bundle(reader, findings);
    this.#trust = trust;
    this.#anchors = anchors;
    this.#random = reader.random;
  }

  run(): void {
    this.#bundle.look();
    const manifest = this.#bundle.readManifest();
    this.#bundle.ofTree.add(HEAD_PATH);
    const head = this.#readNote(HEAD_PATH);
    this.about = {
      log: head?.note.origin ?? manifest?.log ?? null,
      size: head?.note.size ?? manifest?.size ?? null,
      root: head?.note.root ?? null,
    };
    this.#compareHead(manifest, head);
    const notes = this.#readCheckpoints(head);
    const { size } = this.about;
    if (size === null) {
      this.#findings.doubt('integrity', 'without a checkpoint the tree could not be checked');
      return;
    }
    this.#judgeLog(size, head === undefined ? notes : [head, ...notes]);
  }

  #judgeLog(size: number, notes: readonly HeldNote[]): void {
    const findings = this.#findings;
    const ledger = new Ledger({
      origin: this.about.log,
      trust: this.#trust,
      tree: this.#tree,
      findings,
      random: this.#random,
      evidenceSize: (sha256) => this.#bundle.files.get(`evidence/${sha256}`),
      documents: {
        definition: (sha256) => this.#document(sha256, outlineIn),
        approvals: (sha256) => this.#document(sha256, approvalsIn),
      },
    });
    const complete = this.#readEntries(size, ledger);
    if (complete) {
      this.#compareUpperTiles(size);
      this.#checkNothingElse(size);
    } else findings.doubt('integrity', 'entries are missing: the tree could not be built');
    this.#compareRoots(notes, complete);
    const all = complete && ledger.unread === 0;
    this.#checkOtherFiles(ledger, all);
    if (!all)
      findings.doubt('authenticity', 'not every entry could be read, nor every signature judged');
    findings.judged('format', 'integrity', 'authenticity');
    const anchored = this.#judgeAnchors(size, complete);
    this.#finishQuorum(ledger, all, anchored);
    if (!all) findings.doubt('state', 'not every entry could be read, so not each was followed');
    findings.judged('state');
    this.#sayWhatIsBeyond();
  }

  #document<T>(sha256: string, read: (bytes: Uint8Array) => T | undefined): T | undefined {
    const bytes = this.#bundle.evidence(sha256, MAX_DEFINITION);
    return bytes === undefined ? undefined : read(bytes);
  }

  /** The limits of what any bundle can prove: section 11. */
  #sayWhatIsBeyond(): void {
    const findings = this.#findings;
    const loose = FOR_PEOPLE.filter((path) => this.#bundle.files.has(path));
    if (loose.length > 0)
      findings.beyond(
        `what ${loose.join(', ')} say: nothing signs them, and anyone could have written them`,
      );
    findings.beyond('whether the desk’s clock was right');
    findings.beyond(
      'what devices hold: their attributes and answers stand here as the desk wrote them down',
    );
  }

  // Notes

  #readNote(path: string): HeldNote | undefined {
    const findings = this.#findings;
    if (!this.#bundle.files.has(path)) {
      if (!this.#bundle.isThere(path)) findings.fail('format', 'it is missing', { path });
      findings.doubt('authenticity', `${path} could not be read`);
      return undefined;
    }
    const content = this.#bundle.read(path, MAX_NOTE);
    const text =
      content === undefined || !isUtf8(content.bytes) ? undefined : content.bytes.toString('utf8');
    const note = text === undefined ? undefined : parseNote(text);
    if (text === undefined || note === undefined) {
      const why = 'it is not a note of origin, size, root, an empty line and signatures';
      findings.fail('format', why, { path });
      findings.doubt('authenticity', `${path} could not be read`);
      return undefined;
    }
    const judged = judgeNote(note, this.#trust);
    if (judged.result === 'fail') findings.fail('authenticity', judged.why, { path });
    if (judged.result === 'unproven') findings.doubt('authenticity', judged.why);
    return { path, text, note };
  }

  /** Compares the head that the manifest repeats. */
  #compareHead(manifest: Manifest | undefined, head: HeldNote | undefined): void {
    if (manifest === undefined || head === undefined) return;
    const place = { path: 'manifest.json' };
    if (manifest.log !== head.note.origin)
      this.#findings.fail('format', `it names another log than ${HEAD_PATH}`, place);
    if (manifest.size !== head.note.size || manifest.root !== head.note.root)
      this.#findings.fail('integrity', `its size or root is not that of ${HEAD_PATH}`, place);
  }

  /** Section 8: each under its size, from 0, the largest being the head. */
  #readCheckpoints(head: HeldNote | undefined): HeldNote[] {
    const findings = this.#findings;
    if (!this.#bundle.isThere('checkpoints/0'))
      findings.fail('format', 'it is missing', { path: 'checkpoints/0' });
    const notes: HeldNote[] = [];
    let largest: HeldNote | undefined;
    for (const path of this.#bundle.files.keys()) {
      if (!isNotePath(path)) continue;
      const held = this.#readNote(path);
      if (held === undefined) continue;
      const { note } = held;
      notes.push(held);
      if (path !== `checkpoints/${note.size}`)
        findings.fail('format', `it is a note of size ${note.size}`, { path });
      if (this.about.log !== null && note.origin !== this.about.log)
        findings.fail('format', 'its origin is another', { path });
      if (largest === undefined || note.size > largest.note.size) largest = held;
    }
    if (head !== undefined && largest !== undefined && largest.text !== head.text)
      findings.fail('format', `it is the largest and not ${HEAD_PATH}`, { path: largest.path });
    return notes;
  }

  #compareRoots(notes: readonly HeldNote[], complete: boolean): void {
    for (const { path, note } of notes) {
      if (note.size <= this.#tree.size) {
        if (this.#tree.root(note.size) === note.root) continue;
        const why = `its root is not that of the first ${note.size} entries`;
        this.#findings.fail('integrity', why, { path });
      } else if (complete)
        this.#findings.fail('integrity', 'the log is shorter than it says', { path });
      else this.#findings.doubt('integrity', `the root in ${path} could not be computed`);
    }
  }

  // Tiles

  /** True when no entry was missing. */
  #readEntries(size: number, ledger: Ledger): boolean {
    const derived = new Derived(this.#bundle, this.#findings);
    let complete = true;
    for (let first = 0; complete && first < size; first += TILE_WIDTH)
      complete = this.#readEntryTile(first, Math.min(TILE_WIDTH, size - first), ledger, derived);
    derived.finish(complete);
    return complete;
  }

  #readEntryTile(first: number, width: number, ledger: Ledger, derived: Derived): boolean {
    const hashes = this.#readHashTile(0, first / TILE_WIDTH, width);
    const path = `log/${tilePath('entries', first / TILE_WIDTH, width)}`;
    const tile = this.#bundle.readOfTree(path, width * (2 + MAX_ENTRY_BYTES));
    if (tile === undefined) return false;
    const { bytes } = tile;
    let at = 0;
    for (let index = first; index < first + width; index++) {
      const start = at + 2;
      const end = start > bytes.length ? Infinity : start + bytes.readUInt16BE(at);
      if (end > bytes.length) {
        const place = { index, path, offset: at };
        this.#findings.fail('format', 'the tile breaks off before this entry ends', place);
        this.#findings.fail('integrity', 'the checkpoint covers an entry that is not there', place);
        return false;
      }
      const entry = bytes.subarray(start, end);
      const place = { index, path, offset: start };
      this.#tree.append(entry);
      if (
        hashes !== undefined &&
        !this.#tree.holds(0, index, hashes.bytes, (index - first) * HASH)
      ) {
        // Of the two, name the file that the manifest contradicts too.
        const inHashes = { index, path: hashes.path, offset: (index - first) * HASH };
        const why = 'the entry does not hash to what its tile says';
        this.#findings.fail('integrity', why, tile.sound && !hashes.sound ? inHashes : place);
      }
      ledger.take(index, entry, place);
      derived.expect(entry);
      at = end;
    }
    if (at < bytes.length)
      this.#findings.fail('format', 'bytes follow the last entry', { path, offset: at });
    return true;
  }

  /** A tile of hashes, in a buffer of its own. */
  #readHashTile(
    level: number,
    index: number,
    width: number,
  ): { path: string; bytes: Buffer; sound: boolean } | undefined {
    const path = `log/${tilePath(String(level), index, width)}`;
    const tile = this.#bundle.readOfTree(path, TILE_WIDTH * HASH);
    if (tile === undefined) return undefined;
    if (tile.bytes.length !== width * HASH)
      this.#findings.fail('format', `it does not hold ${width} hashes`, { path });
    return { path, bytes: Buffer.from(tile.bytes), sound: tile.sound };
  }

  /** Level 0 was compared entry by entry; above, a tile's hash is a subtree of 256 times as many leaves. */
  #compareUpperTiles(size: number): void {
    let count = Math.floor(size / TILE_WIDTH);
    for (let level = 1; count > 0; level++, count = Math.floor(count / TILE_WIDTH)) {
      for (let first = 0; first < count; first += TILE_WIDTH) {
        const width = Math.min(TILE_WIDTH, count - first);
        const tile = this.#readHashTile(level, first / TILE_WIDTH, width);
        if (tile === undefined) continue;
        for (let at = 0; at < width; at++) {
          if (this.#tree.holds(8 * level, first + at, tile.bytes, at * HASH)) continue;
          const place = { path: tile.path, offset: at * HASH };
          this.#findings.fail('integrity', 'a hash does not follow from the level below', place);
          break;
        }
      }
    }
  }

  #checkNothingElse(size: number): void {
    for (const path of this.#bundle.files.keys())
      if (path.startsWith('log/') && !this.#bundle.ofTree.has(path))
        this.#findings.fail('format', `a log of ${size} entries has no such file`, { path });
  }

  // The rest

  #checkOtherFiles(ledger: Ledger, all: boolean): void {
    for (const path of this.#bundle.files.keys()) {
      const evidence = isEvidencePath(path);
      if (!evidence && !isForPeople(path)) continue;
      const sha256 = this.#bundle.hashed(path);
      if (sha256 === undefined || !evidence) continue;
      if (path !== `evidence/${sha256}`)
        this.#findings.fail('integrity', 'it does not hash to its name', { path });
      if (all && !ledger.evidence.has(path.slice('evidence/'.length)))
        this.#findings.fail('format', 'no entry names this evidence', { path });
    }
  }

  /** Returns the size of the largest anchor that counts. */
  #judgeAnchors(size: number, complete: boolean): number {
    const findings = this.#findings;
    let last: number | undefined;
    for (const { name, note } of this.#anchors) {
      const judged = judgeNote(note, this.#trust);
      if (note.origin !== this.about.log)
        findings.doubt('completeness', `${name} is of another log, ${note.origin}`);
      else if (judged.result !== 'pass')
        findings.doubt('completeness', `${name} does not count: ${judged.why}`);
      else if (note.size > size) {
        const why = `${name} has seen ${note.size} entries, and the bundle has ${size}`;
        findings.fail('completeness', why, { index: size });
      } else if (note.size > this.#tree.size)
        findings.doubt('completeness', `${name} could not be compared: entries are missing`);
      else if (this.#tree.root(note.size) !== note.root) {
        const why = `${name} has another root for the first ${note.size} entries`;
        findings.fail('completeness', why);
      } else last = Math.max(last ?? 0, note.size);
    }
    if (this.#anchors.length === 0)
      findings.doubt('completeness', 'no anchor was given: the tail may have been cut');
    if (last !== undefined)
      findings.beyond(
        last < size
          ? `what lies after the last anchor: it covers ${last} of ${size} entries`
          : `whether the desk logged more after these ${size} entries`,
      );
    if (complete) findings.judged('completeness');
    return last ?? 0;
  }

  #finishQuorum(ledger: Ledger, all: boolean, anchored: number): void {
    const findings = this.#findings;
    if (!all) findings.doubt('quorum', 'not every entry could be read, so not each was judged');
    const people = this.#trust?.people;
    if (people === undefined) {
      // SECURITY: an attacker who has the log key can invent two founders; only evidence from outside shows that these are the real ones.
      if (anchored < Math.min(ledger.foundersKnownAt, this.about.size ?? 0))
        findings.doubt(
          'quorum',
          'nothing from outside says who the founders are: the trust file names no keys of people, and no anchor covers their enrolment',
        );
      else findings.beyond('who the founders are: the trust file does not name their keys');
    } else if (!ledger.founders.every((key) => people.includes(key)))
      findings.doubt('quorum', 'a founder’s key is not among the people of the trust file');
    if (ledger.openIntents > 0)
      findings.beyond(`what became of ${ledger.openIntents} intents: no entry closes them`);
    findings.judged('quorum');
  }
}

/**
 * The verdict on a bundle. `anchors` are texts of checkpoints held outside, beside those in the trust file.
 * Throws KeymootError `input-invalid` for an anchor that is none; every fault of the bundle itself ends in a verdict.
 */
export const verifyBundle = (
  reader: BundleReader,
  trust: TrustFile | undefined,
  anchors: readonly (string | Anchor)[] = [],
): Verdict => {
  const held = anchors.map((anchor, at) =>
    typeof anchor === 'string' ? parseAnchor(`Anchor ${at + 1}`, anchor) : anchor,
  );
  const findings = new Findings();
  const verification = new Verification(
    reader,
    trust,
    [...(trust?.anchors ?? []), ...held],
    findings,
  );
  try {
    verification.run();
  } catch (error) {
    if (!(error instanceof TooMuch)) throw error;
    findings.fail('format', error.message);
  }
  return findings.verdict(verification.about);
};
