/** derived/entries.ndjson, read beside the entries: each entry and a line feed, and nothing else. */
import { createHash } from 'node:crypto';
import type { Bundle } from './bundle.ts';
import type { Findings } from './findings.ts';
import type { OpenFile } from './reader.ts';
import { DERIVED_PATH } from './manifest.ts';

const LF = 0x0a;

export class Derived {
  readonly #bundle: Bundle;
  readonly #findings: Findings;
  readonly #file: OpenFile | undefined;
  readonly #hash = createHash('sha256');
  #at = 0;
  #equal = true;
  #wanted = Buffer.alloc(2 ** 18);
  #got = Buffer.alloc(2 ** 18);
  #length = 0;

  constructor(bundle: Bundle, findings: Findings) {
    this.#bundle = bundle;
    this.#findings = findings;
    if (bundle.files.has(DERIVED_PATH)) this.#file = bundle.open(DERIVED_PATH);
    else if (!bundle.isThere(DERIVED_PATH))
      findings.fail('format', 'it is missing', { path: DERIVED_PATH });
  }

  /** The entry that must come next. */
  expect(entry: Buffer): void {
    if (this.#length + entry.length + 1 > this.#wanted.length) this.compare();
    entry.copy(this.#wanted, this.#length);
    this.#length += entry.length;
    this.#wanted[this.#length++] = LF;
  }

  /** Compares the entries expected so far. */
  compare(): void {
    const wanted = this.#wanted.subarray(0, this.#length);
    this.#length = 0;
    if (this.#file === undefined || wanted.length === 0) return;
    const into = this.#got.subarray(0, wanted.length);
    const got = into.subarray(0, this.#file.read(into, this.#at));
    this.#hash.update(got);
    if (!got.equals(wanted)) {
      let same = 0;
      while (same < got.length && got[same] === wanted[same]) same++;
      this.#differs(this.#at + same);
    }
    this.#at += got.length;
  }

  #differs(offset: number): void {
    if (!this.#equal) return;
    this.#equal = false;
    this.#findings.fail('integrity', 'it is not the entries, one a line', {
      path: DERIVED_PATH,
      offset,
    });
  }

  /** `complete`: all entries were expected, so nothing may follow. */
  finish(complete: boolean): void {
    const file = this.#file;
    if (file === undefined) return;
    this.compare();
    file.close();
    if (this.#at === file.size) {
      this.#bundle.agrees(DERIVED_PATH, this.#at, this.#hash.digest('hex'));
      return;
    }
    this.#bundle.sizeAgrees(DERIVED_PATH);
    if (complete) this.#differs(this.#at);
    else this.#findings.doubt('integrity', `${DERIVED_PATH} was not compared to its end`);
  }
}
