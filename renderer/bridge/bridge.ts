/**
 * The page's client of the desk: seals secrets, hashes what people sign, sends calls, parses the answers.
 *
 * SECURITY: a secret goes from an input element into a sealed box here and nowhere else; only its handle is kept.
 */
import { bytesToHex } from '@noble/hashes/utils.js';
import { canonicalBytes } from '../../shared/canonical.ts';
import {
  contract,
  events,
  type ChannelName,
  type EventName,
  type InputGiven,
  type Output,
  type Payload,
} from '../../shared/contract/index.ts';
import { ErrorShape } from '../../shared/contract/message.ts';
import type { FilePurpose } from '../../shared/contract/names.ts';
import { isErrorCode, type ErrorData } from '../../shared/errors.ts';
import type { Binding } from '../../shared/sealed.ts';
import { FIRST_TICKETS, takeFirst } from './early.ts';
import type { DroppedPurpose, FaceInfo, PageBridge } from '../../shared/window/bridge.ts';

export type Answer<T> = { ok: true; value: T } | { ok: false; error: ErrorData };

/** A person and what they typed into their passphrase field, as bytes that sealing zeroes. */
export interface Proving {
  person: string;
  passphrase: Uint8Array;
}

const face = (): PageBridge => {
  const { keymoot } = globalThis;
  if (keymoot === undefined) throw new Error('This page has no desk behind it.');
  return keymoot;
};

const failure = (code: ErrorData['code'], message: string): Answer<never> => ({
  ok: false,
  error: { code, message },
});

const send = async (
  channel: ChannelName,
  input: unknown,
  proofs?: { person: string; secret: string }[],
  ticket?: number,
  first?: Promise<unknown>,
): Promise<Answer<unknown>> => {
  const reply = await (first ??
    face().request({
      channel,
      input,
      ...(proofs === undefined ? {} : { proofs }),
      ...(ticket === undefined ? {} : { ticket }),
    }));
  if (typeof reply !== 'object' || reply === null || !('ok' in reply))
    return failure(
      'internal',
      'The answer could not be read. Look at the state before you repeat anything.',
    );
  if (reply.ok === true && 'value' in reply) return { ok: true, value: reply.value };
  const error = ErrorShape.safeParse('error' in reply ? reply.error : undefined);
  if (!error.success || !isErrorCode(error.data.code))
    return failure(
      'internal',
      'The answer could not be read. Look at the state before you repeat anything.',
    );
  const { code, message, fields } = error.data;
  return { ok: false, error: { code, message, ...(fields === undefined ? {} : { fields }) } };
};

let publicKey: string | undefined;
/** Drops the service's sealing key; each new service has another. */
export const forgetService = (): void => {
  publicKey = undefined;
};

const sealed = async (bytes: Uint8Array, binding: Binding): Promise<Answer<string>> => {
  if (publicKey === undefined) {
    const hello = await call('desk.hello', {});
    if (!hello.ok) {
      bytes.fill(0);
      return hello;
    }
    publicKey = hello.value.publicKey;
  }
  let box;
  try {
    // Loaded when the first secret is sealed: showing the window doesn't need it.
    const { seal } = await import('../../shared/sealing.ts');
    box = seal(publicKey, bytes, binding);
  } catch {
    bytes.fill(0);
    return failure(
      'internal',
      'What was typed could not be sealed, so it was not sent. Nothing was done. Close Keymoot, start it again, and type it anew.',
    );
  }
  const put = await call('secrets.put', { binding, box });
  return put.ok ? { ok: true, value: put.value.handle } : put;
};

/** Seals a field's content for one channel and returns its handle. */
export const secret = (
  bytes: Uint8Array,
  purpose: 'passphrase' | 'pin-half' | 'component',
  channel: ChannelName,
): Promise<Answer<string>> => sealed(bytes, { purpose, channel });

/** Both halves of a PIN, in the order of their envelopes. */
export const pinHalves = async (
  halves: readonly [Uint8Array, Uint8Array],
  channel: ChannelName,
): Promise<Answer<{ first: string; second: string }>> => {
  const first = await secret(halves[0], 'pin-half', channel);
  if (!first.ok) {
    halves[1].fill(0);
    return first;
  }
  const second = await secret(halves[1], 'pin-half', channel);
  return second.ok ? { ok: true, value: { first: first.value, second: second.value } } : second;
};

export type Progress = Payload<'progress'>;
let tickets = FIRST_TICKETS;
/** Listeners for the progress of calls, by the call's ticket. */
const followed = new Map<number, (progress: Progress) => void>();

/** One call of the contract, with the proofs of the people who make it. Never throws: a failure is an answer. */
export const call = async <C extends ChannelName>(
  channel: C,
  input: InputGiven<C>,
  people: readonly Proving[] = [],
  onProgress?: (progress: Progress) => void,
): Promise<Answer<Output<C>>> => {
  const proofs: { person: string; secret: string }[] = [];
  if (people.length > 0) {
    const digest = await crypto.subtle.digest('SHA-256', new Uint8Array(canonicalBytes(input)));
    const inputSha256 = bytesToHex(new Uint8Array(digest));
    for (const { person, passphrase } of people) {
      const handle = await sealed(passphrase, {
        purpose: 'proof',
        channel,
        person,
        input_sha256: inputSha256,
      });
      if (!handle.ok) {
        for (const waiting of people) waiting.passphrase.fill(0);
        return handle;
      }
      proofs.push({ person, secret: handle.value });
    }
  }
  const first = takeFirst(channel);
  const ticket = first?.ticket ?? ++tickets;
  if (onProgress !== undefined) followed.set(ticket, onProgress);
  const answer = await send(
    channel,
    input,
    proofs.length === 0 ? undefined : proofs,
    ticket,
    first?.answer,
  );
  followed.delete(ticket);
  if (!answer.ok) return answer;
  const value = contract[channel].output.safeParse(answer.value);
  return value.success
    ? { ok: true, value: value.data as Output<C> }
    : failure(
        'internal',
        'The window and the service are of different versions. Start Keymoot again.',
      );
};

export const askFile = (
  purpose: FilePurpose,
  suggested?: string,
): Promise<{ grant: string; name: string } | undefined> => face().askFile(purpose, suggested);
export const askDropped = (
  purpose: DroppedPurpose,
  file: File,
): Promise<{ grant: string; name: string } | undefined> => face().askDropped(purpose, file);
export const print = (): Promise<void> => face().print();
/** Excludes the window from screenshots and recordings, where the face and the system can. */
export const shield = (on: boolean): void => {
  face().shield(on);
};
export const faceInfo = (): FaceInfo => face().face;
export const hasFace = (): boolean => globalThis.keymoot !== undefined;

type Listeners = {
  [E in Exclude<EventName, 'progress'>]?: (payload: Payload<E>) => void;
} & { down?: (why: string) => void; up?: () => void };

/** Subscribes to the service and the face. Payloads are parsed; invalid ones are dropped. Progress goes to the caller of that call. */
export const listen = (listeners: Listeners): (() => void) =>
  face().subscribe((message) => {
    if (message.kind === 'service-down') listeners.down?.(message.why);
    else if (message.kind === 'service-up') listeners.up?.();
    else if (Object.hasOwn(events, message.event)) {
      const name = message.event as EventName;
      const payload = events[name].safeParse(message.payload);
      if (!payload.success) return;
      if (name === 'progress') {
        const progress = payload.data as Progress;
        followed.get(progress.request)?.(progress);
      } else (listeners[name] as ((value: unknown) => void) | undefined)?.(payload.data);
    }
  });
