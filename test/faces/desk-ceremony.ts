/** A component ceremony as its people hold it at the window, from the draft to the close. */
import type { Locator } from 'playwright-core';
import type { Envelope, Papers, Person, Pin } from './cast.ts';
import type { Desk } from './desk.ts';

export interface Draft {
  label: string;
  token: string;
  /** In the order of the seats: the administrator, three custodians, the witness. */
  seats: Readonly<Record<string, Person>>;
}

/** Writes the definition and records it; the window then shows it. */
export const draftCeremony = async (desk: Desk, draft: Draft, by: Person): Promise<void> => {
  await desk.goTo('Ceremonies');
  await desk.press('Draft a ceremony');
  // What the policy refuses can't be chosen, and the rule stands beside it.
  const counts = desk.page.getByRole('combobox', { name: 'Number of components' });
  await counts
    .locator('option[disabled]', { hasText: '2 (not allowed' })
    .waitFor({ state: 'attached' });
  await desk.work
    .getByText(/Rule “Components” .* of the policy, version \d+, says: .* can change it/)
    .waitFor();
  await desk.write('Key label', draft.label);
  await desk.seen('draft: the key');
  await desk.press('Continue: the token');
  await desk.tick('radio', new RegExp(`^${draft.token}\\b`));
  await desk.seen('draft: the token');
  await desk.press('Continue: the people');
  for (const [seat, { name }] of Object.entries(draft.seats)) await desk.choose(seat, name);
  await desk.seen('draft: the people');
  await desk.press('Continue: read it and record it');
  await desk.proveAs({ 'Recorded by': by });
  await desk.seen('draft: the whole text');
  await desk.press('Record this definition');
  await desk.heading('Approve').waitFor();
  await desk.seen('definition: draft');
};

export const approve = async (desk: Desk, person: Person): Promise<void> => {
  await desk.choose('Who approves now', person.name);
  await desk.prove(person);
  await desk.press('Approve this definition');
  await desk.page.getByRole('complementary').getByText(person.name).waitFor();
};

/** Arms it; the window then shows its first step. */
export const arm = async (desk: Desk, person: Person): Promise<void> => {
  await desk.heading('Arm the ceremony').waitFor();
  await desk.seen('definition: approved');
  await desk.proveAs({ 'Armed by': person });
  await desk.press('Arm the ceremony');
  await stepDue(desk, 1);
};

export const now = (desk: Desk): Locator =>
  desk.page.getByRole('region', { name: 'What to do now' });
/** The one instruction. */
export const instruction = (desk: Desk): Promise<string> =>
  now(desk).getByRole('heading', { level: 1 }).innerText();

const due = (desk: Desk): Locator =>
  desk.page
    .getByRole('region', { name: 'Steps', includeHidden: true })
    .locator('[aria-current="step"]');
/** The step that is due, as the list of steps says: “5. Enter component 1, due now”. */
export const dueNow = async (desk: Desk): Promise<string> =>
  (await due(desk).innerText()).split('\n').slice(1).join(', ').trim();
/** Waits until a step is the one that is due. */
export const stepDue = async (desk: Desk, number: number): Promise<void> => {
  await due(desk)
    .filter({ hasText: new RegExp(`^\\W*${number}\\. `) })
    .waitFor({ state: 'attached' });
  await desk.seen(`step ${number}`);
};

/** Everyone takes a seat. */
export const allArrive = async (desk: Desk, people: readonly Person[]): Promise<void> => {
  await desk.prove(...people);
  await desk.press('Record that all five are here');
  await stepDue(desk, 2);
};
export const compareClocks = async (desk: Desk, people: readonly Person[]): Promise<void> => {
  await desk.prove(...people);
  await desk.write('Time in the room, UTC', new Date().toISOString().slice(11, 19));
  await desk.press('Record the time in the room');
  await stepDue(desk, 3);
};
/** The witness types the requested words; `paper`: all printed words. */
export const readBack = async (
  desk: Desk,
  paper: readonly string[],
  people: readonly Person[],
): Promise<void> => {
  await desk.typeWords(paper);
  await desk.prove(...people);
  await desk.press('Compare the words');
};
export const checkToken = async (desk: Desk, person: Person): Promise<void> => {
  await desk.prove(person);
  await desk.press('Read the token');
  await stepDue(desk, 5);
};

const groups = (desk: Desk, index: number): Locator =>
  desk.page.getByLabel(new RegExp(`^Component ${index}, group \\d+ of \\d+$`));

/** The custodian sits down: only they look at the screen now. */
export const takeScreen = async (desk: Desk, index: number): Promise<void> => {
  const dialog = desk.page.getByRole('dialog', { name: /looks at this screen now/ });
  await dialog.waitFor();
  await desk.seen('hand-over');
  await desk.hands.press(dialog.getByRole('button', { name: `I am Custodian ${index}` }));
  await groups(desk, index).first().waitFor();
};
/** Types a component from its paper, the screen leading from group to group. */
export const typeComponent = async (
  desk: Desk,
  index: number,
  component: string,
): Promise<void> => {
  for (const group of await groups(desk, index).all()) {
    // Checks only that the field is not empty: a value read by the driver would stay in the page's process, in the driver's messages.
    const filled = await group.evaluate((field) => (field as HTMLInputElement).value !== '');
    if (filled) await desk.hands.write(group, '');
  }
  await desk.hands.write(groups(desk, index).first(), '');
  await desk.page.keyboard.type(component);
};
export const fillEnvelope = async (
  desk: Desk,
  index: number,
  { component, check, serial }: Envelope,
): Promise<void> => {
  await typeComponent(desk, index, component);
  await desk.write(`Check value of component ${index}, X9.24-CMAC`, check);
  await desk.write('Envelope’s serial number', serial);
};
/** Proves and enters the typed component. The caller checks the result. */
export const enterComponent = async (
  desk: Desk,
  index: number,
  people: readonly Person[],
): Promise<void> => {
  await desk.prove(...people);
  await desk.press(`Enter component ${index} of 3`);
};
/** One envelope, from the hand-over on. */
export const openEnvelope = async (
  desk: Desk,
  index: number,
  envelope: Envelope,
  people: readonly Person[],
): Promise<void> => {
  await takeScreen(desk, index);
  await fillEnvelope(desk, index, envelope);
  await desk.seen('component');
  await enterComponent(desk, index, people);
  await stepDue(desk, 5 + index);
};

export const formKey = async (
  desk: Desk,
  { label, token }: { label: string; token: string },
  pin: Pin,
  people: readonly Person[],
): Promise<void> => {
  await desk.write('Type exactly: FORM THE KEY', 'FORM THE KEY');
  await desk.enterPin(`PIN of token ${token}`, pin);
  await desk.prove(...people);
  await desk.press(`Form AES-256 “${label}” in token ${token}`);
};
export const compareCheckValue = async (
  desk: Desk,
  check: string,
  people: readonly Person[],
): Promise<void> => {
  await desk.write('Check value of the key, X9.24-CMAC', check);
  await desk.prove(...people);
  await desk.press('Compare the check value');
};
export const destroyPapers = async (
  desk: Desk,
  { envelopes }: Papers,
  people: readonly Person[],
): Promise<void> => {
  for (const [at, { serial }] of envelopes.entries())
    await desk.write(`Serial number of envelope ${at + 1}, as read aloud`, serial);
  await desk.write('Type exactly: THE PAPERS ARE DESTROYED', 'THE PAPERS ARE DESTROYED');
  await desk.prove(...people);
  await desk.press('Record that three envelopes are destroyed');
  await stepDue(desk, 11);
};
export const everyoneAgrees = async (desk: Desk, people: readonly Person[]): Promise<void> => {
  for (const [at, person] of people.entries()) {
    if (at < people.length - 1) await desk.choose('Person', person.name);
    await desk.tick('radio', 'I agree');
    await desk.prove(person);
    if (at === 0) await desk.seen('agree');
    await desk.press(`Record what ${person.name} says`);
    await desk.page.getByRole('img', { name: `${at + 1} of ${people.length} agree, ` }).waitFor();
  }
};
/** Two people write down what happened and what they decide. */
export const recordException = async (
  desk: Desk,
  observed: string,
  decided: string,
  people: readonly Person[],
): Promise<void> => {
  await desk.write('What was observed', observed);
  await desk.write('What was decided', decided);
  await desk.prove(...people);
  await desk.press('Record the exception');
};

/** Closes it and gives the verdict shown. */
export const closeCeremony = async (desk: Desk, people: readonly Person[]): Promise<string> => {
  await desk.prove(...people);
  await desk.seen('close');
  await desk.press('Close the ceremony');
  await desk.button('Show the key').waitFor();
  await desk.seen('evidence');
  return now(desk).getByRole('heading', { level: 1 }).innerText();
};
