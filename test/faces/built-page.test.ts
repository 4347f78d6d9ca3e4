/** The page as it is built: its first code is small, and it has only the styles of the components it uses. */
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, expect, test } from 'vitest';
import { at } from '../../scripts/lib/project.mjs';
import { buildAll } from './faces.ts';

const PAGE = at('out/window/renderer');
const SHEETS = at('node_modules/@mantine/core/styles');
const textsOf = (ending: string): string =>
  readdirSync(join(PAGE, 'assets'))
    .filter((name) => name.endsWith(ending))
    .map((name) => readFileSync(join(PAGE, 'assets', name), 'utf8'))
    .join('\n');
/** The names of the library's own classes. */
const classesIn = (text: string): Set<string> => new Set(text.match(/\bm_[0-9a-f]{6,8}\b/g));

beforeAll(buildAll);

test('has the styles of every component in it, and of no other', () => {
  const used = classesIn(textsOf('.js'));
  const styled = classesIn(textsOf('.css'));
  const sheets = readdirSync(SHEETS)
    .filter((name) => /^[A-Z]\w+\.css$/.test(name))
    .map((name) => ({ name, classes: classesIn(readFileSync(join(SHEETS, name), 'utf8')) }))
    .filter(({ classes }) => classes.size > 0);
  const having = (of: ReadonlySet<string>): string[] =>
    sheets.filter(({ classes }) => [...classes].some((one) => of.has(one))).map(({ name }) => name);
  expect(used.size).toBeGreaterThan(50);
  expect(having(styled)).toEqual(having(used));
});

test('begins with its frame: a file that asks, one that draws, one sheet', () => {
  const html = readFileSync(join(PAGE, 'index.html'), 'utf8');
  const files = [...html.matchAll(/(?:src|href)="\.\/([^"]+\.(?:js|css))"/g)].map(([, f]) => f!);
  const named = new Set(files.map((file) => file.replace(/-[\w-]{8}\./, '.')));
  expect([...named].sort()).toEqual(['assets/index.css', 'assets/index.js', 'early.js']);
  const kB = (ending: string): number =>
    [...new Set(files)]
      .filter((file) => file.endsWith(ending))
      .reduce((sum, file) => sum + statSync(join(PAGE, file)).size / 1000, 0);
  // The margin is smaller than any screen or package that could slip into the frame's code by mistake.
  expect(kB('.js')).toBeLessThan(480);
  expect(kB('.css')).toBeLessThan(140);
  expect(readFileSync(join(PAGE, 'early.js'), 'utf8')).not.toMatch(/\bimport\b/);
});

test('has no files that need each other in a circle: which ran first would depend on the screen', () => {
  const left = new Map(
    readdirSync(join(PAGE, 'assets'))
      .filter((name) => name.endsWith('.js'))
      .map((name) => {
        const text = readFileSync(join(PAGE, 'assets', name), 'utf8');
        return [name, [...text.matchAll(/(?:from|import)\s*"\.\/([^"]+)"/g)].map(([, to]) => to!)];
      }),
  );
  expect([...left.values()].flat().length).toBeGreaterThan(10);
  // Takes away, again and again, the files that need none that is left.
  for (let before = -1; before !== left.size;) {
    before = left.size;
    for (const [name, needs] of left) if (!needs.some((to) => left.has(to))) left.delete(name);
  }
  expect([...left.keys()]).toEqual([]);
});
