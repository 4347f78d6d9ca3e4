/** Each rule about who imports whom, tried on a tree that breaks it. */
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { at } from '../../scripts/lib/project.mjs';
import { start } from './stub-project.mjs';

/** Importing file, what it imports, and the rule that must object; `undefined` where none may. */
const CASES = [
  ['shared/ids.ts', 'zod', undefined],
  ['shared/hash.ts', '@noble/hashes/sha2.js', undefined],
  ['shared/leak.ts', '../custody/core/pure.ts', 'shared-is-a-leaf'],
  ['shared/node.ts', 'node:path', 'pages-reach-no-node'],
  ['custody/core/uses-shared.ts', '../../shared/plain.ts', undefined],
  ['custody/core/store.ts', '../store/query.ts', 'core-is-plain'],
  ['custody/core/helped.ts', '../native.ts', 'core-is-plain'],
  ['custody/core/reads.ts', 'node:fs', 'core-does-no-io'],
  ['custody/store/native.ts', '../native.ts', undefined],
  ['custody/store/sqlite.ts', 'better-sqlite3', undefined],
  ['custody/store/device.ts', '../tokens/client.ts', 'store-knows-no-device'],
  ['custody/tokens/spawns.ts', '../spawn.ts', undefined],
  ['custody/tokens/records.ts', '../store/query.ts', 'tokens-keep-no-records'],
  ['custody/tokens/process/library.ts', 'pkcs11js', undefined],
  ['custody/tokens/process/beside.ts', '../client.ts', undefined],
  ['custody/tokens/process/core.ts', '../../core/pure.ts', 'token-process-stands-alone'],
  ['custody/tokens/library.ts', 'pkcs11js', 'pkcs11-only-in-its-process'],
  ['custody/tokens/up.ts', '../service/router.ts', 'nothing-below-reaches-up'],
  ['custody/service/composes.ts', '../store/query.ts', undefined],
  ['custody/service/sqlite.ts', 'better-sqlite3', 'sqlite-only-in-the-store'],
  ['custody/service/entry.ts', '../main.ts', 'only-the-entry-starts-everything'],
  ['custody/resources.ts', './store/query.ts', 'helpers-are-plain'],
  ['custody/cli/pure.ts', '../core/pure.ts', undefined],
  ['custody/cli/spawns.ts', '../spawn.ts', undefined],
  ['custody/cli/store.ts', '../store/query.ts', 'the-command-line-is-a-face'],
  ['custody/cli/service.ts', '../service/router.ts', 'the-command-line-is-a-face'],
  ['custody/service/face.ts', '../../electron/main/app.ts', 'custody-knows-no-window'],
  ['electron/main/service.ts', '../../custody/service/router.ts', 'a-window-is-only-a-window'],
  ['electron/main/other.ts', '../fallback/open.ts', 'faces-are-strangers'],
  ['electron/fallback/other.ts', '../main/app.ts', 'faces-are-strangers-both-ways'],
  ['electron/common/face.ts', '../main/app.ts', 'faces-share-what-is-pure'],
  ['electron/common/drives.ts', 'playwright-core', 'faces-share-what-is-pure'],
  ['electron/main/drives.ts', 'playwright-core', 'playwright-only-in-the-fallback'],
  ['electron/fallback/drives.ts', 'playwright-core', undefined],
  ['electron/preload/schemas.ts', 'zod', 'a-preload-is-a-thin-wall'],
  ['electron/preload/reads.ts', 'node:fs', 'a-preload-is-a-thin-wall'],
  ['renderer/app/service.ts', '../../custody/core/pure.ts', 'renderer-is-unprivileged'],
  ['renderer/features/keys/other.ts', '../audit/view.ts', 'features-are-islands'],
  ['renderer/ui/bridge.ts', '../bridge/call.ts', 'ui-only-draws'],
  ['custody/core/tests.ts', '../../test/fake.ts', 'nothing-imports-tests'],
  ['custody/core/lost.ts', './nowhere.ts', 'no-unresolvable'],
  ['custody/core/development.ts', 'vite', 'no-development-packages'],
  ['custody/core/circle.ts', './circle-back.ts', 'no-cycles'],
];

const PLAIN = [
  'shared/plain.ts',
  'custody/main.ts',
  'custody/native.ts',
  'custody/spawn.ts',
  'custody/core/pure.ts',
  'custody/store/query.ts',
  'custody/tokens/client.ts',
  'custody/service/router.ts',
  'electron/main/app.ts',
  'electron/fallback/open.ts',
  'renderer/bridge/call.ts',
  'renderer/features/audit/view.ts',
  'test/fake.ts',
];

let folder;
let violations;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'keymoot-boundaries-'));
  const write = (file, text) => {
    mkdirSync(dirname(join(folder, file)), { recursive: true });
    writeFileSync(join(folder, file), text);
  };
  for (const file of PLAIN) write(file, 'export const plain = 1;\n');
  write('custody/core/circle-back.ts', "import './circle.ts';\n");
  for (const [file, target] of CASES) write(file, `import '${target}';\n`);
  write(
    'package.json',
    JSON.stringify({
      type: 'module',
      dependencies: { zod: '4', '@noble/hashes': '2', 'better-sqlite3': '13', pkcs11js: '2' },
      devDependencies: { vite: '8', 'playwright-core': '1' },
    }),
  );
  for (const name of ['tsconfig.json', '.dependency-cruiser.mjs', 'node_modules']) {
    symlinkSync(at(name), join(folder, name));
  }
  const command = at('node_modules/dependency-cruiser/bin/dependency-cruiser.mjs');
  const args = ['custody', 'shared', 'electron', 'renderer', '--output-type', 'json'];
  const config = ['--config', '.dependency-cruiser.mjs'];
  const { stdout, stderr } = await start(process.execPath, [command, ...args, ...config], {
    cwd: folder,
  }).ended;
  expect(stderr).toBe('');
  violations = JSON.parse(stdout).summary.violations;
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

test.each(CASES)('%s importing %s: %s', (file, _target, rule) => {
  // A circle is reported once, from whichever of its files comes first.
  const about = ({ from, cycle = [] }) => [from, ...cycle.map(({ name }) => name)].includes(file);
  const rules = violations.filter(about).map((each) => each.rule.name);
  if (rule === undefined) expect(rules).toEqual([]);
  else expect(rules).toContain(rule);
});
