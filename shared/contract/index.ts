/**
 * The contract: every call a face can make of the service. One entry here and one handler; the compiler asks for both.
 * Channels read `area.verb`. The service parses what arrives and what it answers; a face parses what comes back.
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
/** What a caller may leave to a default. */
export type InputGiven<C extends ChannelName> = z.input<(typeof contract)[C]['input']>;
export type Output<C extends ChannelName> = z.infer<(typeof contract)[C]['output']>;
export const isChannel = (name: string): name is ChannelName => Object.hasOwn(contract, name);

export const events = deskEvents;
export type EventName = keyof typeof events;
export type Payload<E extends EventName> = z.infer<(typeof events)[E]>;
