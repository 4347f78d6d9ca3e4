/**
 * The names of the contract's parts, and which ones pages may use: for faces, which pass calls and events on without parsing them.
 *
 * Without schemas, so that Electron's main process starts the service before it does anything else. The compiler compares each list with the contract.
 */
import type { ChannelName, EventName } from './index.ts';

/** Channels that carry a path: only a face may call them. */
export const FACE_ONLY = ['files.grant'] as const satisfies readonly ChannelName[];

/** The message for a channel that does not exist. */
export const NO_SUCH_CALL =
  'There is no such call. The window and the service may be of different versions. Nothing was done.';

/** SECURITY: a page gets the same answer for a face's own channel as the service gives for one that does not exist. */
export const isForPages = (channel: string): boolean =>
  /^[a-z]{1,32}\.[A-Za-z]{1,32}$/.test(channel) && FACE_ONLY.every((only) => only !== channel);

const EVENTS = {
  'log.changed': true,
  'desk.changed': true,
  progress: true,
  'tokens.changed': true,
  'ceremony.changed': true,
  'signer.lost': true,
} as const satisfies Record<EventName, true>;
export const isEvent = (name: string): name is EventName => Object.hasOwn(EVENTS, name);

export const FILE_PURPOSES = {
  module: 'read',
  parameters: 'read',
  definition: 'read',
  bundle: 'write',
  package: 'write',
  trust: 'write',
  /** A bundle to judge: its folder. */
  'verify-bundle': 'read',
  'verify-trust': 'read',
} as const;
export type FilePurpose = keyof typeof FILE_PURPOSES;
