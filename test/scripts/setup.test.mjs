/** The parts by which set-up finds out what is missing. */
import { cpSync, existsSync, mkdirSync, mkdtempSync } from 'node:fs';
import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { agrees, withHeaders } from '../../scripts/lib/dependencies.mjs';
import { filesUnder, fingerprint } from '../../scripts/lib/fingerprint.mjs';
import { at, npmCommand } from '../../scripts/lib/project.mjs';
import { installCommand, missing, onPath, REQUIREMENTS } from '../../scripts/lib/system.mjs';
import { start } from './stub-project.mjs';

let folder;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'keymoot-setup-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const write = (file, text = '', mode = 0o644) => {
  mkdirSync(join(folder, file, '..'), { recursive: true });
  writeFileSync(join(folder, file), text, { mode });
};

describe('system packages', () => {
  test('a command counts when it can be run', () => {
    write('data', '', 0o644);
    write('tool', '', 0o755);
    expect(onPath(['other', 'tool'], folder)).toBe(true);
    expect(onPath(['other'], folder)).toBe(false);
    expect(onPath(['tool'], '')).toBe(false);
  });

  test('only what is missing is installed, without recommendations on Debian', () => {
    const wanted = missing([
      { present: () => true, apt: 'there' },
      { present: () => false, apt: 'softhsm2', dnf: 'softhsm', brew: 'softhsm' },
      { present: () => false, apt: 'make', dnf: 'make' },
    ]);
    const apt = 'apt-get install -y --no-install-recommends softhsm2 make';
    expect(installCommand(wanted, 'apt').join(' ')).toBe(apt);
    expect(installCommand(wanted, 'brew').join(' ')).toBe('brew install softhsm');
  });

  test('no command is made up where a system needs nothing we can name', () => {
    expect(installCommand([{ apt: 'make' }], 'brew')).toBeUndefined();
  });

  test('every requirement says what it is for and what Debian calls it', () => {
    for (const { what, apt } of REQUIREMENTS)
      expect([what, apt]).toEqual([expect.any(String), expect.any(String)]);
  });

  test('nothing is missing here once set-up has run', () => {
    expect(missing()).toEqual([]);
  });
});

describe.runIf(process.getuid?.() === 0 && existsSync('/etc/debian_version'))(
  'on a Debian machine without tools',
  () => {
    /** An apt-get that writes down how it was called, and a machine whose PATH has nothing else. */
    const ensureSystem = (first = '') => {
      cpSync(at('scripts'), join(folder, 'scripts'), { recursive: true });
      const log = join(folder, 'apt.log');
      const install = ['g++', 'make', 'python3', 'openssl'].map((tool) => `${folder}/bin/${tool}`);
      const lines = [
        '#!/bin/sh',
        `echo "$DEBIAN_FRONTEND: $*" >> ${log}`,
        `case "$*" in *install*)`,
        ...install.map((tool) => `: > ${tool}; /bin/chmod 755 ${tool}`),
        'esac',
      ];
      write('bin/apt-get', lines.join('\n'), 0o755);
      const script = "import('./scripts/lib/system.mjs').then((m) => m.ensureSystem(console.log))";
      const env = { PATH: join(folder, 'bin') };
      const { ended } = start(process.execPath, ['-e', first + script], { cwd: folder, env });
      return ended.then((end) => ({
        ...end,
        calls: existsSync(log) ? readFileSync(log, 'utf8') : '',
      }));
    };

    test('root has what is missing named and then installed, and is asked nothing', async () => {
      const { code, stdout, calls } = await ensureSystem();
      expect(stdout).toMatch(/^Keymoot needs from this system:\n {2}- a C\+\+ compiler/);
      expect(stdout).toContain(
        'apt-get install -y --no-install-recommends g++ make python3 openssl',
      );
      const [update, install] = calls.trim().split('\n');
      expect(update).toMatch(/^noninteractive: update /);
      expect(install).toMatch(
        /^noninteractive: .*install -y --no-install-recommends g\+\+ make python3 openssl$/,
      );
      expect(code).toBe(0);
    });

    test('anyone else is given the command, and nothing is installed', async () => {
      const { code, stderr, calls } = await ensureSystem('process.getuid = () => 1000; ');
      expect(stderr).toContain(
        'sudo apt-get install -y --no-install-recommends g++ make python3 openssl',
      );
      expect(calls).toBe('');
      expect(code).toBe(1);
    });
  },
);

describe('npm packages', () => {
  const entry = (version, more = {}) => ({ version, integrity: `sha512-${version}`, ...more });
  const lock = {
    packages: {
      '': { name: 'keymoot' },
      'node_modules/a': entry('1.0.0'),
      'node_modules/for-another-platform': entry('2.0.0', { optional: true }),
    },
  };
  const installed = (packages) => agrees(lock, { packages });

  test('agree when what is installed is what the lock file says', () => {
    expect(installed({ 'node_modules/a': entry('1.0.0') })).toBe(true);
  });

  test.each([
    ['a package is missing', {}],
    ['a version differs', { 'node_modules/a': entry('1.0.1') }],
    ['a hash differs', { 'node_modules/a': entry('1.0.0', { integrity: 'sha512-other' }) }],
    [
      'one is there that nobody asked for',
      { 'node_modules/a': entry('1.0.0'), 'node_modules/b': entry('1.0.0') },
    ],
  ])('do not agree when %s', (_, packages) => {
    expect(installed(packages)).toBe(false);
  });

  test('do not agree when npm left no record', () => {
    expect(agrees(lock, undefined)).toBe(false);
  });

  test("are compiled against the headers beside the machine's Node", () => {
    write('include/node/node_api.h');
    const environment = { npm_node_execpath: join(folder, 'bin/node') };
    expect(withHeaders(environment).npm_config_nodedir).toBe(folder);
  });

  test('are compiled against the headers that the person named', () => {
    write('include/node/node_api.h');
    const environment = {
      npm_node_execpath: join(folder, 'bin/node'),
      npm_config_nodedir: '/mine',
    };
    expect(withHeaders(environment).npm_config_nodedir).toBe('/mine');
  });

  test('are installed by the npm that runs us', () => {
    write('npm-cli.js');
    write('node', '', 0o755);
    const [npm_execpath, npm_node_execpath] = ['npm-cli.js', 'node'].map((f) => join(folder, f));
    expect(npmCommand({ npm_execpath, npm_node_execpath })).toEqual([
      npm_node_execpath,
      npm_execpath,
    ]);
    expect(npmCommand({})).toHaveLength(1);
    expect(npmCommand({ npm_execpath: '/gone/npm-cli.js', npm_node_execpath })).toHaveLength(1);
  });
});

describe('the fingerprint of a tree', () => {
  beforeEach(() => {
    write('src/b.ts', 'bb');
    write('src/a/c.ts', 'cc');
    write('src/.b.ts.swp', 'an editor was here');
  });
  const print = () => fingerprint(['src', 'absent'], folder);

  test('goes over files in one order and leaves out dotfiles', () => {
    expect(filesUnder('src', folder)).toEqual(['src/a/c.ts', 'src/b.ts']);
  });

  test('stays when nothing but times changed', () => {
    const before = print();
    write('src/b.ts', 'bb');
    expect(print()).toBe(before);
  });

  test.each([
    ['contents change', () => write('src/b.ts', 'bc')],
    ['a file is added', () => write('src/d.ts')],
    [
      'bytes move from a file to the next',
      () => (write('src/a/c.ts', 'c'), write('src/b.ts', 'cbb')),
    ],
    ['a file is renamed', () => (rmSync(join(folder, 'src/b.ts')), write('src/e.ts', 'bb'))],
  ])('changes when %s', (_, change) => {
    const before = print();
    change();
    expect(print()).not.toBe(before);
  });
});
