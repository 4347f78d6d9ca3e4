/** A library's process gets only the variables that its own family reads, even when a call names more. */
import { appendFileSync, copyFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { ADA, CLEO, OTTO, TestDesk, possible } from '../support/desk.ts';
import { softhsmFolder, type ThrowAway } from '../support/softhsm.ts';

describe.skipIf(!possible)('adding a library', () => {
  let desk: TestDesk;
  let hsm: ThrowAway;
  beforeAll(async () => {
    desk = await TestDesk.found();
    hsm = await softhsmFolder();
  });
  afterAll(async () => {
    await desk.remove();
    hsm.remove();
  });
  const add = async (environment: Record<string, string>) =>
    desk.call(
      'modules.add',
      {
        grant: await desk.room.desk.grant('module', hsm.options.path),
        label: 'again',
        environment,
      },
      ADA,
      OTTO,
    );

  test('refuses a variable that no library reads', async () => {
    for (const name of ['OPENSSL_CONF', 'NODE_OPTIONS', 'LD_PRELOAD', 'PATH', 'NEW_NAME'])
      await desk.unchanged('input-invalid', () => add({ [name]: '/evil' }));
  });
  test('refuses a variable that another library reads, and says which this one does', async () => {
    const error = await desk.unchanged('input-invalid', () => add({ OPENSC_CONF: '/evil' }));
    expect(error.message).toContain('OPENSC_CONF');
    expect(error.message).toContain('SOFTHSM2_CONF');
  });
  test('takes two administrators or officers: what is loaded gets the PINs of its tokens', async () => {
    const given = async () => ({
      grant: await desk.room.desk.grant('module', hsm.options.path),
      label: 'again',
      environment: { ...hsm.options.env },
    });
    await desk.unchanged('two-required', async () => desk.call('modules.add', await given(), ADA));
    await desk.unchanged('role-refused', async () =>
      desk.call('modules.add', await given(), ADA, CLEO),
    );
  });
  test('is no way around the approval of a file that changed', async () => {
    const path = join(hsm.folder, 'libsofthsm2.so');
    copyFileSync(hsm.options.path, path);
    const again = async (environment?: Record<string, string>) =>
      desk.call(
        'modules.add',
        {
          grant: await desk.room.desk.grant('module', path),
          label: 'mine',
          ...(environment === undefined ? {} : { environment }),
        },
        ADA,
        OTTO,
      );
    const { module } = await again({ ...hsm.options.env });
    expect((await again({ ...hsm.options.env })).module.id).toBe(module.id);
    appendFileSync(path, 'changed');
    for (const environment of [undefined, { ...hsm.options.env }, { SOFTHSM2_CONF: '/other' }])
      await desk.unchanged('module-quarantined', () => again(environment));
  });
  test('takes what its own family reads', async () => {
    const { tokens } = await add({ ...hsm.options.env });
    expect(tokens).toHaveLength(1);
  });
});
