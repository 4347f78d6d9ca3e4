/** The access to a bundle's folder that a verifier needs. The core does no I/O, so the caller passes this in. */

export interface BundleItem {
  /** Below the bundle, with `/` between steps, none before the first. */
  path: string;
  /** Of folders only empty ones are listed. Anything that is neither file nor folder is never opened. */
  kind: 'file' | 'link' | 'other' | 'empty-folder' | 'unreadable-folder';
  /** Bytes; 0 unless a file. */
  size: number;
}

export interface OpenFile {
  /** Bytes, from the opened file. */
  size: number;
  /** Fills `into` from `offset` on and gives the number of bytes read; fewer only at the end of the file. */
  read: (into: Uint8Array, offset: number) => number;
  close: () => void;
}

export interface BundleReader {
  /** Everything in the bundle. Throws {@link TooMuch} beyond a limit. */
  list: () => BundleItem[];
  /** A regular file, without following a link and without blocking; undefined when it can't be opened. */
  open: (path: string) => OpenFile | undefined;
  /** 16 random bytes, so that a bundle's author can't prepare ids that all collide in one slot of a hash table. */
  random: Uint8Array;
}

/** The bundle is larger than any that a desk writes. */
export class TooMuch extends Error {}
