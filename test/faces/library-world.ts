/**
 * A machine with the vendors' libraries that a test wants, and no others, whatever is installed on the real one.
 *
 * The service runs in a mount namespace of its own: /usr and /opt are layers over the machine's, in which every well-known place is a link into a folder of the
 * test's. What the test puts there is found; while it is empty there is no library at all. The test's own processes and the window are outside.
 */
import { spawnSync } from 'node:child_process';
import {
  chmodSync,
  cpSync,
  mkdirSync,
  realpathSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { FAMILIES } from '../../shared/domain/tokens.ts';
import { wellKnownPaths } from '../../custody/tokens/discovery.ts';
import { at, node24 } from '../../scripts/lib/project.mjs';

const PLACES = [...new Set(FAMILIES.flatMap((family) => wellKnownPaths(family)))];
/** Five folders that no line can hold, and that offer no place to break one. */
const LONG = Array.from({ length: 5 }, (_, n) => `${n}${'FolderOfAVendor'.repeat(12)}`).join('/');

const UNSHARE = [
  'unshare',
  '--mount',
  ...(process.getuid?.() === 0 ? [] : ['--user', '--map-root-user']),
];

export class LibraryWorld {
  /** out/window of a checkout whose service runs in this world. */
  readonly built: string;
  readonly #found: string;
  readonly #enter: string;

  /** @param folder anywhere but below /usr and /opt; it goes with its own folder */
  private constructor(folder: string) {
    this.built = join(folder, 'out/window');
    this.#found = join(folder, 'found');
    this.#enter = join(folder, 'enter.sh');
    mkdirSync(join(folder, 'layers'), { recursive: true });
    mkdirSync(join(folder, 'node_modules/node/bin'), { recursive: true });
    mkdirSync(this.#found);
    const link = (place: string, n: number): string =>
      `mkdir -p ${dirname(place)} && ln -sf '${this.#target(n)}' ${place}`;
    const script = [
      'set -e',
      `mount -t tmpfs layers '${folder}/layers'`,
      'for top in usr opt; do',
      '  [ -d /$top ] || continue',
      `  layer='${folder}/layers'/$top`,
      '  mkdir -p $layer/upper $layer/work',
      '  mount -t overlay -o lowerdir=/$top,upperdir=$layer/upper,workdir=$layer/work layer /$top',
      'done',
      ...PLACES.map(link),
      'exec "$@"',
    ];
    writeFileSync(this.#enter, `${script.join('\n')}\n`);
    const node = join(folder, 'node_modules/node/bin/node');
    const line = [...UNSHARE, '/bin/sh', `'${this.#enter}'`, `'${node24}'`];
    writeFileSync(node, `#!/bin/sh\nexec ${line.join(' ')} "$@"\n`);
    chmodSync(node, 0o755);
    cpSync(at('out/window'), this.built, { recursive: true });
    symlinkSync(at('out/keymoot.cjs'), join(folder, 'out/keymoot.cjs'));
  }

  /** Undefined where the system does not allow mount namespaces, which is reported visibly. */
  static in(home: string): LibraryWorld | undefined {
    if (process.platform === 'linux') {
      const world = new LibraryWorld(join(realpathSync(home), 'world'));
      const line = [...UNSHARE, '/bin/sh', world.#enter, 'true'];
      if (spawnSync('env', line).status === 0) return world;
    }
    console.warn('SKIPPED: other sets of installed libraries are NOT tested: no mount namespace');
    return undefined;
  }

  #target(n: number): string {
    return join(this.#found, LONG, String(n), basename(PLACES[n] ?? ''));
  }
  /** The given number of libraries, each with a very long path. They are only found by name and not loaded, so they are empty. */
  install(count: number): void {
    if (count > PLACES.length) throw new RangeError(`there are ${PLACES.length} places`);
    rmSync(this.#found, { recursive: true, force: true });
    for (let n = 0; n < count; n++) {
      mkdirSync(dirname(this.#target(n)), { recursive: true });
      writeFileSync(this.#target(n), '');
    }
  }
}
