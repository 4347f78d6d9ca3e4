/**
 * Ends the token processes of a former service.
 *
 * A token process outlives its service and finishes a running call (measured: 3.7 s later). A look at the token before that would find no key, and the key
 * would then appear (design 01). So a process with an open intent may run until the intent's deadline; all others are killed at once.
 */
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { KeymootError } from '../../shared/errors.ts';
import type { ProcessRow } from '../store/tables/intents.ts';

/** How long the system may take to end a killed process, ms. */
const GRACE_MS = 10_000;
/** The start time where it can't be read: on Windows. */
const UNKNOWN = 'unknown';

/** When the kernel started a process, or undefined when there is none: the id alone may have been reused. */
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
    // SECURITY: only an error that means "no such process" counts as its end. Otherwise a token might be examined too early.
    const { code, status } = error as { code?: unknown; status?: unknown };
    if (code === 'ENOENT' || code === 'ESRCH' || status === 1) return undefined;
    throw error;
  }
};

const alive = (row: ProcessRow): boolean => startedAt(row.pid) === row.started;
const signal = (row: ProcessRow, name: NodeJS.Signals): void => {
  try {
    // SECURITY: without a start time the id may belong to a foreign process, so it is not signalled. Ours ends by itself after its call.
    if (row.started !== UNKNOWN && alive(row)) process.kill(row.pid, name);
  } catch (error) {
    // It ended between the check and the signal, as intended.
    if (!(error instanceof Error && 'code' in error && error.code === 'ESRCH')) throw error;
  }
};

/**
 * Resolves when none of the processes runs any more.
 *
 * @param untilMs when the last open intent's deadline passes, ms since 1970
 * @throws KeymootError module-hung when a process outlives that and the grace after it
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
