/** `npm run bench [-- ARGUMENTS]`: measures the built program. Runs test/bench/main.ts directly, since Node 24 strips types by itself. */
import { at, main, node24, run, toolEnvironment } from './lib/project.mjs';
import { setup } from './setup.mjs';

await main(async () => {
  await setup();
  return run(node24, [at('test/bench/main.ts'), ...process.argv.slice(2)], {
    env: toolEnvironment(),
  });
});
