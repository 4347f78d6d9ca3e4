/**
 * Canonical JSON: the integer-only profile of RFC 8785 (JCS) that the log, statements and definitions use (resources/formats/audit-log.md, section 4).
 *
 * Each value has one encoding, so one hash. Floats, null, -0, duplicate members and lone surrogates are errors.
 */
export type Json = string | number | boolean | readonly Json[] | { readonly [name: string]: Json };

const writeString = (text: string): string => {
  if (!text.isWellFormed()) throw new TypeError('canonical: a string holds a lone surrogate');
  // JSON.stringify escapes well-formed text exactly as RFC 8785 section 3.2.2.2 requires.
  return JSON.stringify(text);
};

const isPlain = (value: object): boolean => {
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === Object.prototype || prototype === null;
};

/** Whether JSON.stringify's output would be canonical, lone surrogates aside. */
const inOrder = (value: unknown): boolean => {
  switch (typeof value) {
    case 'string':
    case 'boolean':
      return true;
    case 'number':
      return Number.isSafeInteger(value) && !Object.is(value, -0);
    case 'object': {
      if (value === null) return false;
      if (Array.isArray(value)) return Array.from(value).every(inOrder); // makes a hole undefined
      if (!isPlain(value)) return false;
      const members = value as Record<string, unknown>;
      let last = '';
      for (const name of Object.keys(members)) {
        const member = members[name];
        if (member === undefined) continue;
        if (name < last || !inOrder(member)) return false;
        last = name;
      }
      return true;
    }
    default:
      return false;
  }
};
/** How JSON.stringify writes a lone surrogate. The three characters can also be ordinary text, but rarely are. */
const SURROGATE = '\\ud';

/** The canonical text of a value. `undefined` members are omitted; anything else outside the profile throws TypeError. */
export const canonical = (value: unknown): string => {
  // Most values are in order already; the engine's JSON.stringify is many times faster than our code.
  if (inOrder(value)) {
    const text = JSON.stringify(value);
    if (!text.includes(SURROGATE)) return text;
  }
  return spell(value);
};

const spell = (value: unknown): string => {
  switch (typeof value) {
    case 'string':
      return writeString(value);
    case 'boolean':
      return value ? 'true' : 'false';
    case 'number':
      if (!Number.isSafeInteger(value) || Object.is(value, -0))
        throw new TypeError('canonical: a number is not a whole number within 2^53');
      return String(value);
    case 'object': {
      if (value === null) throw new TypeError('canonical: null is not allowed');
      if (Array.isArray(value)) return `[${Array.from(value, spell).join(',')}]`;
      if (!isPlain(value)) throw new TypeError('canonical: only plain objects are data');
      // Array.sort without a comparator orders by UTF-16 code units, as RFC 8785 section 3.2.3 requires.
      const members = value as Record<string, unknown>;
      let text = '';
      for (const name of Object.keys(members).sort()) {
        const member = members[name];
        if (member !== undefined)
          text += `${text === '' ? '' : ','}${writeString(name)}:${spell(member)}`;
      }
      return `{${text}}`;
    }
    default:
      throw new TypeError(`canonical: a ${typeof value} is not data`);
  }
};

/** Whether two values have the same canonical text, without building it; for values that {@link canonical} accepts. */
export const sameData = (one: unknown, other: unknown): boolean => {
  if (one === other) return true;
  if (typeof one !== 'object' || typeof other !== 'object' || one === null || other === null)
    return false;
  if (Array.isArray(one) !== Array.isArray(other)) return false;
  const a = one as Record<string, unknown>;
  const b = other as Record<string, unknown>;
  const there = (of: Record<string, unknown>): string[] =>
    Object.keys(of).filter((name) => of[name] !== undefined);
  const names = there(a);
  return (
    names.length === there(b).length &&
    names.every((name) => Object.hasOwn(b, name) && sameData(a[name], b[name]))
  );
};

const encoder = new TextEncoder();
export const canonicalBytes = (value: unknown): Uint8Array => encoder.encode(canonical(value));

/** Parses canonical bytes strictly: any other encoding is refused. */
export const parseCanonical = (bytes: Uint8Array): Json => {
  const text = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  const value = JSON.parse(text) as Json;
  if (canonical(value) !== text)
    throw new TypeError('canonical: the text is not in canonical form');
  return value;
};
