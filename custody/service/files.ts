/** Reads and writes files at granted paths only. Reads are bounded and follow no link; writes never overwrite and appear whole or not at all. */
import { createHash } from 'node:crypto';
import {
  closeSync,
  constants,
  existsSync,
  fstatSync,
  fsyncSync,
  mkdirSync,
  openSync,
  readSync,
  readdirSync,
  renameSync,
  rmSync,
  writeSync,
} from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { KeymootError } from '../../shared/errors.ts';
import { storeError } from '../store/open.ts';

/** Reads a regular file of at most `most` bytes. Folders, pipes, devices and links are refused with the reason. */
export const readBounded = (path: string, most: number): Buffer => {
  let descriptor;
  try {
    descriptor = openSync(
      path,
      constants.O_RDONLY |
        constants.O_NONBLOCK |
        ((constants as Partial<typeof constants>).O_NOFOLLOW ?? 0),
    );
  } catch (cause) {
    const code = cause instanceof Error && 'code' in cause ? String(cause.code) : '';
    throw new KeymootError(
      'file-unreadable',
      code === 'ELOOP'
        ? 'That is a link to a file. Choose the file itself.'
        : code === 'ENOENT'
          ? 'There is no such file.'
          : 'The file could not be opened.',
      { cause, fields: { file: basename(path) } },
    );
  }
  try {
    const { size, isFile } = ((stat) => ({ size: stat.size, isFile: stat.isFile() }))(
      fstatSync(descriptor),
    );
    if (!isFile)
      throw new KeymootError(
        'file-unreadable',
        'That is not a file: a folder, a pipe or a device can’t be read here.',
      );
    if (size > most)
      throw new KeymootError(
        'file-too-large',
        `The file has ${size} bytes; at most ${most} are expected here. It was not read.`,
      );
    const bytes = Buffer.alloc(size);
    let at = 0;
    while (at < size) {
      const read = readSync(descriptor, bytes, at, size - at, at);
      if (read === 0)
        throw new KeymootError('file-unreadable', 'The file became shorter while it was read.');
      at += read;
    }
    return bytes;
  } finally {
    closeSync(descriptor);
  }
};

const syncFolder = (path: string): void => {
  if (process.platform === 'win32') return;
  const descriptor = openSync(path, constants.O_RDONLY);
  try {
    fsyncSync(descriptor);
  } finally {
    closeSync(descriptor);
  }
};

const writeAll = (descriptor: number, bytes: Uint8Array): void => {
  let at = 0;
  while (at < bytes.length) at += writeSync(descriptor, bytes, at);
};
const writeNew = (
  path: string,
  bytes: Uint8Array,
  mode: number,
  made: () => void = () => undefined,
): void => {
  const descriptor = openSync(path, 'wx', mode);
  made();
  try {
    writeAll(descriptor, bytes);
    fsyncSync(descriptor);
  } finally {
    closeSync(descriptor);
  }
};

/** Writes one new file, whole or not at all. */
export const writeNewFile = (place: string, bytes: Uint8Array): void => {
  const made = { ours: false };
  try {
    writeNew(place, bytes, 0o644, () => {
      made.ours = true;
    });
    syncFolder(dirname(place));
  } catch (error) {
    if (made.ours) rmSync(place, { force: true });
    const code = error instanceof Error && 'code' in error ? String(error.code) : '';
    const known = storeError(error);
    const fields = { file: basename(place) };
    if (code === 'EEXIST')
      throw new KeymootError(
        'file-exists',
        'Something of that name is there already. Nothing is overwritten; choose another name.',
        { cause: error, fields },
      );
    if (known instanceof KeymootError && known.code === 'store-full')
      throw new KeymootError(
        'store-full',
        'The disk that this was to be written to is full. Nothing is left of it there.',
        { cause: error },
      );
    throw new KeymootError(
      'file-not-written',
      'The file could not be written. Check that its folder exists, and who may write there.',
      { cause: error, fields },
    );
  }
};

/** Removes temporary files left at this place by killed processes: only those with our prefix whose process no longer runs. */
const removeInterrupted = (place: string): void => {
  const folder = dirname(place);
  const prefix = `${basename(place)}.writing-`;
  for (const name of readdirSync(folder)) {
    const writer = name.startsWith(prefix) ? name.slice(prefix.length) : '';
    if (/^[1-9][0-9]{0,9}$/.test(writer) && !runs(Number(writer)))
      rmSync(join(folder, name), { recursive: true, force: true });
  }
};
const runs = (pid: number): boolean => {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return error instanceof Error && 'code' in error && error.code === 'EPERM';
  }
};

/** A file in a {@link NewFolder} that is written in pieces. */
export interface GrowingFile {
  write: (bytes: Uint8Array) => void;
  /** Its size and hash, once all of it is on disk. */
  end: () => { size: number; sha256: string };
}

/** A folder that appears whole: written beside its place under a temporary name, synced, then renamed. */
export class NewFolder {
  readonly #place: string;
  readonly #work: string;
  readonly #folders = new Set<string>();
  readonly #open = new Set<number>();

  constructor(place: string) {
    if (existsSync(place))
      throw new KeymootError(
        'file-exists',
        'Something of that name is there already. Nothing is overwritten; choose another name.',
        {
          fields: { file: basename(place) },
        },
      );
    this.#place = place;
    this.#work = `${place}.writing-${process.pid}`;
    try {
      removeInterrupted(place);
      rmSync(this.#work, { recursive: true, force: true });
      mkdirSync(this.#work, { recursive: false, mode: 0o700 });
    } catch (error) {
      throw this.#failed(error);
    }
    this.#folders.add(this.#work);
  }
  #failed(error: unknown): unknown {
    const known = storeError(error);
    if (known instanceof KeymootError && known.code === 'store-full')
      return new KeymootError(
        'store-full',
        'The disk that this was to be written to is full. Nothing is left of it there.',
        { cause: error },
      );
    if (error instanceof KeymootError) return error;
    return new KeymootError(
      'file-not-written',
      'The folder could not be written. Check that it exists, and who may write there.',
      {
        cause: error,
        fields: { file: basename(this.#place) },
      },
    );
  }
  /** The path to write a file of the folder; makes the folders above it. */
  #fileAt(path: string): string {
    const file = join(this.#work, ...path.split('/'));
    const folder = dirname(file);
    if (!this.#folders.has(folder)) {
      mkdirSync(folder, { recursive: true, mode: 0o755 });
      for (let parent = folder; !this.#folders.has(parent); parent = dirname(parent))
        this.#folders.add(parent);
    }
    return file;
  }
  #orDrop<T>(write: () => T): T {
    try {
      return write();
    } catch (error) {
      this.drop();
      throw this.#failed(error);
    }
  }
  write(path: string, bytes: Uint8Array, executable = false): void {
    this.#orDrop(() => {
      writeNew(this.#fileAt(path), bytes, executable ? 0o755 : 0o644);
    });
  }
  /** For a file too large to be held in memory. */
  grow(path: string): GrowingFile {
    const descriptor = this.#orDrop(() => openSync(this.#fileAt(path), 'wx', 0o644));
    this.#open.add(descriptor);
    const sha256 = createHash('sha256');
    let size = 0;
    // After closing, the descriptor's number may belong to another file.
    const ifOpen = (write: () => void): void => {
      if (!this.#open.has(descriptor)) throw new Error('files: the folder was given up');
      this.#orDrop(write);
    };
    return {
      write: (bytes) => {
        ifOpen(() => {
          writeAll(descriptor, bytes);
        });
        sha256.update(bytes);
        size += bytes.length;
      },
      end: () => {
        ifOpen(() => {
          fsyncSync(descriptor);
        });
        this.#close(descriptor);
        return { size, sha256: sha256.digest('hex') };
      },
    };
  }
  #close(descriptor: number): void {
    if (this.#open.delete(descriptor)) closeSync(descriptor);
  }
  /** @throws KeymootError file-not-written; with `placed` among its fields, the folder is in place, but its sync failed */
  finish(): void {
    try {
      for (const folder of this.#folders) syncFolder(folder);
      if (existsSync(this.#place))
        throw new KeymootError(
          'file-exists',
          'Something of that name appeared meanwhile. Nothing is overwritten.',
        );
      renameSync(this.#work, this.#place);
    } catch (error) {
      this.drop();
      throw this.#failed(error);
    }
    try {
      syncFolder(dirname(this.#place));
    } catch (cause) {
      throw new KeymootError(
        'file-not-written',
        'The folder is in its place, but the disk did not confirm that it keeps it. Look at what is there before you use it or take the medium out.',
        { cause, fields: { file: basename(this.#place), placed: 'yes' } },
      );
    }
  }
  drop(): void {
    for (const descriptor of this.#open) this.#close(descriptor);
    rmSync(this.#work, { recursive: true, force: true });
  }
}
