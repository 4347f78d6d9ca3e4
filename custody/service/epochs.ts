/**
 * Ending the token processes of a former service.
 *
 * A token process outlives its service and finishes a running call (measured: 3.7 s later), so looking at the token too early would show no key and the
 * key would then appear (design 01). Whoever is in the middle of an open intent gets until that intent's deadline; everyone else is ended at once.
 */
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { KeymootError } from '../../shared/errors.ts';
import type { ProcessRow } from '../store/tables/intents.ts';

/** How long the system gets to end a process that was told to end at once, ms. */
const GRACE_MS = 10_000;
/** A start time that nobody told us: on Windows. */
const UNKNOWN = 'unknown';

/** When the kernel started a process, or undefined when there is none: a process id alone may belong to somebody else by now. */
export const startedAt = (pid: number): string | undefined => {
  try {
    if (process.platform === 'linux') {
      const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
      // The name in parentheses may hold anything; fields count from after it. Field 22 is the start time in clock ticks.
      const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
      return fields[0] === 'Z' ? undefined : fields[19];
    }
    if (process.platform === 'win32') {
      process.kill(pid, 0);
      return UNKNOWN;
    }
    const text = execFileSync('/bin/ps', ['-o', 'lstart=', '-p', String(pid)], {
      encoding: 'utf8',
    }).trim();
    return text === '' ? undefined : text;
  } catch (error) {
    // SECURITY: only what says that there is no such process counts. Anything else taken for its end would let us look at a token too early.
    const { code, status } = error as { code?: unknown; status?: unknown };
    if (code === 'ENOENT' || code === 'ESRCH' || status === 1) return undefined;
    throw error;
  }
};

const alive = (row: ProcessRow): boolean => startedAt(row.pid) === row.started;
const signal = (row: ProcessRow, name: NodeJS.Signals): void => {
  try {
    // SECURITY: without its start time it may be anybody's by now. Ours ends by itself once its call is done.
    if (row.started !== UNKNOWN && alive(row)) process.kill(row.pid, name);
  } catch (error) {
    // It ended between the look and the signal: that is what was wanted.
    if (!(error instanceof Error && 'code' in error && error.code === 'ESRCH')) throw error;
  }
};

/**
 * Resolves when none of them runs any more.
 *
 * @param untilMs when the last open intent's deadline passes, ms since 1970
 * @throws KeymootError module-hung when one outlives that and the grace after it
 */
export const endFormer = async (
  rows: readonly ProcessRow[],
  untilMs: number,
  graceMs = GRACE_MS,
): Promise<void> => {
  const givenUpMs = Math.max(untilMs, Date.now()) + graceMs;
  for (const row of rows) signal(row, untilMs > Date.now() ? 'SIGTERM' : 'SIGKILL');
  for (let left = rows.filter(alive); left.length > 0; left = left.filter(alive)) {
    if (Date.now() >= givenUpMs) {
      const pid = left.map((row) => String(row.pid)).join(', ');
      throw new KeymootError(
        'module-hung',
        `Process ${pid} is a token process of an earlier Keymoot, or has its number, and does not end. It may still be at work, so no token was touched. End it if you know it, or restart this computer; then try again.`,
        { fields: { pid } },
      );
    }
    if (Date.now() >= untilMs) for (const row of left) signal(row, 'SIGKILL');
    await sleep(20);
  }
};
