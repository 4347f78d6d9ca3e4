/** Texts that the sentences of several entry types share. */
import type { Infer } from './rules.ts';
import type { Say } from './declaration.ts';
import type { token } from './shapes.ts';

export const quoted = (text: string | undefined): string =>
  text === undefined || text === '' ? '' : ` “${text}”`;
export const because = (text: string | undefined): string =>
  text === undefined || text === '' ? '' : `: ${text}`;
export const howMany = (n: number, one: string, many: string): string =>
  `${n} ${n === 1 ? one : many}`;
export const minute = (time: string): string => `${time.slice(0, 16).replace('T', ' ')} UTC`;
const capital = (text: string): string => text.charAt(0).toUpperCase() + text.slice(1);

type Token = Infer<typeof token>;
export const tokenName = ({ label, serial }: Token): string => (label === '' ? serial : label);
export const inToken = (token: Token | undefined): string => {
  const named = token === undefined ? '' : tokenName(token);
  return named === '' ? '' : ` in token “${named}”`;
};

/** The sentence of an act on a device or in a ceremony, by its outcome. */
export const act = (say: Say, doing: string, done: string, what: string): string => {
  switch (say.outcome) {
    case 'intent':
      return `Began ${doing} ${what}`;
    case 'success':
      return `${done} ${what}`;
    case 'failure':
      return `${capital(doing)} ${what} failed${because(say.reason)}`;
    case 'not-found':
      return `${capital(doing)} ${what}: it was not found`;
    default:
      return `${capital(doing)} ${what}: what came of it is not known`;
  }
};
