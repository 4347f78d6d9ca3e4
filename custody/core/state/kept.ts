/** A collection whose changes can be rolled back together, for a transaction that writes entries and state. */

/** Values are replaced and never changed in place, so keeping the old one is enough for a rollback. */
export class Kept<V> implements Iterable<V> {
  readonly #held = new Map<string, V>();
  /** What changed since {@link begin}; undefined: it was removed. */
  #changes: Map<string, V | undefined> | undefined;

  get(id: string): V | undefined {
    return this.#changes?.has(id) === true ? this.#changes.get(id) : this.#held.get(id);
  }
  has(id: string): boolean {
    return this.get(id) !== undefined;
  }
  set(id: string, value: V): void {
    if (this.#changes === undefined) this.#held.set(id, value);
    else this.#changes.set(id, value);
  }
  delete(id: string): void {
    if (this.#changes === undefined) this.#held.delete(id);
    else this.#changes.set(id, undefined);
  }
  *entries(): Generator<[string, V]> {
    // What changed before: a loop may change what it was given, and is not given it again.
    const changed = new Map(this.#changes);
    for (const [id, value] of this.#held) if (!changed.has(id)) yield [id, value];
    for (const [id, value] of changed) if (value !== undefined) yield [id, value];
  }
  *[Symbol.iterator](): Generator<V> {
    for (const [, value] of this.entries()) yield value;
  }
  get size(): number {
    let size = this.#held.size;
    for (const [id, value] of this.#changes ?? [])
      size += (value === undefined ? 0 : 1) - (this.#held.has(id) ? 1 : 0);
    return size;
  }

  begin(): void {
    this.#changes = new Map();
  }
  keep(): void {
    for (const [id, value] of this.#changes ?? [])
      if (value === undefined) this.#held.delete(id);
      else this.#held.set(id, value);
    this.#changes = undefined;
  }
  drop(): void {
    this.#changes = undefined;
  }
}
