/**
 * Rules for values, and reading canonical JSON against them: quick enough for a million entries.
 *
 * The profile (resources/formats/audit-log.md, section 4) gives each value one spelling. A text is in it when
 *   1. it is what JSON.stringify makes of what JSON.parse reads: no white space, no other escape, no other spelling of a number, no member
 *      twice (the second would swallow the first), and
 *   2. the rules hold for the value: they know every member by name and go through them in the order of the profile, take numbers only when they
 *      are whole and safe, know no null, and refuse a lone surrogate, which JSON.stringify would write as an escape.
 * A rule must therefore say of each part of a value what it is; there is no rule for "anything".
 */
import { isAscii, isUtf8 } from 'node:buffer';
import { createPublicKey, hash, type KeyObject } from 'node:crypto';
import { hasUnseen } from '../../../../shared/text.ts';
import { fromBase64 } from '../note.ts';

/** Something breaks the format. `offset` counts bytes into what was read, where known. */
export class Broken extends Error {
  readonly offset: number;
  constructor(why: string, offset = 0) {
    super(why);
    this.offset = offset;
  }
}

/**
 * What is wrong with a value; empty when nothing is. `plain`: the whole text is printable ASCII without escapes, so no string needs a look for more.
 */
export interface Rule {
  (value: unknown, plain: boolean): string;
  /**
   * A regular expression for canonical spellings of values that the rule accepts, not necessarily of all. One spelling a value makes each type of
   * entry a regular language: a text that matches needs no parsing, and one that doesn't is read and judged in full.
   */
  spelling?: string;
}
const spelled = (rule: Rule, spelling: string | undefined): Rule =>
  spelling === undefined ? rule : Object.assign(rule, { spelling });

/** `form` has no capturing groups, and ^ and $ around it. */
const pattern = (form: RegExp, what: string): Rule =>
  spelled(
    (value) => (typeof value === 'string' && form.test(value) ? '' : `is not ${what}`),
    `"${form.source.slice(1, -1)}"`,
  );

/** Of an origin: its installation, and its ending if it has one. */
export const ORIGIN =
  /^[a-z0-9.-]{1,64}\/([0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12})(\/rehearsal)?$/;

export const origin = pattern(
  /^[a-z0-9.-]{1,64}\/[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}(?:\/rehearsal)?$/,
  'an origin',
);
export const uuid = pattern(
  /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/,
  'a lower-case id',
);
export const uuid7 = pattern(
  /^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/,
  'a lower-case id of version 7',
);
export const hex64 = pattern(/^[0-9a-f]{64}$/, '64 lower-case hex digits');
export const hex32 = pattern(/^[0-9a-f]{32}$/, '32 lower-case hex digits');
export const hexBytes = (least: number, most: number): Rule =>
  pattern(new RegExp(`^(?:[0-9a-f]{2}){${least},${most}}$`), `hex of ${least} to ${most} bytes`);

export const bool = spelled(
  (value) => (typeof value === 'boolean' ? '' : 'is not true or false'),
  '(?:true|false)',
);
export const int = spelled(
  (value) => (Number.isSafeInteger(value) ? '' : 'is not a whole number'),
  '(?:0|-?[1-9][0-9]{0,14})',
);
export const count = spelled(
  (value) =>
    Number.isSafeInteger(value) && (value as number) >= 0 ? '' : 'is not a whole number from 0 on',
  '(?:0|[1-9][0-9]{0,14})',
);
const literally = (value: string | number | boolean): string =>
  JSON.stringify(value).replaceAll(/[^A-Za-z0-9_"]/g, (sign) => `\\${sign}`);
export const oneOf = (...values: readonly (string | number | boolean)[]): Rule => {
  const known = new Set<unknown>(values);
  return spelled(
    (value) =>
      known.has(value) ? '' : `is not ${values.length === 1 ? String(values[0]) : 'one we know'}`,
    `(?:${values.map(literally).join('|')})`,
  );
};
export const either = (one: Rule, other: Rule): Rule =>
  spelled(
    (value, plain) => {
      const why = one(value, plain);
      return why === '' ? '' : other(value, plain);
    },
    one.spelling === undefined || other.spelling === undefined
      ? undefined
      : `(?:${one.spelling}|${other.spelling})`,
  );

/** Up to `most` bytes of text, at least `least`. */
const upTo = (least: 0 | 1, most: number): Rule =>
  spelled(
    (value, plain) => {
      if (typeof value !== 'string') return 'is not text';
      if (value.length < least) return 'is empty';
      if (plain) return value.length <= most ? '' : `is longer than ${most} bytes`;
      if (hasUnseen(value)) return 'holds a control or another unseen character';
      return Buffer.byteLength(value) <= most ? '' : `is longer than ${most} bytes`;
    },
    `"[ !#-\\[\\]-~]{${least},${most}}"`, // printable ASCII but " and \
  );
export const text = (most: number): Rule => upTo(1, most);
export const textOrNone = (most: number): Rule => upTo(0, most);

const MOMENT =
  /^[2-9]\d{3}-(?:0[1-9]|1[0-2])-(?:0[1-9]|[12]\d|3[01])T(?:[01]\d|2[0-3]):[0-5]\d:[0-5]\d\.\d{3}Z$/;
export const time = spelled(
  (value) => {
    if (typeof value !== 'string' || !MOMENT.test(value)) return 'is not a UTC time';
    const day = Number(value.slice(8, 10));
    if (day <= 28) return '';
    const real = new Date(Date.UTC(Number(value.slice(0, 4)), Number(value.slice(5, 7)) - 1, day));
    return real.getUTCDate() === day ? '' : 'is a day that does not exist';
  },
  // All days but the 29th of February.
  `"[2-9]\\d{3}-(?:(?:0[1-9]|1[0-2])-(?:0[1-9]|1\\d|2[0-8])|(?:0[13-9]|1[0-2])-(?:29|30)|(?:0[13578]|1[02])-31)T(?:[01]\\d|2[0-3]):[0-5]\\d:[0-5]\\d\\.\\d{3}Z"`,
);

export const b64: Rule = (value) =>
  typeof value === 'string' && fromBase64(value) !== undefined ? '' : 'is not canonical base64';
export const b64Of32: Rule = (value) =>
  typeof value === 'string' && fromBase64(value)?.length === 32
    ? ''
    : 'is not canonical base64 of 32 bytes';

interface Optional {
  maybe: Rule;
}
/** A member that may be absent. */
export const maybe = (rule: Rule): Optional => ({ maybe: rule });

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
const byCodeUnit = (a: string, b: string): number => (a < b ? -1 : 1);

/** Members in order; commas stand before a member once one must have come, and after it until then. Optional ones without a spelling are left out. */
const spellingOf = (
  rules: readonly { name: string; rule: Rule; needed: boolean }[],
): string | undefined => {
  if (rules.some(({ rule, needed }) => needed && rule.spelling === undefined)) return undefined;
  const first = rules.findIndex(({ needed }) => needed);
  if (first < 0 && rules.length > 1) return undefined;
  const members = rules.map(({ name, rule, needed }, at) => {
    if (rule.spelling === undefined) return '';
    const member = `"${name}":${rule.spelling}`;
    if (first < 0) return `(?:${member})?`;
    if (at < first) return `(?:${member},)?`;
    const after = at === first ? member : `,${member}`;
    return needed ? after : `(?:${after})?`;
  });
  return `\\{${members.join('')}\\}`;
};

/** An object with these members and no others, in the order of the profile. */
export const shape = (members: Record<string, Rule | Optional>): Rule => {
  const names = Object.keys(members).sort(byCodeUnit);
  const rules = names.map((name) => {
    const rule = members[name] as Rule | Optional;
    return typeof rule === 'function'
      ? { name, rule, needed: true }
      : { name, rule: rule.maybe, needed: false };
  });
  const spelling = spellingOf(rules);
  const nextNeeded = (from: number): string | undefined =>
    rules.find(({ needed }, at) => at >= from && needed)?.name;
  const judge: Rule = (value, plain) => {
    if (!isObject(value)) return 'is not an object';
    let at = 0;
    for (const name in value) {
      let member = rules[at];
      while (member !== undefined && member.name !== name) {
        if (member.needed)
          return names.includes(name)
            ? `lacks ${member.name}, or has it out of order`
            : `has ${name}, which the format does not know`;
        member = rules[++at];
      }
      if (member === undefined)
        return names.includes(name)
          ? `has ${name} out of order`
          : `has ${name}, which the format does not know`;
      at += 1;
      const why = member.rule(value[name], plain);
      if (why !== '') return `${name} ${why}`;
    }
    const missing = at === rules.length ? undefined : nextNeeded(at);
    return missing === undefined ? '' : `lacks ${missing}`;
  };
  return spelled(judge, spelling);
};

export const list =
  (rule: Rule, least: number, most: number): Rule =>
  (value, plain) => {
    if (!Array.isArray(value)) return 'is not an array';
    if (value.length < least || value.length > most) return `has ${value.length} items`;
    for (const [at, item] of value.entries()) {
      const why = rule(item, plain);
      if (why !== '') return `item ${at} ${why}`;
    }
    return '';
  };

/** An object whose member names are data: as many as `most`, each of this form. */
export const record =
  (name: RegExp, rule: Rule, most: number): Rule =>
  (value, plain) => {
    if (!isObject(value)) return 'is not an object';
    let last = '';
    let seen = 0;
    for (const [member, held] of Object.entries(value)) {
      if (!name.test(member)) return 'has a member with a name of another form';
      if (member <= last) return 'has members out of order';
      if (++seen > most) return `has more than ${most} members`;
      last = member;
      const why = rule(held, plain);
      if (why !== '') return `${member} ${why}`;
    }
    return '';
  };

/** DER lengths of the SubjectPublicKeyInfo: RFC 8410, and RFC 5480 with an uncompressed point. */
const SPKI_BYTES = { Ed25519: 44, 'ECDSA-P256': 91 } as const;
export type Algorithm = keyof typeof SPKI_BYTES;

/** The key in this DER, if it is one of this kind and spelled in the one way DER has; undefined if not. */
export const publicKey = (alg: Algorithm, spki: Uint8Array): KeyObject | undefined => {
  if (spki.length !== SPKI_BYTES[alg]) return undefined;
  const der = Buffer.from(spki);
  try {
    const key = createPublicKey({ key: der, format: 'der', type: 'spki' });
    const right =
      alg === 'Ed25519'
        ? key.asymmetricKeyType === 'ed25519'
        : key.asymmetricKeyType === 'ec' && key.asymmetricKeyDetails?.namedCurve === 'prime256v1';
    return right && key.export({ format: 'der', type: 'spki' }).equals(der) ? key : undefined;
  } catch {
    return undefined; // for one, a point that is not on the curve
  }
};

/** A key object of section 5, of one of these kinds. */
export const keyOf = (...kinds: Algorithm[]): Rule => {
  const form = shape({ alg: oneOf(...kinds), spki: b64, sha256: hex64 });
  return (value, plain) => {
    const why = form(value, plain);
    if (why !== '') return why;
    const key = value as { alg: Algorithm; spki: string; sha256: string };
    const spki = fromBase64(key.spki) as Uint8Array;
    if (publicKey(key.alg, spki) === undefined) return `is no public key for ${key.alg}`;
    return hash('sha256', spki) === key.sha256 ? '' : 'has the hash of another key';
  };
};

const firstDifference = (a: Uint8Array, b: Uint8Array): number => {
  const end = Math.min(a.length, b.length);
  for (let at = 0; at < end; at++) if (a[at] !== b[at]) return at;
  return end;
};

/** The same rule, its spelling in a capturing group. */
export const captured = (rule: Rule): Rule =>
  spelled(
    (value, plain) => rule(value, plain),
    rule.spelling === undefined ? undefined : `(${rule.spelling})`,
  );

/** The value in these bytes, when it is spelled canonically and `judge` finds nothing wrong. Throws {@link Broken}. */
export const readCanonical = (bytes: Buffer, judge: Rule): unknown => {
  const ascii = isAscii(bytes);
  if (!ascii && !isUtf8(bytes)) throw new Broken('it is not UTF-8');
  const source = ascii ? bytes.toString('latin1') : bytes.toString('utf8');
  const plain = ascii && !source.includes('\\') && !source.includes('\x7f');
  let value: unknown;
  try {
    value = JSON.parse(source);
  } catch {
    throw new Broken('it is not JSON'); // the parser throws for nothing else
  }
  const why = judge(value, plain);
  if (why !== '') throw new Broken(why);
  const again = JSON.stringify(value);
  if (again !== source)
    throw new Broken('it is not in canonical form', firstDifference(Buffer.from(again), bytes));
  return value;
};
