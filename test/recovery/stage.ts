/**
 * A founded desk with a token behind the misbehaving module, and the means to cut any act short at any native call.
 *
 * The module is added under the name of SoftHSM's library, so the desk treats it as that family; it forwards to the real one and obeys a
 * control file. Everything else is as it ships: the built program, real processes, real tokens.
 */
import { spawnSync } from 'node:child_process';
import {
  copyFileSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect } from 'vitest';
import type { Output } from '../../shared/contract/index.ts';
import type { TokenRef } from '../../shared/domain/tokens.ts';
import { KeymootError } from '../../shared/errors.ts';
import { Room } from '../../custody/cli/rehearsal/room.ts';
import { resourcePath } from '../../custody/resources.ts';
import { buildFaults, compiler, control, type Control } from '../faults/build.ts';
import { softhsmLibrary } from '../support/softhsm.ts';

export const possible =
  compiler() !== undefined && softhsmLibrary() !== undefined && process.platform === 'linux';
if (!possible)
  console.warn('SKIPPED: cutting acts short needs a C compiler, SoftHSM, and the /proc of Linux');

/** Label of the token behind the misbehaving module. */
export const TOKEN = 'faulty';
export const BOTH = ['administrator', 'officer'] as const;

export interface Stage {
  room: Room;
  steer: Control;
  /** Everything of this desk lies under it. */
  folder: string;
  /** The token through the misbehaving module. */
  at: TokenRef;
  softhsmConf: string;
  remove: () => Promise<void>;
}

/** Adds a library by its path, as a person who chose it in a file dialog. */
export const addModule = async (
  room: Room,
  path: string,
  label: string,
  environment: Record<string, string> = {},
  names: readonly string[] = BOTH,
): Promise<Output<'modules.add'>> =>
  room.call(
    'modules.add',
    { grant: await room.desk.grant('module', path), label, environment },
    ...names,
  );

export const newFolder = (): string => mkdtempSync(join(tmpdir(), 'keymoot-recovery-'));

export const removeFolder = (folder: string): void => {
  // A token process that is just ending may still write its record of calls.
  rmSync(folder, { recursive: true, force: true, maxRetries: 10, retryDelay: 50 });
};

export const setStage = async (folder = newFolder()): Promise<Stage> => {
  const data = join(folder, 'desk');
  const room = await Room.enter(data, { KEYMOOT_DEVELOPER: '1' });
  await room.found('recovery.example');
  await room.train('softhsm', TOKEN, ...BOTH);
  const softhsmConf = join(data, 'training', 'softhsm', 'softhsm2.conf');
  const forward = softhsmLibrary();
  if (forward === undefined) throw new Error('SoftHSM is not installed: npm test installs it');
  const steer = control(folder, forward);
  const library = join(folder, 'libsofthsm2.so');
  copyFileSync(buildFaults().faulty, library);
  steer.beside(library);
  const view = await addModule(room, library, 'Misbehaving', { SOFTHSM2_CONF: softhsmConf });
  const token = view.tokens.find(({ identity }) => identity.label === TOKEN)?.identity;
  if (token === undefined) throw new Error('the misbehaving module does not show the token');
  const at = { module: view.module.id, token };
  room.tokens.set(TOKEN, at);
  return {
    room,
    steer,
    folder,
    at,
    softhsmConf,
    remove: async () => {
      await room.desk.stop();
      removeFolder(folder);
    },
  };
};

const read = (path: string): string => {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return ''; // it ended meanwhile
  }
};

/** Direct children of a process. */
export const childrenOf = (pid: number): number[] =>
  read(`/proc/${pid}/task/${pid}/children`).split(' ').filter(Boolean).map(Number);
/** How a process calls itself, or was started. */
export const commandOf = (pid: number): string =>
  read(`/proc/${pid}/cmdline`).replaceAll('\0', ' ').trim();
export const mapsOf = (pid: number): string => read(`/proc/${pid}/maps`);
export const runs = (pid: number): boolean => !['', 'Z'].includes(stateOf(pid));
const stateOf = (pid: number): string => {
  const stat = read(`/proc/${pid}/stat`);
  return stat.slice(stat.lastIndexOf(')') + 2, stat.lastIndexOf(')') + 3);
};

/** Processes of the desk that have the misbehaving module loaded, under whatever name. */
export const tokenProcesses = ({ room, folder }: Stage, service = room.desk.pid): number[] =>
  childrenOf(service).filter((pid) => mapsOf(pid).includes(join(folder, 'lib')));

export const until = async (what: string, holds: () => boolean, ms = 20_000): Promise<void> => {
  const end = Date.now() + ms;
  while (!holds()) {
    if (Date.now() > end) throw new Error(`waited in vain until ${what}`);
    await sleep(5);
  }
};

/** Whose end is played: the service's, the token process's, or that of all at once, as by a power cut. */
export type Victim = 'service' | 'token' | 'power';

export interface Cut {
  /** A native call. */
  at: string;
  /** Before or after the device did its part. */
  when: 'before' | 'after';
  /** Which call of that name in its process; the first if not given. */
  nth?: number;
  /** Its process looked before, so the calls of the look are passed over. */
  looked?: true;
  /** How many processes with the library have come and gone before. */
  skip?: number;
  victim: Victim;
}
/** Calls of a look for a key that is not there, as far as the act that follows in its process makes them too. */
const IN_THE_LOOK: Readonly<Record<string, number>> = {
  C_OpenSession: 1,
  C_Login: 1,
  C_FindObjectsInit: 2,
  C_Logout: 1,
  C_CloseSession: 1,
};
export const wordsOf = ({ at, when, nth = 1, skip = 0, looked, victim }: Cut): string =>
  `${victim} ends ${when} ${at}${nth === 1 ? '' : ` number ${nth}`}${skip === 0 && looked !== true ? ', in the look before' : ''}`;

/** How long a device is held up whose process outlives the service, ms. */
const HELD_UP = 500;

export type Outcome<T> = { value: T } | { error: KeymootError };
const outcomeOf = async <T>(act: Promise<T>): Promise<Outcome<T>> => {
  try {
    return { value: await act };
  } catch (error) {
    if (error instanceof KeymootError) return { error };
    throw error;
  }
};

/** Runs an act, and ends the victim at the cut. The desk is open again afterwards. */
export const cutShort = async <T>(
  stage: Stage,
  cut: Cut,
  act: () => Promise<T>,
): Promise<Outcome<T>> => {
  const { room, steer } = stage;
  const { at, when, skip = 0, victim } = cut;
  const nth = (cut.nth ?? 1) + (cut.looked === true ? (IN_THE_LOOK[at] ?? 0) : 0);
  steer.forget();
  const rule = `${at} ${nth} hang-${when}${victim === 'service' ? ` ${HELD_UP}` : ''}`;
  steer.set(...(skip === 0 ? [rule] : []));
  const done = outcomeOf(act());
  if (skip > 0) {
    await until(`${skip} processes came and went`, () => steer.count('C_Finalize') >= skip);
    steer.set(rule);
  }
  const goal = skip === 0 ? nth : countBefore(steer.calls(), at, skip) + nth;
  await until(`${at} is called`, () => steer.count(at) >= goal);
  if (when === 'after') await until(`${at} has done its work`, () => steer.hanging());
  const tokens = tokenProcesses(stage);
  expect(tokens).toHaveLength(1);
  if (victim !== 'token') await room.desk.kill();
  if (victim !== 'service')
    for (const pid of tokens) {
      process.kill(pid, 'SIGKILL');
      await until('the token process is gone', () => !runs(pid));
    }
  steer.set();
  const outcome = await done;
  if (victim !== 'token') await room.reopen({ KEYMOOT_DEVELOPER: '1' });
  return outcome;
};
/** How often a function was called by the processes that ended already: the record lists their calls first. */
const countBefore = (calls: readonly string[], name: string, processes: number): number => {
  let ended = 0;
  let count = 0;
  for (const call of calls) {
    if (ended === processes) break;
    if (call === name) count += 1;
    if (call === 'C_Finalize') ended += 1;
  }
  return count;
};

export const generateKey = async (
  { room, at }: Stage,
  label: string,
  algorithm: 'AES-256' | 'P-256' = 'AES-256',
): Promise<Output<'keys.generate'>> =>
  room.call(
    'keys.generate',
    {
      at,
      algorithm,
      purpose: algorithm === 'P-256' ? 'sign' : 'encrypt',
      label,
      login: await room.login(TOKEN, 'keys.generate'),
    },
    ...BOTH,
  );

export const settle = async (
  { room }: Stage,
  intent: string,
  found: 'adopt' | 'destroy',
): Promise<Output<'recovery.settle'>> =>
  room.call(
    'recovery.settle',
    { intent, found, login: await room.login(TOKEN, 'recovery.settle') },
    ...BOTH,
  );

export interface LogEntry {
  id: string;
  type: string;
  outcome: string;
  corr?: string;
  reason?: string;
  detail: Record<string, unknown>;
}
export const entriesOf = async (room: Room): Promise<LogEntry[]> => {
  const all: LogEntry[] = [];
  for (let size = 1; all.length < size;) {
    const input = { from: all.length, limit: 500 };
    const page = await room.call('log.entries', input, 'administrator');
    size = page.size;
    all.push(...page.entries.map(({ entry }) => entry as unknown as LogEntry));
  }
  return all;
};

/** CKA_IDs of the token's keys, each once: both halves of a pair count as one, and a half alone as none. */
const onToken = async ({ room, at }: Stage): Promise<string[]> => {
  const { objects } = await room.call(
    'tokens.objects',
    { at, login: await room.login(TOKEN, 'tokens.objects') },
    'administrator',
  );
  const classes = new Map<string, number[]>();
  for (const { ckaid, objectClass } of objects)
    classes.set(ckaid, [...(classes.get(ckaid) ?? []), objectClass].sort());
  // CKO_SECRET_KEY alone, or CKO_PUBLIC_KEY with CKO_PRIVATE_KEY.
  for (const found of classes.values()) expect(['4', '2,3']).toContain(found.join());
  return [...classes.keys()].sort();
};

/** Store, log and token name the same keys, and nothing is open: what every interruption must end in. Gives their ids. */
export const requireAgreement = async (stage: Stage): Promise<string[]> => {
  const { room, at } = stage;
  const stored = (await room.desk.call('keys.list', {}))
    .filter(({ state, at: place }) => state !== 'destroyed' && place.module === at.module)
    .map(({ ckaid }) => ckaid)
    .sort();
  const entries = await entriesOf(room);
  const logged = new Map<string, string>();
  for (const { type, outcome, detail } of entries) {
    if (outcome !== 'success') continue;
    if (type === 'key.generate' || type === 'key.import')
      logged.set(String(detail['key']), String(detail['ckaid']));
    if (type === 'key.destroy') logged.delete(String(detail['key']));
  }
  const closed = entries.flatMap(({ corr }) => (corr === undefined ? [] : [corr]));
  expect(new Set(closed).size, 'no intent is closed twice').toBe(closed.length);
  const open = entries.filter(({ outcome, id }) => outcome === 'intent' && !closed.includes(id));
  expect(open).toEqual([]);
  expect(await room.desk.call('recovery.list', {})).toEqual([]);
  expect([...logged.values()].sort()).toEqual(stored);
  expect(await onToken(stage)).toEqual(stored);
  return stored;
};

/** Exports the log and has the stand-alone verifier judge it, as an auditor would with the trust file. */
export const requireVerified = async ({ room, folder }: Stage): Promise<void> => {
  const bundle = mkdtempSync(join(folder, 'audit-'));
  const place = join(bundle, 'bundle');
  await room.call('log.export', { grant: await room.desk.grant('bundle', place) }, 'administrator');
  const trust = join(bundle, 'trust.json');
  writeFileSync(trust, JSON.stringify(await room.desk.call('log.trust', {})));
  const verifier = resourcePath('verifier', 'keymoot-verify.mjs');
  const { status, stdout, stderr } = spawnSync(
    process.execPath,
    [verifier, place, '--trust', trust],
    { encoding: 'utf8' },
  );
  expect({ status, stdout, stderr }).toMatchObject({ status: 0 });
};

/** All regular files under a folder. */
export const filesUnder = (folder: string): string[] =>
  readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name));
