/** What a verifier needs of a bundle's folder. The core does no I/O: whoever calls brings this along. */

export interface BundleItem {
  /** Below the bundle, with `/` between steps, none before the first. */
  path: string;
  /** Folders are not listed, but for empty ones. Anything that is neither file nor folder is never opened. */
  kind: 'file' | 'link' | 'other' | 'empty-folder' | 'unreadable-folder';
  /** Bytes; 0 unless a file. */
  size: number;
}

export interface OpenFile {
  /** Bytes, as the opened file itself says. */
  size: number;
  /** Fills `into` from `offset` on and says how many bytes there were; fewer only at the end of the file. */
  read: (into: Uint8Array, offset: number) => number;
  close: () => void;
}

export interface BundleReader {
  /** Everything in the bundle. Throws {@link TooMuch} rather than list without end. */
  list: () => BundleItem[];
  /** A regular file, without following a link and without waiting; undefined when it can't be opened. */
  open: (path: string) => OpenFile | undefined;
  /** 16 random bytes, so that nobody can prepare ids that all fall on one place of a table. */
  random: Uint8Array;
}

/** The bundle is beyond what any desk writes. */
export class TooMuch extends Error {}
