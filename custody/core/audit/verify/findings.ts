/** Findings by part, and the verdict that follows from them (resources/formats/audit-log.md, section 11). */
import { cleanText } from '../../../../shared/text.ts';

export const PARTS = [
  'format',
  'integrity',
  'authenticity',
  'completeness',
  'quorum',
  'state',
] as const;
export type PartName = (typeof PARTS)[number];
export type Result = 'pass' | 'fail' | 'unproven';

/** The place of a finding: the entry's index, the file, the byte offset. */
export interface Place {
  index?: number;
  path?: string;
  offset?: number;
}
export interface Verdict {
  v: 1;
  verdict: 'pass' | 'tampered' | 'malformed' | 'unproven';
  exit: number;
  log: string | null;
  size: number | null;
  root: string | null;
  parts: Record<PartName, { result: Result; notes: string[] }>;
  not_proven: string[];
  first_bad?: Place & { why: string };
}

/** Most remarks kept for a part, so that a bundle with a million faults does not produce a million lines. */
const MAX_NOTES = 20;
const MAX_WORDS = 300; // bytes of one remark

interface Part {
  fails: Set<string>;
  doubts: Set<string>;
  more: number;
  first: (Place & { why: string }) | undefined;
  /** False until the part was judged to its end; until then it is unproven. */
  judged: boolean;
}

export const placeText = ({ index, path, offset }: Place): string =>
  [
    index === undefined ? [] : [`entry ${index}`],
    path === undefined ? [] : [path],
    offset === undefined ? [] : [`byte ${offset}`],
  ]
    .flat()
    .join(', ');

export class Findings {
  readonly #parts = Object.fromEntries(
    PARTS.map((name) => [
      name,
      { fails: new Set(), doubts: new Set(), more: 0, first: undefined, judged: false },
    ]),
  ) as Record<PartName, Part>;
  readonly #beyond: string[] = [];

  /** A rule is broken, or two things contradict each other. */
  fail(name: PartName, why: string, place: Place = {}): void {
    const part = this.#parts[name];
    const said = { ...place, why: cleanText(why, MAX_WORDS) };
    if (place.path !== undefined) said.path = cleanText(place.path, MAX_WORDS);
    // An entry is a more exact place than a file.
    if (part.first === undefined || (part.first.index === undefined && place.index !== undefined))
      part.first = said;
    const where = placeText(said);
    this.#note(part, part.fails, where === '' ? said.why : `${where}: ${said.why}`);
  }
  /** No fault, but no proof either. */
  doubt(name: PartName, why: string): void {
    const part = this.#parts[name];
    this.#note(part, part.doubts, cleanText(why, MAX_WORDS));
  }
  /** Nothing was found so far. */
  get clean(): boolean {
    return PARTS.every((name) => {
      const { fails, doubts } = this.#parts[name];
      return fails.size === 0 && doubts.size === 0;
    });
  }
  judged(...names: PartName[]): void {
    for (const name of names) this.#parts[name].judged = true;
  }
  /** The limits of every verdict, even the best. */
  beyond(what: string): void {
    this.#beyond.push(what);
  }

  #note(part: Part, list: Set<string>, words: string): void {
    if (list.has(words)) return;
    if (list.size < MAX_NOTES) list.add(words);
    else part.more += 1;
  }
  #result(name: PartName): Result {
    const { fails, doubts, judged } = this.#parts[name];
    if (fails.size > 0) return 'fail';
    return doubts.size > 0 || !judged ? 'unproven' : 'pass';
  }
  #decides(): { verdict: Verdict['verdict']; exit: number; by?: PartName } {
    const fails = (name: PartName): boolean => this.#result(name) === 'fail';
    if (fails('integrity')) return { verdict: 'tampered', exit: 1, by: 'integrity' };
    if (fails('format')) return { verdict: 'malformed', exit: 2, by: 'format' };
    if (fails('authenticity')) return { verdict: 'tampered', exit: 1, by: 'authenticity' };
    if (fails('completeness')) return { verdict: 'tampered', exit: 1, by: 'completeness' };
    if (fails('state')) return { verdict: 'tampered', exit: 1, by: 'state' };
    const proven = PARTS.every((name) => this.#result(name) === 'pass');
    return proven ? { verdict: 'pass', exit: 0 } : { verdict: 'unproven', exit: 3 };
  }
  #notProven(): string[] {
    const open = PARTS.filter((name) => this.#result(name) !== 'pass').flatMap((name) => {
      const doubts = [...this.#parts[name].doubts];
      const rest = this.#result(name) === 'fail' ? 'it fails' : 'it could not be judged to its end';
      return (doubts.length > 0 ? doubts : [rest]).map((why) => `${name}: ${why}`);
    });
    return [...open, ...this.#beyond];
  }

  verdict(about: Pick<Verdict, 'log' | 'size' | 'root'>): Verdict {
    const { verdict, exit, by } = this.#decides();
    const parts = Object.fromEntries(
      PARTS.map((name) => {
        const { fails, doubts, more, judged } = this.#parts[name];
        const notes = [...fails, ...doubts, ...(more > 0 ? [`and ${more} more`] : [])];
        if (!judged && notes.length === 0) notes.push('it could not be judged');
        return [name, { result: this.#result(name), notes }];
      }),
    ) as Verdict['parts'];
    const first = by === undefined ? undefined : this.#parts[by].first;
    return {
      v: 1,
      verdict,
      exit,
      ...about,
      parts,
      not_proven: this.#notProven(),
      ...(first === undefined ? {} : { first_bad: first }),
    };
  }
}
