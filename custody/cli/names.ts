/** Finds people, tokens, keys and definitions by name. An ambiguous name is refused and the matches are listed. */
import type { KeyRecord } from '../../shared/domain/keys.ts';
import type { Person } from '../../shared/domain/people.ts';
import type { TokenRef } from '../../shared/domain/tokens.ts';
import type { ModuleView } from '../../shared/contract/tokens.ts';
import { KeymootError } from '../../shared/errors.ts';
import { clean } from './show.ts';

const same = (a: string, b: string): boolean => a.normalize('NFKC') === b.normalize('NFKC');
const folded = (text: string): string => text.normalize('NFKC').toLowerCase();

export const personNamed = (people: readonly Person[], name: string): Person => {
  const exact = people.filter((person) => person.id === name || same(person.name, name));
  const found =
    exact.length > 0 ? exact : people.filter((person) => folded(person.name) === folded(name));
  const here = found.filter(({ left }) => !left);
  const [person] = here;
  if (person === undefined)
    throw new KeymootError(
      'person-unknown',
      found.length > 0
        ? `${clean(name)} has left this desk. Nothing was done.`
        : `Nobody is enrolled as “${clean(name)}”. “keymoot people” lists who is. Nothing was done.`,
      { fields: { person: name } },
    );
  if (here.length > 1)
    throw new KeymootError(
      'ambiguous',
      `More than one person answers to “${clean(name)}”. Use the id that “keymoot people --json” shows.`,
      {
        fields: { person: name },
      },
    );
  return person;
};

export interface NamedToken {
  at: TokenRef;
  view: ModuleView;
}
const tokensOf = (views: readonly ModuleView[]): NamedToken[] =>
  views.flatMap((view) =>
    view.tokens
      .filter(({ initialised }) => initialised)
      .map(({ identity }) => ({ at: { module: view.module.id, token: identity }, view })),
  );

/** A token by its label, or `label@serial` where two share one. */
export const tokenNamed = (views: readonly ModuleView[], name: string): NamedToken => {
  const all = tokensOf(views);
  const labelled = all.filter(({ at }) => at.token.label === name);
  const found =
    labelled.length > 0
      ? labelled
      : all.filter(({ at }) => `${at.token.label}@${at.token.serial}` === name);
  const [token] = found;
  if (token === undefined) {
    const labels = all.map(({ at }) => `“${clean(at.token.label)}”`);
    const broken = views
      .filter(({ error }) => error !== undefined)
      .map(({ module }) => clean(module.label));
    throw new KeymootError(
      'token-missing',
      `No token here is called “${clean(name)}”. ${labels.length === 0 ? 'There is none at all' : `There are: ${labels.join(', ')}`}.${
        broken.length === 0 ? '' : ` Not to be looked into now: ${broken.join(', ')}.`
      } Nothing was done.`,
      { fields: { token: name } },
    );
  }
  if (found.length > 1)
    throw new KeymootError(
      'ambiguous',
      `${found.length} tokens are called “${clean(name)}”. Say which: ${found.map(({ at }) => `“${clean(at.token.label)}@${clean(at.token.serial)}”`).join(' or ')}. Nothing was done.`,
      { fields: { token: name } },
    );
  return token;
};

/** A key by id or label; destroyed keys by id only. */
export const keyNamed = (keys: readonly KeyRecord[], name: string): KeyRecord => {
  const byId = keys.filter(({ id }) => id === name);
  const found =
    byId.length > 0
      ? byId
      : keys.filter(({ label, state }) => label === name && state !== 'destroyed');
  const [key] = found;
  if (key === undefined)
    throw new KeymootError(
      'not-found',
      `This desk has no key “${clean(name)}”. “keymoot keys” lists what it has. Nothing was done.`,
      {
        fields: { key: name },
      },
    );
  if (found.length > 1)
    throw new KeymootError(
      'ambiguous',
      `${found.length} keys are labelled “${clean(name)}”. Say which by its id: ${found.map(({ id, at }) => `${id} (token “${clean(at.token.label)}”)`).join(', ')}. Nothing was done.`,
      { fields: { key: name } },
    );
  return key;
};

const LEAST_DIGITS = 6;
/** One thing by its id or the id's beginning. */
export const idNamed = <T>(
  things: readonly T[],
  idOf: (thing: T) => string,
  begin: string,
  what: string,
): T => {
  const wanted = begin.toLowerCase();
  const found = things.filter(
    (thing) =>
      idOf(thing) === wanted || (wanted.length >= LEAST_DIGITS && idOf(thing).startsWith(wanted)),
  );
  const [thing] = found;
  if (thing === undefined)
    throw new KeymootError(
      'not-found',
      `This desk knows no ${what} “${clean(begin)}”. Nothing was done.`,
      { fields: { [what]: begin } },
    );
  if (found.length > 1)
    throw new KeymootError(
      'ambiguous',
      `More than one ${what} begins with “${clean(begin)}”: ${found.map((one) => `${idOf(one).slice(0, 16)}…`).join(', ')}. Type more of it.`,
      { fields: { [what]: begin } },
    );
  return thing;
};
