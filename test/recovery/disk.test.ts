import { execFileSync } from 'node:child_process';
import {
  closeSync,
  existsSync,
  mkdirSync,
  openSync,
  rmSync,
  symlinkSync,
  writeSync,
} from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { DeskClient } from '../../custody/cli/client.ts';
import {
  type Stage,
  entriesOf,
  generateKey,
  newFolder,
  possible,
  removeFolder,
  requireAgreement,
  requireVerified,
  setStage,
  until,
} from './stage.ts';

const SIZE_MIB = 24;

/** A small file system of its own, which a test can fill; undefined where this program may not mount one. */
const smallDisk = (): string | undefined => {
  if (!possible) return undefined;
  const disk = newFolder();
  try {
    const options = ['-t', 'tmpfs', '-o', `size=${SIZE_MIB}m`, 'keymoot-test', disk];
    execFileSync('mount', options, { stdio: 'ignore' });
    return disk;
  } catch {
    removeFolder(disk);
    return undefined;
  }
};
const disk = smallDisk();
if (disk === undefined)
  console.warn('SKIPPED: a full disk needs a small one, and this program may not mount it');

describe.skipIf(disk === undefined)('a full disk', () => {
  const root = disk ?? '';
  const filler = join(root, 'filler');
  let stage: Stage;
  let tokens: string;
  beforeAll(async () => {
    // The token's own files lie elsewhere: a device does not share the desk's disk.
    tokens = newFolder();
    mkdirSync(join(root, 'desk'), { mode: 0o700 });
    symlinkSync(tokens, join(root, 'desk', 'training'));
    stage = await setStage(root);
  });
  afterAll(async () => {
    await stage.room.desk.stop();
    execFileSync('umount', ['-l', root]);
    removeFolder(root);
    removeFolder(tokens);
  });

  const fill = () => {
    const file = openSync(filler, 'a');
    try {
      for (const block of [Buffer.alloc(65_536), Buffer.alloc(4096), Buffer.alloc(1)])
        try {
          for (;;) writeSync(file, block);
        } catch (error) {
          expect(error).toMatchObject({ code: 'ENOSPC' });
        }
    } finally {
      closeSync(file);
    }
  };
  const free = () => {
    rmSync(filler, { force: true });
  };

  test('stops a key before the token is asked, in words, and nothing is half done', async () => {
    const { room, steer } = stage;
    const { size } = await room.desk.call('log.state', {});
    fill();
    steer.forget();
    await expect(generateKey(stage, 'no room')).rejects.toMatchObject({
      code: 'store-full',
      message: expect.stringContaining('disk is full') as string,
    });
    expect(steer.count('C_GenerateKey')).toBe(0);
    expect(await room.desk.call('log.state', {})).toMatchObject({ size });
    free();
    await requireAgreement(stage);
  });

  test('that fills while the token is at work does not lose what the token did: the reserve is given up for it', async () => {
    const { room, steer } = stage;
    const reserve = join(root, 'desk', 'reserve');
    expect(existsSync(reserve)).toBe(true);
    steer.forget();
    steer.set('C_GenerateKey 1 hang-after 700');
    const making = generateKey(stage, 'in the reserve');
    await until('the key is being made', () => steer.count('C_GenerateKey') === 1);
    fill();
    const { key } = await making;
    steer.set();
    expect(existsSync(reserve)).toBe(false);
    expect((await entriesOf(room)).findLast(({ type }) => type === 'key.generate')).toMatchObject({
      outcome: 'success',
      detail: { key: key.id },
    });
    expect(await room.desk.call('recovery.list', {})).toEqual([]);
  });

  test('that is full when the service starts is said so, and the desk is whole once there is room', async () => {
    const { room } = stage;
    await room.desk.kill();
    fill();
    await expect(DeskClient.start(room.folder)).rejects.toMatchObject({ code: 'store-full' });
    free();
    await room.reopen();
    expect(existsSync(join(root, 'desk', 'reserve'))).toBe(true);
    expect(await requireAgreement(stage)).toHaveLength(1);
    await requireVerified(stage);
  });

  test('that an audit bundle does not fit on gets none of it', async () => {
    const { room } = stage;
    const place = join(root, 'bundle');
    const grant = await room.desk.grant('bundle', place);
    // Leaves room for the log entry about the failure, but not for the bundle.
    fill();
    const { size } = await room.desk.call('log.state', {});
    const exporting = room.call('log.export', { grant }, 'administrator');
    await expect(exporting).rejects.toMatchObject({ code: 'store-full' });
    expect(existsSync(place)).toBe(false);
    free();
    expect(await room.desk.call('log.state', {})).toMatchObject({ size });
    await generateKey(stage, 'room again');
    await requireAgreement(stage);
  });
});
