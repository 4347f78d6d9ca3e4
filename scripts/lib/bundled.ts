/** Notes down which npm packages Vite put into a bundle, for their licences. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import type { Plugin } from 'vite';

/** `node_modules/…` of the package that a module or a font comes from; undefined for ours and for what Vite makes up. */
export const packageOf = (id: string): string | undefined =>
  /^[^\0]*?[\\/](node_modules[\\/].*)$/u
    .exec(id)?.[1]
    ?.replaceAll('\\', '/')
    .match(/^(?:.*\/)?node_modules\/(?:@[^/]+\/)?[^/]+/u)?.[0];

/**
 * Style sheets and fonts count as much as code does. What was read and then left out, since nothing uses it, is listed too.
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
