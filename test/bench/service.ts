/** The service as it stands: a call over standard input and output, and the memory of its processes when nothing happens. */
import { mkdtempSync, readFileSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { Room } from '../../custody/cli/rehearsal/room.ts';
import { residentMb, type Row } from './rows.ts';

const childrenOf = (pid: number): number[] =>
  readdirSync('/proc')
    .map(Number)
    .filter((id) => {
      if (!Number.isInteger(id)) return false;
      try {
        return (
          readFileSync(`/proc/${id}/stat`, 'utf8').split(') ')[1]?.split(' ')[1] === String(pid)
        );
      } catch {
        return false;
      }
    });

export const benchService = async (): Promise<Row[]> => {
  const folder = mkdtempSync(join(tmpdir(), 'keymoot-bench-'));
  const room = await Room.enter(join(folder, 'desk'));
  try {
    await room.found('bench.keymoot.local');
    const calls = 3000;
    for (let at = 0; at < 200; at++) await room.desk.call('desk.hello', {});
    const times: number[] = [];
    for (let at = 0; at < calls; at++) {
      const started = performance.now();
      await room.desk.call('desk.hello', {});
      times.push(performance.now() - started);
    }
    times.sort((a, b) => a - b);
    const median = times[calls / 2] ?? Number.NaN;
    const p99 = times[Math.floor(calls * 0.99)] ?? Number.NaN;
    await sleep(1500);
    const service = residentMb(room.desk.pid);
    const [signer] = childrenOf(room.desk.pid);
    const token = signer === undefined ? Number.NaN : residentMb(signer);
    return [
      {
        name: 'contract call over stdio, median',
        value: median,
        unit: 'ms',
        goal: 'below 0.5',
        ok: median < 0.5,
        note: `p99 ${p99.toFixed(2)} ms`,
      },
      {
        name: 'idle service, resident',
        value: service,
        unit: 'MB',
        goal: 'below 150',
        ok: service < 150,
        note: 'after founding a desk',
      },
      {
        name: 'token process (the log’s signer), resident',
        value: token,
        unit: 'MB',
        goal: 'below 100',
        ok: token < 100,
        note: 'SoftHSM loaded, logged in',
      },
    ];
  } finally {
    await room.desk.stop();
    rmSync(folder, { recursive: true, force: true });
  }
};
