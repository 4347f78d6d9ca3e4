/** Files and folders that a person drags onto the window: accepted where a file to judge is requested, and ignored anywhere else. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import type { Page } from 'playwright-core';
import { Room } from '../../custody/cli/rehearsal/room.ts';
import { endsWithSuite } from '../support/at-end.ts';
import { buildAll, FACES, newHome, openFace, type OpenFace, startDisplay } from './faces.ts';

let display: string;
const { home, remove } = newHome();
const atEnd = endsWithSuite();
atEnd(remove);
const bundle = join(home, 'bundle');
const trust = join(home, 'trust.json');

beforeAll(async () => {
  await buildAll();
  const screen = await startDisplay();
  ({ display } = screen);
  atEnd(screen.end);
  mkdirSync(home, { recursive: true });
  const room = await Room.enter(join(home, 'desk'));
  atEnd(() => room.desk.stop());
  await room.found('drops.example');
  await room.call(
    'log.export',
    { grant: await room.desk.grant('bundle', bundle) },
    'administrator',
  );
  writeFileSync(trust, JSON.stringify(await room.desk.call('log.trust', {})));
  await room.desk.stop();
});

/** Drops like the system: the browser gets paths, the page gets files. */
const drop = async (page: Page, selector: string, files: readonly string[]): Promise<void> => {
  const place = page.locator(selector).first();
  await place.scrollIntoViewIfNeeded();
  const box = await place.boundingBox();
  if (box === null) throw new Error(`${selector} is not to be seen`);
  const session = await page.context().newCDPSession(page);
  for (const type of ['dragEnter', 'dragOver', 'drop'] as const)
    await session.send('Input.dispatchDragEvent', {
      type,
      x: box.x + box.width / 2,
      y: box.y + 12,
      data: { items: [], files: [...files], dragOperationsMask: 1 },
    });
  await session.detach();
};

describe.each(FACES)('a drop on the %s window', (name) => {
  let face: OpenFace;
  let page: Page;
  const atEnd = endsWithSuite();
  beforeAll(async () => {
    face = await openFace(name, { display, home });
    atEnd(() => face.close());
    ({ page } = face);
    await page.locator('.rail a').first().waitFor();
    await page.evaluate("location.hash = '#/audit/verify'");
    await page.locator('.dropzone').waitFor();
  });

  test('takes a folder as the bundle and a file as the trust file, and judges them', async () => {
    await drop(page, '.dropzone', [bundle, trust]);
    await page.getByText('“bundle”').waitFor();
    await page.getByText('“trust.json”').waitFor();
    await page.getByRole('button', { name: 'Verify the bundle' }).click();
    await page.getByRole('heading', { name: 'PASS' }).waitFor();
  }, 30_000);

  test('does nothing where nothing is asked for, and stays where it is', async () => {
    const before = page.url();
    await page.evaluate('globalThis.stayed = true');
    for (const selector of ['.rail', '.statebar', '.audit-nav', 'textarea'])
      await drop(page, selector, [trust]);
    await page.waitForTimeout(500);
    expect(page.url()).toBe(before);
    expect(await page.evaluate('globalThis.stayed')).toBe(true);
    expect(await page.locator('textarea').first().inputValue()).toBe('');
    expect(await page.getByText('none chosen').count()).toBe(2);
  }, 30_000);

  test('is none when the page made the file itself', async () => {
    const made = await page.evaluate(
      "globalThis.keymoot.askDropped('verify-trust', new File(['{}'], 'trust.json'))",
    );
    expect(made).toBeUndefined();
  });

  test('gives no file for what is loaded, shown or written', async () => {
    for (const purpose of ['module', 'parameters', 'definition', 'bundle', 'trust'])
      await expect(
        page.evaluate(`globalThis.keymoot.askDropped('${purpose}', new File([''], 'a'))`),
      ).rejects.toThrow('can’t be used here');
  });
});
