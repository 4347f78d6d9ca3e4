/** Carries out a ceremony's steps: shows the instruction, asks for the input, takes each person's proof. */
import type { CeremonyView, StepInput } from '../../../shared/contract/ceremonies.ts';
import type { Definition, Step } from '../../../shared/domain/ceremonies.ts';
import type { Person } from '../../../shared/domain/people.ts';
import { KeymootError, type ErrorCode } from '../../../shared/errors.ts';
import { personNamed } from '../names.ts';
import type { Session } from '../session.ts';
import { clean, framed, wrap } from '../show.ts';
import { wordsAt } from '../words.ts';
import { seatsOf } from './ceremony-view.ts';

const CHANNEL = 'ceremonies.step';

/** Errors that the people in the room can correct, so the step is tried again. */
const AGAIN: readonly ErrorCode[] = [
  'act-refused',
  'readback-wrong',
  'component-refused',
  'input-invalid',
  'pin-wrong',
  'pin-half-missing',
  'token-missing',
  'step-refused',
];

/** From the first component until the key is formed, components exist only in the processes of this command. */
const HELD_TOGETHER: readonly Step['kind'][] = ['component.enter', 'key.form'];

const invalid = (message: string, name: string): KeymootError =>
  new KeymootError('input-invalid', message, { fields: { [name]: 'form' } });

/** `2026-11-22 14:05`, with seconds if wanted, or `14:05` of today; always UTC. A script may say `now`. */
export const roomTime = (text: string, mayBeNow: boolean): string => {
  const now = new Date();
  if (mayBeNow && text === 'now') return now.toISOString();
  const plain = text
    .trim()
    .replace(/\s*(UTC|Z)$/i, '')
    .replace('T', ' ');
  const dated = /^\d{1,2}:\d\d/.test(plain)
    ? `${now.toISOString().slice(0, 10)} ${plain.padStart(5, '0')}`
    : plain;
  const parsed = /^\d{4}-\d\d-\d\d \d\d:\d\d(:\d\d(\.\d{1,3})?)?$/.test(dated)
    ? new Date(`${dated.replace(' ', 'T')}Z`)
    : undefined;
  if (parsed === undefined || Number.isNaN(parsed.getTime()))
    throw invalid(
      'The time in the room is typed as 2026-11-22 14:05 or 14:05, in UTC.',
      'room time',
    );
  return parsed.toISOString();
};

const askPhrase = async (desk: Session, step: Step): Promise<string> => {
  const phrase = await desk.ask.answer(`phrase ${step.id}`, `Type ${step.phrase ?? ''}`);
  if (phrase !== step.phrase)
    throw new KeymootError(
      'readback-wrong',
      `The phrase typed is not “${clean(step.phrase ?? '')}”. Nothing was done.`,
      {
        fields: { [`phrase ${step.id}`]: 'differs' },
      },
    );
  return phrase;
};

/** The step's input. Built afresh for each call, since handles are used once. */
const inputOf = async (
  desk: Session,
  view: CeremonyView,
  definition: Definition,
  step: Step,
): Promise<() => Promise<StepInput>> => {
  const { ask } = desk;
  switch (step.kind) {
    case 'arrive':
    case 'token.check': {
      const { kind } = step;
      return async () => ({ kind });
    }
    case 'clock': {
      const typed = await ask.answer('room time', 'Time in the room, UTC (2026-11-22 14:05)');
      const time = roomTime(typed, ask.scripted);
      return async () => ({
        kind: 'clock',
        roomTime: typed === 'now' ? roomTime(typed, ask.scripted) : time,
      });
    }
    case 'definition.read': {
      const { positions = [] } = view.readBack ?? {};
      const words = wordsAt(
        await ask.answer('words', `Words ${positions.join(', ')} of the definition`),
        positions,
      );
      return async () => ({ kind: 'definition.read', words });
    }
    case 'component.enter': {
      const index = step.component ?? 0;
      const component = await ask.secret(`component ${index}`, `Component ${index}, in hex`);
      let check;
      let serial: string;
      try {
        check = await ask.answer(`check ${index}`, `Check value of component ${index}`);
        serial = await ask.answer(`serial ${index}`, `Serial number of envelope ${index}`);
      } catch (error) {
        component.fill(0);
        throw error;
      }
      // SECURITY: sealing zeroes the component, so each try asks for it again and no copy is kept.
      return async () => ({
        kind: 'component.enter',
        index,
        component: await desk.client.secret(component, { purpose: 'component', channel: CHANNEL }),
        check,
        serial,
      });
    }
    case 'key.form': {
      const phrase = await askPhrase(desk, step);
      const { label } = definition.at.token;
      await desk.pinOf(label);
      return async () => ({ kind: 'key.form', phrase, login: await desk.login(label, CHANNEL) });
    }
    case 'key.verify': {
      const check = await ask.answer('check value', 'Check value of the key, from the letter');
      return async () => ({ kind: 'key.verify', check });
    }
    case 'envelopes.destroy': {
      const phrase = await askPhrase(desk, step);
      const typed = await ask.answer('serials', 'Serial numbers of the envelopes destroyed');
      const serials = typed.split(/[\s,;]+/u).filter((serial) => serial !== '');
      return async () => ({ kind: 'envelopes.destroy', phrase, serials });
    }
    case 'agree':
      throw new Error('ceremony: people agree one at a time');
  }
};

/** “I agree”, or “I do not agree, because …”. */
const spokenBy = async (desk: Session, { name }: Person): Promise<StepInput> => {
  const spoken = (
    await desk.ask.answer(`agree ${name}`, `${name}: do you agree? (yes, or no: because …)`)
  ).trim();
  if (/^(yes|y|i agree)$/i.test(spoken)) return { kind: 'agree', agree: true };
  const because = /^(?:no|n)\s*[:,]?\s*(?:because\s*:?\s*)?(.*)$/isu.exec(spoken)?.[1]?.trim();
  if (because === undefined || because === '')
    throw invalid(
      `${clean(name)} says “yes”, or “no: ” and why, in their own words.`,
      `agree ${name}`,
    );
  return { kind: 'agree', agree: false, because };
};

const dueOf = (view: CeremonyView): Step | undefined =>
  view.steps.find(({ step }) => step.id === view.due)?.step;

const announce = (
  desk: Session,
  view: CeremonyView,
  step: Step,
  people: readonly Person[],
  seats: Map<string, string>,
): void => {
  const seatOf = (id: string): string => [...seats].find(([, person]) => person === id)?.[0] ?? '';
  desk.say(
    framed(`STEP ${step.id} OF ${view.steps.length}`, [
      step.text,
      `When it went well: ${step.expected}`,
      `By: ${people.map(({ id, name }) => `${name} (${seatOf(id)})`).join(', ')}`,
      ...(step.irreversible ? [`THIS CAN’T BE TAKEN BACK. ${step.undo}`] : []),
    ]),
  );
};

/** Does the due step once. */
const doStep = async (
  desk: Session,
  view: CeremonyView,
  definition: Definition,
): Promise<CeremonyView> => {
  const step = dueOf(view);
  if (step === undefined)
    throw new KeymootError(
      'step-refused',
      'All steps are done. What remains is to close the ceremony.',
    );
  const seats = seatsOf(view);
  const everyone = await desk.people();
  const people = step.seats.map((seat) => personNamed(everyone, seats.get(seat) ?? ''));
  announce(desk, view, step, people, seats);
  const { id: ceremony } = view;
  if (step.kind === 'agree') {
    let next = view;
    for (const person of people) {
      if (next.agreed.includes(person.id) || next.disagreed.includes(person.id)) continue;
      const input = await spokenBy(desk, person);
      desk.forgetPassphrases();
      next = await desk.act(CHANNEL, [person], () => ({ ceremony, step: step.id, input }));
    }
    return next;
  }
  const input = await inputOf(desk, view, definition, step);
  desk.forgetPassphrases();
  try {
    return await desk.act(CHANNEL, people, async () => ({
      ceremony,
      step: step.id,
      input: await input(),
    }));
  } finally {
    if (step.kind === 'key.form') desk.forgetPins();
  }
};

/** After a final failed check, two people of the ceremony record what they saw and what they decide. */
const decide = async (desk: Session, view: CeremonyView): Promise<CeremonyView> => {
  const open = view.exceptions.find((exception) => exception.open);
  if (open === undefined) return view;
  desk.say(
    framed(`STEP ${open.step} FAILED`, [
      `Expected: ${open.expected}`,
      `Seen: ${open.observed}`,
      'Two people of this ceremony record what was seen and what is done about it. Ctrl-C leaves the ceremony as it is; it can then also be aborted.',
    ]),
  );
  const observed = await desk.ask.answer('exception observed', 'What was seen');
  const decision = await desk.ask.answer('exception decision', 'What is done about it');
  const everyone = await desk.people();
  const people = [
    personNamed(everyone, await desk.ask.answer('exception first', 'First person who decides')),
    personNamed(everyone, await desk.ask.answer('exception second', 'Second person who decides')),
  ];
  desk.forgetPassphrases();
  return desk.act('ceremonies.exception', people, () => ({
    ceremony: view.id,
    observed,
    decision,
  }));
};

/** Does the due step; at a terminal, repeats it after errors that people can correct. */
export const playStep = async (
  desk: Session,
  before: CeremonyView,
  definition: Definition,
): Promise<CeremonyView> => {
  let view = before;
  for (;;) {
    try {
      if (!desk.ask.scripted) view = await decide(desk, view);
      const step = view.due ?? '';
      view = await doStep(desk, view, definition);
      const done = view.steps.find((state) => state.step.id === step);
      desk.say([`    Done: ${clean(done?.observed ?? '')}`]);
      return view;
    } catch (error) {
      if (!(error instanceof KeymootError) || desk.ask.scripted || !AGAIN.includes(error.code))
        throw error;
      const device = error.fields?.['device'];
      desk.say([
        '',
        ...wrap(error.message).map((line) => `  ${line}`),
        `  ${error.code}${device === undefined ? '' : ` (${clean(device)})`}`,
        '',
        '  Once more. Ctrl-C leaves the ceremony as it is.',
      ]);
      desk.forgetPins();
      view = await desk.call('ceremonies.show', { ceremony: view.id });
    }
  }
};

/** Whether the step must be done by the same command as the one before. */
export const belongsTogether = (view: CeremonyView): boolean => {
  const kind = dueOf(view)?.kind;
  return kind !== undefined && HELD_TOGETHER.includes(kind);
};
