/** `node fallback.cjs [--data DIR] [--why TEXT]`: the fallback window as a program. */
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { dataFolder } from '../common/program.ts';
import { isTheOne } from './one.ts';
import { openFallback } from './open.ts';

const run = async (): Promise<void> => {
  const { values } = parseArgs({ options: { data: { type: 'string' }, why: { type: 'string' } } });
  const data = dataFolder(process.argv.slice(2)).folder;
  const toFront = () => {
    opening.then(({ page }) => page.bringToFront()).catch(() => undefined); // it is being closed
  };
  if (!(await isTheOne(data, toFront))) {
    console.error('This desk’s window is open already; it has been brought to the front.');
    return;
  }
  const opening = openFallback({
    data,
    built: join(__dirname, '..'),
    why: values.why,
  });
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const)
    process.on(signal, () => {
      opening.then(({ close }) => close()).catch(() => undefined); // a failure to open is handled below
    });
  const { closed } = await opening;
  await closed;
  process.exit(0);
};

run().catch((error: unknown) => {
  const words =
    error instanceof Error && error.name === 'Error' && !error.message.includes('\n')
      ? error.message
      : 'The window could not be opened. The desk’s data was not touched.';
  console.error(`keymoot: ${words}`);
  if (process.env['KEYMOOT_DEVELOPER'] === '1') console.error(error);
  process.exit(1);
});
