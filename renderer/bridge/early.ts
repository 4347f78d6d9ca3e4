/**
 * Sends the page's first calls before the rest of its code is loaded: a small file of its own, so that the service works on the answers meanwhile.
 *
 * Any change at the desk before an answer is taken makes the answers stale: they are dropped, and the page makes the calls again as usual. The answers are not
 * parsed here but where all answers are, so nothing else is imported.
 */
import type { FaceMessage } from '../../shared/window/bridge.ts';

const FIRST = ['desk.hello', 'desk.status', 'people.list', 'ceremonies.list', 'exports.list'];

export interface Asked {
  /** The page's number for the call. */
  ticket: number;
  answer: Promise<unknown>;
}
const asked = new Map<string, Asked>();
/** The number of tickets used here. */
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

/** Takes the pending early call of a channel, once; undefined when there is none and the caller must make the call. */
export const takeFirst = (channel: string): Asked | undefined => {
  const taken = asked.get(channel);
  asked.delete(channel);
  if (asked.size === 0) stop?.();
  return taken;
};
