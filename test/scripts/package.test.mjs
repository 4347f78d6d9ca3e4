/** What the packaged program is held to, on a program of a few lines. */
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { cpSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { askForDebugger } from '../support/debugger.ts';
import { start, stubProject } from './stub-project.mjs';

const sha256 = (file) => createHash('sha256').update(readFileSync(file)).digest('hex');

describe('the packaged program', () => {
  let folder;
  const sums = [];
  const keymoot = (args, options) => start(join(folder, 'keymoot'), args, options).ended;

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'keymoot-carried-'));
    for (const _ of ['here', 'and elsewhere']) {
      const project = stubProject();
      try {
        const { code, stderr } = await start(process.execPath, [
          project.path('scripts/package.mjs'),
        ]).ended;
        expect(code, stderr).toBe(0);
        sums.push(readFileSync(project.path('dist/keymoot/SHA256SUMS'), 'utf8'));
        // Carried away from the checkout, which is gone then: it must need nothing of it.
        cpSync(project.path('dist/keymoot'), folder, { recursive: true, force: true });
      } finally {
        project.remove();
      }
    }
  }, 180_000);
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  test('is the same byte for byte wherever it is made', () => {
    expect(sums[0]).toBe(sums[1]);
  });

  test('lists every file with its hash', () => {
    const lines = sums[0].trim().split('\n');
    const listed = lines.map((line) => line.split('  ')[1]);
    expect(listed).toEqual(expect.arrayContaining(['keymoot', 'LICENSE', 'resources/note.txt']));
    for (const line of lines) {
      const [hash, file] = line.split('  ');
      expect(sha256(join(folder, file)), file).toBe(hash);
    }
  });

  test('starts in any folder and says which build it is', async () => {
    const { stdout, stderr } = await keymoot(['--version'], { cwd: tmpdir() });
    expect(stdout).toMatch(/^\d+\.\d+\.\d+\S* [0-9a-f]{64}\n$/);
    expect(stderr).toBe('');
  });

  test('loads its native packages from beside it', async () => {
    expect((await keymoot(['natives'])).stdout).toBe('42 function\n');
  });

  test('carries the native binary of this platform only', () => {
    const prebuilds = sums[0].match(/prebuilds\/\S+/g);
    expect(prebuilds).toHaveLength(1);
    expect(sums[0]).not.toMatch(/\.(cc|cpp|h|gyp|o)$/m);
  });

  test('loads no code that NODE_OPTIONS names', async () => {
    const env = { NODE_OPTIONS: '--require /nonexistent.cjs' };
    const { code, stdout } = await keymoot(['--version'], { env });
    expect(stdout).not.toBe('');
    expect(code).toBe(0);
  });

  test.runIf(process.platform === 'linux')('opens no debugger on SIGUSR1', async () => {
    const { child, ended } = start(join(folder, 'keymoot'), ['wait']);
    await once(child.stdout, 'data');
    expect(await askForDebugger([child.pid])).toEqual({ ports: [], ended: [] });
    child.kill('SIGTERM');
    expect((await ended).code).toBe(9);
  });

  test('reads no OpenSSL configuration, whatever names one', async () => {
    const config = join(folder, '..', 'openssl-broken.cnf');
    writeFileSync(config, 'nodejs_conf = [\n');
    try {
      const { code, stderr } = await keymoot(['--version'], { env: { OPENSSL_CONF: config } });
      expect([code, stderr]).toEqual([0, '']);
    } finally {
      rmSync(config);
    }
  });

  test('passes on the licences of what it contains', () => {
    const text = readFileSync(join(folder, 'THIRD-PARTY-LICENSES.txt'), 'utf8');
    for (const name of ['zod', 'better-sqlite3', 'pkcs11js', '@noble/curves', 'Node.js']) {
      expect(text).toContain(`${name} `);
    }
    expect(text).not.toContain('has no text of its licence');
    expect(existsSync(join(folder, 'LICENSE'))).toBe(true);
  });
});
