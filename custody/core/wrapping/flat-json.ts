/**
 * A flat JSON object (RFC 8259) of strings and numbers, parsed without ambiguity.
 *
 * JSON.parse takes the last of two members with the same name, and another program may take the first: with a duplicate, the people who checked the file and
 * the cloud would read different values. So duplicates are refused.
 */

/** A string, or the digits of a number as they were written. */
export type FlatValue =
  | { readonly type: 'string'; readonly value: string }
  | { readonly type: 'number'; readonly digits: string };

const SPACE = /[ \t\n\r]*/uy;
const STRING = /"(?:[^"\\\u0000-\u001f]|\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4}))*"/uy;
const NUMBER = /-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?/uy;

/** @throws RangeError with what was found and at which character */
export const parseFlatObject = (text: string): ReadonlyMap<string, FlatValue> => {
  let at = 0;
  const take = (pattern: RegExp): string | undefined => {
    pattern.lastIndex = at;
    const found = pattern.exec(text)?.[0];
    at += found?.length ?? 0;
    return found;
  };
  const fail = (what: string): never => {
    throw new RangeError(`${what} at character ${at + 1}`);
  };
  const expect = (character: string): void => {
    take(SPACE);
    if (text[at] !== character) fail(`"${character}" was expected`);
    at++;
  };
  const string = (what: string): string => {
    take(SPACE);
    const value = JSON.parse(take(STRING) ?? fail(`${what} was expected`)) as string;
    if (!value.isWellFormed()) fail('a string holds half a character');
    return value;
  };
  const value = (name: string): FlatValue => {
    take(SPACE);
    if (text[at] === '"') return { type: 'string', value: string('a string') };
    const digits = take(NUMBER);
    if (digits !== undefined) return { type: 'number', digits };
    return fail(`the member "${name}" is neither a string nor a number`);
  };

  const members = new Map<string, FlatValue>();
  expect('{');
  take(SPACE);
  if (text[at] === '}') at++;
  else
    for (;;) {
      const name = string('a member name in quotes');
      if (members.has(name)) fail(`the member "${name.slice(0, 40)}" is there twice, the second`);
      expect(':');
      members.set(name, value(name.slice(0, 40)));
      take(SPACE);
      if (text[at] === '}') {
        at++;
        break;
      }
      expect(',');
    }
  take(SPACE);
  if (at !== text.length) fail('something follows the end of the object');
  return members;
};
