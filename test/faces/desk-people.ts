/** The first run, people, tokens and keys, as people do them at the window. */
import type { Role } from '../../shared/domain/people.ts';
import type { Person, Pin } from './cast.ts';
import type { Desk } from './desk.ts';

/** From the very first screen to a desk that is open. */
export const foundDesk = async (
  desk: Desk,
  given: { name: string; pin: Pin; first: Person; second: Person },
): Promise<void> => {
  await desk.heading('A desk for key ceremonies').waitFor();
  await desk.seen('first run: welcome');
  await desk.press('Set up a rehearsal desk');
  await desk.write('Name of this desk', given.name);
  await desk.enterPin('Log token’s PIN', given.pin);
  await desk.seen('first run: the log’s token');
  await desk.press('Make the log token and its key');
  for (const [which, { name, role, passphrase }] of Object.entries({
    first: given.first,
    second: given.second,
  })) {
    await desk.button(`Enrol the ${which} person`).waitFor();
    await desk.write('Name', name);
    await desk.choose('Role', role);
    await desk.type('New passphrase, typed by the person', passphrase);
    await desk.type('The same passphrase again', passphrase);
    await desk.seen(`first run: ${role}`);
    await desk.press(`Enrol ${name}`);
  }
  await desk.button('Both approve the policy').waitFor();
  await desk.prove(given.first, given.second);
  await desk.seen('first run: the policy');
  await desk.press('Both approve the policy');
  await desk.heading('Overview').waitFor();
};

/** A person types a passphrase of their own; two who are here approve. */
export const enrol = async (
  desk: Desk,
  { name, role, passphrase }: Person,
  approvers: readonly [Person, Person],
): Promise<void> => {
  await desk.goTo('People');
  await desk.press('Enrol a person');
  await desk.heading('Enrol a person').waitFor();
  await desk.write('Name', name);
  await desk.choose('Role', capital(role));
  await desk.type('New passphrase, typed by the person', passphrase);
  await desk.type('The same passphrase again', passphrase);
  await desk.proveAs({ 'First approver': approvers[0], 'Second approver': approvers[1] });
  await desk.seen('enrol a person');
  await desk.press(`Enrol ${name} as ${role}`);
  await desk.heading(name).waitFor();
};
const capital = (role: Role): string => `${role.charAt(0).toUpperCase()}${role.slice(1)}`;

/** Both holders open the desk with the log token’s PIN. */
export const openDesk = async (desk: Desk, pin: Pin, person: Person): Promise<void> => {
  await desk.goTo('Overview');
  await desk.enterPin('Log token’s PIN', pin);
  await desk.proveAs({ 'Opened by': person });
  await desk.press('Open the desk');
  await desk.page.getByRole('region', { name: 'Open the desk' }).waitFor({ state: 'detached' });
};

export const makeTrainingToken = async (
  desk: Desk,
  token: { label: string; pin: Pin; kind?: 'SoftHSM' | 'NSS' },
  people: readonly [Person, Person],
): Promise<void> => {
  const kind = token.kind ?? 'SoftHSM';
  await desk.goTo('Tokens');
  await desk.press('Make a training token');
  await desk.choose('Kind', kind);
  await desk.write('Name', token.label);
  await desk.enterPin('User PIN', token.pin);
  if (kind === 'SoftHSM') await desk.enterPin('Security officer’s PIN', token.pin);
  await desk.proveAs({ 'First person': people[0], 'Second person': people[1] });
  await desk.seen('make a training token');
  await desk.press(`Make training token “${token.label}”`);
  await desk.heading('Tokens').waitFor();
  await desk.work.getByRole('link', { name: token.label, exact: true }).waitFor();
};

export interface KeyWish {
  label: string;
  algorithm: string;
  token: string;
  /** The beginning of what the screen calls its purpose. */
  purpose?: string;
  mayLeave?: boolean;
}

/** Fills in the form for a key, without pressing the button. */
export const wishForKey = async (desk: Desk, wish: KeyWish): Promise<void> => {
  await desk.goTo('Keys');
  await desk.press('Generate a key');
  await desk.heading('Generate a key').waitFor();
  await desk.choose('Token', wish.token);
  await desk.choose('Algorithm', wish.algorithm);
  if (wish.purpose !== undefined) await desk.choose('What it is for', wish.purpose);
  await desk.write('Label', wish.label);
  if (wish.mayLeave === true) await desk.tick('checkbox', /May leave the token wrapped/);
};

export const generateKey = async (
  desk: Desk,
  wish: KeyWish,
  pin: Pin,
  people: readonly [Person, Person],
): Promise<void> => {
  await wishForKey(desk, wish);
  await desk.enterPin('Token’s PIN', pin);
  await desk.proveAs({ 'First person': people[0], 'Second person': people[1] });
  await desk.seen('generate a key');
  await desk.press(`Generate ${wish.algorithm} in token “${wish.token}”`);
  await desk.heading(wish.label).waitFor();
  await desk.seen(`key ${wish.algorithm}`);
};

/** Settles the interrupted act that the window shows, and gives the result that it reports. */
export const settle = async (
  desk: Desk,
  wish: 'keep' | 'destroy',
  token: string,
  pin: Pin,
  people: readonly [Person, Person],
): Promise<string> => {
  await desk.heading('Settle an interrupted act').waitFor();
  await desk.choose('If something was made', wish);
  await desk.enterPin(`PIN of token “${token}”`, pin);
  await desk.proveAs({ 'First person': people[0], 'Second person': people[1] });
  await desk.press('Look at the token and settle');
  await desk.heading('Settled').waitFor();
  return desk.work.innerText();
};

/** A person arrives, so that the log may be read. */
export const arrive = async (desk: Desk, person: Person): Promise<void> => {
  await desk.goTo('Audit');
  await desk.choose('Who arrives', person.name);
  await desk.prove(person);
  await desk.press(`${person.name} arrives`);
  await desk.heading('Nobody is here to read the log').waitFor({ state: 'detached' });
};
