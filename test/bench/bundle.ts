/** Exporting a long log: what it adds to the service's memory, and how long others wait for an answer meanwhile. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { Room } from '../../custody/cli/rehearsal/room.ts';
import { Journal } from '../../custody/service/journal.ts';
import { Store } from '../../custody/store/store.ts';
import { residentMb, type Row } from './rows.ts';

const AT_ONCE = 1000;
const GOAL_MB = 60;
const GOAL_MS = 250;

export const benchBundle = async (entries: number): Promise<Row[]> => {
  const home = mkdtempSync(join(tmpdir(), 'keymoot-bench-'));
  const room = await Room.enter(join(home, 'desk'));
  try {
    await room.found('bench.keymoot.local');
    const { id: person } = room.player('administrator');
    await room.desk.stop();
    const store = Store.open(room.folder);
    const journal = new Journal(store);
    for (let at = 0; at < entries; at += AT_ONCE)
      journal.record(
        Array.from({ length: AT_ONCE }, () => ({ type: 'session.logout', detail: { person } })),
      );
    store.close();
    await room.reopen();
    const grant = await room.desk.grant('bundle', join(home, 'bundle'));
    await sleep(1500);
    const before = residentMb(room.desk.pid);
    let most = before;
    let slowest = 0;
    const now = { writing: true };
    const exporting = room.call('log.export', { grant }, 'administrator').finally(() => {
      now.writing = false;
    });
    const started = performance.now();
    while (now.writing) {
      const asked = performance.now();
      await room.desk.call('log.state', {});
      slowest = Math.max(slowest, performance.now() - asked);
      most = Math.max(most, residentMb(room.desk.pid));
      await sleep(20);
    }
    await exporting;
    const seconds = (performance.now() - started) / 1000;
    return [
      {
        name: `export of ${entries} entries, memory added to the service`,
        value: most - before,
        unit: 'MB',
        goal: `below ${GOAL_MB}`,
        ok: most - before < GOAL_MB,
        note: `${before.toFixed(0)} MB before; written in ${seconds.toFixed(1)} s`,
      },
      {
        name: 'slowest answer to another call meanwhile',
        value: slowest,
        unit: 'ms',
        goal: `below ${GOAL_MS}`,
        ok: slowest < GOAL_MS,
        note: 'log.state, every 20 ms',
      },
    ];
  } finally {
    await room.desk.stop();
    rmSync(home, { recursive: true, force: true });
  }
};
