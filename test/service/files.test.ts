/** A folder that appears whole, on a disk that fails at the worst moment. */
import { hash } from 'node:crypto';
import { existsSync, mkdtempSync, readFileSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { NewFolder } from '../../custody/service/files.ts';

/** Makes the disk fail once the folder is in this place. */
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
  test('has files that were written in pieces, and knows their size and hash', () => {
    const folder = new NewFolder(place);
    const one = folder.grow('a/one.txt');
    const other = folder.grow('other.txt');
    for (const piece of ['whole', ' in ', 'pieces']) {
      one.write(Buffer.from(piece));
      other.write(Buffer.from(piece.toUpperCase()));
    }
    expect(one.end()).toEqual({ size: 15, sha256: hash('sha256', 'whole in pieces') });
    expect(other.end()).toEqual({ size: 15, sha256: hash('sha256', 'WHOLE IN PIECES') });
    folder.finish();
    expect(readFileSync(join(place, 'a', 'one.txt'), 'utf8')).toBe('whole in pieces');
    expect(readFileSync(join(place, 'other.txt'), 'utf8')).toBe('WHOLE IN PIECES');
  });
  test('that is given up while a file of it is being written leaves nothing', () => {
    const folder = new NewFolder(place);
    const file = folder.grow('a/one.txt');
    file.write(Buffer.from('half'));
    folder.drop();
    expect(readdirSync(home)).toEqual([]);
    expect(() => file.end()).toThrow('given up');
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
