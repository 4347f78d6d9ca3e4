/** A bundle in a local folder, read without following links and without blocking on pipes. */
import { randomBytes } from 'node:crypto';
import {
  closeSync,
  constants,
  fstatSync,
  lstatSync,
  openSync,
  readdirSync,
  readSync,
  realpathSync,
} from 'node:fs';
import { isAbsolute, join, relative, sep } from 'node:path';
import {
  TooMuch,
  type BundleItem,
  type BundleReader,
  type OpenFile,
} from '../core/audit/verify/reader.ts';

const MAX_ITEMS = 1_000_000;
const MAX_DEPTH = 12;
/** SECURITY: O_NOFOLLOW against links, O_NONBLOCK against a pipe without a writer. Windows has neither flag. */
const QUIETLY =
  constants.O_RDONLY |
  ((constants as Partial<typeof constants>).O_NOFOLLOW ?? 0) |
  ((constants as Partial<typeof constants>).O_NONBLOCK ?? 0);

export const kindOf = (path: string): { kind: BundleItem['kind'] | 'folder'; size: number } => {
  try {
    const stat = lstatSync(path);
    if (stat.isFile()) return { kind: 'file', size: stat.size };
    if (stat.isDirectory()) return { kind: 'folder', size: 0 };
    return { kind: stat.isSymbolicLink() ? 'link' : 'other', size: 0 };
  } catch {
    return { kind: 'other', size: 0 }; // lstat failed: not judged as a file
  }
};

export const namesIn = (folder: string): string[] | undefined => {
  try {
    return readdirSync(folder).sort();
  } catch {
    return undefined; // the caller reports an unreadable folder
  }
};

const listBelow = (dir: string): BundleItem[] => {
  const items: BundleItem[] = [];
  let seen = 0;
  const walk = (folder: string, depth: number): void => {
    if (depth > MAX_DEPTH) throw new TooMuch('the bundle has folders within folders without end');
    const names = namesIn(join(dir, folder));
    if (names === undefined) items.push({ path: folder, kind: 'unreadable-folder', size: 0 });
    if (names?.length === 0) items.push({ path: folder, kind: 'empty-folder', size: 0 });
    for (const name of names ?? []) {
      if (++seen > MAX_ITEMS) throw new TooMuch(`the bundle has more than ${MAX_ITEMS} files`);
      const path = folder === '' ? name : `${folder}/${name}`;
      const { kind, size } = kindOf(join(dir, path));
      if (kind === 'folder') walk(path, depth + 1);
      else items.push({ path, kind, size });
    }
  };
  walk('', 1);
  return items;
};

/** A read error on the disk counts as the end of the file. */
const readUpTo = (fd: number, into: Uint8Array, offset: number): number => {
  let length = 0;
  try {
    while (length < into.length) {
      const got = readSync(fd, into, length, into.length - length, offset + length);
      if (got === 0) break;
      length += got;
    }
  } catch {
    return length; // a read error counts as the end of the file
  }
  return length;
};

const openFile = (path: string): OpenFile | undefined => {
  let fd: number | undefined;
  try {
    fd = openSync(path, QUIETLY);
    const stat = fstatSync(fd);
    if (stat.isFile()) {
      const open = fd;
      fd = undefined;
      return {
        size: stat.size,
        read: (into, offset) => readUpTo(open, into, offset),
        close: () => closeSync(open),
      };
    }
  } catch {
    // Missing, a link, or unreadable: the caller reports that it can't be read.
  } finally {
    if (fd !== undefined) closeSync(fd);
  }
  return undefined;
};

/** A bundle in a folder. */
export const folderReader = (dir: string): BundleReader => ({
  list: () => listBelow(dir),
  open: (path) => openFile(join(dir, path)),
  random: randomBytes(16),
});

/** Whether a file lies below a folder, links resolved. SECURITY: nothing in a bundle can vouch for the bundle. */
export const liesIn = (folder: string, path: string): boolean => {
  const way = relative(realpathSync(folder), realpathSync(path));
  return way !== '..' && !way.startsWith(`..${sep}`) && !isAbsolute(way);
};
