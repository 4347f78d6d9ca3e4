/**
 * What a face gives the page, and all it gives: the same few calls and one stream under Electron and under the fallback.
 *
 * No path, no file's content, no native module and no secret in clear goes through it: secrets are sealed in the page before they get here.
 */
import { FILE_PURPOSES, type FilePurpose } from '../contract/names.ts';
import { count, proofs } from '../contract/wire.ts';
import { anything, oneOf, record, string, type Formed } from '../form.ts';

/** A call as the page makes it. The face adds nothing but the number under which it waits for the answer, and keeps the page's own. */
export const isPageRequest = record(
  { channel: string(64), input: anything },
  {
    proofs,
    /** The page's number for the call: what the service reports of its progress comes under it. */
    ticket: count,
  },
);
export type PageRequest = Formed<typeof isPageRequest>;

export const isPageFilePurpose = oneOf(Object.keys(FILE_PURPOSES) as FilePurpose[]);

/** What may be dropped on the page instead of being chosen in a dialog: what is judged, and never shown, loaded or written. */
export const isDroppedPurpose = oneOf(['verify-bundle', 'verify-trust']);
export type DroppedPurpose = Formed<typeof isDroppedPurpose>;

/** What a face tells the page of its own accord. The `request` of an event `progress` is a ticket of the page's. */
export type FaceMessage =
  | { kind: 'event'; event: string; payload: unknown }
  /** The service ended and is being started again; calls that were waiting have been answered with an error. */
  | { kind: 'service-down'; why: string }
  /** A new service is there: its public key, epoch and state must be asked for again. */
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
  /** Answers with a Reply's ok/value or ok/error. Rejects for nothing but what is no message at all, and then with the page's own error. */
  request: (request: PageRequest) => Promise<unknown>;
  /** Shows the face's dialog. Gives a grant and a base name, or undefined when it was cancelled. */
  askFile: (
    purpose: FilePurpose,
    suggested?: string,
  ) => Promise<{ grant: string; name: string } | undefined>;
  /** The same for a file or folder that a person dropped on the page, as the browser's own File. Undefined when it is none of this machine's. */
  askDropped: (
    purpose: DroppedPurpose,
    file: object,
  ) => Promise<{ grant: string; name: string } | undefined>;
  /** Prints what is shown, by the system's dialog where there is one. Public pages only. */
  print: () => Promise<void>;
  /** Whether a secret's field is on the screen: where the system can, the window is then kept out of pictures and recordings of the screen. */
  shield: (on: boolean) => void;
  subscribe: (listener: (message: FaceMessage) => void) => () => void;
}

declare global {
  var keymoot: PageBridge | undefined;
}
