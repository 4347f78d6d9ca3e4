/**
 * The contract: every call a face can make of the service. One entry here and one handler; the compiler requires both.
 * Channels read `area.verb`. The service parses the input and its own answer; a face parses the answer.
 */
import type { z } from 'zod';
import { ceremoniesChannels } from './ceremonies.ts';
import { deskChannels, deskEvents } from './desk.ts';
import { exportsChannels } from './exports.ts';
import { keysChannels } from './keys.ts';
import { peopleChannels } from './people.ts';
import { tokensChannels } from './tokens.ts';

export const contract = {
  ...deskChannels,
  ...peopleChannels,
  ...tokensChannels,
  ...keysChannels,
  ...ceremoniesChannels,
  ...exportsChannels,
} as const;

export type ChannelName = keyof typeof contract;
export type Input<C extends ChannelName> = z.infer<(typeof contract)[C]['input']>;
/** Input before parsing: members with a default may be missing. */
export type InputGiven<C extends ChannelName> = z.input<(typeof contract)[C]['input']>;
export type Output<C extends ChannelName> = z.infer<(typeof contract)[C]['output']>;
export const isChannel = (name: string): name is ChannelName => Object.hasOwn(contract, name);

export const events = deskEvents;
export type EventName = keyof typeof events;
export type Payload<E extends EventName> = z.infer<(typeof events)[E]>;
