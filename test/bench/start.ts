/** A desk with a long log: how long until it answers, every entry, signature and table judged. */
import { generateKeyPairSync, sign, verify } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DeskClient } from '../../custody/cli/client.ts';
import { deskOfKeys } from './many-keys.ts';
import type { Row } from './rows.ts';

const ROUNDS = 3;
const GOAL_S = 3;

/** Seconds that so many signatures of 600 bytes take one thread. */
const bareVerify = (signatures: number): number => {
  const { privateKey, publicKey } = generateKeyPairSync('ed25519');
  const bytes = Buffer.alloc(600, 7);
  const signature = sign(null, bytes, privateKey);
  const some = 2000;
  const started = performance.now();
  for (let at = 0; at < some; at++) verify(null, bytes, publicKey, signature);
  return ((performance.now() - started) / 1000 / some) * signatures;
};

/** @param keys each is two entries, an intent that two people signed and its outcome */
export const benchStart = async (keys: number): Promise<Row[]> => {
  const home = mkdtempSync(join(tmpdir(), 'keymoot-bench-'));
  try {
    const { folder } = await deskOfKeys(join(home, 'desk'), keys);
    const times: number[] = [];
    for (let round = 0; round < ROUNDS; round++) {
      const started = performance.now();
      const client = await DeskClient.start(folder);
      times.push((performance.now() - started) / 1000);
      await client.stop();
    }
    const best = Math.min(...times);
    const bare = bareVerify(2 * keys);
    return [
      {
        name: `start of a desk with ${2 * keys} entries, ${2 * keys} signatures`,
        value: best,
        unit: 's',
        goal: `below ${GOAL_S} on two cores`,
        ok: best < GOAL_S,
        note: `${ROUNDS} starts, the slowest ${Math.max(...times).toFixed(2)} s; the signatures alone, in one thread: ${bare.toFixed(2)} s`,
      },
    ];
  } finally {
    rmSync(home, { recursive: true, force: true });
  }
};
