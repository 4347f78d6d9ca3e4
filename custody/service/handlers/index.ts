/** Every channel's handler, listed once. The compiler reports a channel of the contract without one. */
import type { Handlers } from '../router.ts';
import { ceremoniesHandlers } from './ceremonies.ts';
import { deskHandlers } from './desk.ts';
import { exportsHandlers } from './exports.ts';
import { keysHandlers } from './keys.ts';
import { logHandlers } from './log.ts';
import { modulesHandlers } from './modules.ts';
import { peopleHandlers } from './people.ts';
import { recoveryHandlers } from './recovery.ts';
import { tokensHandlers } from './tokens.ts';

export const handlers: Handlers = {
  ...deskHandlers,
  ...peopleHandlers,
  ...modulesHandlers,
  ...tokensHandlers,
  ...keysHandlers,
  ...ceremoniesHandlers,
  ...exportsHandlers,
  ...logHandlers,
  ...recoveryHandlers,
};
