/** Where the window was, kept in the user's own configuration folder: nothing about the desk in it. */
import { mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { flag, oneOf, record, whole, type Formed } from '../../shared/form.ts';

const pixels = whole(-100_000, 100_000);
const isState = record({
  v: oneOf([1]),
  bounds: record({ x: pixels, y: pixels, width: pixels, height: pixels }),
  maximized: flag,
  /** Percent. */
  zoom: whole(100, 200),
});
export type WindowState = Formed<typeof isState>;

export const MINIMUM = { width: 1024, height: 600 };
const USUAL = { width: 1280, height: 800 };

export interface Rectangle {
  x: number;
  y: number;
  width: number;
  height: number;
}

/** The stored state, if it is still valid. */
export const readState = (folder: string): WindowState | undefined => {
  try {
    const text = readFileSync(join(folder, 'window.json'), 'utf8');
    const state: unknown = JSON.parse(text);
    return isState(state) ? state : undefined;
  } catch {
    return undefined; // none yet, cut short, or from another version: the window opens as usual
  }
};

export const writeState = (folder: string, state: WindowState): void => {
  try {
    mkdirSync(folder, { recursive: true });
    const file = join(folder, 'window.json');
    writeFileSync(`${file}.new`, `${JSON.stringify(state)}\n`, { mode: 0o600 });
    renameSync(`${file}.new`, file);
  } catch {
    // A window that loses its place does no harm.
  }
};

/**
 * The size and place to open with: as it was where that is still on a display, never larger than the display, and not below the minimum unless the display is.
 */
export const placeOnDisplays = (
  state: WindowState | undefined,
  displays: readonly Rectangle[],
): Partial<Rectangle> & { width: number; height: number } => {
  const wanted = state?.bounds;
  const holds = (area: Rectangle) =>
    wanted !== undefined &&
    wanted.x >= area.x - 8 &&
    wanted.y >= area.y - 8 &&
    wanted.x < area.x + area.width - 100 &&
    wanted.y < area.y + area.height - 100;
  const on = displays.find(holds);
  const area = on ?? displays[0] ?? { x: 0, y: 0, ...USUAL };
  const size = wanted ?? USUAL;
  const width = Math.min(Math.max(MINIMUM.width, size.width), area.width);
  const height = Math.min(Math.max(MINIMUM.height, size.height), area.height);
  if (on === undefined || wanted === undefined) return { width, height };
  // A display that shrank: as far to the right and down as the whole window allows.
  const x = Math.max(area.x, Math.min(wanted.x, area.x + area.width - width));
  const y = Math.max(area.y, Math.min(wanted.y, area.y + area.height - height));
  return { x, y, width, height };
};
