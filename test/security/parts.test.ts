/** The code that processes load: the short-lived ones load no schema library. */
import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, expect, test } from 'vitest';

const at = (path: string): string => fileURLToPath(new URL(`../../${path}`, import.meta.url));
const folder = mkdtempSync(join(tmpdir(), 'keymoot-parts-'));
afterAll(() => {
  rmSync(folder, { recursive: true, force: true });
});

/** Names that always occur in zod's code. */
const isSchemas = (file: string): boolean =>
  /\bZodType\b|\$ZodType\b/u.test(readFileSync(file, 'utf8'));

/** The files of the program that a process has loaded when it ends. */
const loadedBy = async (command: string): Promise<string[]> => {
  const [hook, listed] = [join(folder, 'hook.cjs'), join(folder, `${command}.json`)];
  writeFileSync(
    hook,
    `process.on('exit', () => require('node:fs').writeFileSync(${JSON.stringify(listed)},
      JSON.stringify(Object.keys(require.cache))));`,
  );
  const child = spawn(process.execPath, ['--require', hook, at('out/keymoot.cjs'), command], {
    stdio: ['ignore', 'ignore', 'ignore', 'ipc', 'pipe'],
    serialization: 'advanced',
  });
  // It finds no parent at its first check, so it ends by itself.
  child.disconnect();
  await new Promise((ended) => child.once('exit', ended));
  const files = JSON.parse(readFileSync(listed, 'utf8')) as string[];
  return files.filter((file) => file.includes(at('out/program')));
};

test.each(['token', 'holder'])('a %s process loads no schemas', async (command) => {
  const files = await loadedBy(command);
  expect(files.length).toBeGreaterThan(2);
  expect(files.filter(isSchemas)).toEqual([]);
});
test('one that judges does: this would be seen', async () => {
  expect((await loadedBy('judge')).some(isSchemas)).toBe(true);
});
