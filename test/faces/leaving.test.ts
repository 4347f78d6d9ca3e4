/** Leaving a page during an act: the act's result is still reported, and secrets are not shown. */
import { beforeAll, describe, expect, test, vi } from 'vitest';
import { join } from 'node:path';
import {
  defineAndApprove,
  draftDefinition,
  packEnvelopes,
  playStep,
} from '../../custody/cli/rehearsal/ceremony.ts';
import { Room } from '../../custody/cli/rehearsal/room.ts';
import type { ServiceLink } from '../../electron/common/service-link.ts';
import { endsWithSuite } from '../support/at-end.ts';
import type { Person } from './cast.ts';
import { takeScreen } from './desk-ceremony.ts';
import { openDesk } from './desk-people.ts';
import { Desk } from './desk.ts';
import { buildAll, FACES, newHome, openFace, type OpenFace, startDisplay } from './faces.ts';
import { AnsweredFiles } from './files.ts';
import { shownAfter } from './shown-after.ts';

const text = (bytes: Uint8Array | undefined): string => Buffer.from(bytes ?? []).toString();

/** Lets calls of one channel wait: on their way there, or with their answer on the way back. */
const hold = (link: ServiceLink, channel: string, when: 'before' | 'after') => {
  const { promise: released, resolve: release } = Promise.withResolvers<undefined>();
  const { promise: waiting, resolve: arrived } = Promise.withResolvers<undefined>();
  const channels: string[] = [];
  const request = link.request.bind(link);
  const spy = vi.spyOn(link, 'request').mockImplementation(async (asked) => {
    channels.push(asked.channel);
    if (asked.channel !== channel) return request(asked);
    const answer = when === 'after' ? await request(asked) : undefined;
    arrived(undefined);
    await released;
    return answer ?? request(asked);
  });
  return {
    waiting,
    /** Every call since then, by its channel. */
    channels,
    release: () => {
      release(undefined);
    },
    end: () => {
      spy.mockRestore();
    },
  };
};

// The page is the same under both faces; here its link is within reach.
describe.runIf(FACES.includes('Chromium'))('a page that is left', () => {
  const { home, remove } = newHome();
  const files = new AnsweredFiles(home);
  let face: OpenFace;
  let desk: Desk;
  let link: ServiceLink;
  let ada: Person;
  let ceremony: string;

  const atEnd = endsWithSuite();
  atEnd(remove);
  beforeAll(async () => {
    await buildAll();
    const room = await Room.enter(join(home, 'desk'));
    atEnd(() => room.desk.stop());
    await room.found('leaving.example');
    const at = await room.train('softhsm', 'work', 'administrator', 'officer');
    const envelopes = packEnvelopes(32);
    const definition = await draftDefinition(room, at, 'AES-256', 'left', envelopes.expected);
    const { sha256 } = await defineAndApprove(room, definition);
    let view = await room.call('ceremonies.arm', { definitionSha256: sha256 }, 'administrator');
    const kindDue = () => view.steps.find(({ step }) => step.id === view.due)?.step.kind;
    while (kindDue() !== 'component.enter')
      view = await playStep(room, view, definition, envelopes, 'work');
    ceremony = view.id;
    const { name, role, passphrase } = room.player('administrator');
    ada = { name, role, passphrase: text(passphrase) };
    const pin = room.pins.get('log');
    await room.desk.stop();

    const { display, end } = await startDisplay();
    atEnd(end);
    face = await openFace('Chromium', { display, home, env: files.environment() });
    atEnd(() => face.close());
    desk = new Desk(face.page, files);
    link = face.link!;
    await openDesk(desk, { first: text(pin?.first), second: text(pin?.second) }, ada);
  });

  const beginExport = async (passphrase = ada.passphrase): Promise<void> => {
    await desk.goTo('Audit');
    await desk.work
      .getByRole('navigation', { name: 'Audit' })
      .getByRole('link', { name: 'Export' })
      .click();
    await desk.choose('Exported by', ada.name);
    await desk.type(`Passphrase of ${ada.name}`, passphrase);
    await desk.press('Export the log to a new folder');
  };
  const told = (words: string | RegExp) => desk.work.getByText(words);
  const read = async (): Promise<void> => {
    await desk.press('We have read this');
    await desk.button('We have read this').waitFor({ state: 'detached' });
  };

  test('while its act is made ready cancels the act, and says so where one is then', async () => {
    const held = hold(link, 'files.grant', 'before');
    await beginExport();
    await held.waiting;
    await desk.goTo('Overview');
    held.release();
    await told('“Export the log to a new folder” was cancelled').waitFor();
    await told('Nothing was done.').waitFor();
    expect(held.channels).not.toContain('log.export');
    held.end();
    // The notice stays until it is dismissed.
    await desk.goTo('Keys');
    await read();
  });

  test('while its act is done calls nobody back, and says that it is done', async () => {
    const held = hold(link, 'log.export', 'after');
    await beginExport();
    await held.waiting;
    // Until then it says what it does, and for how long.
    await told(/^Writing the bundle: \d+ of \d+ entries\. \d+ s$/).waitFor();
    await desk.goTo('People');
    held.release();
    await told('“Export the log to a new folder” is done.').waitFor();
    expect(face.page.url()).toMatch(/#\/people$/);
    held.end();
    await read();
  });

  test('while its act is refused says what was refused', async () => {
    const held = hold(link, 'log.export', 'after');
    await beginExport('not what Ada chose');
    await held.waiting;
    await desk.goTo('People');
    held.release();
    await told('The passphrase does not open this person’s signing key.').waitFor();
    await told('act-refused').waitFor();
    held.end();
    await read();
  });

  test('stays blank for a hand-over, and leads elsewhere without showing what is under it', async () => {
    const { page } = face;
    const handOver = page.getByRole('dialog', { name: /looks at this screen now/ });
    const show = () =>
      page.evaluate((id) => {
        location.hash = `#/ceremonies/${id}`;
      }, ceremony);
    const covered = () =>
      page.evaluate(() => {
        const { left, top, right, bottom } = document
          .getElementById('work')!
          .getBoundingClientRect();
        const points = [0.02, 0.25, 0.5, 0.75, 0.98].flatMap((x) =>
          [0.02, 0.25, 0.5, 0.75, 0.98].map((y) => [
            left + (right - left) * x,
            top + (bottom - top) * y,
          ]),
        );
        return points.every(
          ([x = 0, y = 0]) => document.elementFromPoint(x, y)?.closest('.blank') !== null,
        );
      });
    await show();
    await handOver.waitFor();
    expect(await covered()).toBe(true);
    expect(await page.evaluate(() => document.getElementById('work')?.inert)).toBe(true);

    // Also when the service ended meanwhile and people must open the desk again first.
    const end = () => process.kill(face.servicePid(), 'SIGKILL');
    await shownAfter(page, 'being started again', end, 'dialog');
    await desk.goTo('Overview');
    await desk.button('Open the desk').waitFor();
    expect(await handOver.count()).toBe(0);

    await show();
    await takeScreen(desk, 1);
    await desk.goTo('Overview');
    await show();
    await handOver.waitFor();
    expect(await covered()).toBe(true);
  }, 60_000);
});
