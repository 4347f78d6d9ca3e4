import { spawn } from 'node:child_process';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { type Control, type Faults, buildFaults, compiler, control } from './build.ts';

const softhsm = [
  '/usr/lib/softhsm/libsofthsm2.so',
  '/usr/lib/x86_64-linux-gnu/softhsm/libsofthsm2.so',
  '/usr/lib64/softhsm/libsofthsm.so',
  '/opt/homebrew/lib/softhsm/libsofthsm2.so',
].find((path) => existsSync(path));
const possible = compiler() !== undefined && softhsm !== undefined && process.platform !== 'win32';
if (!possible)
  console.warn('SKIPPED: the misbehaving modules need a C compiler and SoftHSM, and not Windows');

interface Ending {
  readonly value?: unknown;
  readonly error?: unknown;
  readonly signal: NodeJS.Signals | null;
  readonly code: number | null;
  readonly elapsedMs: number;
  readonly stderr: string;
}

/** When to kill a process that hangs, which then shows as SIGKILL: half a second after this came true, at the latest after 15 s. */
type Stuck = () => boolean;

const drive = (
  module: string,
  scenario: string,
  env: Record<string, string> = {},
  stuck: Stuck = () => false,
): Promise<Ending> =>
  new Promise((resolve, reject) => {
    const started = performance.now();
    const child = spawn(
      process.execPath,
      [join(import.meta.dirname, 'drive.mjs'), module, scenario],
      { env: { ...process.env, ...env }, stdio: ['ignore', 'pipe', 'pipe'] },
    );
    const kill = () => child.kill('SIGKILL');
    const timers = [setTimeout(kill, 15_000)];
    const poll = setInterval(() => {
      if (!stuck()) return;
      clearInterval(poll);
      timers.push(setTimeout(kill, 500));
    }, 20);
    let stdout = '';
    let stderr = '';
    child.stdout.setEncoding('utf8').on('data', (text: string) => (stdout += text));
    child.stderr.setEncoding('utf8').on('data', (text: string) => (stderr += text));
    child.on('error', reject);
    child.on('close', (code, signal) => {
      clearInterval(poll);
      timers.forEach(clearTimeout);
      const said = stdout === '' ? {} : (JSON.parse(stdout) as object);
      resolve({ ...said, code, signal, stderr, elapsedMs: performance.now() - started });
    });
  });

describe.skipIf(!possible)('the faulty module', () => {
  let faults: Faults;
  let folder: string;
  let steer: Control;
  let env: Record<string, string>;
  const run = (scenario: string, stuck?: Stuck) => drive(faults.faulty, scenario, env, stuck);
  const stuckIn = (name: string) => () => steer.calls().at(-1) === name;

  beforeAll(async () => {
    faults = buildFaults();
    folder = mkdtempSync(join(tmpdir(), 'keymoot-faults-'));
    mkdirSync(join(folder, 'tokens'));
    const conf = join(folder, 'softhsm2.conf');
    writeFileSync(
      conf,
      `directories.tokendir = ${join(folder, 'tokens')}\nobjectstore.backend = file\nlog.level = ERROR\n`,
    );
    steer = control(folder, softhsm as string);
    env = { ...steer.env, SOFTHSM2_CONF: conf };
    expect(await drive(softhsm as string, 'init', env)).toMatchObject({ value: 'initialised' });
  }, 60_000);
  beforeEach(() => {
    steer.set();
    steer.forget();
  });
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  it('is the real one as long as nothing is commanded, and records every call', async () => {
    expect(await run('generate')).toMatchObject({
      value: { local: '01', length: 32, extractable: '01' },
      code: 0,
    });
    expect(steer.calls().slice(0, 2)).toEqual(['C_GetFunctionList', 'C_Initialize']);
    expect(steer.count('C_GenerateKey')).toBe(1);
    expect(steer.count('C_GetAttributeValue')).toBeGreaterThanOrEqual(3);
    expect(await run('wrap')).toMatchObject({ value: { length: 256 } });
  });

  it('initialises a token through all its calls', async () => {
    const other = join(folder, 'other');
    mkdirSync(join(other, 'tokens'), { recursive: true });
    const conf = join(other, 'softhsm2.conf');
    writeFileSync(conf, `directories.tokendir = ${join(other, 'tokens')}\n`);
    expect(await drive(faults.faulty, 'init', { ...env, SOFTHSM2_CONF: conf })).toMatchObject({
      value: 'initialised',
    });
    expect(steer.count('C_InitToken')).toBe(1);
    expect(steer.count('C_InitPIN')).toBe(1);
  });

  it('answers a code without asking the token, or after it did its work', async () => {
    steer.set('# a comment', '', 'C_GenerateKey 1 return 0x30');
    expect(await run('generate')).toMatchObject({ error: 0x30 });
    steer.set('C_GenerateKey 1 return-after 0x32');
    expect(await run('generate')).toMatchObject({ error: 0x32 });
    steer.set('C_Login * return 0x100');
    expect(await run('login')).toMatchObject({ error: 0x100, method: 'C_Login' });
  });

  it('leaves a key behind exactly when it failed after the work', async () => {
    for (const [line, left] of [
      ['C_GenerateKey 1 return 0x30', 0],
      ['C_GenerateKey 1 return-after 0x30', 1],
      ['C_GenerateKey 1 crash', 0],
      ['C_GenerateKey 1 crash-after', 1],
      ['C_GenerateKey 1 hang-before', 0],
      ['C_GenerateKey 1 hang-after', 1],
    ] as const) {
      steer.set(line);
      steer.forget();
      const stuck = line.includes('hang') ? stuckIn('C_GenerateKey') : undefined;
      expect((await run('make', stuck)).value, line).toBeUndefined();
      steer.set();
      expect(await run('clear'), line).toMatchObject({ value: left });
    }
  });

  it('counts calls of each function: the nth, from the nth on, all', async () => {
    steer.set('C_GenerateKey 2 return 0x30');
    expect(await run('twice')).toMatchObject({ value: [0, 0x30, 0, 0] });
    steer.set('C_GenerateKey 3+ return 0x31');
    expect(await run('twice')).toMatchObject({ value: [0, 0, 0x31, 0x31] });
    steer.set('C_GenerateKey * return 0x05');
    expect(await run('twice')).toMatchObject({ value: [5, 5, 5, 5] });
  });

  it('hangs for a while before or after the work', async () => {
    for (const action of ['hang-before', 'hang-after']) {
      steer.set(`C_GenerateKey 1 ${action} 700`);
      const { value, elapsedMs } = await run('generate');
      expect(value).toMatchObject({ length: 32 });
      expect(elapsedMs).toBeGreaterThanOrEqual(700);
    }
  });

  it('hangs for ever, and then only the end of the process helps', async () => {
    steer.set('C_Login 1 hang-before');
    expect(await run('login', stuckIn('C_Login'))).toMatchObject({ signal: 'SIGKILL' });
    expect(steer.calls().at(-1)).toBe('C_Login');
  });

  it('crashes before and after the work, and ends the process quietly', async () => {
    for (const action of ['crash', 'crash-after']) {
      steer.set(`C_GenerateKeyPair 1 ${action}`);
      expect(await run('pair'), action).toMatchObject({ signal: 'SIGSEGV' });
    }
    steer.set('C_OpenSession 1 exit 3');
    expect(await run('login')).toMatchObject({ code: 3, signal: null });
  });

  it('lies about attributes', async () => {
    steer.set('C_GetAttributeValue * lie-local', 'C_GetAttributeValue * attr 0x162 00');
    expect(await run('generate')).toMatchObject({
      value: { local: '00', length: 32, extractable: '00' },
    });
    steer.set('C_GetAttributeValue * attr 0x161 1000000000000000');
    expect(await run('generate')).toMatchObject({ value: { local: '01', length: 16 } });
  });

  it('says of its PIN what the real module does not', async () => {
    const { value: real } = await run('flags');
    steer.set('C_GetTokenInfo * flags 0x20000');
    const { value } = await run('flags');
    expect((value as number) & 0x20000).toBe(0x20000);
    expect((value as number) & ~0x20000).toBe(real);
  });

  it('makes another key than was asked for', async () => {
    steer.set('C_GenerateKey 1 substitute 16');
    expect(await run('generate')).toMatchObject({ value: { length: 16, local: '01' } });
    steer.set('C_GenerateKey 1 template 0x162 00');
    expect(await run('generate')).toMatchObject({ value: { length: 32, extractable: '00' } });
    expect(await run('pair')).toMatchObject({ value: { modulus: 256 } });
    steer.set('C_GenerateKeyPair 1 substitute 1024');
    expect(await run('pair')).toMatchObject({ value: { modulus: 128 } });
  });

  it('answers with wrong lengths, wrong bytes and randomness that is none', async () => {
    steer.set('C_WrapKey * garbage');
    expect(await run('wrap')).toMatchObject({ value: { length: 255, head: 'a5a5a5a5' } });
    steer.set('C_WrapKey * garbage -100');
    expect(await run('wrap')).toMatchObject({ value: { length: 156 } });
    steer.set('C_GenerateRandom * garbage');
    expect(await run('random')).toMatchObject({ value: ['0'.repeat(32), '0'.repeat(32)] });
    steer.set();
    const { value } = await run('random');
    expect(new Set(value as string[]).size).toBe(2);
  });

  it('is pulled out in the middle of a call and stays away until the process ends', async () => {
    steer.set('C_GenerateKey 1 remove');
    expect(await run('removed')).toMatchObject({ value: [0x32, 0, 0x32, true, 'finalised'] });
    // SoftHSM always shows one slot more, for the next token.
    steer.set();
    expect(await run('removed')).toMatchObject({ value: ['made', 2, 3, true, 'finalised'] });
  });

  it('ends the process by name when a control line has a mistake', async () => {
    for (const line of [
      'C_GenerateKeys 1 crash',
      'C_GetInfo 1',
      'C_Initialize 0 crash',
      'C_Initialize 1 explode',
      'C_Initialize 1 return',
      'C_Initialize 1 return x',
      'C_Initialize 1 attr 0x1 0',
      'C_Initialize',
    ]) {
      steer.set(line);
      const ending = await run(line.startsWith('C_GetInfo') ? 'removed' : 'initialize');
      expect([ending.code, ending.signal], line).toEqual([97, null]);
      expect(ending.stderr).toContain('faulty module:');
    }
  });
});

describe.skipIf(!possible)('modules that fail in one place', () => {
  let faults: Faults;
  beforeAll(() => {
    faults = buildFaults();
  }, 60_000);

  it('load but are not PKCS#11', async () => {
    expect((await drive(faults.notPkcs11, 'load')).error).toMatch(/C_GetFunctionList/u);
  });

  it('hang or crash in C_Initialize, after they loaded well', async () => {
    expect(await drive(faults.hangInit, 'load')).toMatchObject({ value: 'loaded' });
    const started = performance.now();
    const waited = () => performance.now() - started > 1500;
    expect(await drive(faults.hangInit, 'initialize', {}, waited)).toMatchObject({
      signal: 'SIGKILL',
    });
    expect(await drive(faults.crashInit, 'load')).toMatchObject({ value: 'loaded' });
    expect(await drive(faults.crashInit, 'initialize')).toMatchObject({ signal: 'SIGSEGV' });
  });

  it('say that all is well and give no function list', async () => {
    // The binding loads it and follows the null pointer later: only a process of its own survives this.
    expect(await drive(faults.lying, 'load')).toMatchObject({ value: 'loaded' });
    const ending = await drive(faults.lying, 'initialize');
    expect(ending.value).toBeUndefined();
    expect(ending.signal).toBe('SIGSEGV');
  });

  it('do not load at all, for three different reasons', async () => {
    expect((await drive(faults.missingDep, 'load')).error).toMatch(/keymootgone/u);
    expect(existsSync(faults.notALibrary)).toBe(true);
    expect((await drive(faults.notALibrary, 'load')).error).toMatch(/./u);
    expect(readFileSync(faults.elf32).subarray(0, 5)).toEqual(Buffer.of(0x7f, 0x45, 0x4c, 0x46, 1));
    expect((await drive(faults.elf32, 'load')).error).toMatch(/./u);
  });

  it('are built once', () => {
    const before = statSync(faults.faulty).mtimeMs;
    expect(buildFaults()).toEqual(faults);
    expect(statSync(faults.faulty).mtimeMs).toBe(before);
  });
});
