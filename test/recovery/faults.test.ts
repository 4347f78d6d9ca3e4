import { copyFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { CAST, Room } from '../../custody/cli/rehearsal/room.ts';
import { defineAndApprove, draftDefinition } from '../../custody/cli/rehearsal/ceremony.ts';
import type { ErrorCode } from '../../shared/errors.ts';
import { type Control, type Faults, buildFaults, control } from '../faults/build.ts';
import { softhsmLibrary } from '../support/softhsm.ts';
import {
  BOTH,
  type Stage,
  TOKEN,
  addModule,
  childrenOf,
  entriesOf,
  generateKey,
  mapsOf,
  newFolder,
  possible,
  removeFolder,
  requireAgreement,
  requireVerified,
  setStage,
  settle,
  until,
} from './stage.ts';

describe.skipIf(!possible)('a token that misbehaves while a key is made', () => {
  let stage: Stage;
  beforeAll(async () => {
    stage = await setStage();
  });
  afterAll(async () => {
    await stage.remove();
  });

  test('a library that crashes after it made the key leaves an intent, and the key is adopted', async () => {
    const { room, steer } = stage;
    steer.set('C_GenerateKey 1 crash-after');
    const making = generateKey(stage, 'crashed');
    await expect(making).rejects.toMatchObject({
      code: 'recovery-needed',
      fields: { cause: 'module-crashed' },
    });
    steer.set();
    const [open] = await room.desk.call('recovery.list', {});
    expect(await settle(stage, open?.intent ?? '', 'adopt')).toMatchObject({ outcome: 'adopted' });
    await requireAgreement(stage);
  });

  test('a token pulled out in the middle of a call is not looked for elsewhere: the intent waits until it is back', async () => {
    const { room, steer } = stage;
    steer.set('C_GenerateKey 1 remove');
    await expect(generateKey(stage, 'pulled-out')).rejects.toMatchObject({
      code: 'recovery-needed',
      fields: { cause: 'token-removed' },
    });
    const [open] = await room.desk.call('recovery.list', {});
    steer.set('C_GetSlotList 1 remove');
    await expect(settle(stage, open?.intent ?? '', 'adopt')).rejects.toMatchObject({
      code: 'token-missing',
    });
    expect(await room.desk.call('recovery.list', {})).toHaveLength(1);
    steer.set();
    expect(await settle(stage, open?.intent ?? '', 'adopt')).toMatchObject({
      outcome: 'nothing-was-made',
    });
    await requireAgreement(stage);
  });

  const LIES: [string, string, string][] = [
    ['a shorter key than was asked for', 'C_GenerateKey * substitute 16', 'CKA_VALUE_LEN'],
    ['a key that may be taken out', 'C_GenerateKey * template 0x162 01', 'CKA_EXTRACTABLE'],
  ];
  for (const [what, rule, attribute] of LIES)
    test(`${what} is destroyed again, and the log says why`, async () => {
      const { room, steer } = stage;
      const before = await room.desk.call('keys.list', {});
      steer.set(rule);
      await expect(generateKey(stage, 'a-lie')).rejects.toMatchObject({
        code: 'key-not-as-asked',
        message: expect.stringContaining(attribute) as string,
      });
      steer.set();
      expect(await room.desk.call('keys.list', {})).toEqual(before);
      expect((await entriesOf(room)).findLast(({ type }) => type === 'key.generate')).toMatchObject(
        {
          outcome: 'failure',
          reason: 'key-not-as-asked',
        },
      );
      await requireAgreement(stage);
    });

  for (const rv of ['0x5', '0x6', '0x30'])
    test(`a token that makes the key and then answers with ${rv}, a failure of its own, has refused nothing: the intent stays`, async () => {
      const { room, steer } = stage;
      steer.set(`C_GenerateKey 1 return-after ${rv}`);
      await expect(generateKey(stage, `failed-${rv}`)).rejects.toMatchObject({
        code: 'recovery-needed',
      });
      steer.set();
      const [open] = await room.desk.call('recovery.list', {});
      expect(await settle(stage, open?.intent ?? '', 'adopt')).toMatchObject({
        outcome: 'adopted',
      });
      await requireAgreement(stage);
    });

  test('a key that is not as asked and can’t be destroyed again is left to Recovery', async () => {
    const { room, steer } = stage;
    steer.set('C_GenerateKey * substitute 16', 'C_DestroyObject * return 0xe2');
    await expect(generateKey(stage, 'stays')).rejects.toMatchObject({
      code: 'recovery-needed',
      fields: { cause: 'token-failed' },
    });
    steer.set();
    const [open] = await room.desk.call('recovery.list', {});
    expect(await settle(stage, open?.intent ?? '', 'destroy')).toMatchObject({
      outcome: 'destroyed',
    });
    await requireAgreement(stage);
  });

  const DESTROYING: [string, string, string | undefined, boolean][] = [
    ['crashes before it', 'C_DestroyObject 1 crash', 'module-crashed', true],
    ['crashes after it', 'C_DestroyObject 1 crash-after', 'module-crashed', false],
    ['fails for a reason of its own', 'C_DestroyObject 1 return 0x5', 'module-failed', true],
    ['says that it did, and did not', 'C_DestroyObject 1 return 0', 'token-failed', true],
    ['refuses', 'C_DestroyObject 1 return 0xe2', undefined, true],
  ];
  for (const [what, rule, cause, there] of DESTROYING)
    test(`a token that is to destroy a key and ${what} ${cause === undefined ? 'keeps it, and nothing is left open' : 'leaves an intent'}`, async () => {
      const { room, steer } = stage;
      const label = `to-go-${what}`;
      const { key } = await generateKey(stage, label);
      steer.set(rule);
      const destroying = room.call(
        'keys.destroy',
        { key: key.id, typed: label, login: await room.login(TOKEN, 'keys.destroy') },
        ...BOTH,
      );
      await expect(destroying).rejects.toMatchObject(
        cause === undefined
          ? { code: 'token-failed' }
          : { code: 'recovery-needed', fields: { cause } },
      );
      steer.set();
      const [open] = await room.desk.call('recovery.list', {});
      if (cause === undefined) expect(open).toBeUndefined();
      else
        expect(await settle(stage, open?.intent ?? '', 'adopt')).toMatchObject({
          outcome: there ? 'adopted' : 'destroyed',
        });
      const { key: after } = await room.desk.call('keys.show', { key: key.id });
      expect(after.state).toBe(there ? 'active' : 'destroyed');
      await requireAgreement(stage);
    });

  test('nothing is intended before the library is open, so that a deadline counts from the call', async () => {
    const { room, steer } = stage;
    const intended = async (act: () => Promise<unknown>, call: string) => {
      steer.forget();
      steer.set('C_Initialize * hang-before 1500', `${call} 1 hang-before 1500`);
      const acting = act();
      // One process looks and acts.
      await until('the library starts', () => steer.count('C_Initialize') === 1);
      expect(await room.desk.call('recovery.list', {})).toEqual([]);
      await until('the call is made', () => steer.count(call) === 1);
      const called = Date.now();
      const [open] = await room.desk.call('recovery.list', {});
      expect(Date.parse(open?.until ?? '')).toBeGreaterThan(called + 14_000);
      await acting;
      steer.set();
    };
    await intended(() => generateKey(stage, 'in-time'), 'C_GenerateKey');
    const key = (await room.desk.call('keys.list', {})).find(({ label }) => label === 'in-time');
    await intended(
      async () =>
        room.call(
          'keys.destroy',
          {
            key: key?.id ?? '',
            typed: 'in-time',
            login: await room.login(TOKEN, 'keys.destroy'),
          },
          ...BOTH,
        ),
      'C_DestroyObject',
    );
    await requireAgreement(stage);
  });

  test('a key that the token says was not made in it is never called generated', async () => {
    const { room, steer } = stage;
    steer.set('C_GetAttributeValue * lie-local');
    const { key, claims } = await generateKey(stage, 'not-local');
    steer.set();
    expect(key.origin).toBe('imported');
    expect(claims.map(({ claim }) => claim).join(' ')).not.toMatch(/(?<!Not )generated in the/iu);
    expect((await entriesOf(room)).findLast(({ type }) => type === 'key.generate')).toMatchObject({
      detail: { origin: 'imported', attributes: { CKA_LOCAL: false } },
    });
  });

  test('nothing of all this hurts the log: a stranger can verify it', async () => {
    await requireVerified(stage);
  });
});

describe.skipIf(!possible)('a library that can’t be used', () => {
  let room: Room;
  let folder: string;
  let library: string;
  let faults: Faults;
  let steer: Control;
  beforeAll(async () => {
    folder = newFolder();
    faults = buildFaults();
    steer = control(folder, softhsmLibrary() ?? '');
    room = await Room.enter(join(folder, 'desk'));
    // Here the log's own token lies behind the misbehaving module.
    const { token } = await room.train('softhsm', 'log');
    library = join(folder, 'libvendor.so');
    copyFileSync(faults.faulty, library);
    steer.beside(library, {
      SOFTHSM2_CONF: join(folder, 'desk', 'training', 'softhsm', 'softhsm2.conf'),
    });
    const view = await addModule(room, library, 'Misbehaving', {}, []);
    const at = { module: view.module.id, token };
    room.tokens.set('log', at);
    const login = await room.login('log', 'desk.found');
    await room.desk.call('desk.found', {
      name: 'faults.example',
      mode: 'rehearsal',
      at,
      login,
    });
    const [first, second, ...others] = CAST;
    await room.enrol(...first);
    await room.enrol(...second);
    const founders = [first[0], second[0]];
    const { policy } = await room.desk.call('policy.get', {});
    await room.call('policy.approve', { policy }, ...founders);
    for (const [name, role] of others) await room.enrol(name, role, ...founders);
    await room.train('softhsm', 'keys', 'administrator', 'officer');
  });
  afterAll(async () => {
    await room.desk.stop();
    removeFolder(folder);
  });

  const UNUSABLE: [string, (from: Faults) => string, ErrorCode][] = [
    ['that is not there', () => '/nowhere/libvendor.so', 'module-missing'],
    ['for another width', ({ elf32 }) => elf32, 'module-wrong-width'],
    ['that is a text file', ({ notALibrary }) => notALibrary, 'module-not-library'],
    ['that is not PKCS#11', ({ notPkcs11 }) => notPkcs11, 'module-not-pkcs11'],
    ['that lacks another', ({ missingDep }) => missingDep, 'module-dependency'],
    ['that crashes when it starts', ({ crashInit }) => crashInit, 'module-crashed'],
    ['with no list of functions', ({ lying }) => lying, 'module-crashed'],
  ];
  for (const [what, path, code] of UNUSABLE)
    test(`one ${what} is reported as ${code}, recorded nowhere, and takes nothing down`, async () => {
      const before = await room.desk.call('modules.list', {});
      const { size } = await room.desk.call('log.state', {});
      const adding = addModule(room, path(faults), 'Unusable');
      await expect(adding).rejects.toMatchObject({
        code,
        message: expect.stringMatching(/^[A-Z].{20,}\.$/u) as string,
      });
      expect(await room.desk.call('modules.list', {})).toEqual(before);
      expect(await room.call('log.seal', {}, 'administrator')).toMatchObject({
        signer: 'SEALING',
        size,
      });
    });

  const signers = () => childrenOf(room.desk.pid).filter((pid) => mapsOf(pid).includes(library));
  const signerLost = async () => {
    await until('the signer is missed', () => signers().length === 0);
    let state = await room.desk.call('log.state', {});
    while (state.signer !== 'NO SIGNER') {
      await sleep(10);
      state = await room.desk.call('log.state', {});
    }
    expect(state.why).toMatch(/ended|went away/u);
    return state;
  };
  const draft = (label: string) =>
    draftDefinition(room, room.token('keys'), 'AES-128', label, '0123456789');
  const generate = async () =>
    room.call(
      'keys.generate',
      {
        at: room.token('keys'),
        algorithm: 'AES-256',
        purpose: 'encrypt',
        label: 'never',
        login: await room.login('keys', 'keys.generate'),
      },
      'administrator',
      'officer',
    );

  for (const [what, lose] of [
    [
      'whose process is killed',
      async () => {
        const [pid = 0] = signers();
        expect(pid).toBeGreaterThan(0); // 0 would kill this test itself
        process.kill(pid, 'SIGKILL');
      },
    ],
    [
      'whose token is pulled out',
      async () => {
        steer.set('C_Sign * remove', 'C_OpenSession * remove');
        await defineAndApprove(room, await draft('signer lost')).catch(() => undefined);
      },
    ],
  ] as const)
    test(`a signer ${what} leaves a desk that records and refuses keys, until one seal closes the gap`, async () => {
      await room.call('log.seal', {}, 'administrator');
      const { size: sealed } = await room.desk.call('log.state', {});
      await lose();
      await signerLost();
      steer.set();
      await expect(generate()).rejects.toMatchObject({ code: 'signer-missing' });
      expect(await room.desk.call('keys.list', {})).toEqual([]);
      // Planning goes on; the log is reported as unsealed.
      await defineAndApprove(room, await draft(`planned while one ${what}`));
      const open = await room.desk.call('log.state', {});
      expect(open).toMatchObject({ signer: 'NO SIGNER', sealed });
      expect(open.unsealed).toBeGreaterThanOrEqual(3);
      expect(open.since).toBeDefined();

      await room.open();
      const state = await room.desk.call('log.state', {});
      expect(state).toMatchObject({ signer: 'SEALING', unsealed: 0, size: state.sealed });
      const entries = await entriesOf(room);
      expect(entries.slice(sealed).filter(({ type }) => type === 'log.checkpoint')).toMatchObject([
        { detail: { entries: open.unsealed, since: open.since } },
      ]);
      expect(entries.at(-1)?.type).toBe('log.checkpoint');
    });

  test('sealing writes no entry, so an idle desk’s log does not grow', async () => {
    const { size } = await room.call('log.seal', {}, 'administrator');
    for (let i = 0; i < 3; i += 1) {
      await sleep(400);
      await room.call('log.seal', {}, 'administrator');
    }
    const later = await room.desk.call('log.state', {});
    expect(later).toMatchObject({ size, sealed: size, unsealed: 0, signer: 'SEALING' });
  });
});
