/**
 * Searches the memory of running processes for planted secrets, as an administrator of the machine could.
 *
 * Every secret of a test begins with the same mark, so that one search finds all in each encoding; the text after the mark identifies the secret.
 */
import { closeSync, openSync, readdirSync, readFileSync, readSync, statSync } from 'node:fs';
import { join } from 'node:path';

/** An encoding in which a secret may lie in memory. */
export interface Form {
  form: string;
  bytes: Buffer;
}

/** Base64 of the bytes at each of the three alignments, without the digits that depend on neighbouring bytes. */
const inBase64 = (bytes: Buffer): Form[] =>
  [0, 1, 2].map((shift) => {
    const text = Buffer.concat([Buffer.alloc(shift), bytes]).toString('base64');
    const whole = Math.floor(((shift + bytes.length) * 8) / 6);
    return { form: 'base64', bytes: Buffer.from(text.slice([0, 2, 3][shift], whole)) };
  });

export const formsOfText = (mark: string): Form[] => [
  { form: 'text', bytes: Buffer.from(mark) },
  { form: 'UTF-16', bytes: Buffer.from(mark, 'utf16le') },
  { form: 'hex', bytes: Buffer.from(Buffer.from(mark).toString('hex')) },
  ...inBase64(Buffer.from(mark)),
];
/** For bytes that are typed as hex digits, eight at a time. */
export const formsOfHex = (mark: string): Form[] => {
  const typed = mark.slice(0, 8);
  return [
    { form: 'bytes', bytes: Buffer.from(mark, 'hex') },
    { form: 'hex', bytes: Buffer.from(typed.toUpperCase()) },
    { form: 'hex', bytes: Buffer.from(typed.toLowerCase()) },
    { form: 'UTF-16 hex', bytes: Buffer.from(typed, 'utf16le') },
    ...inBase64(Buffer.from(mark, 'hex')),
  ];
};

interface Region {
  from: number;
  to: number;
}
/** Writable regions: unmodified file contents can hold none of our secrets. */
const regionsOf = (pid: number): Region[] =>
  readFileSync(`/proc/${pid}/maps`, 'utf8')
    .split('\n')
    .flatMap((line) => {
      const [, from, to, rights] = /^([0-9a-f]+)-([0-9a-f]+) (\S+)/.exec(line) ?? [];
      return from === undefined || to === undefined || rights?.startsWith('rw') !== true
        ? []
        : [{ from: parseInt(from, 16), to: parseInt(to, 16) }];
    });

const PAGE = 4096;
const PIECE = 2048 * PAGE;
const OVERLAP = 64;

/** The pages of a region that are in memory; a browser reserves far more than it uses. */
const presentIn = function* (pagemap: number, { from, to }: Region): Generator<Region> {
  const entries = Buffer.alloc(((to - from) / PAGE) * 8);
  const read = readSync(pagemap, entries, 0, entries.length, (from / PAGE) * 8);
  let start: number | undefined;
  for (let at = 0; at <= read; at += 8) {
    // Bit 63: in memory; bit 62: in swap.
    const here = at < read && (entries[at + 7]! & 0xc0) !== 0;
    const address = from + (at / 8) * PAGE;
    if (here) start ??= address;
    const whole = start !== undefined && (!here || address + PAGE - start >= PIECE);
    if (!whole || start === undefined) continue;
    yield { from: start, to: here ? address + PAGE : address };
    start = undefined;
  }
};

export interface Hit {
  form: string;
  /** The mark and the text after it. */
  text: string;
}

/** Finds the marks in a process's memory. Throws where the system denies access. */
export const searchMemory = (pid: number, forms: readonly Form[]): Hit[] => {
  const hits: Hit[] = [];
  const memory = openSync(`/proc/${pid}/mem`, 'r');
  const pagemap = openSync(`/proc/${pid}/pagemap`, 'r');
  const piece = Buffer.alloc(PIECE + OVERLAP);
  try {
    for (const region of regionsOf(pid))
      for (const { from, to } of presentIn(pagemap, region)) {
        let read: number;
        try {
          const length = Math.min(to + OVERLAP, region.to) - from;
          read = readSync(memory, piece, 0, length, from);
        } catch {
          continue; // unmapped meanwhile, or a device's memory
        }
        const seen = piece.subarray(0, read);
        for (const { form, bytes } of forms)
          for (let hit = seen.indexOf(bytes); hit >= 0; hit = seen.indexOf(bytes, hit + 1))
            if (hit < to - from)
              hits.push({
                form,
                text: seen
                  .subarray(hit, hit + 40)
                  .toString('latin1')
                  .replaceAll(/[^\x20-\x7e]/g, '.'),
              });
      }
  } finally {
    closeSync(memory);
    closeSync(pagemap);
  }
  return hits;
};

/** Every file under a folder, as bytes. */
export const bytesUnder = (folder: string): Buffer =>
  Buffer.concat(
    readdirSync(folder, { recursive: true, encoding: 'utf8' })
      .map((name) => join(folder, name))
      .filter((file) => statSync(file, { throwIfNoEntry: false })?.isFile() === true)
      .map((file) => readFileSync(file)),
  );
