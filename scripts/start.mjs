/**
 * `npm start [-- --face electron|chromium] [--data DIR]`: set-up, then the desk in its window. Without a display it runs the rehearsal in the terminal.
 */
import { launch } from './lib/launch.mjs';
import { main, Stop } from './lib/project.mjs';
import { setup } from './setup.mjs';
import { hasDisplay, openWindow } from './window.mjs';

await main(async () => {
  await setup();
  const args = process.argv.slice(2);
  if (hasDisplay()) return openWindow(args);
  // These are options of the window; the rehearsal has none of them.
  if (args.some((arg) => /^--(face|data)(=|$)/.test(arg)))
    throw new Stop(
      'no window can be opened: neither DISPLAY nor WAYLAND_DISPLAY is set. In a desktop session the same command opens it; here, the command line does all of it: `npm run -s keymoot -- help`',
    );
  console.error(
    'No display here (neither DISPLAY nor WAYLAND_DISPLAY is set): running the rehearsal in the terminal. In a desktop session `npm start` opens the window.',
  );
  return launch(['rehearsal', ...args]);
});
