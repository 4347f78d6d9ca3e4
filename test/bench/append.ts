/** An event with the state that goes with it, at synchronous=FULL, against a bare insert of one row in a database of the same settings. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Journal } from '../../custody/service/journal.ts';
import { openFile } from '../../custody/store/open.ts';
import { Store } from '../../custody/store/store.ts';
import type { Row } from './rows.ts';

/** Turns are short and their medians are compared, so that both meet the same neighbours on a shared machine. */
const TURNS = 40;
const EACH = 150;

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
    const bare: number[] = [];
    const ours: number[] = [];
    const timed = (into: number[], act: (at: number) => void): void => {
      for (let at = 0; at < EACH; at++) {
        const started = performance.now();
        act(at);
        into.push(performance.now() - started);
      }
    };
    for (let turn = 0; turn < TURNS; turn++) {
      timed(bare, () => insert.run(row));
      timed(ours, (at) =>
        journal.record([{ type: 'session.login', detail: { person } }], {
          beside: () => {
            store.meta.set('epoch', String(at));
          },
        }),
      );
    }
    bareDb.close();
    store.close();
    for (const list of [bare, ours]) list.sort((a, b) => a - b);
    const part = (list: number[], share: number): number =>
      list[Math.floor(list.length * share)] ?? Number.NaN;
    const ratio = part(bare, 0.5) / part(ours, 0.5);
    const us = (ms: number): string => `${(ms * 1000).toFixed(0)} µs`;
    return [
      {
        name: 'append of event with state / bare one-row insert, FULL',
        value: ratio,
        unit: '×',
        goal: 'at least 0.8',
        ok: ratio >= 0.8,
        note: `median ${us(part(ours, 0.5))} against ${us(part(bare, 0.5))}, p99 ${us(part(ours, 0.99))}`,
      },
    ];
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
};
