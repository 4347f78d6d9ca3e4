/** A set of 128-bit numbers (ids of entries, nonces) and the order in which they came: 24 bytes each instead of a string. */

const FREE = -1;
const [HYPHEN, ZERO, NINE, A] = [0x2d, 0x30, 0x39, 0x61];

export class Ids {
  #size = 0;
  #bits = 10;
  #slots = new Int32Array(1024).fill(FREE);
  #words = new Uint32Array(4 * 512);
  readonly #keys: Uint32Array;
  readonly #one = new Uint32Array(4);

  /** `random`: 16 bytes that a bundle's author can't know; see BundleReader. */
  constructor(random: Uint8Array) {
    const view = new DataView(random.buffer, random.byteOffset, random.byteLength);
    this.#keys = Uint32Array.from([0, 4, 8, 12], (at) => view.getUint32(at) | 1);
  }

  /** 32 lower-case hex digits; hyphens are skipped. */
  #read(text: string): void {
    let word = 0;
    let digits = 0;
    for (let at = 0; at < text.length; at++) {
      const unit = text.charCodeAt(at);
      if (unit === HYPHEN) continue;
      word = (word << 4) | (unit <= NINE ? unit - ZERO : unit - A + 10);
      digits += 1;
      if (digits % 8 === 0) this.#one[digits / 8 - 1] = word;
    }
  }
  #word(words: Uint32Array, at: number): number {
    return words[at] ?? 0;
  }
  get #mask(): number {
    return this.#slots.length - 1;
  }
  /** Multiply-shift hash of four words; its high bits are the well-mixed ones. The keys are random, so a bundle's author can't prepare collisions. */
  #start(words: Uint32Array, from: number): number {
    let sum = 0;
    for (let at = 0; at < 4; at++)
      sum = (sum + Math.imul(this.#word(words, from + at), this.#word(this.#keys, at))) | 0;
    return sum >>> (32 - this.#bits);
  }
  /** The slot of the number parsed last, or the free slot for it. */
  #slot(): number {
    const one = this.#one;
    for (let slot = this.#start(one, 0); ; slot = (slot + 1) & this.#mask) {
      const held = this.#slots[slot] ?? FREE;
      if (held === FREE) return slot;
      const words = this.#words;
      const at = held * 4;
      if (
        words[at] === one[0] &&
        words[at + 1] === one[1] &&
        words[at + 2] === one[2] &&
        words[at + 3] === one[3]
      )
        return slot;
    }
  }
  #grow(): void {
    const words = new Uint32Array(this.#words.length * 2);
    words.set(this.#words);
    this.#words = words;
    this.#bits += 1;
    this.#slots = new Int32Array(2 ** this.#bits).fill(FREE);
    for (let held = 0; held < this.#size; held++) {
      let slot = this.#start(words, held * 4);
      while (this.#slots[slot] !== FREE) slot = (slot + 1) & this.#mask;
      this.#slots[slot] = held;
    }
  }

  /** How many numbers were added before this one; undefined when it was not added. */
  find(text: string): number | undefined {
    this.#read(text);
    const held = this.#slots[this.#slot()] ?? FREE;
    return held === FREE ? undefined : held;
  }
  /** Adds a number. Gives its place in the order, or undefined when it was added before. */
  add(text: string): number | undefined {
    this.#read(text);
    const slot = this.#slot();
    if (this.#slots[slot] !== FREE) return undefined;
    const held = this.#size++;
    this.#slots[slot] = held;
    this.#words.set(this.#one, held * 4);
    if (this.#size * 4 === this.#words.length) this.#grow();
    return held;
  }
}
