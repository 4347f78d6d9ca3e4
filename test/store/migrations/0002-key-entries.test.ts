import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { openFile } from '../../../custody/store/open.ts';

const folder = mkdtempSync(join(tmpdir(), 'keymoot-migration-'));
const file = join(folder, 'desk.sqlite');
afterAll(() => {
  rmSync(folder, { recursive: true, force: true });
});

test('0002-key-entries finds the entries of each key in a log that is there', () => {
  const before = openFile(file, 1);
  const insert = before.prepare('INSERT INTO log (seq, entry, hashes) VALUES (?, ?, zeroblob(32))');
  const entries = [
    { type: 'log.genesis', detail: { key: { alg: 'ECDSA-P256' } } },
    { type: 'key.generate', detail: { key: 'one', label: 'née' } },
    { type: 'session.login', detail: { person: 'one' } },
    { type: 'key.generate', detail: { key: 'two' } },
    { type: 'key.destroy', detail: { key: 'one' } },
  ];
  for (const [seq, entry] of entries.entries()) insert.run(seq, Buffer.from(JSON.stringify(entry)));
  before.close();

  const after = openFile(file);
  expect(after.prepare('SELECT key, seq FROM key_entry ORDER BY seq').all()).toEqual([
    { key: 'one', seq: 1 },
    { key: 'two', seq: 3 },
    { key: 'one', seq: 4 },
  ]);
  after.close();
});
