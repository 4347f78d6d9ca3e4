/** Tokens as the modules show them now: looked at when a screen that needs them opens, and again whenever one appears or leaves. */
import { useEffect } from 'react';
import type { ModuleRecord, PinState, TokenRef } from '../../shared/domain/tokens.ts';
import { refreshTokens, useDesk } from './desk-store.ts';

/** One spelling of a token's place, for lists and choices. */
export const tokenKey = ({ module, token }: TokenRef): string =>
  [module, token.serial, token.label].join(' ');

export const sameToken = (a: TokenRef, b: TokenRef): boolean =>
  a.module === b.module && a.token.serial === b.token.serial && a.token.label === b.token.label;

/** Has the tokens looked at when a screen opens that shows them. What changes afterwards the service tells by itself. */
export const useTokensHere = (): void => {
  const up = useDesk(({ link }) => link.state === 'up');
  useEffect(() => {
    if (up) void refreshTokens();
  }, [up]);
};

export interface KeyToken {
  at: TokenRef;
  module: ModuleRecord;
  pin: PinState;
}

/** Tokens that may hold people's keys: set up, behind a PIN, and not the log's own. Undefined until they have been looked at. */
export const useKeyTokens = (): KeyToken[] | undefined => {
  const modules = useDesk((desk) => desk.modules);
  const log = useDesk((desk) => desk.status?.log.at);
  return modules?.flatMap(({ module, tokens }) =>
    tokens
      .filter(({ initialised, loginRequired }) => initialised && loginRequired)
      .map(({ identity, userPin }) => ({
        at: { module: module.id, token: identity },
        module,
        pin: userPin,
      }))
      .filter(({ at }) => log === undefined || !sameToken(at, log)),
  );
};

/** What the token says about its PIN, when it has been looked at. */
export const usePinState = (at: TokenRef | undefined): PinState | undefined =>
  useDesk(
    ({ modules }) =>
      modules
        ?.find(({ module }) => module.id === at?.module)
        ?.tokens.find(
          ({ identity }) =>
            identity.serial === at?.token.serial && identity.label === at.token.label,
        )?.userPin,
  );
