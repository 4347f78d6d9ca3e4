/** The window opens at its last place, if that is still valid. */
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import {
  placeOnDisplays,
  readState,
  type WindowState,
  writeState,
} from '../../electron/main/state.ts';

const folder = mkdtempSync(join(tmpdir(), 'keymoot-state-'));
afterAll(() => {
  rmSync(folder, { recursive: true, force: true });
});
const state = (x: number, y: number, width: number, height: number): WindowState => ({
  v: 1,
  bounds: { x, y, width, height },
  maximized: false,
  zoom: 125,
});
const small = { x: 0, y: 0, width: 1024, height: 600 };
const large = { x: 0, y: 0, width: 2560, height: 1440 };
const right = { x: 2560, y: 0, width: 1920, height: 1080 };

test('what was kept is found again, whole or not at all', () => {
  expect(readState(folder)).toBeUndefined();
  writeState(folder, state(1, 2, 1100, 700));
  expect(readState(folder)).toEqual(state(1, 2, 1100, 700));
  expect(readdirSync(folder)).toEqual(['window.json']);
  for (const text of [
    '',
    '{',
    'null',
    '{"v":2}',
    '{"v":1,"bounds":{"x":1e9,"y":0,"width":1,"height":1},"maximized":false,"zoom":100}',
    '{"v":1,"bounds":{"x":0,"y":0,"width":1100,"height":700},"maximized":false,"zoom":1000}',
  ]) {
    writeFileSync(join(folder, 'window.json'), text);
    expect(readState(folder), text).toBeUndefined();
  }
  // A folder that can't be written does no harm.
  writeState(join(folder, 'window.json', 'below-a-file'), state(0, 0, 1100, 700));
});
test.each([
  ['the first time, the usual size', undefined, [large], { width: 1280, height: 800 }],
  [
    'the first time on a small display, all of it',
    undefined,
    [small],
    { width: 1024, height: 600 },
  ],
  ['no display known, the usual size', undefined, [], { width: 1280, height: 800 }],
  ['where it was', state(100, 50, 1500, 900), [large], { x: 100, y: 50, width: 1500, height: 900 }],
  [
    'on the second display',
    state(2600, 50, 1500, 900),
    [large, right],
    { x: 2600, y: 50, width: 1500, height: 900 },
  ],
  [
    'its display is gone, so anywhere',
    state(2600, 50, 1500, 900),
    [large],
    { width: 1500, height: 900 },
  ],
  [
    'never larger than the display',
    state(0, 0, 5000, 5000),
    [small],
    { x: 0, y: 0, width: 1024, height: 600 },
  ],
  [
    'its display shrank, so as far right and down as all of it fits',
    state(1400, 400, 1100, 700),
    [{ ...large, width: 1600, height: 900 }],
    { x: 500, y: 200, width: 1100, height: 700 },
  ],
  [
    'a display below the minimum, all of it',
    state(900, 450, 1100, 700),
    [{ x: 0, y: 24, width: 1024, height: 576 }],
    { x: 0, y: 24, width: 1024, height: 576 },
  ],
  [
    'never below the minimum',
    state(0, 0, 10, 10),
    [large],
    { x: 0, y: 0, width: 1024, height: 600 },
  ],
])('%s', (_what, kept, displays, expected) => {
  expect(placeOnDisplays(kept, displays)).toEqual(expected);
});
