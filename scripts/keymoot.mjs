/**
 * `npm run -s keymoot -- ARGUMENTS`: the command line from a checkout. Builds first when a source
 * changed, and sets up first when nothing is there yet.
 */
import { launch } from './lib/launch.mjs';
import { main } from './lib/project.mjs';
import { setup } from './setup.mjs';

await main(async () => {
  await setup();
  return launch(process.argv.slice(2));
});
