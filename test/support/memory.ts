/**
 * Looking for planted secrets in the memory of running processes, as whoever administers the machine could.
 *
 * Every secret of a test begins with the same mark, so that a search is for one thing in all its forms; what follows the mark tells which it was.
 */
import { closeSync, openSync, readdirSync, readFileSync, readSync, statSync } from 'node:fs';
import { join } from 'node:path';

/** A way in which something may lie in memory. */
export interface Form {
  form: string;
  bytes: Buffer;
}

/** Of what base64 makes of the bytes, wherever they stand in what was encoded, only what they alone decide. */
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
/** Of bytes that are typed as hex digits, eight at a time. */
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
/** What a process has written into: what comes from files as it is can hold nothing of ours. */
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

/** The parts of a region that are in memory at all; most of what a browser sets aside is not. */
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
  /** The mark and what follows it. */
  text: string;
}

/** Where the marks are in the memory of a process. Throws where the system lets nobody look. */
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
          continue; // given back to the system meanwhile, or a device's
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
