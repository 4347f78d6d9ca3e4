import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { KeymootError } from '../../shared/errors.ts';
import type { Command } from './cli.ts';
import { EXIT } from './exit-codes.ts';

const USAGE = 'rehearsal [--out DIR] [--json]';

const parse = (args: string[]) => {
  try {
    const options = { out: { type: 'string' }, json: { type: 'boolean' } } as const;
    return parseArgs({ args, options }).values;
  } catch (cause) {
    throw new KeymootError(
      'input-invalid',
      `A rehearsal is asked for with: keymoot ${USAGE}. Nothing was begun.`,
      { cause },
    );
  }
};

export const rehearsalCommand: Command = {
  name: 'rehearsal',
  summary: 'do the whole trade on throw-away tokens, unattended',
  usage: USAGE,
  examples: ['keymoot rehearsal', 'keymoot rehearsal --out ./rehearsal --json'],
  run: async (args) => {
    const values = parse(args);
    const out =
      values.out === undefined
        ? mkdtempSync(join(tmpdir(), 'keymoot-rehearsal-'))
        : resolve(values.out);
    const { rehearse } = await import('./rehearsal/rehearsal.ts');
    const report = await rehearse(out, (line) => {
      // With --json progress goes to standard error, so that standard output is one JSON document.
      (values.json === true ? process.stderr : process.stdout).write(`${line}\n`);
    });
    if (values.json === true) process.stdout.write(`${JSON.stringify(report)}\n`);
    return report.verdict === 'pass' ? EXIT.ok : EXIT.failed;
  },
};
