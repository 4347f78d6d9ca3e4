/** Records which npm packages Vite put into a bundle, for their licences. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import type { Plugin } from 'vite';

/** `node_modules/…` of the package that a module or a font comes from; undefined for our own and for Vite's virtual modules. */
export const packageOf = (id: string): string | undefined =>
  /^[^\0]*?[\\/](node_modules[\\/].*)$/u
    .exec(id)?.[1]
    ?.replaceAll('\\', '/')
    .match(/^(?:.*\/)?node_modules\/(?:@[^/]+\/)?[^/]+/u)?.[0];

/**
 * Includes style sheets and fonts, and modules that were read and then dropped as unused.
 *
 * @param file gets a JSON list of package folders
 */
export const notePackages = (file: string): Plugin => ({
  name: 'keymoot-note-packages',
  generateBundle(_options, bundle) {
    const files = Object.values(bundle).flatMap((part) =>
      part.type === 'asset' ? part.originalFileNames : [],
    );
    const ids = [...this.getModuleIds(), ...files];
    const folders = ids.flatMap((id) => packageOf(id) ?? []);
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, `${JSON.stringify([...new Set(folders)].sort(), undefined, 1)}\n`);
  },
});
