/** What the command line says without touching a desk. */
import { afterAll, expect, test, vi } from 'vitest';
import { cli } from '../../custody/cli/cli.ts';
import { TABLE } from '../../custody/cli/table.ts';
import { EXIT_WORDS } from '../../custody/cli/exit-codes.ts';
import { Bench, BUNDLE } from './keymoot.ts';

const bench = new Bench();
afterAll(() => {
  bench.remove();
});
const say = (...args: string[]) => bench.start([BUNDLE, ...args], '');

test.each(TABLE.map(({ name }) => name))('%s has words of help with an example', async (name) => {
  const written = vi.spyOn(process.stdout, 'write').mockReturnValue(true);
  try {
    expect(await cli([...name.split(' '), '--help'])).toBe(0);
    const out = written.mock.calls.map(([text]) => String(text)).join('');
    expect(out).toContain(`keymoot ${name}`);
    expect(out).toMatch(/^Examples\n {2}keymoot /m);
  } finally {
    written.mockRestore();
  }
});

test('help goes to standard output, and nothing to standard error', async () => {
  const { code, out, err } = await say('keys', 'generate', '--help');
  expect([code, err]).toEqual([0, '']);
  expect(out).toMatch(/^ {2}keymoot keys generate/m);
});

test('the overview lists every command, how secrets are given, and what exit codes mean', async () => {
  const { code, out } = await say('help');
  expect(code).toBe(0);
  for (const { name, summary } of TABLE)
    expect(out).toMatch(new RegExp(`^  ${name} +${summary.replace(/[()]/g, '.')}$`, 'm'));
  for (const [, words] of EXIT_WORDS) expect(out).toContain(words);
  expect(out).toContain('--secrets-fd N');
  expect((await say()).out).toBe(out);
  expect((await say('help', 'keys', 'generate')).out).toContain('keys generate LABEL');
});

test('a command that is not there is refused, and its neighbours named', async () => {
  const { code, err } = await say('keys', 'frobnicate');
  expect(code).toBe(2);
  expect(err).toContain('There is no command “keys frobnicate”');
  expect(err).toContain('keys generate');
  const { out } = await say('ceremonies', '--json');
  expect(JSON.parse(out)).toMatchObject({ ok: false, error: { code: 'input-invalid' } });
});

test('a rehearsal asked for in other words than it has is refused, and begins nothing', async () => {
  for (const args of [['--nonsense'], ['--out'], ['somewhere']]) {
    const { code, out, err } = await say('rehearsal', ...args);
    expect([code, out]).toEqual([2, '']);
    expect(err).toContain('keymoot rehearsal [--out DIR] [--json]');
    expect(err).toContain('input-invalid');
  }
});

test('a secret given as an argument is refused without being repeated', async () => {
  for (const option of [
    '--pin=4711-secret',
    '--passphrase=4711-secret',
    '--component=4711-secret',
  ]) {
    const { code, out, err } = await say('keys', 'generate', 'k', option);
    expect(code).toBe(2);
    expect(out + err).toContain('never will be');
    expect(out + err).not.toContain('4711');
  }
});

test('an argument or option that is missing is named', async () => {
  const missing = await say('keys', 'generate', '--json');
  expect(missing.code).toBe(2);
  expect(missing.error).toMatchObject({ code: 'input-invalid', fields: { LABEL: 'missing' } });
  const { error } = await say('audit', 'export', 'a', 'b', '--json');
  expect(error?.fields).toEqual({ arguments: 'too many' });
});
