/** Careless or hostile input: in the page's calls, in its fields, and on a small display. */
import { beforeAll, describe, expect, test } from 'vitest';
import { join } from 'node:path';
import { Room } from '../../custody/cli/rehearsal/room.ts';
import { endsWithSuite } from '../support/at-end.ts';
import { brokenWords } from './broken-words.ts';
import {
  buildAll,
  FACES,
  newHome,
  openFace,
  type OpenFace,
  request,
  startDisplay,
} from './faces.ts';
import { LibraryWorld } from './library-world.ts';

const SMALL = { width: 1024, height: 600 };
const EMPTY = ['map', 'element', 'window', 'function', 'symbol', 'proxy', 'input __proto__'];
const ROUTES = [
  'overview',
  'tokens',
  'tokens/train',
  'tokens/add',
  'keys',
  'keys/generate',
  'ceremonies',
  'ceremonies/draft',
  'exports',
  'exports/new',
  'audit',
  'audit/export',
  'audit/verify',
  'people',
  'people/enrol',
  'settings',
];

let display: string;
let world: LibraryWorld | undefined;
const { home, remove } = newHome();
const atEnd = endsWithSuite();
atEnd(remove);
beforeAll(async () => {
  await buildAll();
  const screen = await startDisplay(`${SMALL.width}x${SMALL.height}`);
  ({ display } = screen);
  atEnd(screen.end);
  const room = await Room.enter(join(home, 'desk'));
  atEnd(() => room.desk.stop());
  await room.found('input.example');
  await room.desk.stop();
  world = LibraryWorld.in(home);
});

describe.each(FACES)('the window on %s', (name) => {
  let face: OpenFace;
  const atEnd = endsWithSuite();
  beforeAll(async () => {
    world?.install(0);
    const built = world === undefined ? {} : { built: world.built };
    face = await openFace(name, { display, home, ...built });
    atEnd(() => face.close());
    await face.page.locator('.rail a').first().waitFor();
  });
  const show = async (route: string): Promise<void> => {
    await face.page.evaluate((route) => {
      location.hash = `#/${route}`;
    }, route);
    // The page is drawn, and its calls are answered.
    await face.page.evaluate(
      () =>
        new Promise((done) => {
          requestAnimationFrame(() => setTimeout(done, 60));
        }),
    );
  };

  test('answers every call that makes no sense with a code and words, and never throws', async () => {
    const answers = await face.page.evaluate(async () => {
      const bridge = globalThis.keymoot!;
      const circle: Record<string, unknown> = {};
      circle['self'] = circle;
      let deep: unknown = 1;
      for (let level = 0; level < 5000; level++) deep = [deep];
      const hello = { channel: 'desk.hello', input: {} };
      const calls: Record<string, unknown> = {
        nothing: undefined,
        null: null,
        text: 'desk.hello',
        circle: { ...hello, input: circle },
        deep: { ...hello, input: deep },
        function: { ...hello, input: () => 1 },
        symbol: { ...hello, input: Symbol('x') },
        big: { ...hello, input: 1n },
        map: { ...hello, input: new Map([['a', 1]]) },
        date: { ...hello, input: { when: new Date() } },
        element: { ...hello, input: document.body },
        window: { ...hello, input: globalThis },
        promise: Promise.resolve(hello),
        proxy: new Proxy(hello, { ownKeys: () => ['channel', 'input', 'constructor'] }),
        'a getter that throws': Object.defineProperty({ ...hello }, 'input', {
          enumerable: true,
          get: () => {
            throw new Error('mine');
          },
        }),
        'a toJSON that throws': {
          ...hello,
          input: {
            toJSON: () => {
              throw new Error('mine');
            },
          },
        },
        huge: { ...hello, input: 'x'.repeat(8 * 1024 * 1024) },
        channel: { channel: { toString: () => 'desk.hello' }, input: {} },
        proofs: { ...hello, proofs: 'mine' },
        ticket: { ...hello, ticket: -1 },
        own: { ...hello, id: 1 },
      };
      for (const key of ['__proto__', 'constructor', 'prototype', 'toString']) {
        calls[`channel ${key}`] = { channel: key, input: {} };
        calls[`input ${key}`] = JSON.parse(`{"channel":"desk.hello","input":{"${key}":{"x":1}}}`);
        calls[`deep ${key}`] = JSON.parse(`{"channel":"desk.hello","input":[{"a":{"${key}":1}}]}`);
      }
      const found: Record<string, unknown> = {};
      for (const [what, call] of Object.entries(calls))
        try {
          const answer = (await bridge.request(call as never)) as {
            ok: boolean;
            error?: { code: string; message: string };
          };
          found[what] = answer.ok ? 'OK' : `${answer.error?.code}: ${answer.error?.message}`;
        } catch (error) {
          found[what] = `THREW ${String(error)}`;
        }
      return found;
    });
    const threw: string[] = [];
    for (const [what, said] of Object.entries(answers)) {
      // A value that Electron can't clone out of the page throws in the page, before our code gets it.
      // Only JSON is sent, without prototypes: these values become an empty input, which is valid.
      const empty = EMPTY.includes(what);
      if (empty && said === 'OK') continue;
      if (name === 'Electron' && /^THREW \w*Error: /.test(String(said))) threw.push(what);
      else
        expect(said, what).toMatch(
          /^(message-malformed|message-too-large|channel-unknown|input-invalid): \S+ \S+ \S+ \S+/,
        );
      expect(said, what).not.toMatch(/\n|invoking|remote method|keymoot:|file:/);
    }
    expect(threw).toEqual(name === 'Electron' ? ['deep', 'window', 'proxy'] : []);
    expect(await request(face.page, 'desk.hello')).toMatchObject({ ok: true });
  });

  test('takes no more than a field may hold of a hundred thousand characters, and doesn’t stand still for it', async () => {
    const { page } = face;
    const found: string[] = [];
    let fields = 0;
    for (const route of ROUTES) {
      await show(route);
      const said = await page.evaluate(async () => {
        const text = 'A\u202e\u200b\u0000é'.repeat(20_000);
        const problems: string[] = [];
        const selector = 'input:not([type=checkbox], [type=radio], [type=button]), textarea';
        const all = [...document.querySelectorAll<HTMLInputElement>(selector)].filter(
          (field) => !field.readOnly && !field.disabled && field.offsetParent !== null,
        );
        for (const field of all) {
          const label = field.labels?.[0]?.textContent ?? field.ariaLabel ?? field.placeholder;
          field.focus();
          const since = performance.now();
          // The browser's own text input: it respects the field's limits and fires the events.
          // eslint-disable-next-line @typescript-eslint/no-deprecated -- there is no other
          document.execCommand('insertText', false, text);
          await new Promise(requestAnimationFrame);
          const took = performance.now() - since;
          if (field.value.length > 4096) problems.push(`${label}: holds ${field.value.length}`);
          // A busy machine takes some hundred milliseconds, one that pauses a second or two; a hanging page takes many.
          if (took > 5000) problems.push(`${label}: ${Math.round(took)} ms`);
          field.select();
          // eslint-disable-next-line @typescript-eslint/no-deprecated -- there is no other
          document.execCommand('delete');
        }
        return { problems, count: all.length };
      });
      fields += said.count;
      found.push(...said.problems.map((problem) => `${route}: ${problem}`));
    }
    expect(fields).toBeGreaterThan(10);
    expect(found).toEqual([]);
  });

  /** Lays the page out as on the small display at a zoom, and as it was after `look`. */
  const zoomed = async (zoom: number, look: () => Promise<void>): Promise<void> => {
    const { app, page } = face;
    const session = app === undefined ? await page.context().newCDPSession(page) : undefined;
    if (app !== undefined)
      await app.evaluate(({ BrowserWindow }, zoom) => {
        BrowserWindow.getAllWindows()[0]!.webContents.setZoomFactor(zoom);
      }, zoom);
    else
      await session!.send('Emulation.setDeviceMetricsOverride', {
        width: SMALL.width / zoom,
        height: SMALL.height / zoom,
        deviceScaleFactor: zoom,
        mobile: false,
      });
    try {
      expect(await page.evaluate(() => innerWidth)).toBeLessThanOrEqual(SMALL.width / zoom);
      await look();
    } finally {
      await app?.evaluate(({ BrowserWindow }) => {
        BrowserWindow.getAllWindows()[0]!.webContents.setZoomFactor(1);
      });
      await session?.send('Emulation.clearDeviceMetricsOverride');
    }
  };
  /** The elements wider than their place, as text; undefined when there are none. */
  const tooWide = async (): Promise<string | undefined> => {
    const wide = await face.page.evaluate(() => {
      const { clientWidth, scrollWidth } = document.documentElement;
      const work = document.getElementById('work')!;
      const isCut = (element: Element): boolean => {
        const { right, width } = element.getBoundingClientRect();
        // Elements that scroll (tables, commands, records) are not cut off.
        return (
          width > 0 && right > clientWidth + 1 && element.closest('pre, table, .scroll') === null
        );
      };
      return {
        size: [innerWidth, innerHeight],
        sideways: [scrollWidth - clientWidth, work.scrollWidth - work.clientWidth],
        cut: [...work.querySelectorAll('*')]
          .filter(isCut)
          .slice(0, 3)
          .map(
            (element) =>
              `${element.tagName}.${element.className} ${element.textContent.slice(0, 40)}`,
          ),
      };
    });
    return wide.sideways.some((by) => by > 1) || wide.cut.length > 0
      ? JSON.stringify(wide)
      : undefined;
  };

  test.each([1, 2])(
    'shows every screen on a display of 1024 × 600 at a zoom of %i, nothing cut off sideways',
    async (zoom) => {
      const { page } = face;
      await zoomed(zoom, async () => {
        const found: Record<string, string | undefined> = {};
        for (const route of ROUTES) {
          await show(route);
          const torn = await brokenWords(page);
          found[route] = torn.length > 0 ? `torn: ${torn.join(', ')}` : await tooWide();
        }
        expect(found).toEqual(Object.fromEntries(ROUTES.map((route) => [route, undefined])));
      });
    },
  );

  test.for([0, 1, 40])(
    'shows %i libraries at well-known places whole, however long their paths are',
    async (count, context) => {
      if (world === undefined) return context.skip('no mount namespace');
      const { page } = face;
      world.install(count);
      for (const zoom of [1, 2])
        await zoomed(zoom, async () => {
          // Queried again each time.
          await show('tokens');
          await show('tokens/add');
          await page.getByRole('button', { name: 'Choose the library' }).waitFor();
          const rows = page.locator('table[aria-label="Found at well-known places"] tbody tr');
          await expect.poll(() => rows.count(), { timeout: 10_000 }).toBe(count);
          expect(await tooWide()).toBeUndefined();
        });
    },
  );
});
