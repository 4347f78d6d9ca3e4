/**
 * `keymoot judge`: one bundle, one verdict.
 *
 * A bundle may come from anybody and be of any size. It is judged here so that the service goes on answering, at a lower priority, and with nothing of a desk
 * in this process's memory.
 */
import { constants, setPriority } from 'node:os';
import { KeymootError, errorData } from '../../shared/errors.ts';
import { parseTrust } from '../core/audit/verify/trust.ts';
import { verifyBundle } from '../core/audit/verify/verify.ts';
import type { BundleReader } from '../core/audit/verify/reader.ts';
import type { Question } from './client.ts';
import { folderReader } from './reader.ts';

/** Bytes of memory. A million entries take 200 MB. */
const MOST_MEMORY = 2 ** 30;

/** Judging hears no message, so it looks each time it opens a file: is it too large, and is anybody there to answer? */
const bounded = (reader: BundleReader): BundleReader => {
  const parent = process.ppid;
  return {
    ...reader,
    open: (path) => {
      if (process.ppid !== parent) process.exit(0);
      if (process.memoryUsage.rss() > MOST_MEMORY)
        throw new KeymootError(
          'file-too-large',
          'Judging this bundle takes more memory than the desk gives to it. It was not judged. Use “keymoot verify” or the stand-alone verifier on a machine of its own.',
        );
      return reader.open(path);
    },
  };
};

export const judgeProcess = (): void => {
  process.title = 'keymoot judge';
  setPriority(constants.priority.PRIORITY_BELOW_NORMAL);
  process.on('SIGINT', () => undefined); // a terminal's Ctrl-C goes to every process; the face decides what it means
  process.on('disconnect', () => process.exit(0));
  process.once('message', (message) => {
    const { seq, input } = message as { seq: number; input: Question };
    const { bundle, trust, anchors } = input;
    let answer;
    try {
      const pinned = trust === undefined ? undefined : parseTrust(trust);
      const value = verifyBundle(bounded(folderReader(bundle)), pinned, anchors);
      answer = { seq, ok: true, value };
    } catch (error) {
      answer = { seq, ok: false, error: errorData(error) };
    }
    process.send?.(answer, () => process.disconnect());
  });
};
