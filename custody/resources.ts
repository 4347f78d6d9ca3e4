/** Where the files that ship with Keymoot are: beside the executable, or in the checkout. */
import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { isSea } from 'node:sea';
import { runningFile } from './native.ts';

export const resourcePath = (...parts: string[]): string => {
  if (isSea()) return join(dirname(process.execPath), 'resources', ...parts);
  for (let folder = dirname(runningFile()); ; folder = dirname(folder)) {
    const place = join(folder, 'resources', ...parts);
    if (existsSync(place) || folder === dirname(folder)) return place;
  }
};
