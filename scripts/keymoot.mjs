/** `npm run -s keymoot -- ARGUMENTS`: the command line from a checkout. Does the set-up first where it is missing, and builds when a source changed. */
import { launch } from './lib/launch.mjs';
import { main } from './lib/project.mjs';
import { setup } from './setup.mjs';

await main(async () => {
  await setup();
  return launch(process.argv.slice(2));
});
