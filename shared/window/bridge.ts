/**
 * Everything that a face gives the page: the same few calls and one stream under Electron and under the fallback.
 *
 * No path, no file content, no native module and no unsealed secret passes through it: secrets are sealed in the page before they get here.
 */
import { FILE_PURPOSES, type FilePurpose } from '../contract/names.ts';
import { count, proofs } from '../contract/wire.ts';
import { anything, oneOf, record, string, type Formed } from '../form.ts';

/** A call as the page makes it. The face adds only its own number for the pending answer, and keeps the page's number. */
export const isPageRequest = record(
  { channel: string(64), input: anything },
  {
    proofs,
    /** The page's number for the call: the service's progress reports carry it. */
    ticket: count,
  },
);
export type PageRequest = Formed<typeof isPageRequest>;

export const isPageFilePurpose = oneOf(Object.keys(FILE_PURPOSES) as FilePurpose[]);

/** The purposes for which a file may be dropped instead of chosen in a dialog: only files that are judged, and never shown, loaded or written. */
export const isDroppedPurpose = oneOf(['verify-bundle', 'verify-trust']);
export type DroppedPurpose = Formed<typeof isDroppedPurpose>;

/** The messages that a face sends to the page without a call. The `request` of an event `progress` is the page's ticket. */
export type FaceMessage =
  | { kind: 'event'; event: string; payload: unknown }
  /** The service ended and is being started again; calls that were waiting have been answered with an error. */
  | { kind: 'service-down'; why: string }
  /** A new service runs: its public key, epoch and state must be requested again. */
  | { kind: 'service-up' };

export interface FaceInfo {
  name: 'Electron' | 'Chromium';
  version: string;
  /** False when the browser's own sandbox is off (root in a container); the page says so in a banner. */
  sandboxed: boolean;
  /** Shown in About and in the banner: why this face and not the other. */
  why: string;
}

export interface PageBridge {
  readonly face: FaceInfo;
  /** Answers with a Reply's ok/value or ok/error. Rejects only when the message can't be sent at all, with the page's own error. */
  request: (request: PageRequest) => Promise<unknown>;
  /** Shows the face's dialog. Gives a grant and a base name, or undefined when it was cancelled. */
  askFile: (
    purpose: FilePurpose,
    suggested?: string,
  ) => Promise<{ grant: string; name: string } | undefined>;
  /** The same for a file or folder that a person dropped on the page, as the browser's own File. Undefined when it is not a file of this machine. */
  askDropped: (
    purpose: DroppedPurpose,
    file: object,
  ) => Promise<{ grant: string; name: string } | undefined>;
  /** Prints the page, through the system's dialog where there is one. Public pages only. */
  print: () => Promise<void>;
  /** Reports whether a field for a secret is on the screen: the window is then excluded from screen captures, where the system supports that. */
  shield: (on: boolean) => void;
  subscribe: (listener: (message: FaceMessage) => void) => () => void;
}

declare global {
  var keymoot: PageBridge | undefined;
}
