/** Every screen of a desk that has people, keys, a ceremony and an export behind it, by the rail and what leads on from there. */
import type { Person } from './cast.ts';
import { openAudit } from './desk-log.ts';
import { arrive } from './desk-people.ts';
import type { Desk } from './desk.ts';

const DIALOGS = {
  'the palette': 'Commands, Ctrl K',
  help: 'Help, F1',
};

export const lookAround = async (desk: Desk, reader: Person): Promise<void> => {
  for (const screen of [
    'Overview',
    'Tokens',
    'Keys',
    'Ceremonies',
    'Exports',
    'Audit',
    'People',
    'Settings',
  ] as const) {
    await desk.goTo(screen);
    await desk.seen(`screen ${screen}, of a desk that was used`);
  }
  await desk.press('Propose a new policy');
  await desk.heading('Propose a new policy').waitFor();
  await desk.seen('a new policy');

  await desk.goTo('Tokens');
  await desk.follow('work');
  await desk.heading('What it can make').waitFor();
  await desk.work.getByRole('table').waitFor();
  await desk.seen('a token');
  await desk.goTo('Tokens');
  await desk.press('Add a module');
  await desk.heading('Add a module').waitFor();
  await desk.seen('add a module');

  await desk.goTo('People');
  await desk.hands.press(desk.work.getByRole('link').first());
  await desk.seen('a person');

  await arrive(desk, reader);
  await desk.seen('the timeline');
  await desk.hands.press(desk.work.getByRole('link', { name: /^Exported the log/ }).first());
  await desk.work.getByRole('link', { name: /^Exported the log/ }).waitFor({ state: 'detached' });
  await desk.seen('an entry');
  await openAudit(desk, 'Log and seal');
  await desk.seen('the log and its seal');

  for (const [what, button] of Object.entries(DIALOGS)) {
    await desk.press(button);
    await desk.page.getByRole('dialog').waitFor();
    await desk.seen(what);
    await desk.page.keyboard.press('Escape');
    await desk.page.getByRole('dialog').waitFor({ state: 'detached' });
  }
};
