/** The command line: thin over the contract. One table of commands; each has its words of help and an example. */
import { KeymootError } from '../../shared/errors.ts';
import { forTerminal } from '../../shared/text.ts';
import { EXIT, exitCodeOf } from './exit-codes.ts';

export interface Command {
  /** After `keymoot`. */
  name: string;
  summary: string;
  usage: string;
  examples: readonly string[];
  run: (args: string[]) => Promise<number>;
}

const commands = async (): Promise<Command[]> => [(await import('./rehearsal.ts')).rehearsalCommand];

const overview = (list: readonly Command[]): string =>
  [
    'keymoot: a desk for key ceremonies',
    '',
    ...list.map(({ name, summary }) => `  keymoot ${name.padEnd(20)} ${summary}`),
    '',
    'keymoot COMMAND --help shows how each is used. Add --json for programs.',
    '',
  ].join('\n');

export const cli = async (args: string[]): Promise<number> => {
  const list = await commands();
  const found = list
    .filter(({ name }) => name.split(' ').every((word, at) => args[at] === word))
    .sort((a, b) => b.name.length - a.name.length)[0];
  if (found === undefined) {
    const asked = args.length === 0 || args[0] === '--help' || args[0] === 'help';
    (asked ? process.stdout : process.stderr).write(
      asked ? overview(list) : `keymoot: there is no command “${forTerminal(args.join(' ')).slice(0, 60)}”\n\n${overview(list)}`,
    );
    return asked ? EXIT.ok : EXIT.usage;
  }
  const rest = args.slice(found.name.split(' ').length);
  if (rest.includes('--help')) {
    process.stdout.write(
      `${found.summary}\n\n  keymoot ${found.usage}\n\nExamples\n${found.examples.map((line) => `  ${line}`).join('\n')}\n`,
    );
    return EXIT.ok;
  }
  try {
    return await found.run(rest);
  } catch (error) {
    if (!(error instanceof KeymootError)) throw error;
    const { code, message, fields } = error;
    if (rest.includes('--json')) process.stdout.write(`${JSON.stringify({ ok: false, error: { code, message, fields } })}\n`);
    else process.stderr.write(`keymoot: ${forTerminal(message)}\n  ${code}${fields?.device ? ` (${forTerminal(fields.device)})` : ''}\n`);
    return exitCodeOf(code);
  }
};
