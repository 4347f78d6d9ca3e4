/** The lines of a rehearsal's transcript, and the masks for its golden copy, so that two runs differ only where behaviour changed. */

export class Transcript {
  readonly #lines: string[] = [];
  readonly #say: (line: string) => void;
  constructor(say: (line: string) => void) {
    this.#say = say;
  }
  line(text = ''): void {
    this.#lines.push(text);
    this.#say(text);
  }
  /** One act: who, what, and which witness vouches for it. */
  act(who: string, what: string, says?: 'device' | 'person' | 'desk'): void {
    this.line(`  ${who.padEnd(32)} ${what}${says === undefined ? '' : `  [${says}]`}`);
  }
  heading(text: string): void {
    this.line();
    this.line(text);
  }
  get text(): string {
    return `${this.#lines.join('\n')}\n`;
  }
}

const MASKS: readonly (readonly [RegExp, string])[] = [
  [/\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z/g, '<time>'],
  [/[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}/g, '<id>'],
  [/\b[0-9a-f]{10,}\b/g, '<hex>'],
  [/(CMAC|CHECK) [0-9a-f]{6,10}\b/g, '$1 <check>'],
  [/[A-Za-z0-9+/]{43}=/g, '<root>'],
  [/\bwords: [A-Za-z ]+/g, 'words: <words>'],
  [/\b\d+ s (behind|ahead of) the desk/g, '<difference>'],
  [/\b\d+(\.\d+)? (ms|s)\b/g, '<duration>'],
  [/\bserial [0-9a-f]+\b/g, 'serial <serial>'],
  [/words [\d, ]+ read back/g, 'words <positions> read back'],
];
/** Masks times and random values; everything else, names and order included, must be identical in each run. */
export const mask = (text: string, folder: string): string =>
  MASKS.reduce(
    (masked, [pattern, word]) => masked.replace(pattern, word),
    text.replaceAll(folder, '<out>'),
  );
