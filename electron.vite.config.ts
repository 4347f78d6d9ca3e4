/**
 * How the window is built, into out/window: the Electron face (main, preload), the Chromium face (fallback), and the page that both show (renderer).
 *
 * Everything but Electron itself and the browser driver is bundled, so a packaged window carries no node_modules; the output is readable, for auditors.
 */
import { fileURLToPath } from 'node:url';
import react from '@vitejs/plugin-react';
import { defineConfig } from 'electron-vite';
import { notePackages } from './scripts/lib/bundled.ts';

const at = (path: string): string => fileURLToPath(new URL(path, import.meta.url));
/** scripts/window.mjs builds beside the old window and puts the new one in its place. */
const out = process.env['KEYMOOT_WINDOW_OUT'] ?? at('out/window');
/** What each part brings along, for THIRD-PARTY-LICENSES.txt. */
const noting = (part: string) => notePackages(`${out}/packages/${part}.json`);
/** A piece that several screens share is called after all of them. */
const shortened = (name: string): string => name.replace(/~.*|\.\w+$/, '');
/** The page's HTML names what it begins with. */
const fileOf = ({ name }: { name: string }): string =>
  name === 'early' ? 'early.js' : `assets/${shortened(name)}-[hash].js`;
const node = {
  minify: false,
  sourcemap: false,
  externalizeDeps: false,
  reportCompressedSize: false,
} as const;

export default defineConfig({
  main: {
    plugins: [noting('main')],
    build: {
      ...node,
      outDir: `${out}/main`,
      // CommonJS: evaluated before Electron is ready, as registering a scheme requires.
      rolldownOptions: {
        input: { main: at('electron/main/main.ts'), fallback: at('electron/fallback/main.ts') },
        external: ['electron', 'playwright-core', /^node:/],
        output: { format: 'cjs', entryFileNames: '[name].cjs', chunkFileNames: '[name].cjs' },
      },
    },
  },
  preload: {
    plugins: [noting('preload')],
    build: {
      ...node,
      outDir: `${out}/preload`,
      // A sandboxed preload is one CommonJS file.
      rolldownOptions: {
        input: { preload: at('electron/preload/preload.ts') },
        external: ['electron'],
        output: { format: 'cjs', entryFileNames: '[name].cjs', codeSplitting: false },
      },
    },
  },
  renderer: {
    root: 'renderer',
    base: './',
    // The window's icon, for the page under Chromium and for Electron's window.
    publicDir: at('resources/icons'),
    plugins: [react(), noting('renderer')],
    build: {
      outDir: `${out}/renderer`,
      emptyOutDir: true,
      minify: true,
      sourcemap: false,
      reportCompressedSize: false,
      // SECURITY: nothing inline: a small asset is a file too, and no polyfill is written into the page.
      assetsInlineLimit: 0,
      modulePreload: { polyfill: false },
      rolldownOptions: {
        input: { index: at('renderer/index.html'), early: at('renderer/bridge/early.ts') },
        output: {
          entryFileNames: fileOf,
          chunkFileNames: fileOf,
          assetFileNames: ({ names }) => `assets/${shortened(names[0] ?? '')}-[hash][extname]`,
          codeSplitting: {
            // Few files: each costs a request. What the frame needs is one, what several screens share are some, the rest comes with its screen.
            groups: [
              { name: 'early', test: /bridge[\\/]early\.ts$/, priority: 2 },
              { name: 'frame', tags: ['$initial'], priority: 1 },
              // Of nearly every screen: put together with others by size, two of the shared files would need each other, and which ran first would depend on the screen.
              { name: 'policy', test: /(app|shared|ui)[\\/]policy[\w\\/-]*\.ts$/, priority: 1 },
              {
                name: 'shared',
                minShareCount: 2,
                entriesAware: true,
                entriesAwareMergeThreshold: 40_000,
              },
            ],
          },
        },
      },
    },
  },
});
