/**
 * `keymoot judge`: one bundle, one verdict.
 *
 * A bundle may come from any source and have any size. A separate process at a lower priority keeps the service responsive, and no data of a desk is in this
 * process's memory.
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

/** The verifier is synchronous and receives no message, so memory and the parent's life are checked each time it opens a file. */
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
  process.on('SIGINT', () => undefined); // a terminal's Ctrl-C goes to every process; the face handles it
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
