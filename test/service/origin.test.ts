/** A rehearsal can't be taken for production: by the name under every signature, not by a label (design 08, T7). */
import { spawnSync } from 'node:child_process';
import { cpSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Trust } from '../../shared/contract/desk.ts';
import { ADA, TestDesk, possible } from '../support/desk.ts';

const VERIFIER = fileURLToPath(
  new URL('../../resources/verifier/keymoot-verify.mjs', import.meta.url),
);

describe.skipIf(!possible)('a rehearsal’s bundle', () => {
  let desk: TestDesk;
  let bundle: string;
  let trust: Trust;
  beforeAll(async () => {
    desk = await TestDesk.found();
    bundle = join(desk.home, 'bundle');
    await desk.call('log.export', { grant: await desk.room.desk.grant('bundle', bundle) }, ADA);
    trust = await desk.room.desk.call('log.trust', {});
  });
  afterAll(() => desk.remove());

  const verdict = (of: string, trusted: Trust): string => {
    const file = join(desk.home, 'trust.json');
    writeFileSync(file, JSON.stringify(trusted));
    const { stdout } = spawnSync(process.execPath, [VERIFIER, of, '--trust', file, '--json'], {
      encoding: 'utf8',
    });
    return (JSON.parse(stdout) as { verdict: string }).verdict;
  };
  const production = (): Trust => ({ ...trust, log: trust.log.replace(/\/rehearsal$/, '') });

  test('passes under its own name', () => {
    expect(trust.log).toMatch(/\/rehearsal$/);
    expect(verdict(bundle, trust)).toBe('pass');
  });
  test('does not pass under the name that a production desk would have', () => {
    expect(verdict(bundle, production())).toBe('tampered');
  });
  test('does not pass when its own name is changed everywhere in it', () => {
    const changed = join(desk.home, 'changed');
    cpSync(bundle, changed, { recursive: true });
    for (const name of readdirSync(changed, { recursive: true, encoding: 'utf8' })) {
      const path = join(changed, name);
      if (!statSync(path).isFile()) continue;
      const bytes = readFileSync(path);
      writeFileSync(
        path,
        Buffer.from(bytes.toString('latin1').replaceAll('/rehearsal', ''), 'latin1'),
      );
    }
    expect(verdict(changed, production())).not.toBe('pass');
    expect(verdict(changed, trust)).not.toBe('pass');
  });
});
