/** Tokens as the modules report them: queried when a screen that shows them opens, and whenever one appears or leaves. */
import { useEffect } from 'react';
import type { ModuleRecord, PinState, TokenRef } from '../../shared/domain/tokens.ts';
import { refreshTokens, useDesk } from './desk-store.ts';

/** A token's place as one string, for lists and choices. */
export const tokenKey = ({ module, token }: TokenRef): string =>
  [module, token.serial, token.label].join(' ');

export const sameToken = (a: TokenRef, b: TokenRef): boolean =>
  a.module === b.module && a.token.serial === b.token.serial && a.token.label === b.token.label;

/** Queries the tokens when a screen that shows them opens. Later changes come from the service's events. */
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

/** Tokens that may hold people's keys: initialised, with a PIN, and not the log's own. Undefined before the first query. */
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

/** The state of a token's PIN, once the token was queried. */
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
