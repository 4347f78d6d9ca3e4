/**
 * What the page asks first, asked before the rest of its code is read: a file of its own, so small that the answers are on their way meanwhile.
 *
 * Whatever changes at the desk until an answer is taken makes it old: then it is asked again, as if it had never been asked here. That is why nothing else is
 * imported, and nothing is read of the answers: they are parsed where all are.
 */
import type { FaceMessage } from '../../shared/window/bridge.ts';

const FIRST = ['desk.hello', 'desk.status', 'people.list', 'ceremonies.list', 'exports.list'];

export interface Asked {
  /** The page's number for the call. */
  ticket: number;
  answer: Promise<unknown>;
}
const asked = new Map<string, Asked>();
/** How many numbers are taken. */
export const FIRST_TICKETS = FIRST.length;

const { keymoot } = globalThis;
const makesOld = (message: FaceMessage): boolean =>
  message.kind !== 'event' || message.event !== 'progress';
const stop = keymoot?.subscribe((message) => {
  if (makesOld(message)) asked.clear();
});
FIRST.forEach((channel, at) => {
  const ticket = at + 1;
  if (keymoot !== undefined)
    asked.set(channel, { ticket, answer: keymoot.request({ channel, input: {}, ticket }) });
});

/** The call of a channel that is under way already, once; undefined when there is none, and it is to be asked now. */
export const takeFirst = (channel: string): Asked | undefined => {
  const taken = asked.get(channel);
  asked.delete(channel);
  if (asked.size === 0) stop?.();
  return taken;
};
