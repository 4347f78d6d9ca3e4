/** Listing 10,000 objects with their attributes: ours against a bare pkcs11js loop that makes the same calls, and against pkcs11-tool. */
import { execFileSync, spawnSync } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { copyFileSync, existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { TokenClient } from '../../custody/tokens/client.ts';
import { softhsmFolder, softhsmToken, USER_PIN } from '../support/softhsm.ts';
import type { Row } from './rows.ts';

/** SoftHSM makes a key the slower the more there are: ten thousand take it an hour. It keeps each in a file, and copies of these are keys like any other. */
const MADE = 100;
const multiply = (folder: string, objects: number): void => {
  const all = readdirSync(folder, { recursive: true, encoding: 'utf8' });
  const files = all.filter((name) => name.endsWith('.object') && !name.endsWith('token.object'));
  for (let at = files.length; at < objects; at++) {
    const from = join(folder, files[at % files.length] ?? '');
    const to = join(from, '..', randomUUID());
    copyFileSync(from, `${to}.object`);
    const lock = from.replace(/object$/, 'lock');
    if (existsSync(lock)) copyFileSync(lock, `${to}.lock`);
  }
};

const here = (file: string): string => fileURLToPath(new URL(file, import.meta.url));
const PIN = 'left-12right-34';

export const benchListing = async (objects: number): Promise<Row[]> => {
  const place = await softhsmFolder();
  try {
    const token = await softhsmToken(place.options, 'bench');
    const { path, env = {} } = place.options;
    const bare = (...args: string[]): number =>
      Number(
        execFileSync(process.execPath, [here('./bare-listing.ts'), path, PIN, ...args], {
          env: { ...env },
          encoding: 'utf8',
        }),
      );
    bare('fill', String(Math.min(MADE, objects)));
    multiply(place.folder, objects);

    const ours: number[] = [];
    const theirs: number[] = [];
    for (let round = 0; round < 3; round++) {
      theirs.push(bare('list'));
      const client = await TokenClient.start(place.options);
      try {
        const started = performance.now();
        const list = await client.call('list', { token, pin: USER_PIN(), lastTry: false });
        ours.push(performance.now() - started);
        if (list.length !== objects) throw new Error(`bench: ${list.length} objects were listed`);
      } finally {
        await client.close();
      }
    }
    const best = (times: number[]): number => Math.min(...times);
    const started = performance.now();
    const tool = spawnSync('pkcs11-tool', ['--module', path, '--login', '--pin', PIN, '-O'], {
      env: { ...process.env, SOFTHSM2_CONF: join(place.folder, 'softhsm2.conf') },
      stdio: ['ignore', 'ignore', 'ignore'],
    });
    const toolMs = tool.status === 0 ? performance.now() - started : undefined;
    return [
      {
        name: `list ${objects} objects with attributes, ours / bare loop`,
        value: best(ours) / best(theirs),
        unit: '×',
        goal: 'at most 1.5',
        ok: best(ours) / best(theirs) <= 1.5,
        note: `${Math.round(best(ours))} ms against ${Math.round(best(theirs))} ms`,
      },
      {
        name: 'the same against pkcs11-tool -O',
        value: toolMs === undefined ? Number.NaN : best(ours) / toolMs,
        unit: '×',
        goal: 'below 1',
        ok: toolMs !== undefined && best(ours) < toolMs,
        note: toolMs === undefined ? 'pkcs11-tool is not installed' : `${Math.round(toolMs)} ms`,
      },
    ];
  } finally {
    place.remove();
  }
};
