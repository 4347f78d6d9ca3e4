/** The prompt on a real terminal: a pseudo-terminal that `script` (util-linux) makes, and what it shows. */
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { ENDED_LATE } from '../support/ended-late.ts';
import { Bench, BUNDLE } from './keymoot.ts';

const CTRL_C = '\u0003';
const CTRL_U = '\u0015';
const BACKSPACE = '\u007f';
const PIN = { 'log pin first': '7319-4418', 'log pin second': '2056-9907' };
const NEW_PIN = {
  'pin first log': '7319-4418',
  'pin second log': '2056-9907',
  'so pin first log': '8841-3302',
  'so pin second log': '6127-5590',
};
const OTTO = { 'passphrase Otto Lind': 'otto knows this one' };

const bench = new Bench();
const hasScript = process.platform === 'linux' && spawnSync('script', ['--version']).status === 0;
const quoted = (words: readonly string[]): string =>
  words.map((word) => `'${word.replaceAll("'", String.raw`'\''`)}'`).join(' ');

/** The program on a terminal of its own, and a person who reads before they type. */
class Sitting {
  readonly #child: ChildProcess;
  shown = '';
  readonly code: Promise<number | null>;
  constructor(...args: string[]) {
    const command = quoted([process.execPath, BUNDLE, ...args, '--data', bench.data]);
    this.#child = spawn('script', ['-qec', command, '/dev/null'], {
      cwd: bench.folder,
      stdio: ['pipe', 'pipe', 'pipe'],
      env: { PATH: process.env['PATH'], HOME: bench.folder, TERM: 'xterm' },
      ...ENDED_LATE,
    });
    this.#child.stdout!.setEncoding('utf8').on('data', (piece: string) => (this.shown += piece));
    this.code = new Promise((resolve) => this.#child.once('close', resolve));
  }
  async sees(words: string | RegExp): Promise<void> {
    await expect.poll(() => this.shown, { timeout: 20_000, interval: 20 }).toMatch(words);
  }
  types(keys: string): void {
    this.#child.stdin!.write(keys);
  }
}

describe.skipIf(!hasScript)('the prompt', () => {
  beforeAll(async () => {
    await bench.json(['train', 'softhsm', 'log'], NEW_PIN);
    await bench.json(
      ['desk', 'found', '--name', 'prompt.example', '--mode', 'rehearsal', '--token', 'log'],
      PIN,
    );
  });
  afterAll(() => {
    bench.remove();
  });

  test('takes a secret without showing it, with backspace, Ctrl-U, arrows and a pasted piece', async () => {
    const sitting = new Sitting('people', 'enrol', 'Ada Moreno', '--role', 'administrator');
    await sitting.sees('New passphrase of Ada Moreno: ');
    sitting.types(
      `first thoughts${CTRL_U}correct hörse é${BACKSPACE}${BACKSPACE}\u001b[D\u001b[200~ battery\u001b[201~\r`,
    );
    await sitting.sees('The same again: ');
    sitting.types('something else\r');
    await sitting.sees('The two were different');
    await sitting.sees(/once more[^]*New passphrase of Ada Moreno: /i);
    sitting.types('correct hörse battery\r');
    await sitting.sees(/once more[^]*The same again: /i);
    sitting.types('correct hörse battery\r');
    expect(await sitting.code).toBe(0);
    expect(sitting.shown).toContain('Ada Moreno is enrolled as administrator.');
    for (const typed of ['first', 'thoughts', 'correct', 'rse', 'battery', 'something'])
      expect(sitting.shown).not.toContain(typed);
    // What was typed is what is kept: the descriptor gives the same bytes.
    await bench.json(['people', 'enrol', 'Otto Lind', '--role', 'officer'], OTTO);
    const approved = await bench.json(
      ['policy', 'approve', '--by', 'Ada Moreno', '--by', 'Otto Lind'],
      { 'passphrase Ada Moreno': 'correct hörse battery', ...OTTO },
    );
    expect(approved.version).toBe(1);
  });

  test('shows what is no secret, is stopped by Ctrl-C, and meanwhile no second Keymoot gets in', async () => {
    const sitting = new Sitting(
      ...['train', 'softhsm', 'other', '--by', 'Ada Moreno', '--by', 'Otto Lind'],
    );
    await sitting.sees('Passphrase of Ada Moreno: ');
    const second = await bench.run(['desk', 'status', '--json']);
    expect(second.code).toBe(5);
    expect(second.error?.code).toBe('desk-busy');
    sitting.types(`half of it${CTRL_C}`);
    expect(await sitting.code).toBe(130);
    expect(sitting.shown).toContain('What was acknowledged is safe');
    expect(sitting.shown).not.toContain('half of it');
    expect((await bench.run(['desk', 'status'])).code).toBe(0);
  });
});
