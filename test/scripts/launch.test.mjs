/** What a person meets who runs the program from a checkout. */
import { once } from 'node:events';
import { closeSync, openSync, readFileSync, realpathSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { nodeOptions } from '../../scripts/lib/environment.mjs';
import { folderOfTheCaller, namedDescriptors } from '../../scripts/lib/launch.mjs';
import { root } from '../../scripts/lib/project.mjs';
import { askForDebugger, coreOf } from '../support/debugger.ts';
import { start, stubProject } from './stub-project.mjs';

describe('the descriptors that arguments name', () => {
  test('are those after an option that ends in fd', () => {
    expect(namedDescriptors(['--secrets-fd', '3', '--fd=4', '--report-fd=9'])).toEqual([3, 4, 9]);
  });

  test('are not standard ones, nor anything that is no small number', () => {
    expect(namedDescriptors(['--fd', '1', '--fd=10', '--fd', 'x', '--fd', '--prefd', '5'])).toEqual(
      [],
    );
  });
});

describe('the folder of the caller', () => {
  test('is where npm was typed when npm runs us', () => {
    const environment = { npm_lifecycle_event: 'keymoot', INIT_CWD: '/elsewhere' };
    expect(folderOfTheCaller(environment, root)).toBe('/elsewhere');
  });

  test('is ours when another npm script starts us somewhere of its own', () => {
    const environment = { npm_lifecycle_event: 'test', INIT_CWD: '/elsewhere' };
    expect(folderOfTheCaller(environment, '/here')).toBe('/here');
    expect(folderOfTheCaller({ ...environment, npm_lifecycle_event: 'keymoot' }, '/here')).toBe(
      '/here',
    );
  });
});

describe('the program run from a checkout', () => {
  let project;
  const keymoot = (args, options) =>
    start(process.execPath, [project.path('scripts/keymoot.mjs'), ...args], options);

  beforeAll(async () => {
    project = stubProject();
    const { code, stderr } = await keymoot(['--version']).ended;
    expect(stderr).toBe('Building keymoot\n');
    expect(code).toBe(0);
  });
  afterAll(() => project.remove());

  test('is not built a second time', async () => {
    const { stdout, stderr } = await keymoot(['--version']).ended;
    expect(stdout).toMatch(/^\d+\.\d+\.\d+\S* [0-9a-f]{64}\n$/);
    expect(stderr).toBe('');
  });

  test('runs in the folder of the caller', async () => {
    const { stdout } = await keymoot(['folder'], { cwd: tmpdir() }).ended;
    expect(stdout.trim()).toBe(realpathSync(tmpdir()));
  });

  test('reads a file on a descriptor that the caller opened', async () => {
    const file = project.path('secret.txt');
    writeFileSync(file, 'from a file');
    const fd = openSync(file, 'r');
    const stdio = ['ignore', 'pipe', 'pipe', 'ignore', 'ignore', fd];
    const { stdout } = await keymoot(['read', '--secrets-fd', '5'], { stdio }).ended;
    closeSync(fd);
    expect(stdout).toBe('from a file\n');
  });

  test('reads a pipe on a descriptor that the caller opened', async () => {
    const script = project.path('scripts/keymoot.mjs');
    const line = `"$0" "${script}" read --secrets-fd 3 3< <(echo from a pipe)`;
    const { stdout } = await start('bash', ['-c', line, process.execPath]).ended;
    expect(stdout).toBe('from a pipe\n');
  });

  test.runIf(process.platform === 'linux').each([3, 4, 5, 6, 7, 8, 9])(
    'says that descriptor %i is not open instead of waiting on one of Node',
    async (fd) => {
      const { code, stderr } = await keymoot(['read', '--secrets-fd', `${fd}`]).ended;
      expect(stderr).toMatch(`descriptor ${fd} is not open`);
      expect(code).toBe(1);
    },
  );

  test('gives its exit code', async () => {
    expect((await keymoot(['fail']).ended).code).toBe(7);
  });

  test('ends by the signal that ended the program', async () => {
    expect((await keymoot(['die']).ended).signal).toBe('SIGKILL');
  });

  test('passes on a signal and waits for the answer', async () => {
    const { child, ended } = keymoot(['wait']);
    child.stdout.once('data', () => child.kill('SIGTERM'));
    expect((await ended).code).toBe(9);
  });

  test.runIf(process.platform === 'linux')(
    'opens no debugger on SIGUSR1, and neither does what started it',
    async () => {
      const { child, ended } = keymoot(['wait']);
      await once(child.stdout, 'data');
      const below = readFileSync(`/proc/${child.pid}/task/${child.pid}/children`, 'utf8');
      const pids = [child.pid, ...below.trim().split(' ').map(Number)];
      expect(pids).toHaveLength(2);
      expect(await askForDebugger(pids)).toEqual({ ports: [], ended: [] });
      child.kill('SIGTERM');
      expect((await ended).code).toBe(9);
    },
  );

  test.runIf(process.platform === 'linux')('can leave no core with memory in it', async () => {
    const { child, ended } = keymoot(['wait']);
    await once(child.stdout, 'data');
    const pid = readFileSync(`/proc/${child.pid}/task/${child.pid}/children`, 'utf8').trim();
    expect(coreOf(pid)).toEqual({ limits: ['0', '0'], filter: 0 });
    child.kill('SIGTERM');
    await ended;
  });

  test('sees none of Node’s own variables', async () => {
    const env = { NODE_OPTIONS: '--no-warnings', NODE_DEBUG: 'fs', NODE_V8_COVERAGE: tmpdir() };
    const { stdout } = await keymoot(['environment'], { env }).ended;
    expect(stdout.split(' ').filter((name) => name.startsWith('NODE_'))).toEqual([]);
  });

  test('is given the options of every Node of ours, and no others', async () => {
    const { stdout } = await keymoot(['options'], { env: { NODE_OPTIONS: '--no-warnings' } }).ended;
    expect(stdout).toBe(`${nodeOptions().join(' ')}\n`);
  });

  test('loads its native packages from the checkout', async () => {
    expect((await keymoot(['natives']).ended).stdout).toBe('42 function\n');
  });

  test('evaluates a dynamic import when it is reached and not before', async () => {
    expect((await keymoot(['lazy']).ended).stdout).toBe('not evaluated\n');
    expect((await keymoot(['eager']).ended).stdout).toBe('evaluated\nlate\n');
  });

  test('is built again after a source changed, under another name', async () => {
    const before = (await keymoot(['--version']).ended).stdout;
    project.write('custody/late.ts', "export const late = 'changed';\n");
    const { stdout, stderr } = await keymoot(['--version']).ended;
    expect(stderr).toBe('Building keymoot\n');
    expect(stdout).not.toBe(before);
    expect((await keymoot(['eager']).ended).stdout).toBe('changed\n');
  });

  test('is not started when a build fails, and the old one is not taken for the new', async () => {
    project.write('custody/late.ts', "export { late } from './nowhere.ts';\n");
    for (const _ of [1, 2]) {
      const { code, stdout, stderr } = await keymoot(['--version']).ended;
      expect(stderr).toContain('nowhere');
      expect(stderr).toContain('the build failed');
      expect(stdout).toBe('');
      expect(code).toBe(1);
    }
  });
});
