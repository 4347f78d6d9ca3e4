import { readFileSync, readdirSync, readlinkSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import {
  defineAndApprove,
  draftDefinition,
  packEnvelopes,
  playStep,
} from '../../custody/cli/rehearsal/ceremony.ts';
import {
  type Stage,
  TOKEN,
  childrenOf,
  commandOf,
  generateKey,
  mapsOf,
  possible,
  runs,
  setStage,
  tokenProcesses,
  until,
} from '../recovery/stage.ts';
import { askForDebugger, coreOf } from '../support/debugger.ts';

/** Variables that change what a program does. A face drops them before the service, the service before its children. */
const HOSTILE = {
  NODE_OPTIONS: '--title=hijacked',
  NODE_EXTRA_CA_CERTS: '/nowhere',
  NODE_V8_COVERAGE: '/nowhere',
  NODE_DEBUG: '*',
  NODE_COMPILE_CACHE: '/nowhere',
  DEBUG: '*',
  PWDEBUG: '1',
  PW_TEST_X: '1',
  OPENSSL_CONF: '/nowhere',
  OPENSSL_MODULES: '/nowhere',
  SSL_CERT_FILE: '/nowhere',
  GCONV_PATH: '/nowhere',
  PKCS11SPY: '/nowhere',
  A_NAME_THAT_NOBODY_KNOWS: 'x',
};

interface Seen {
  command: string;
  environment: Record<string, string>;
  maps: string;
  core: ReturnType<typeof coreOf>;
  pid: number;
  sockets: string[];
}
const look = (pid: number): Seen => ({
  command: commandOf(pid),
  environment: Object.fromEntries(
    readFileSync(`/proc/${pid}/environ`, 'utf8')
      .split('\0')
      .filter((pair) => pair.includes('='))
      .map((pair) => [pair.slice(0, pair.indexOf('=')), pair.slice(pair.indexOf('=') + 1)]),
  ),
  maps: mapsOf(pid),
  core: coreOf(pid),
  pid,
  sockets: readdirSync(`/proc/${pid}/fd`).flatMap((fd) => {
    try {
      return [/^socket:\[(\d+)\]$/u.exec(readlinkSync(`/proc/${pid}/fd/${fd}`))?.[1] ?? []].flat();
    } catch {
      return []; // closed meanwhile
    }
  }),
});
/** Inodes of every network socket of any process. */
const networkSockets = (): string[] =>
  ['tcp', 'tcp6', 'udp', 'udp6', 'raw', 'raw6'].flatMap((kind) => {
    try {
      const lines = readFileSync(`/proc/net/${kind}`, 'utf8').trim().split('\n').slice(1);
      return lines.map((line) => line.trim().split(/\s+/u)[9] ?? '');
    } catch {
      return [];
    }
  });

describe.skipIf(!possible)('each process of a desk', () => {
  let stage: Stage;
  let service: Seen;
  let token: Seen;
  let signer: Seen;
  let holder: Seen;
  let network: string[];
  let working: Promise<unknown>;

  beforeAll(async () => {
    for (const [name, value] of Object.entries(HOSTILE)) vi.stubEnv(name, value);
    stage = await setStage();
    vi.unstubAllEnvs();
    const { room, steer, at } = stage;
    // All processes at work at once: a holder with a component, the log's signer, and a token in the middle of a call.
    const envelopes = packEnvelopes(16);
    const definition = await draftDefinition(room, at, 'AES-128', 'seen', envelopes.expected);
    const { sha256 } = await defineAndApprove(room, definition);
    let view = await room.call('ceremonies.arm', { definitionSha256: sha256 }, 'administrator');
    while (view.held.length === 0) view = await playStep(room, view, definition, envelopes, TOKEN);
    steer.forget();
    steer.set('C_GenerateKey 1 hang-before 1000');
    working = generateKey(stage, 'seen at work');
    await until('the token is at work', () => steer.count('C_GenerateKey') === 1);
    service = look(room.desk.pid);
    const [atWork = 0] = tokenProcesses(stage);
    const others = childrenOf(room.desk.pid).filter((pid) => pid !== atWork);
    const called = (name: string) => others.filter((pid) => commandOf(pid) === name);
    expect([called('keymoot token').length, called('keymoot holder').length]).toEqual([1, 1]);
    expect(others).toHaveLength(2);
    token = look(atWork);
    signer = look(called('keymoot token')[0] ?? 0);
    holder = look(called('keymoot holder')[0] ?? 0);
    network = networkSockets();
  });
  afterAll(async () => {
    await stage.remove();
  });
  const all = (): [string, Seen][] => Object.entries({ service, token, signer, holder });

  test('can leave no core, and no memory to a handler that takes one all the same', () => {
    for (const [name, { core }] of all())
      expect([name, core]).toEqual([name, { limits: ['0', '0'], filter: 0 }]);
  });

  test('opens no debugger, even when it is asked to by a signal', async () => {
    const pids = all().map(([, { pid }]) => pid);
    expect(await askForDebugger(pids)).toEqual({ ports: [], ended: [] });
  });

  test('gets no variable that changes what programs do, and a library only its own', () => {
    for (const [, { environment }] of all())
      expect(
        Object.keys(environment).filter((name) => name in HOSTILE || /^LD_/u.test(name)),
      ).toEqual([]);
    // A shell may export its folder, and Node passes the IPC pipe's number to its child.
    const expected = /^(?:PWD|OLDPWD|SHLVL|_|NODE_CHANNEL_FD|NODE_CHANNEL_SERIALIZATION_MODE)$/u;
    const names = ({ environment }: Seen) =>
      Object.keys(environment).filter((name) => !expected.test(name));
    expect(names(token)).toEqual(['SOFTHSM2_CONF']);
    expect(names(signer)).toEqual(['SOFTHSM2_CONF']);
    expect(names(holder)).toEqual([]);
  });

  test('says nothing of a secret in its command or its environment', () => {
    const halves = [...stage.room.pins.values()].flatMap(({ first, second }) => [first, second]);
    const phrases = stage.room.players.map(({ passphrase }) => passphrase);
    const secrets = [...halves, ...phrases].map((bytes) => Buffer.from(bytes).toString());
    expect(secrets.length).toBeGreaterThan(8);
    for (const [name, { command, environment }] of all()) {
      const shown = `${command} ${JSON.stringify(environment)}`;
      expect([name, secrets.filter((secret) => shown.includes(secret))]).toEqual([name, []]);
    }
    expect([token.command, signer.command]).toEqual(['keymoot token', 'keymoot token']);
    expect(holder.command).toBe('keymoot holder');
  });

  test('has loaded what its part needs, and no other part’s', () => {
    const loaded = ({ maps }: Seen) => ({
      database: /better[_-]sqlite3/u.test(maps),
      binding: /pkcs11js|pkcs11\.node/u.test(maps),
      library: /softhsm/iu.test(maps),
    });
    expect(loaded(service)).toEqual({ database: true, binding: false, library: false });
    for (const seen of [token, signer])
      expect(loaded(seen)).toEqual({ database: false, binding: true, library: true });
    expect(loaded(holder)).toEqual({ database: false, binding: false, library: false });
    // The signer has the log's library, and not that of the keys.
    expect(signer.maps).not.toContain(stage.folder);
  });

  test('has no socket of a network', () => {
    for (const [name, { sockets }] of all())
      expect([name, sockets.filter((inode) => network.includes(inode))]).toEqual([name, []]);
  });

  test('ends when its work is done', async () => {
    await working;
    await until('the token process has ended', () => tokenProcesses(stage).length === 0);
    expect(childrenOf(stage.room.desk.pid)).toHaveLength(2);
  });

  test('does not outlive the service for long', async () => {
    const { room } = stage;
    const children = childrenOf(room.desk.pid);
    await room.desk.kill();
    await until('every child has ended', () => !children.some(runs), 5000);
    await sleep(50);
    await room.reopen();
    expect(await room.desk.call('recovery.list', {})).toEqual([]);
  });
});
