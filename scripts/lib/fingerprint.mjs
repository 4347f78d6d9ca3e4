/**
 * Says whether a built thing still belongs to its sources, by content and not by time: a checkout
 * or a branch switch changes times without changing a byte, and the other way round.
 */
import { createHash } from 'node:crypto';
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { root } from './project.mjs';

/** The files under `path` (relative to `base`), '/'-separated and in byte order. Editors' dotfiles don't count. */
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
 * SHA-256 (hex) over every file under `paths`: for each its path, its length in bytes and its
 * contents, so that no two trees share an input. The same tree gives the same hash on any machine.
 */
export function fingerprint(paths, base = root) {
  const hash = createHash('sha256');
  for (const file of paths.flatMap((path) => filesUnder(path, base))) {
    const bytes = readFileSync(join(base, file));
    hash.update(`${file}\0${bytes.length}\0`).update(bytes);
  }
  return hash.digest('hex');
}

/** What the program is made of: its hash is the build's name, shown by `--version` and kept in logs. */
export const SOURCES = ['custody', 'shared', 'package-lock.json'];

/** What a fresh bundle depends on besides: the recipe, the version, and data that the sources may import. */
export const RECIPE = ['package.json', 'resources', 'scripts/build.mjs'];
