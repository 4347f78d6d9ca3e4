/** `npm run screenshots [-- ARGUMENTS]`: test/faces/screenshots/main.ts on a virtual display. */
import { at, main, node24, run, toolEnvironment } from './lib/project.mjs';
import { CHROMIUM, DISPLAY, ELECTRON_LIBRARIES } from './lib/system.mjs';
import { setup } from './setup.mjs';
import { ensureWindow } from './window.mjs';

await main(async () => {
  await setup([CHROMIUM, DISPLAY, ...ELECTRON_LIBRARIES]);
  await ensureWindow();
  return run(node24, [at('test/faces/screenshots/main.ts'), ...process.argv.slice(2)], {
    env: toolEnvironment(),
  });
});
