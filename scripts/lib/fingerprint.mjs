/**
 * Decides by content, not by time, whether a build is up to date: a checkout or branch switch changes times without changing a byte, and the other way round.
 */
import { createHash } from 'node:crypto';
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { root } from './project.mjs';

/** The files under `path` (relative to `base`), '/'-separated and in byte order, without editors' dotfiles. */
export function filesUnder(path, base = root) {
  const kind = statSync(join(base, path), { throwIfNoEntry: false });
  if (kind === undefined) return [];
  if (kind.isFile()) return [path];
  return readdirSync(join(base, path))
    .filter((name) => !name.startsWith('.'))
    .flatMap((name) => filesUnder(`${path}/${name}`, base))
    .sort((a, b) => (a < b ? -1 : 1));
}

/**
 * SHA-256 (hex) over every file under `paths`: for each its path, its length in bytes and its contents, so that different trees have different inputs. The same
 * tree gives the same hash on any machine.
 */
export function fingerprint(paths, base = root) {
  const hash = createHash('sha256');
  for (const file of paths.flatMap((path) => filesUnder(path, base))) {
    const bytes = readFileSync(join(base, file));
    hash.update(`${file}\0${bytes.length}\0`).update(bytes);
  }
  return hash.digest('hex');
}

/** The program's sources: their hash is the build's name, shown by `--version` and kept in logs. */
export const SOURCES = ['custody', 'shared', 'package-lock.json'];

/** Other inputs of the bundle: the build script, the version, and data that the sources may import. */
export const RECIPE = ['package.json', 'resources', 'scripts/build.mjs'];
