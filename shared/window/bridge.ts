/**
 * The whole interface between face and page: a few calls and one stream, the same under Electron and the fallback.
 *
 * No path, no file's content, no native module and no secret in clear crosses it: secrets are sealed in the page before.
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

/** Messages that a face sends unasked. The `request` of a `progress` event is a ticket of the page's. */
export type FaceMessage =
  | { kind: 'event'; event: string; payload: unknown }
  /** The service ended and is being restarted; waiting calls were answered with an error. */
  | { kind: 'service-down'; why: string }
  /** A new service runs: its public key, epoch and state must be queried again. */
  | { kind: 'service-up' };

export interface FaceInfo {
  name: 'Electron' | 'Chromium';
  version: string;
  /** False when the browser's own sandbox is off (root in a container); the page says so in a banner. */
  sandboxed: boolean;
  /** Why this face and not the other, shown in About and in the banner. */
  why: string;
}

export interface PageBridge {
  readonly face: FaceInfo;
  /** Resolves to a Reply's ok/value or ok/error. Rejects only for an invalid message, with the page's own error. */
  request: (request: PageRequest) => Promise<unknown>;
  /** Opens the face's dialog. Returns a grant and a base name, or undefined when it was cancelled. */
  askFile: (
    purpose: FilePurpose,
    suggested?: string,
  ) => Promise<{ grant: string; name: string } | undefined>;
  /** The same for a file or folder dropped on the page, as the browser's File. Undefined when it is not a file of this machine. */
  askDropped: (
    purpose: DroppedPurpose,
    file: object,
  ) => Promise<{ grant: string; name: string } | undefined>;
  /** Prints the current page, with the system's dialog where there is one. Public pages only. */
  print: () => Promise<void>;
  /** Whether a secret field is on the screen: if so, the window is excluded from screenshots and recordings where the system can. */
  shield: (on: boolean) => void;
  subscribe: (listener: (message: FaceMessage) => void) => () => void;
}

declare global {
  var keymoot: PageBridge | undefined;
}
