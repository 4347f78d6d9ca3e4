/** `ceremony run|step|agree|pause|resume|exception|abort|close`. */
import type { CeremonyView, DefinitionView } from '../../../shared/contract/ceremonies.ts';
import { Seat } from '../../../shared/domain/ceremonies.ts';
import type { Person } from '../../../shared/domain/people.ts';
import { KeymootError } from '../../../shared/errors.ts';
import { definitionId } from '../../core/ceremonies/definition.ts';
import { personNamed } from '../names.ts';
import { atDesk, type Answer, type Session } from '../session.ts';
import { clean } from '../show.ts';
import { belongsTogether, playStep } from './ceremony-steps.ts';
import { ceremonyLines, ceremonyNamed, definitionOf, seatsOf } from './ceremony-view.ts';
import { readDefinition, shaOf } from './definitions.ts';

const ENDED: readonly CeremonyView['status'][] = ['CLOSED', 'ABORTED'];

const answerOf = async (
  desk: Session,
  value: CeremonyView,
  note: readonly string[] = [],
): Promise<Answer> => ({
  value,
  lines: [
    '',
    ...(await ceremonyLines(desk, value, await definitionOf(desk, value.definitionSha256))),
    ...note,
    ...(desk.opened ? [] : await desk.sealNote()),
  ],
});

export const step = atDesk(async (desk) => {
  let view = await ceremonyNamed(desk, desk.asked.word(0));
  const definition = await definitionOf(desk, view.definitionSha256);
  if (belongsTogether(view)) {
    desk.say([
      'Components are held only while this command runs, so it goes on from here until the key is formed.',
      '',
    ]);
    const opener = personNamed(await desk.people(), seatsOf(view).get('administrator') ?? '');
    await desk.open(opener);
  }
  do view = await playStep(desk, view, definition);
  while (belongsTogether(view));
  return answerOf(
    desk,
    view,
    view.due === undefined
      ? [
          '',
          `All steps are done: keymoot ceremony close ${view.id.slice(0, 12)} --by NAME --by NAME`,
        ]
      : [],
  );
});

/** Defines and approves the definition as far as that was not done yet. */
const prepare = async (
  desk: Session,
  name: string,
  people: readonly Person[],
): Promise<DefinitionView> => {
  const [first] = people as [Person, ...Person[]];
  const definition = readDefinition(name);
  const sha256 = definitionId(definition);
  const known = (await desk.call('ceremonies.definitions', {})).find(
    (view) => view.sha256 === sha256,
  );
  let view = known ?? (await desk.act('ceremonies.define', [first], () => ({ definition })));
  for (const person of people) {
    if (view.approvals.length >= view.needed) break;
    if (view.approvals.includes(person.id)) continue;
    view = await desk.act('ceremonies.approve', [person], () => ({ definitionSha256: sha256 }));
    desk.say([`Approved by ${clean(person.name)}: ${view.approvals.length} of ${view.needed}`]);
  }
  return view;
};

/** The ceremony of this definition that began and has not ended, if any. */
const begun = async (desk: Session, sha256: string): Promise<CeremonyView | undefined> => {
  const alive: CeremonyView[] = [];
  for (const { id, status } of await desk.call('ceremonies.list', {})) {
    if (ENDED.includes(status)) continue;
    const view = await desk.call('ceremonies.show', { ceremony: id });
    if (view.definitionSha256 === sha256) alive.push(view);
  }
  if (alive.length > 1)
    throw new KeymootError(
      'ambiguous',
      `${alive.length} ceremonies of this definition are open: ${alive.map(({ id }) => id.slice(0, 12)).join(', ')}. Run one of them by its id, or abort it.`,
    );
  return alive[0];
};

const armOrGoOn = async (
  desk: Session,
  name: string,
  people: readonly Person[],
): Promise<CeremonyView> => {
  const [first] = people as [Person, ...Person[]];
  const ceremonies = await desk.call('ceremonies.list', {});
  if (
    /^[0-9a-f]{6,32}$/i.test(name) &&
    ceremonies.some(({ id }) => id.startsWith(name.toLowerCase()))
  )
    return ceremonyNamed(desk, name);
  const byHash = /^[0-9a-f]{6,64}$/i.test(name);
  const { sha256: definitionSha256 } = byHash
    ? await shaOf(desk, name)
    : await prepare(desk, name, people);
  const open = await begun(desk, definitionSha256);
  if (open === undefined) return desk.act('ceremonies.arm', [first], () => ({ definitionSha256 }));
  desk.say([
    `The ceremony ${open.id.slice(0, 12)} of this definition was begun. It goes on where it was left.`,
  ]);
  return open;
};

const closers = async (desk: Session, view: CeremonyView): Promise<Person[]> => {
  const seats = seatsOf(view);
  const everyone = await desk.people();
  return ['administrator', 'witness'].map((seat) => personNamed(everyone, seats.get(seat) ?? ''));
};

export const run = atDesk(async (desk) => {
  const people = await desk.by(1);
  await desk.prepareToOpen();
  await desk.passphrasesOf(people);
  await desk.open(people[0]);
  let view = await armOrGoOn(desk, desk.asked.word(0), people);
  const definition = await definitionOf(desk, view.definitionSha256);
  desk.say(['', `“${clean(view.title)}”`, `Ceremony ${view.id}`]);
  if (view.status === 'PAUSED') {
    view = await desk.act('ceremonies.resume', people.slice(0, 1), () => ({ ceremony: view.id }));
    desk.say(['It was paused, and is resumed.']);
  }
  while (view.due !== undefined) view = await playStep(desk, view, definition);
  const closing = await closers(desk, view);
  desk.say(['', 'All steps are done. Two people close the ceremony.']);
  desk.forgetPassphrases();
  view = await desk.act('ceremonies.close', closing, () => ({ ceremony: view.id }));
  return answerOf(desk, view);
});

export const agree = atDesk(async (desk) => {
  const { asked } = desk;
  const people = await desk.by(1);
  const because = asked.maybe('because');
  const agreed = !asked.flag('not');
  if (!agreed && because === undefined)
    throw new KeymootError(
      'input-invalid',
      'A person who does not agree gives the reason: --not --because TEXT.',
      { fields: { '--because': 'missing' } },
    );
  let view = await ceremonyNamed(desk, asked.word(0));
  for (const person of people)
    view = await desk.act('ceremonies.step', [person], () => ({
      ceremony: view.id,
      step: view.due ?? '1',
      input: { kind: 'agree', agree: agreed, ...(because === undefined ? {} : { because }) },
    }));
  return answerOf(desk, view);
});

export const pause = atDesk(async (desk) => {
  const people = await desk.by(1);
  const why = desk.asked.one('why');
  const { id: ceremony } = await ceremonyNamed(desk, desk.asked.word(0));
  return answerOf(desk, await desk.act('ceremonies.pause', people, () => ({ ceremony, why })));
});

export const resume = atDesk(async (desk) => {
  const people = await desk.by(1);
  const { id: ceremony } = await ceremonyNamed(desk, desk.asked.word(0));
  return answerOf(desk, await desk.act('ceremonies.resume', people, () => ({ ceremony })));
});

const substituteFrom = async (
  desk: Session,
): Promise<{ seat: Seat; person: string } | undefined> => {
  const [pair, ...more] = desk.asked.pairs('substitute');
  if (pair === undefined) return undefined;
  const seat = Seat.safeParse(pair[0]);
  if (!seat.success || more.length > 0)
    throw new KeymootError('input-invalid', 'One substitute at a time: --substitute SEAT=NAME.', {
      fields: { '--substitute': 'form' },
    });
  return { seat: seat.data, person: personNamed(await desk.people(), pair[1]).id };
};

export const exception = atDesk(async (desk) => {
  const { asked } = desk;
  const people = await desk.by(2);
  const observed = asked.one('observed');
  const decision = asked.one('decision');
  const substitute = await substituteFrom(desk);
  const { id: ceremony } = await ceremonyNamed(desk, asked.word(0));
  return answerOf(
    desk,
    await desk.act('ceremonies.exception', people, () => ({
      ceremony,
      observed,
      decision,
      ...(substitute === undefined ? {} : { substitute }),
    })),
  );
});

export const abort = atDesk(async (desk) => {
  const { asked } = desk;
  const because = asked.one('because');
  const view = await ceremonyNamed(desk, asked.word(0));
  const { key } = view.key === undefined ? {} : await desk.call('keys.show', { key: view.key });
  const hasKey = key !== undefined;
  const people = await desk.by(hasKey ? 2 : 1);
  const { label } = (await definitionOf(desk, view.definitionSha256)).at.token;
  let typed: string | undefined;
  if (hasKey) {
    desk.say(['The ceremony’s key is in the token. Aborting destroys it.']);
    // A released key is destroyed like any other: by people with that role, and after typing its label.
    if (key.state === 'active')
      typed = await desk.ask.answer('label', 'Type the key’s label to destroy it');
    await desk.prepareToOpen();
    await desk.passphrasesOf(people);
    await desk.pinOf(label);
    await desk.open(people[0]);
  }
  return answerOf(
    desk,
    await desk.act('ceremonies.abort', people, async () => ({
      ceremony: view.id,
      because,
      ...(typed === undefined ? {} : { typed }),
      ...(hasKey ? { login: await desk.login(label, 'ceremonies.abort') } : {}),
    })),
  );
});

export const close = atDesk(async (desk) => {
  const { id: ceremony } = await ceremonyNamed(desk, desk.asked.word(0));
  const people = await desk.by(2);
  await desk.prepareToOpen();
  await desk.passphrasesOf(people);
  await desk.open(people[0]);
  return answerOf(desk, await desk.act('ceremonies.close', people, () => ({ ceremony })));
});
