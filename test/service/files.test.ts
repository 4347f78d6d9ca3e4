/** A folder that appears whole, on a disk that fails at the worst moment. */
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { NewFolder } from '../../custody/service/files.ts';

/** Where the disk fails once the folder is in its place. */
const disk = vi.hoisted(() => ({ failsAfter: '' }));
vi.mock('node:fs', async (original) => {
  const fs = await original<typeof import('node:fs')>();
  const fsyncSync = (descriptor: number): void => {
    if (disk.failsAfter !== '' && fs.existsSync(disk.failsAfter))
      throw Object.assign(new Error('EIO: i/o error, fsync'), { code: 'EIO' });
    fs.fsyncSync(descriptor);
  };
  return { ...fs, fsyncSync };
});

describe.skipIf(process.platform === 'win32')('a new folder', () => {
  let home: string;
  let place: string;
  beforeEach(() => {
    home = mkdtempSync(join(tmpdir(), 'keymoot-files-'));
    place = join(home, 'package');
  });
  afterEach(() => {
    disk.failsAfter = '';
    rmSync(home, { recursive: true, force: true });
  });

  test('whose disk does not confirm that it is kept, though it is in its place, is not called unwritten', () => {
    const folder = new NewFolder(place);
    folder.write('a/b.txt', Buffer.from('whole'));
    disk.failsAfter = place;
    const finish = () => {
      folder.finish();
    };
    expect(finish).toThrow(
      expect.objectContaining({
        code: 'file-not-written',
        fields: { file: 'package', placed: 'yes' },
      }) as Error,
    );
    folder.drop();
    expect(readFileSync(join(place, 'a', 'b.txt'), 'utf8')).toBe('whole');
  });
  test('that was not put in its place leaves nothing', () => {
    const folder = new NewFolder(place);
    folder.write('a/b.txt', Buffer.from('whole'));
    disk.failsAfter = home;
    const finish = () => {
      folder.finish();
    };
    expect(finish).toThrow(
      expect.objectContaining({ code: 'file-not-written', fields: { file: 'package' } }) as Error,
    );
    expect(existsSync(place)).toBe(false);
  });
});
