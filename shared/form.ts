/**
 * Forms: whether a value has the shape that a process expects, checked by hand.
 *
 * For processes that start for each act or before all others: loading a schema library would cost them more than all their checks. A record has exactly the
 * named members, as with `z.strictObject`. A form gives true or false and changes nothing; error messages are made where the value came from.
 */
export type Form<T> = (value: unknown) => value is T;
export type Formed<F> = F extends Form<infer T> ? T : never;

export const bytes: Form<Uint8Array> = (value) => value instanceof Uint8Array;
export const flag: Form<boolean> = (value) => typeof value === 'boolean';
export const string =
  (mostCharacters = Infinity, pattern?: RegExp): Form<string> =>
  (value): value is string =>
    typeof value === 'string' &&
    value.length <= mostCharacters &&
    (pattern === undefined || pattern.test(value));
export const whole =
  (least = Number.MIN_SAFE_INTEGER, most = Number.MAX_SAFE_INTEGER): Form<number> =>
  (value): value is number =>
    Number.isSafeInteger(value) && (value as number) >= least && (value as number) <= most;
/** Accepts any value: it is checked elsewhere. */
export const anything: Form<unknown> = (_value): _value is unknown => true;
export const oneOf =
  <const V extends string | number | boolean>(values: readonly V[]): Form<V> =>
  (value): value is V =>
    (values as readonly unknown[]).includes(value);
export const either =
  <A, B>(one: Form<A>, other: Form<B>): Form<A | B> =>
  (value): value is A | B =>
    one(value) || other(value);
export const list =
  <T>(of: Form<T>, most = Infinity): Form<T[]> =>
  (value): value is T[] =>
    Array.isArray(value) && value.length <= most && value.every(of);

export type Members = Readonly<Record<string, Form<unknown>>>;
type Required<M extends Members> = { [K in keyof M]: Formed<M[K]> };
type Optional<M extends Members> = { [K in keyof M]?: Formed<M[K]> | undefined };
type Flat<T> = { [K in keyof T]: T[K] };

export function record<R extends Members>(required: R): Form<Required<R>>;
/** @param optional members that may be missing or undefined */
export function record<R extends Members, O extends Members>(
  required: R,
  optional: O,
): Form<Flat<Required<R> & Optional<O>>>;
export function record(required: Members, optional: Members = {}): Form<object> {
  return (value): value is object => {
    if (typeof value !== 'object' || value === null || Array.isArray(value)) return false;
    for (const [name, form] of Object.entries(required))
      // SECURITY: own members only: an inherited member was not sent.
      if (!Object.hasOwn(value, name) || !form((value as Record<string, unknown>)[name]))
        return false;
    return Object.entries(value).every(
      ([name, member]) =>
        Object.hasOwn(required, name) ||
        (Object.hasOwn(optional, name) && (member === undefined || optional[name]?.(member))),
    );
  };
}
/** An object whose values all have one form. */
export const table =
  <T>(of: Form<T>): Form<Record<string, T>> =>
  (value): value is Record<string, T> =>
    typeof value === 'object' &&
    value !== null &&
    !Array.isArray(value) &&
    Object.values(value).every(of);
