/**
 * Secret bytes on their way to a process of ours: beside the message, on a pipe of their own.
 *
 * SECURITY: Node's channel writes a message into memory that it frees and never wipes, so that what was in it can be found in the sender for as long as that
 * lives. Here our own buffer is given to the system as it is, and zeroed once it is written.
 */
import type { ChildProcess } from 'node:child_process';
import { readSync } from 'node:fs';
import { Writable } from 'node:stream';
import { KeymootError } from '../shared/errors.ts';

/** What a process is started with that gets bytes beside its messages: nothing to read or write but those two. */
export const STDIO_ASIDE = ['ignore', 'ignore', 'ignore', 'ipc', 'pipe'] as const;
const FD = 4;

/** Bytes at most: a PIN's half and a component are far below, and so many are written without waiting for the reader. */
const MOST = 16_384;
const MARK = '$aside';

type Fields = Record<string, unknown>;
const isFields = (value: unknown): value is Fields =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** The message as it is sent: every run of bytes is written to the process’s pipe, and its length stands in its place. What was given is left as it is. */
export const setAside = (child: ChildProcess, message: unknown): unknown => {
  const pipe = child.stdio[FD];
  if (!(pipe instanceof Writable)) throw new Error('aside: the process has no such pipe');
  const put = (value: unknown): unknown => {
    if (value instanceof Uint8Array) {
      if (value.length > MOST) return value;
      // Of its own: not in a pool, and not on the heap, where the collector would leave copies behind.
      const copy = Buffer.from(new ArrayBuffer(value.length));
      copy.set(value);
      if (copy.length > 0)
        pipe.write(copy, () => {
          copy.fill(0);
        });
      return { [MARK]: copy.length };
    }
    if (Array.isArray(value)) return value.map(put);
    return isFields(value)
      ? Object.fromEntries(Object.entries(value).map(([name, held]) => [name, put(held)]))
      : value;
  };
  return put(message);
};

const readAside = (length: number): Uint8Array => {
  const bytes = Buffer.from(new ArrayBuffer(length));
  for (let got = 0; got < length;) {
    const read = readSync(FD, bytes, got, length - got, null);
    if (read === 0)
      throw new KeymootError('message-malformed', 'the bytes of a request are missing');
    got += read;
  }
  return new Uint8Array(bytes.buffer, bytes.byteOffset, length);
};

/** In the process: the message with its bytes. Each message is taken once, in the order in which they came. */
export const takeAside = (message: unknown): unknown => {
  if (Array.isArray(message)) return message.map(takeAside);
  if (!isFields(message) || message instanceof Uint8Array) return message;
  const length = message[MARK];
  if (typeof length === 'number' && Number.isInteger(length) && length >= 0 && length <= MOST)
    return readAside(length);
  return Object.fromEntries(
    Object.entries(message).map(([name, value]) => [name, takeAside(value)]),
  );
};
