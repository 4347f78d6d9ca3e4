/** An event with the state that goes with it, at synchronous=FULL, against a bare insert of one row in a database of the same settings. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Journal } from '../../custody/service/journal.ts';
import { openFile } from '../../custody/store/open.ts';
import { Store } from '../../custody/store/store.ts';
import type { Row } from './rows.ts';

const ROUNDS = 5;
const EACH = 1500;

export const benchAppend = (): Row[] => {
  const folder = mkdtempSync(join(tmpdir(), 'keymoot-bench-'));
  try {
    const bareDb = openFile(join(folder, 'bare.sqlite'));
    bareDb.exec('CREATE TABLE one (id INTEGER PRIMARY KEY, bytes BLOB NOT NULL) STRICT');
    const insert = bareDb.prepare('INSERT INTO one (bytes) VALUES (?)');
    const row = Buffer.alloc(500, 7);

    const store = Store.open(join(folder, 'desk'));
    const journal = new Journal(store);
    store.meta.set('origin', 'bench.keymoot.local/0198c0de-0000-7000-8000-000000000001/rehearsal');
    const person = '0198c0de-0000-7000-8000-0000000000aa';
    const times: number[] = [];

    const bare: number[] = [];
    const ours: number[] = [];
    for (let round = 0; round < ROUNDS; round++) {
      let started = performance.now();
      for (let at = 0; at < EACH; at++) insert.run(row);
      bare.push(performance.now() - started);
      started = performance.now();
      for (let at = 0; at < EACH; at++) {
        const one = performance.now();
        journal.record([{ type: 'session.login', detail: { person } }], {
          apply: () => {
            store.meta.set('epoch', String(at));
          },
        });
        times.push(performance.now() - one);
      }
      ours.push(performance.now() - started);
    }
    bareDb.close();
    store.close();
    const best = (list: number[]): number => (EACH / Math.min(...list)) * 1000;
    times.sort((a, b) => a - b);
    const p99 = times[Math.floor(times.length * 0.99)] ?? Number.NaN;
    const ratio = best(ours) / best(bare);
    return [
      {
        name: 'append of event with state / bare one-row insert, FULL',
        value: ratio,
        unit: '×',
        goal: 'at least 0.75',
        ok: ratio >= 0.75,
        note: `${Math.round(best(ours))}/s against ${Math.round(best(bare))}/s, p99 ${p99.toFixed(2)} ms`,
      },
    ];
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
};
