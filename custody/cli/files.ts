/** Public files that the command line itself reads and writes. Files with keys or the log are written by the service, by grant. */
import {
  closeSync,
  fsyncSync,
  openSync,
  readFileSync,
  realpathSync,
  statSync,
  writeSync,
} from 'node:fs';
import { basename, resolve } from 'node:path';
import type { z } from 'zod';
import { KeymootError } from '../../shared/errors.ts';

const MOST_BYTES = 1024 * 1024;

/** A typed path, relative to the caller's folder. `npm run` changes to the project's root; our launcher changes back. */
export const fromHere = (path: string): string => resolve(path);

/** The file behind a path, or the path itself when there is none. */
export const realFile = (path: string): string => {
  try {
    return realpathSync(fromHere(path));
  } catch {
    return fromHere(path); // the error comes when the file is opened
  }
};

const unreadable = (path: string, message: string, cause?: unknown): KeymootError =>
  new KeymootError('file-unreadable', message, { cause, fields: { file: basename(path) } });

export const readText = (path: string): string => {
  const place = fromHere(path);
  let bytes;
  try {
    const { size } = statSync(place);
    if (size > MOST_BYTES)
      throw new KeymootError(
        'file-too-large',
        `The file has ${size} bytes; at most ${MOST_BYTES} are expected here. It was not read.`,
        {
          fields: { file: basename(place) },
        },
      );
    bytes = readFileSync(place);
  } catch (cause) {
    if (cause instanceof KeymootError) throw cause;
    throw unreadable(
      place,
      `“${basename(place)}” could not be read. Check that it is there, and that it is a file.`,
      cause,
    );
  }
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch (cause) {
    throw unreadable(place, `“${basename(place)}” is not a text file.`, cause);
  }
};

/** Parses a JSON file by a schema. Every problem is named by its path in the file. */
export const readJson = <T extends z.ZodType>(path: string, shape: T): z.infer<T> => {
  const text = readText(path);
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (cause) {
    throw new KeymootError('input-invalid', `“${basename(path)}” is not JSON. Nothing was done.`, {
      cause,
      fields: { file: basename(path) },
    });
  }
  const parsed = shape.safeParse(value);
  if (parsed.success) return parsed.data;
  const fields = Object.fromEntries(
    parsed.error.issues
      .slice(0, 20)
      .map((issue) => [issue.path.join('.') || basename(path), issue.message]),
  );
  const [first] = Object.entries(fields);
  throw new KeymootError(
    'input-invalid',
    `“${basename(path)}” does not have its form: “${first?.[0] ?? ''}” ${first?.[1] ?? ''}. Nothing was done.`,
    { fields },
  );
};

/** Writes a new public file; refuses to overwrite. */
export const writeNew = (path: string, text: string): string => {
  const place = fromHere(path);
  let descriptor;
  try {
    descriptor = openSync(place, 'wx', 0o644);
  } catch (cause) {
    const taken = cause instanceof Error && 'code' in cause && cause.code === 'EEXIST';
    throw new KeymootError(
      taken ? 'file-exists' : 'file-not-written',
      taken
        ? `“${basename(place)}” is there already. Nothing is overwritten; choose another name.`
        : `“${basename(place)}” could not be written. Check that its folder exists, and who may write there.`,
      { cause, fields: { file: basename(place) } },
    );
  }
  try {
    const bytes = Buffer.from(text, 'utf8');
    for (let at = 0; at < bytes.length;) at += writeSync(descriptor, bytes, at);
    fsyncSync(descriptor);
  } finally {
    closeSync(descriptor);
  }
  return place;
};
