/**
 * `npm test`: set-up, the package, then every test, also those that drive the packaged program, and
 * the static checks beside them. `npm test -- PATH…` runs only the tests whose path matches, straight away.
 *
 * Its last line is always the tally, `N passed, N failed`. A static check or a packaging that fails
 * counts as a failure; one that passes isn't counted, since N is a number of tests.
 */
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { constants, tmpdir } from 'node:os';
import { join } from 'node:path';
import { at, capture, isMain, main, node24, run, toolEnvironment } from './lib/project.mjs';
import { CHROMIUM, DISPLAY, ELECTRON_LIBRARIES, TRACER } from './lib/system.mjs';
import { failuresOf, sumUp } from './lib/tally.mjs';
import { setup } from './setup.mjs';
import { ensureWindow } from './window.mjs';

const { PRIORITY_BELOW_NORMAL } = constants.priority;
const PACKAGED = at('dist/keymoot', process.platform === 'win32' ? 'keymoot.exe' : 'keymoot');
const MODULES = 'node_modules';

const PACKAGE = ['package', 'scripts/package.mjs'];
/** They use a processor for more than a minute, while many tests wait for tokens and clocks: so both run side by side. */
const CHECKS = [
  ['format (prettier)', `${MODULES}/prettier/bin/prettier.cjs`, '--check', '.'],
  ['dependencies (depcruise)', ...depcruise()],
  ['types and lint (tsc, eslint)', 'scripts/lint.mjs'],
];

function depcruise() {
  const folders = ['custody', 'shared', 'electron', 'renderer'].filter((f) => existsSync(at(f)));
  const command = `${MODULES}/dependency-cruiser/bin/dependency-cruiser.mjs`;
  return [command, ...folders, '--config', '.dependency-cruiser.mjs'];
}

const seconds = (since) => `${((performance.now() - since) / 1000).toFixed(1)} s`;

function heading(text) {
  console.log(`\n== ${text}`);
}

/** Runs one check; `tell` prints its result and, after a failure, its output. */
async function check([title, command, ...args], options) {
  const since = performance.now();
  const { code, output } = await capture(node24, [at(command), ...args], {
    env: toolEnvironment(),
    ...options,
  });
  const took = seconds(since);
  const tell = () => {
    heading(`${title}: ${code === 0 ? 'ok' : `FAILED (exit code ${code})`}, ${took}`);
    if (code !== 0) console.log(output.trimEnd());
  };
  return { title, ok: code === 0, tell };
}

/** One after the other, at a lower priority than the tests. */
async function checkAll(checks) {
  const results = [];
  for (const each of checks) results.push(await check(each, { priority: PRIORITY_BELOW_NORMAL }));
  return results;
}

/** Runs Vitest on the terminal and returns its report, undefined if there is none. */
async function vitest(filters, env) {
  const folder = mkdtempSync(join(tmpdir(), 'keymoot-test-'));
  const report = join(folder, 'report.json');
  try {
    const reporters = ['--reporter=default', '--reporter=json', `--outputFile.json=${report}`];
    const args = [at(MODULES, 'vitest/vitest.mjs'), 'run', ...reporters, ...filters];
    const code = await run(node24, args, { env: toolEnvironment(env) });
    const counts = existsSync(report) ? JSON.parse(readFileSync(report, 'utf8')) : undefined;
    return { code, counts };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

export async function test(filters) {
  const since = performance.now();
  await setup([CHROMIUM, DISPLAY, TRACER, ...ELECTRON_LIBRARIES]);
  await ensureWindow();
  heading(`set-up: ok, ${seconds(since)}`);

  const whole = filters.length === 0;
  const made = whole ? [await check(PACKAGE)] : [];
  for (const { tell } of made) tell();
  const checking = checkAll(whole ? CHECKS : []);

  heading('tests (vitest)');
  const started = performance.now();
  const packaged = made.some(({ ok }) => ok);
  const outcome = await vitest(filters, packaged ? { KEYMOOT_PACKAGED: PACKAGED } : {});
  heading(`tests: ${outcome.code === 0 ? 'ok' : 'FAILED'}, ${seconds(started)}`);

  const beside = await checking;
  for (const { tell } of beside) tell();
  const checks = [...made, ...beside];
  const failed = checks.filter(({ ok }) => !ok).map(({ title }) => title);
  for (const what of [...failed, ...failuresOf(outcome)]) console.log(`failed: ${what}`);
  console.log(`took ${seconds(since)}\n`);
  const { line, ok } = sumUp(outcome, failed.length);
  console.log(line);
  return ok ? 0 : 1;
}

if (isMain(import.meta.url)) {
  await main(async () => {
    try {
      return await test(process.argv.slice(2));
    } catch (error) {
      // The last line must show a failure, also when set-up failed.
      process.on('exit', () => console.log('0 passed, 1 failed'));
      throw error;
    }
  });
}
