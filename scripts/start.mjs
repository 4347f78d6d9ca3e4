/**
 * `npm start`: set-up, then the desk. This version has no window, so it runs the rehearsal.
 */
import { launch } from './lib/launch.mjs';
import { main } from './lib/project.mjs';
import { setup } from './setup.mjs';

await main(async () => {
  await setup();
  console.error('No window in this version: running the rehearsal in the terminal.');
  return launch(['rehearsal', ...process.argv.slice(2)]);
});
