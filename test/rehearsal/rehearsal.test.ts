import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ALGORITHMS } from '../../shared/domain/keys.ts';
import { mask } from '../../custody/cli/rehearsal/transcript.ts';
import type { Report } from '../../custody/cli/rehearsal/rehearsal.ts';

const project = fileURLToPath(new URL('../..', import.meta.url));
const golden = fileURLToPath(new URL('./golden/transcript.txt', import.meta.url));

/** The program as it is built, and as it ships where `npm test` has packaged it. */
const programs: { name: string; command: string[] }[] = [
  { name: 'the built program', command: [process.execPath, join(project, 'out', 'keymoot.cjs')] },
  ...(process.env['KEYMOOT_PACKAGED'] === undefined
    ? []
    : [{ name: 'the single executable', command: [process.env['KEYMOOT_PACKAGED']] }]),
];

describe.each(programs)('the rehearsal, by $name', ({ command }) => {
  let folder: string;
  let out: string;
  let report: Report;
  let status: number | null;
  const run = (...args: string[]) => {
    const [program = '', ...first] = command;
    return spawnSync(program, [...first, ...args], {
      encoding: 'utf8',
      env: { HOME: folder, PATH: '/usr/bin:/bin' },
      timeout: 240_000,
    });
  };

  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'keymoot-rehearsal-test-'));
    out = join(folder, 'out');
    const result = run('rehearsal', '--out', out, '--json');
    status = result.status;
    expect(result.stdout, result.stderr).not.toBe('');
    report = JSON.parse(result.stdout) as Report;
  }, 300_000);
  afterAll(() => {
    rmSync(folder, { recursive: true, force: true });
  });

  it('ends well only because both verifiers passed', () => {
    expect(report.verifiers).toEqual({ keymoot: 'pass', standalone: 'pass' });
    expect(report.verdict).toBe('pass');
    expect(status).toBe(0);
  });

  it('tells the same story every time, but for times and random values', () => {
    const told = mask(readFileSync(join(out, 'transcript.txt'), 'utf8'), out);
    if (process.env['KEYMOOT_UPDATE_GOLDEN'] === '1') writeFileSync(golden, told);
    expect(told).toBe(readFileSync(golden, 'utf8'));
  });

  it('writes the report it prints, naming files that are there', () => {
    expect(JSON.parse(readFileSync(join(out, 'report.json'), 'utf8'))).toEqual(report);
    expect(existsSync(join(report.bundle, 'log', 'checkpoint'))).toBe(true);
    expect(existsSync(report.trust)).toBe(true);
    for (const { ms } of report.parts) expect(ms).toBeGreaterThanOrEqual(0);
  });

  it('makes every kind of key that the tokens can, and forms two from components', () => {
    const made = new Set(report.keys.map(({ algorithm }) => algorithm));
    for (const algorithm of ALGORITHMS) expect(made).toContain(algorithm);
    expect(report.ceremonies.map(({ status: ended, verdict }) => [ended, verdict])).toEqual([
      ['CLOSED', 'AGREED'],
      ['CLOSED', 'AGREED'],
    ]);
    const formed = report.keys.filter(({ ceremony }) => ceremony !== undefined);
    expect(formed.map(({ origin }) => origin)).toEqual(['imported', 'imported']);
  });

  it('exports what the tokens can, and refuses SHA-256 on SoftHSM', () => {
    expect(report.exports.map(({ token, algorithm, state }) => [token, algorithm, state])).toEqual([
      ['ceremony', 'RSAES_OAEP_SHA_1', 'WRAPPED'],
      ['ceremony', 'RSAES_OAEP_SHA_256', 'REFUSED'],
      ['export', 'RSAES_OAEP_SHA_256', 'WRAPPED'],
    ]);
    for (const { folder: place, state } of report.exports) {
      if (state !== 'WRAPPED' || place === undefined) continue;
      const manifest = JSON.parse(readFileSync(join(place, 'manifest.json'), 'utf8')) as {
        files: { encryptedKeyMaterialSha256: string };
      };
      const blob = readFileSync(join(place, 'EncryptedKeyMaterial.bin'));
      expect(createHash('sha256').update(blob).digest('hex')).toBe(
        manifest.files.encryptedKeyMaterialSha256,
      );
    }
  });

  it('is checked by a verifier that shares no code with it, run by another Node', () => {
    const verifier = join(project, 'resources', 'verifier', 'keymoot-verify.mjs');
    const result = spawnSync(
      process.execPath,
      [verifier, report.bundle, '--trust', report.trust, '--json'],
      {
        encoding: 'utf8',
      },
    );
    const own = run('verify', report.bundle, '--trust', report.trust, '--json');
    expect([result.status, own.status]).toEqual([0, 0]);
    expect(JSON.parse(result.stdout)).toMatchObject({ verdict: 'pass' });
    expect(JSON.parse(own.stdout)).toMatchObject({ verdict: 'pass' });
    expect(run('verify', report.bundle, '--json').status).toBe(3);
  });

  it('never writes over an earlier rehearsal', () => {
    const again = run('rehearsal', '--out', out);
    expect(again.status).not.toBe(0);
    expect(JSON.parse(readFileSync(join(out, 'report.json'), 'utf8'))).toEqual(report);
  });
});
