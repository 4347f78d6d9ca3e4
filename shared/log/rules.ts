/**
 * Rules for values of the audit log: the form of a value, and the TypeScript type that follows from it.
 *
 * The conventions are those of resources/formats/audit-log.md, section 2. A rule must cover each part of a value; there is no rule for "anything", so an
 * accepted value contains only members that the format page names. Runs in a page and in Node.
 */
import { hasUnseen, utf8Length } from '../text.ts';

/** Conditions for judging a value. */
export interface Mode {
  /** The source text is printable ASCII without escapes, so strings need no further check. */
  plain: boolean;
  /** Members must come in the order of the canonical form. A writer's own objects need not: they are sorted when they are serialised. */
  sorted: boolean;
}

type Judge = (value: unknown, mode: Mode) => string;
/** Gives the fault of a value; empty when there is none. `T` is the type of the accepted values. */
export interface Rule<T = unknown> {
  (value: unknown, mode: Mode): string;
  /** For the compiler only: carries the type; the member does not exist at run time. */
  readonly accepts: T;
}
/** Makes a rule from a judge: `T` is the type of the values that it accepts. */
export const ruleFor = <T>(judge: Judge): Rule<T> => judge as Rule<T>;
/** A member that may be absent. */
interface Optional<T = unknown> {
  readonly maybe: Rule<T>;
}
export const maybe = <T>(rule: Rule<T>): Optional<T> => ({ maybe: rule });

type Members = Readonly<Record<string, Rule | Optional>>;
type Needed<M> = { [K in keyof M]: M[K] extends Optional ? never : K }[keyof M];
type Absent<M> = { [K in keyof M]: M[K] extends Optional ? K : never }[keyof M];
type Inferred<R> = R extends Rule<infer T> ? T : R extends Optional<infer T> ? T : never;
/** The type of an object with these members. */
type ShapeOf<M> = { [K in Needed<M>]: Inferred<M[K]> } & {
  [K in Absent<M>]?: Inferred<M[K]> | undefined;
};
/** The type of the values that a rule accepts. */
export type Infer<R> = R extends Rule<infer T> ? T : never;

const pattern = (form: RegExp, what: string): Rule<string> =>
  ruleFor((value) => (typeof value === 'string' && form.test(value) ? '' : `is not ${what}`));

/** The parts of an origin: the installation, and a suffix if it has one (section 3). */
export const ORIGIN =
  /^[a-z0-9.-]{1,64}\/([0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12})(\/rehearsal)?$/;
export const origin = pattern(ORIGIN, 'an origin');
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
export const hexBytes = (least: number, most: number): Rule<string> =>
  pattern(new RegExp(`^(?:[0-9a-f]{2}){${least},${most}}$`), `hex of ${least} to ${most} bytes`);

/** RFC 4648 section 4 with padding, and canonical: unused bits are zero. */
const BASE64 =
  /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/][AQgw]==|[A-Za-z0-9+/]{2}[AEIMQUYcgkosw048]=)?$/;
export const b64 = pattern(BASE64, 'canonical base64');
export const b64Of32 = ruleFor<string>((value) =>
  typeof value === 'string' && value.length === 44 && /[^=]=$/.test(value) && BASE64.test(value)
    ? ''
    : 'is not canonical base64 of 32 bytes',
);

export const bool = ruleFor<boolean>((value) =>
  typeof value === 'boolean' ? '' : 'is not true or false',
);
const isWhole = (value: unknown): value is number =>
  Number.isSafeInteger(value) && !Object.is(value, -0);
export const int = ruleFor<number>((value) => (isWhole(value) ? '' : 'is not a whole number'));
export const count = ruleFor<number>((value) =>
  isWhole(value) && value >= 0 ? '' : 'is not a whole number from 0 on',
);

export const oneOf = <const V extends string | number | boolean>(
  ...values: readonly V[]
): Rule<V> => {
  const known = new Set<unknown>(values);
  const wrong = values.length === 1 ? `is not ${String(values[0])}` : 'is not one we know';
  return ruleFor((value) => (known.has(value) ? '' : wrong));
};
export const either = <A, B>(one: Rule<A>, other: Rule<B>): Rule<A | B> =>
  ruleFor((value, mode) => (one(value, mode) === '' ? '' : other(value, mode)));

const upTo = (least: 0 | 1, most: number): Rule<string> =>
  ruleFor((value, { plain }) => {
    if (typeof value !== 'string') return 'is not text';
    if (value.length < least) return 'is empty';
    if (plain) return value.length <= most ? '' : `is longer than ${most} bytes`;
    if (hasUnseen(value)) return 'holds a control or another unseen character';
    return value.length * 3 <= most || utf8Length(value) <= most
      ? ''
      : `is longer than ${most} bytes`;
  });
/** 1 to `most` bytes of UTF-8. */
export const text = (most: number): Rule<string> => upTo(1, most);
/** Up to `most` bytes of UTF-8. */
export const textOrNone = (most: number): Rule<string> => upTo(0, most);

const MOMENT =
  /^[2-9]\d{3}-(?:0[1-9]|1[0-2])-(?:0[1-9]|[12]\d|3[01])T(?:[01]\d|2[0-3]):[0-5]\d:[0-5]\d\.\d{3}Z$/;
export const time = ruleFor<string>((value) => {
  if (typeof value !== 'string' || !MOMENT.test(value)) return 'is not a UTC time';
  const day = Number(value.slice(8, 10));
  if (day <= 28) return '';
  const real = new Date(Date.UTC(Number(value.slice(0, 4)), Number(value.slice(5, 7)) - 1, day));
  return real.getUTCDate() === day ? '' : 'is a day that does not exist';
});

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** An object with these members and no others. */
export const shape = <const M extends Members>(members: M): Rule<ShapeOf<M>> => {
  const rules = new Map(
    Object.entries(members).map(([name, rule]) => [
      name,
      typeof rule === 'function'
        ? { rule, needed: true, name }
        : { rule: rule.maybe, needed: false, name },
    ]),
  );
  const all = [...rules.values()];
  const needed = all.filter((member) => member.needed);
  return ruleFor((value, mode) => {
    if (!isObject(value)) return 'is not an object';
    let last = '';
    let found = 0;
    for (const name in value) {
      const held = value[name];
      if (held === undefined) continue;
      const member = rules.get(name);
      if (member === undefined) return `has ${name}, which the format does not know`;
      if (mode.sorted && name < last) return `has ${name} out of order`;
      last = name;
      const why = member.rule(held, mode);
      if (why !== '') return `${name} ${why}`;
      if (member.needed) found += 1;
    }
    if (found === needed.length) return '';
    const missing = needed.find(({ name }) => value[name] === undefined);
    return `lacks ${missing?.name ?? ''}`;
  });
};

/** An array of `least` to `most` items. */
export const list = <T>(rule: Rule<T>, least: number, most: number): Rule<T[]> =>
  ruleFor((value, mode) => {
    if (!Array.isArray(value)) return 'is not an array';
    if (value.length < least || value.length > most) return `has ${value.length} items`;
    for (let at = 0; at < value.length; at++) {
      const why = rule(value[at], mode);
      if (why !== '') return `item ${at} ${why}`;
    }
    return '';
  });

/** An object whose member names are data: at most `most`, each of this form. */
export const record = <T>(name: RegExp, rule: Rule<T>, most: number): Rule<Record<string, T>> =>
  ruleFor((value, mode) => {
    if (!isObject(value)) return 'is not an object';
    let last = '';
    let seen = 0;
    for (const [member, held] of Object.entries(value)) {
      if (!name.test(member)) return 'has a member with a name of another form';
      if (mode.sorted && member < last) return 'has members out of order';
      if (++seen > most) return `has more than ${most} members`;
      last = member;
      const why = rule(held, mode);
      if (why !== '') return `${member} ${why}`;
    }
    return '';
  });

/** The rule, and then a further check that it can't express by itself. */
export const also = <T>(rule: Rule<T>, further: (value: T) => string): Rule<T> =>
  ruleFor((value, mode) => {
    const why = rule(value, mode);
    return why === '' ? further(value as T) : why;
  });
