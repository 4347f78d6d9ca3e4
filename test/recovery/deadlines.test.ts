/** Tests that wait out a deadline: they run side by side, each on a desk of its own. */
import { copyFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, test } from 'vitest';
import { buildFaults } from '../faults/build.ts';
import {
  BOTH,
  type Stage,
  TOKEN,
  addModule,
  cutShort,
  generateKey,
  possible,
  requireAgreement,
  requireVerified,
  setStage,
  settle,
} from './stage.ts';

/** The deadline for making an AES key, and for loading a library, ms. */
const DEADLINE = 15_000;

/** The same module under an unknown file name: the desk must assume that the device may finish a call alone. */
const ofNoFamily = async (stage: Stage): Promise<Stage> => {
  const { room, steer, folder, softhsmConf } = stage;
  const library = join(folder, 'libvendor.so');
  copyFileSync(buildFaults().faulty, library);
  steer.beside(library, { SOFTHSM2_CONF: softhsmConf });
  const view = await addModule(room, library, 'Of no family');
  const at = { module: view.module.id, token: stage.at.token };
  room.tokens.set(TOKEN, at);
  return { ...stage, at };
};

describe.skipIf(!possible).concurrent('a deadline', () => {
  test('that a token hangs beyond ends its process, and leaves an intent to settle', async ({
    expect,
  }) => {
    const stage = await setStage();
    try {
      const { room, steer } = stage;
      steer.set('C_GenerateKey * hang-after');
      const started = performance.now();
      await expect(generateKey(stage, 'hung')).rejects.toMatchObject({
        code: 'recovery-needed',
        fields: { cause: 'module-hung' },
        message: expect.stringContaining('did not answer') as string,
      });
      expect(performance.now() - started).toBeGreaterThan(DEADLINE);
      steer.set();
      const [open] = await room.desk.call('recovery.list', {});
      expect(await settle(stage, open?.intent ?? '', 'adopt')).toMatchObject({
        outcome: 'adopted',
      });
      await requireAgreement(stage);
      await requireVerified(stage);
    } finally {
      await stage.remove();
    }
  });

  test('of a device that may finish by itself is waited for before anybody says that nothing was made', async ({
    expect,
  }) => {
    const stage = await setStage();
    try {
      const { room } = stage;
      const other = await ofNoFamily(stage);
      const begun = Date.now();
      const cut = { at: 'C_GenerateKey', when: 'before', looked: true, victim: 'token' } as const;
      await cutShort(other, cut, () => generateKey(other, 'never made'));
      const [open] = await room.desk.call('recovery.list', {});
      expect(await settle(other, open?.intent ?? '', 'adopt')).toMatchObject({
        outcome: 'nothing-was-made',
      });
      expect(Date.now()).toBeGreaterThan(Date.parse(open?.until ?? ''));
      expect(Date.now() - begun).toBeGreaterThan(DEADLINE);
      await requireAgreement(other);
    } finally {
      await stage.remove();
    }
  });

  test('of a device that may yet destroy a key by itself is waited for before anybody says that the key is still there', async ({
    expect,
  }) => {
    const stage = await setStage();
    try {
      const { room } = stage;
      const other = await ofNoFamily(stage);
      const { key } = await generateKey(other, 'to go');
      const cut = { at: 'C_DestroyObject', when: 'before', looked: true, victim: 'token' } as const;
      await cutShort(other, cut, async () =>
        room.call(
          'keys.destroy',
          { key: key.id, typed: 'to go', login: await room.login(TOKEN, 'keys.destroy') },
          ...BOTH,
        ),
      );
      const [open] = await room.desk.call('recovery.list', {});
      expect(await settle(other, open?.intent ?? '', 'adopt')).toMatchObject({
        outcome: 'adopted',
      });
      expect(Date.now()).toBeGreaterThan(Date.parse(open?.until ?? ''));
      await requireAgreement(other);
    } finally {
      await stage.remove();
    }
  });

  test('of a library that hangs when it starts passes without anyone else waiting for it', async ({
    expect,
  }) => {
    const stage = await setStage();
    try {
      const { room } = stage;
      const adding = addModule(room, buildFaults().hangInit, 'Hangs').catch(
        (error: unknown) => error,
      );
      await sleep(500);
      const asked = performance.now();
      expect(await room.desk.call('keys.list', {})).toEqual([]);
      expect(performance.now() - asked).toBeLessThan(1000);
      expect(await adding).toMatchObject({ code: 'module-hung' });
      expect(await room.desk.call('modules.list', {})).toHaveLength(2);
      expect(await room.call('log.seal', {}, 'administrator')).toMatchObject({ signer: 'SEALING' });
    } finally {
      await stage.remove();
    }
  });
});
