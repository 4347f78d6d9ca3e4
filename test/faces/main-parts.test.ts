/** The code that Electron's main process loads before it can start the service. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, expect, test } from 'vitest';
import { at } from '../../scripts/lib/project.mjs';
import { ensureWindow } from '../../scripts/window.mjs';

beforeAll(() => ensureWindow());

/** A file of the built faces, and those that it requires. */
const withParts = (file: string, found = new Set<string>()): Set<string> => {
  if (found.has(file)) return found;
  found.add(file);
  const text = readFileSync(at('out/window/main', file), 'utf8');
  for (const [, part = ''] of text.matchAll(/require\("\.\/([^"]+)"\)/g))
    withParts(join(part), found);
  return found;
};

test('is no schema library, and none of the contract’s schemas', () => {
  const parts = [...withParts('main.cjs')];
  expect(parts.length).toBeGreaterThan(1);
  for (const part of parts)
    expect(readFileSync(at('out/window/main', part), 'utf8'), part).not.toMatch(/\$?ZodType\b/);
});
