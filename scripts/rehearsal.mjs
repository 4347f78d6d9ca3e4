/** `npm run rehearsal [-- --out DIR --json]`: the whole workflow on throw-away tokens, in a terminal. */
import { launch } from './lib/launch.mjs';
import { main } from './lib/project.mjs';
import { setup } from './setup.mjs';

await main(async () => {
  await setup();
  return launch(['rehearsal', ...process.argv.slice(2)]);
});
