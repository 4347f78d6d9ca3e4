/** No environment variable decides which code Keymoot's processes run: only named variables are passed on (design 08, T9). */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { serveCommand } from '../../electron/common/program.ts';
import { LibraryEnvironment } from '../../shared/contract/tokens.ts';
import { FAMILIES } from '../../shared/domain/tokens.ts';
import * as environments from '../../shared/environment.ts';
import table from '../../shared/environment.json' with { type: 'json' };
import { spawnSelf } from '../../custody/spawn.ts';
import { askForDebugger, decidesOnDebugger } from '../support/debugger.ts';

const { desktopEnvironment, moduleEnvironment, nodeOptions, serviceEnvironment } = environments;

/** Each of them can make some program load or run code, write traces, or trust a wrong source. */
const HOSTILE = [
  ...['LD_PRELOAD', 'LD_AUDIT', 'LD_LIBRARY_PATH', 'DYLD_INSERT_LIBRARIES', 'GLIBC_TUNABLES'],
  ...['GCONV_PATH', 'LOCPATH', 'NLSPATH', 'MALLOC_TRACE', 'BASH_ENV', 'ENV', 'SHELLOPTS', 'IFS'],
  ...['NODE_OPTIONS', 'NODE_PATH', 'NODE_EXTRA_CA_CERTS', 'NODE_COMPILE_CACHE', 'NODE_ICU_DATA'],
  ...['NODE_V8_COVERAGE', 'NODE_DEBUG', 'ELECTRON_RUN_AS_NODE', 'npm_config_x', 'DEBUG', 'PWDEBUG'],
  ...[
    'OPENSSL_CONF',
    'OPENSSL_CONF_INCLUDE',
    'OPENSSL_MODULES',
    'OPENSSL_ENGINES',
    'OPENSSL_ia32cap',
  ],
  ...[
    'SSL_CERT_FILE',
    'SSL_CERT_DIR',
    'SSLKEYLOGFILE',
    'GTK_MODULES',
    'GTK_PATH',
    'GIO_EXTRA_MODULES',
  ],
  ...['QT_PLUGIN_PATH', 'CHROME_DEVEL_SANDBOX', 'PKCS11SPY', 'PKCSLIB', 'TPM2_PKCS11_TCTI'],
  ...['OPENSC_DEBUG', 'YKCS11_DBG', 'YUBIHSM_PKCS11_DBG', 'CKNFAST_DEBUG', 'NFAST_NFKM_TOKENSFILE'],
  ...['CKNFAST_OVERRIDE_SECURITY_ASSURANCES', 'KEYMOOT_MAIN', 'KEYMOOT_ELECTRON_DIST', 'NEW_NAME'],
];
const hostile = Object.fromEntries(HOSTILE.map((name) => [name, '/evil']));

describe('what a process may be given', () => {
  test('is nothing that changes what a program does, for whichever process', () => {
    for (const family of FAMILIES) expect(moduleEnvironment(family, hostile)).toEqual({});
    expect(serviceEnvironment(hostile)).toEqual({});
    expect(desktopEnvironment(hostile)).toEqual({});
  });
  test('is what it needs: where things are, how people write, and where a library finds its configuration', () => {
    const given = {
      PATH: '/bin',
      HOME: '/home/desk',
      LANG: 'de_CH.UTF-8',
      XDG_RUNTIME_DIR: '/run',
    };
    const vendors = { SOFTHSM2_CONF: '/a', ChrystokiConfigurationPath: '/b', NFAST_HOME: '/c' };
    const desktop = { DISPLAY: ':1', WAYLAND_DISPLAY: 'wayland-0', XAUTHORITY: '/x' };
    const all = { ...hostile, ...given, ...vendors, ...desktop, UNSET: undefined };
    expect(serviceEnvironment(all)).toEqual({ ...given, ...vendors });
    expect(desktopEnvironment(all)).toEqual({ ...given, ...desktop });
    expect(moduleEnvironment('luna', all)).toEqual({ ChrystokiConfigurationPath: '/b' });
    expect(moduleEnvironment('other', all)).toEqual({});
  });
  test('is found under any spelling, as Windows has it', () => {
    const windows = { Path: 'C:\\Windows', SYSTEMROOT: 'C:\\Windows', openssl_conf: 'C:\\evil' };
    expect(serviceEnvironment(windows)).toEqual({ Path: 'C:\\Windows', SYSTEMROOT: 'C:\\Windows' });
  });
  test('is a name each time, never a pattern, and each name stands once in its list', () => {
    const { base, desktop, face, modules } = table;
    for (const names of [base, desktop, face, ...Object.values(modules)]) {
      expect(new Set(names).size).toBe(names.length);
      for (const name of names) expect(name).toMatch(/^[A-Za-z][A-Za-z0-9_]*$/);
    }
  });
  test('is refused by the contract for a library that no library reads', () => {
    const takes = (names: Record<string, string>) => LibraryEnvironment.safeParse(names).success;
    for (const name of HOSTILE) expect([name, takes({ [name]: '/evil' })]).toEqual([name, false]);
    expect(takes({ SOFTHSM2_CONF: '/a', ChrystokiConfigurationPath: '/b' })).toBe(true);
  });
  test('is the same for a service that a window starts', () => {
    const env = serveCommand(['keymoot'], '/data', { ...hostile, PATH: '/bin' }).env;
    expect(env).toEqual({ MALLOC_MMAP_THRESHOLD_: expect.any(String) as string, PATH: '/bin' });
    // Set to undefined, else Node would pass its own value on.
    expect(Object.keys(env)).toContain('NODE_V8_COVERAGE');
  });
});

describe('an OpenSSL configuration', () => {
  let folder: string;
  let config: string;
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'keymoot-openssl-'));
    config = join(folder, 'openssl.cnf');
    // A configuration that names a provider would run its code; this one crashes every Node that merely reads it.
    writeFileSync(config, 'nodejs_conf = [\n= broken\n[');
  });
  afterAll(() => {
    rmSync(folder, { recursive: true, force: true });
  });
  const codeOf = async (child: ReturnType<typeof spawn>): Promise<unknown> =>
    (await once(child, 'exit'))[0];

  test('would be read by a Node that is not told otherwise', async () => {
    const env = { OPENSSL_CONF: config };
    expect(await codeOf(spawn(process.execPath, ['-e', '0'], { env, stdio: 'ignore' }))).not.toBe(
      0,
    );
  });
  test('is not read by any Keymoot process that we start, even when its environment names one', async () => {
    const options = { env: { OPENSSL_CONF: config }, stdio: 'ignore' } as const;
    expect(await codeOf(spawnSelf(['--version'], options))).toBe(0);
  });
  test('is shut out on every system by a name that nobody can put a file under', () => {
    expect(nodeOptions('linux')).toContain('--openssl-config=/dev/null');
    expect(nodeOptions('win32')).toContain('--openssl-config=NUL');
  });
});

describe.runIf(process.platform === 'linux')('the debugger that a Node opens on SIGUSR1', () => {
  const children: ChildProcess[] = [];
  let folder: string;
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'keymoot-debugger-'));
  });
  afterAll(() => {
    for (const child of children) child.kill('SIGKILL');
    rmSync(folder, { recursive: true, force: true });
  });
  const begun = async (child: ChildProcess): Promise<number> => {
    children.push(child);
    await vi.waitFor(
      () => {
        expect(decidesOnDebugger(child.pid ?? 0)).toBe(true);
      },
      { timeout: 20_000, interval: 20 },
    );
    return child.pid ?? 0;
  };

  test('would open for a Node that is not told otherwise', async () => {
    // On a port chosen by the system: another debugger may run here.
    const args = ['--inspect-port=0', '-e', 'setInterval(() => 0, 1000)'];
    const pid = await begun(spawn(process.execPath, args, { stdio: 'ignore' }));
    expect((await askForDebugger([pid])).ports).toHaveLength(1);
  });

  const packaged = process.env['KEYMOOT_PACKAGED'];
  const stdio: ('pipe' | 'ignore' | 'ipc')[] = ['pipe', 'ignore', 'ignore', 'ipc', 'pipe'];
  /** Waits for the end of its secrets. */
  const enrol = ['people', 'enrol', 'Ada', '--role', 'officer', '--secrets-fd', '4', '--data'];
  const commands = [['token'], ['holder'], ['judge'], ['serve', '--data'], enrol];
  const argsOf = (command: string[], name: string): string[] =>
    command.at(-1) === '--data' ? [...command, join(folder, name)] : command;

  test('does not open for any process of the program', async () => {
    const pids = await Promise.all(
      commands.map((command) => begun(spawnSelf(argsOf(command, 'built'), { stdio }))),
    );
    expect(await askForDebugger(pids)).toEqual({ ports: [], ended: [] });
  });
  test.runIf(packaged !== undefined)('nor for any of the packaged program', async () => {
    const pids = await Promise.all(
      commands.map((command) =>
        begun(spawn(packaged!, argsOf(command, 'packaged'), { stdio, serialization: 'advanced' })),
      ),
    );
    expect(await askForDebugger(pids)).toEqual({ ports: [], ended: [] });
  });
  test('is shut off by one list, on every system', () => {
    for (const platform of ['linux', 'darwin', 'win32'])
      expect(nodeOptions(platform)).toContain('--disable-sigusr1');
  });
});
