/**
 * Writes an audit bundle: the log as tlog-tiles, its checkpoints, the public evidence, and pages for people (resources/formats/audit-log.md).
 *
 * It goes by in pieces: a log of any length takes no more memory than a tile and the list of files, and other calls are answered meanwhile.
 */
import { hash } from 'node:crypto';
import { setImmediate } from 'node:timers/promises';
import { canonicalBytes } from '../../shared/canonical.ts';
import { KeymootError } from '../../shared/errors.ts';
import { base64 } from '../core/audit/note.ts';
import { Report, verifyPage } from '../core/audit/pages.ts';
import { TILE_WIDTH, encodeEntries, entryTiles, hashTiles } from '../core/audit/tiles.ts';
import type { Desk } from './desk.ts';
import type { NewFolder } from './files.ts';

interface WrittenBundle {
  size: number;
  root: string;
  files: number;
}
interface Watching {
  /** How many of the log's entries were written. */
  tell: (done: number, of: number) => void;
  /** Nobody waits for the bundle any more. */
  gone: AbortSignal;
}

/** Entries between two looks at what else there is to do: each may hold signatures that the report counts. */
const AT_ONCE = 32;
const text = (value: string): Uint8Array => Buffer.from(value, 'utf8');

class Bundle {
  readonly #desk: Desk;
  readonly #folder: NewFolder;
  readonly #gone: AbortSignal;
  readonly files: { path: string; size: number; sha256: string }[] = [];

  constructor(desk: Desk, folder: NewFolder, gone: AbortSignal) {
    this.#desk = desk;
    this.#folder = folder;
    this.#gone = gone;
  }

  /** Lets others have their turn. */
  async pause(): Promise<void> {
    await setImmediate();
    if (this.#gone.aborted)
      throw new KeymootError(
        'cancelled',
        'Whoever asked for the bundle is gone, so it was not written to its end. Nothing is left of it.',
      );
  }
  async put(path: string, bytes: Uint8Array): Promise<void> {
    this.#folder.write(path, bytes);
    this.files.push({ path, size: bytes.length, sha256: hash('sha256', bytes) });
    await this.pause();
  }

  async hashes(size: number): Promise<void> {
    const { log } = this.#desk.store;
    for (const { level, index, width, path } of hashTiles(size)) {
      const hashes = Array.from({ length: width }, (_, at) =>
        log.node(level * 8, index * TILE_WIDTH + at),
      );
      await this.put(`log/${path}`, Buffer.concat(hashes));
    }
  }
  /** Tiles, and what is made of the same entries for people. Gives the evidence that they name. */
  async entries(size: number, report: Report, tell: Watching['tell']): Promise<Set<string>> {
    const { store, journal } = this.#desk;
    const named = new Set<string>();
    const lines = this.#folder.grow(DERIVED);
    const page = this.#folder.grow(REPORT);
    const newline = text('\n');
    page.write(text(report.head));
    for (const { index, width, path } of entryTiles(size)) {
      const from = index * TILE_WIDTH;
      const entries = [...store.log.entries(from, from + width)].map(({ entry }) => entry);
      await this.put(`log/${path}`, encodeEntries(entries));
      lines.write(Buffer.concat(entries.flatMap((entry) => [entry, newline])));
      for (let seq = from; seq < from + width; seq += AT_ONCE) {
        const some = entries.slice(seq - from, seq - from + AT_ONCE);
        const read = some.map((_, at) => journal.entry(seq + at));
        for (const { evidence = [] } of read) for (const { sha256 } of evidence) named.add(sha256);
        page.write(text(read.map((entry) => report.row(entry)).join('')));
        await this.pause();
      }
      tell(from + width, size);
    }
    page.write(text(report.tail));
    this.files.push({ path: DERIVED, ...lines.end() }, { path: REPORT, ...page.end() });
    return named;
  }
}
const DERIVED = 'derived/entries.ndjson';
const REPORT = 'report.html';

/**
 * Writes the bundle of the last sealed size into a new folder, which it finishes or drops.
 *
 * @throws KeymootError cancelled, and what the folder says
 */
export const writeBundle = async (
  desk: Desk,
  folder: NewFolder,
  { tell, gone }: Watching,
): Promise<WrittenBundle> => {
  const { log, evidence } = desk.store;
  const head = log.lastCheckpoint();
  const key = desk.signer.key;
  if (head?.note === undefined || key === undefined) throw new Error('bundle: the log has no seal');
  const { size } = head;
  const root = base64(head.root);
  const origin = desk.journal.origin ?? '';
  const facts = { origin, size, root, keySha256: key.sha256 };

  try {
    const bundle = new Bundle(desk, folder, gone);
    await bundle.put('log/checkpoint', text(head.note));
    await bundle.hashes(size);
    const named = await bundle.entries(
      size,
      new Report(facts, (id) => desk.journal.state.members.get(id)),
      tell,
    );
    for (const at of log.sealedSizes())
      // A later one is of a seal that came meanwhile.
      if (at <= size) await bundle.put(`checkpoints/${at}`, text(log.checkpoint(at)?.note ?? ''));
    for (const sha256 of named) {
      const bytes = evidence.get(sha256);
      if (bytes !== undefined) await bundle.put(`evidence/${sha256}`, bytes);
    }
    const pem = key.spki.match(/.{1,64}/g)?.join('\n') ?? '';
    const keyFile = `-----BEGIN PUBLIC KEY-----\n${pem}\n-----END PUBLIC KEY-----\n`;
    await bundle.put('keys/log.pem', text(keyFile));
    await bundle.put('VERIFY.md', text(verifyPage(facts)));

    const files = bundle.files.sort((a, b) => (a.path < b.path ? -1 : 1));
    folder.write(
      'manifest.json',
      canonicalBytes({ v: 1, log: origin, size, root, complete: true, files }),
    );
    folder.finish();
    return { size, root, files: files.length + 1 };
  } catch (error) {
    folder.drop();
    throw error;
  }
};
