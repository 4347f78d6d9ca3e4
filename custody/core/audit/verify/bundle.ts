/** The files of a bundle: each is read once and compared with what the manifest lists (resources/formats/audit-log.md, section 9). */
import { createHash, hash } from 'node:crypto';
import type { Findings, PartName } from './findings.ts';
import type { BundleItem, BundleReader, OpenFile } from './reader.ts';
import { Broken, readCanonical } from '../reading.ts';
import { isNamed, MANIFEST, MANIFEST_PATH, type Manifest, type ManifestFile } from './manifest.ts';

const MAX_MANIFEST = 256 * 2 ** 20;
/** An upper limit of a file's line in a manifest, with room for many listed files that are missing. */
const MANIFEST_BYTES_A_FILE = 256;
const MISSING_FILES = 100_000;
/** Reports and evidence are hashed in pieces and never held in memory whole. */
const MAX_OTHER = 2 ** 30;

export interface Content {
  bytes: Buffer;
  /** False when the manifest lists another size or hash. */
  sound: boolean;
}

const WORDS: Record<Exclude<BundleItem['kind'], 'file'>, string> = {
  link: 'it is a link',
  other: 'it is not a regular file',
  'empty-folder': 'an empty folder is no part of a log',
  'unreadable-folder': 'the folder cannot be read',
};

export class Bundle {
  /** Sizes of the existing files. */
  readonly files = new Map<string, number>();
  /** The manifest's list; undefined when it could not be read. */
  listed: Map<string, ManifestFile> | undefined;
  /** The files below log/ that belong to the tree. */
  readonly ofTree = new Set<string>();
  readonly #refused = new Set<string>();
  readonly #reader: BundleReader;
  readonly #findings: Findings;
  /** One buffer, reused for each large file. */
  #buffer = Buffer.alloc(2 ** 18);

  constructor(reader: BundleReader, findings: Findings) {
    this.#reader = reader;
    this.#findings = findings;
  }

  #fail(part: PartName, why: string, path: string): void {
    this.#findings.fail(part, why, { path });
  }

  look(): void {
    for (const { path, kind, size } of this.#reader.list()) {
      if (kind === 'file') this.files.set(path, size);
      else if (kind !== 'empty-folder' || path === 'log' || path.startsWith('log/')) {
        this.#refused.add(path);
        this.#fail('format', WORDS[kind], path);
      }
    }
  }

  /** Whether the path exists, as a file or as something else that was refused. */
  isThere(path: string): boolean {
    return this.files.has(path) || this.#refused.has(path);
  }

  /** Opens a file for `work`; when it can't be read, reports that and gives undefined. */
  #with<T>(path: string, most: number, work: (file: OpenFile) => T): T | undefined {
    const file = this.#reader.open(path);
    if (file === undefined) {
      this.#fail('format', 'it cannot be read', path);
      return undefined;
    }
    try {
      if (file.size <= most) return work(file);
      this.#fail('format', `it is larger than ${most} bytes`, path);
      return undefined;
    } finally {
      file.close();
    }
  }

  /** All bytes, valid until the next file is read. Not compared with the manifest. */
  #bytes(path: string, most: number): Buffer | undefined {
    return this.#with(path, most, (file) => {
      if (this.#buffer.length < file.size) this.#buffer = Buffer.alloc(file.size);
      const got = file.read(this.#buffer.subarray(0, file.size), 0);
      if (got === file.size) return this.#buffer.subarray(0, got);
      this.#fail('format', 'it became shorter while it was read', path);
      return undefined;
    });
  }

  /** All bytes, valid until the next file is read. */
  read(path: string, most: number): Content | undefined {
    const bytes = this.#bytes(path, most);
    if (bytes === undefined) {
      this.sizeAgrees(path);
      return undefined;
    }
    return { bytes, sound: this.agrees(path, bytes.length, hash('sha256', bytes)) };
  }

  /** Evidence that hashes to its name, in a buffer of its own, since it is read while a tile is in use. Undefined when there is none of at most that size. */
  evidence(sha256: string, most: number): Uint8Array | undefined {
    const path = `evidence/${sha256}`;
    const size = this.files.get(path);
    if (size === undefined || size > most) return undefined;
    return this.#with(path, most, (file) => {
      const bytes = Buffer.alloc(file.size);
      const whole = file.read(bytes, 0) === bytes.length;
      return whole && hash('sha256', bytes) === sha256 ? bytes : undefined;
    });
  }

  /** Integrity: a listed file has its size and hash. An unlisted file is a finding about the format. */
  agrees(path: string, size: number, sha256: string): boolean {
    const listed = this.listed?.get(path);
    if (listed === undefined || (listed.size === size && listed.sha256 === sha256)) return true;
    const what = listed.size === size ? 'hash' : 'size';
    this.#fail('integrity', `its ${what} is not the one in the manifest`, path);
    return false;
  }
  /** The same for a file whose content is not read. */
  sizeAgrees(path: string): boolean {
    const listed = this.listed?.get(path);
    if (listed === undefined || listed.size === this.files.get(path)) return true;
    this.#fail('integrity', 'its size is not the one in the manifest', path);
    return false;
  }

  /** Hashes a file of any size and compares it with the manifest. Gives the hash, or undefined when the file can't be read. */
  hashed(path: string): string | undefined {
    if (!this.sizeAgrees(path)) return undefined;
    return this.#with(path, MAX_OTHER, (file) => {
      const sha256 = createHash('sha256');
      let size = 0;
      for (;;) {
        const got = file.read(this.#buffer, size);
        size += got;
        if (got === 0 || size > MAX_OTHER) break;
        sha256.update(this.#buffer.subarray(0, got));
      }
      const digest = sha256.digest('hex');
      this.agrees(path, size, digest);
      return digest;
    });
  }

  open(path: string): OpenFile | undefined {
    const file = this.#reader.open(path);
    if (file === undefined) this.#fail('format', 'it cannot be read', path);
    return file;
  }

  /** A file that belongs to a tree of this size. */
  readOfTree(path: string, most: number): Content | undefined {
    this.ofTree.add(path);
    if (this.files.has(path)) return this.read(path, most);
    const refused = this.#refused.has(path);
    if (!refused) this.#fail('format', 'the tree needs this file', path);
    if (refused || this.listed === undefined || this.listed.has(path))
      this.#findings.doubt('integrity', `${path} is not there to be compared`);
    // The file was left out and not lost on the way: the manifest claims to be complete without it.
    else this.#fail('integrity', 'the checkpoint covers it and the bundle leaves it out', path);
    return undefined;
  }

  /** Reads the manifest and compares its list with the existing files. */
  readManifest(): Manifest | undefined {
    const path = MANIFEST_PATH;
    let manifest: Manifest | undefined;
    try {
      if (!this.files.has(path)) throw new Broken('there is no manifest');
      const most = (this.files.size + MISSING_FILES) * MANIFEST_BYTES_A_FILE;
      const bytes = this.#bytes(path, Math.min(MAX_MANIFEST, most));
      if (bytes === undefined) throw new Broken('there is no manifest that can be read');
      manifest = readCanonical(bytes, MANIFEST);
      this.listed = new Map(manifest.files.map((file) => [file.path, file]));
    } catch (error) {
      if (!(error instanceof Broken)) throw error;
      this.#findings.fail('format', error.message, { path, offset: error.offset });
      const why = 'without a manifest the sizes and hashes of files are not known';
      this.#findings.doubt('integrity', why);
    }
    for (const there of this.files.keys()) {
      if (!isNamed(there)) this.#fail('format', 'the format does not name this file', there);
      else if (there !== path && this.listed?.has(there) === false)
        this.#fail('format', 'the manifest does not list it', there);
    }
    for (const listed of this.listed?.keys() ?? []) {
      if (this.isThere(listed)) continue;
      this.#fail('format', 'the manifest lists it and it is missing', listed);
      this.#findings.doubt('integrity', `${listed} is not there to be compared`);
    }
    return manifest;
  }
}
