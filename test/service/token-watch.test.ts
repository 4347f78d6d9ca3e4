/** A token that appears or leaves is reported while a watch is on, and the watch delays no other call. */
import { appendFileSync, copyFileSync, mkdirSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { TokenIdentity } from '../../shared/domain/tokens.ts';
import { buildFaults, compiler, control, type Control } from '../faults/build.ts';
import { ADA, OTTO, TestDesk, newLabel, possible } from '../support/desk.ts';
import { softhsmFolder, softhsmToken, type ThrowAway } from '../support/softhsm.ts';

/** The promised time, including the list that a window requests afterwards. */
const SOON_MS = 2_000;

describe.skipIf(!possible || compiler() === undefined)('watching the tokens', () => {
  let desk: TestDesk;
  let hsm: ThrowAway;
  let faulty: ThrowAway;
  let steer: Control;
  let module: string;
  let other: string;
  let library: string;
  let token: TokenIdentity;
  let changes = 0;

  const add = async (path: string, label: string, environment: Record<string, string>) =>
    (
      await desk.call(
        'modules.add',
        { grant: await desk.room.desk.grant('module', path), label, environment },
        ADA,
        OTTO,
      )
    ).module.id;
  beforeAll(async () => {
    desk = await TestDesk.found();
    hsm = await softhsmFolder();
    module = await add(hsm.options.path, 'real', { ...hsm.options.env });
    faulty = await softhsmFolder();
    token = await softhsmToken(faulty.options, 'faulty');
    steer = control(faulty.folder, faulty.options.path);
    mkdirSync(join(faulty.folder, 'library'));
    library = join(faulty.folder, 'library', 'libsofthsm2.so');
    copyFileSync(buildFaults().faulty, library);
    steer.beside(library);
    other = await add(library, 'misbehaves', { ...faulty.options.env });
    desk.room.tokens.set('faulty', { module: other, token });
    desk.room.pins.set('faulty', {
      first: Buffer.from('left-12'),
      second: Buffer.from('right-34'),
    });
    desk.room.desk.on('tokens.changed', () => changes++);
  });
  afterAll(async () => {
    await desk.remove();
    hsm.remove();
    faulty.remove();
  });

  const watch = (on: boolean) => desk.room.desk.call('tokens.watch', { on });
  const list = () => desk.room.desk.call('tokens.list', {});
  const seen = async (of = module) =>
    (await list()).find((view) => view.module.id === of) ?? expect.unreachable();
  const labels = async () =>
    (await seen()).tokens.flatMap(({ identity, initialised }) =>
      initialised ? [identity.label] : [],
    );
  /** The time until the desk reported the change, ms. */
  const told = async (before: number, within = 20_000): Promise<number> => {
    const began = performance.now();
    while (changes === before && performance.now() - began < within) await sleep(10);
    expect(changes).toBeGreaterThan(before);
    return performance.now() - began;
  };
  const looks = () => steer.count('C_Initialize');

  beforeEach(async () => {
    steer.set();
    await watch(true);
    await list();
    await sleep(200);
    changes = 0;
  });
  afterEach(async () => {
    await watch(false);
  });

  test('tells of one that another program made, and of one that went away, within two seconds', async () => {
    const tokendir = join(hsm.folder, 'tokens');
    for (const label of ['first', 'second']) {
      const before = await labels();
      const known = new Set(readdirSync(tokendir));
      changes = 0;
      await softhsmToken(hsm.options, label);
      expect(await told(0)).toBeLessThan(SOON_MS);
      // A token that is being written may show before it has its label.
      await expect.poll(labels, { timeout: SOON_MS }).toEqual(expect.arrayContaining([label]));
      await sleep(1_200);

      const made = readdirSync(tokendir).filter((name) => !known.has(name));
      expect(made).toHaveLength(1);
      changes = 0;
      rmSync(join(tokendir, String(made[0])), { recursive: true });
      expect(await told(0)).toBeLessThan(SOON_MS);
      expect(await labels()).toEqual(before);
    }
  });

  test('says nothing while nothing changes, starts no process for a look and writes no entry', async () => {
    const size = await desk.logSize();
    await sleep(1_200);
    steer.forget();
    await sleep(3_500);
    expect(changes).toBe(0);
    expect(steer.calls().filter((name) => name === 'C_GetInfo')).toEqual([]);
    expect(looks()).toBeGreaterThanOrEqual(2);
    expect(looks()).toBeLessThanOrEqual(5);
    expect(await desk.logSize()).toBe(size);
    expect(steer.count('C_Login')).toBe(0);
  });

  test('goes on for all others while one module hangs, and the list does not wait for it', async () => {
    steer.set('C_GetSlotList * hang-before');
    await sleep(1_500);
    changes = 0;
    await softhsmToken(hsm.options, newLabel('meanwhile'));
    expect(await told(0)).toBeLessThan(SOON_MS);
    const began = performance.now();
    await list();
    expect(performance.now() - began).toBeLessThan(SOON_MS);
  });

  test('tells of a module that crashes, and again when it is itself once more', async () => {
    steer.set('C_GetSlotList * crash');
    await told(0);
    expect((await seen(other)).error?.code).toBe('module-crashed');
    steer.set();
    changes = 0;
    await told(0);
    const { tokens, error } = await seen(other);
    expect(error).toBeUndefined();
    expect(tokens.map(({ identity }) => identity)).toContainEqual(token);
  });

  test('does not look at a module while something is done on it', async () => {
    steer.set('C_GenerateKey * hang-before 3000');
    steer.forget();
    const made = desk.generate(newLabel(), {
      at: { module: other, token },
      login: await desk.room.login('faulty', 'keys.generate'),
    });
    while (steer.count('C_GenerateKey') === 0) await sleep(20);
    const before = looks();
    await sleep(2_500);
    expect(looks()).toBe(before);
    await made;
    await expect.poll(looks, { timeout: SOON_MS }).toBeGreaterThan(before + 1);
  });

  test('ends a look that hangs as soon as something is to be done', async () => {
    // The second C_Initialize in a process: only a process for looking initialises the library twice.
    steer.set('C_Initialize 2+ hang-before');
    await sleep(1_500);
    const began = performance.now();
    await desk.generate(newLabel(), {
      at: { module: other, token },
      login: await desk.room.login('faulty', 'keys.generate'),
    });
    expect(performance.now() - began).toBeLessThan(8_000);
  });

  test('ends with its processes when nobody watches any more', async () => {
    await sleep(1_200);
    await watch(false);
    await sleep(500);
    steer.forget();
    await sleep(2_500);
    expect(steer.calls()).toEqual([]);
  });

  test('tells of a library whose file changed, and loads nothing of it', async () => {
    appendFileSync(library, ' ');
    await told(0);
    steer.forget();
    const { module: record, tokens, error } = await seen(other);
    expect([record.state, error?.code, tokens]).toEqual(['quarantined', 'module-quarantined', []]);
    await sleep(2_500);
    expect(steer.calls()).toEqual([]);
    const changed = (await desk.entries()).filter(({ type }) => type === 'token.module_changed');
    expect(changed).toHaveLength(1);
  });
});
