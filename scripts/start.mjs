/**
 * `npm start [-- --face electron|chromium] [--data DIR]`: set-up, then the desk in its window. Without a display it runs the rehearsal in the terminal.
 */
import { launch } from './lib/launch.mjs';
import { main } from './lib/project.mjs';
import { setup } from './setup.mjs';
import { hasDisplay, openWindow } from './window.mjs';

await main(async () => {
  await setup();
  const args = process.argv.slice(2);
  if (hasDisplay()) return openWindow(args);
  console.error(
    'No display here (neither DISPLAY nor WAYLAND_DISPLAY is set): running the rehearsal in the terminal. In a desktop session `npm start` opens the window.',
  );
  return launch(['rehearsal', ...args]);
});
