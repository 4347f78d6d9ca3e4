/**
 * `node scripts/icons.mjs`: renders resources/icons/keymoot.svg as the PNG for windows and installers. Run by hand when the drawing changes; the PNG is
 * committed, since packaging must not need a browser.
 */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { at, isMain, main, Stop } from './lib/project.mjs';

const SIZE = 512;

if (isMain(import.meta.url))
  await main(() => {
    const folder = mkdtempSync(join(tmpdir(), 'keymoot-icons-'));
    try {
      const page = join(folder, 'icon.html');
      const svg = readFileSync(at('resources/icons/keymoot.svg'), 'utf8');
      const style = `html,body{margin:0;background:transparent}svg{display:block;width:${SIZE}px}`;
      writeFileSync(page, `<!doctype html><style>${style}</style>${svg}`);
      const { status } = spawnSync('chromium', [
        '--headless',
        ...(process.getuid?.() === 0 ? ['--no-sandbox'] : []),
        `--user-data-dir=${join(folder, 'profile')}`,
        `--screenshot=${at('resources/icons/keymoot.png')}`,
        `--window-size=${SIZE},${SIZE}`,
        '--default-background-color=00000000',
        `file://${page}`,
      ]);
      if (status !== 0) throw new Stop('Chromium could not draw the icon');
    } finally {
      rmSync(folder, { recursive: true, force: true, maxRetries: 5, retryDelay: 100 });
    }
  });
