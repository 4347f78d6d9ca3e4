/** `ceremony draft|define|approve|arm`: from a template to a ceremony that may begin. */
import type { DefinitionView } from '../../../shared/contract/ceremonies.ts';
import { Definition, Seat, type DraftParameters } from '../../../shared/domain/ceremonies.ts';
import { ALGORITHMS, PURPOSES } from '../../../shared/domain/keys.ts';
import type { Person } from '../../../shared/domain/people.ts';
import { KeymootError } from '../../../shared/errors.ts';
import { definitionId } from '../../core/ceremonies/definition.ts';
import type { Asked } from '../asked.ts';
import { readJson, writeNew } from '../files.ts';
import { idNamed, personNamed, tokenNamed } from '../names.ts';
import { atDesk, type Session } from '../session.ts';
import { clean, fingerprint, time } from '../show.ts';
import { ceremonyLines } from './ceremony-view.ts';

/** `SEAT=NAME` options as seats and people's ids. The template decides which seats exist. */
const seatsFrom = (asked: Asked, option: 'seat' | 'substitute', people: readonly Person[]) =>
  asked.pairs(option).map(([seat, name]) => {
    const taken = Seat.safeParse(seat);
    if (!taken.success)
      throw new KeymootError(
        'input-invalid',
        `--${option} names no seat: “${clean(seat)}”. Seats are administrator, witness, custodian-1 and so on.`,
        { fields: { [`--${option}`]: 'unknown' } },
      );
    return { seat: taken.data, person: personNamed(people, name).id };
  });

/** The typed options as draft parameters; the template supplies the rest. */
const parametersFrom = async (desk: Session): Promise<DraftParameters> => {
  const { asked } = desk;
  const people = await desk.people();
  const [title, algorithm, purpose, components, expected] = [
    asked.maybe('title'),
    asked.maybe('algorithm'),
    asked.maybe('purpose'),
    asked.maybe('components'),
    asked.maybe('expected'),
  ];
  return {
    label: asked.one('key-label'),
    ...(title === undefined ? {} : { title }),
    ...(algorithm === undefined
      ? {}
      : { algorithm: asked.choice('--algorithm', algorithm, ALGORITHMS) }),
    ...(purpose === undefined ? {} : { purpose: asked.choice('--purpose', purpose, PURPOSES) }),
    ...(components === undefined ? {} : { components: asked.count('--components', components) }),
    ...(expected === undefined ? {} : { expected: { value: expected } }),
    seats: seatsFrom(asked, 'seat', people),
    substitutes: seatsFrom(asked, 'substitute', people),
    at: tokenNamed(await desk.call('tokens.list', {}), asked.one('token')).at,
  };
};

const wordsNote = (sha256: string): string[] => [
  'Its fingerprint, for the printed copy and for reading aloud:',
  '',
  ...fingerprint(sha256),
];

export const draft = atDesk(async (desk) => {
  const { asked } = desk;
  const { sha256, words, definition } = await desk.call('ceremonies.draft', {
    template: asked.one('template'),
    parameters: await parametersFrom(desk),
  });
  const file = writeNew(asked.one('out'), `${JSON.stringify(definition, undefined, 2)}\n`);
  return {
    value: { file, sha256, words, definition },
    lines: [
      `“${clean(definition.title)}”`,
      `  ${file}`,
      '',
      ...wordsNote(sha256),
      '',
      'Read it. What people are told to do (text, undo, phrase) may be changed to fit your room; what is checked (expected) may not. Then:',
      '  keymoot ceremony define FILE --by NAME',
    ],
  };
});

export const readDefinition = (file: string): Definition => readJson(file, Definition);

/** A definition by file, by SHA-256, or by the SHA-256's beginning. */
export const shaOf = async (desk: Session, name: string): Promise<DefinitionView> => {
  const known = await desk.call('ceremonies.definitions', {});
  if (/^[0-9a-f]{6,64}$/i.test(name))
    return idNamed(known, ({ sha256 }) => sha256, name, 'definition');
  const sha256 = definitionId(readDefinition(name));
  const found = known.find((view) => view.sha256 === sha256);
  if (found === undefined)
    throw new KeymootError(
      'not-found',
      'This desk does not know that definition yet. Define it first: keymoot ceremony define FILE --by NAME',
      {
        fields: { definition: sha256 },
      },
    );
  return found;
};

const definitionLines = (view: DefinitionView): string[] => [
  `“${clean(view.title)}”, defined ${time(view.defined)}, ${view.approvals.length} of ${view.needed} approvals`,
  '',
  ...wordsNote(view.sha256),
];

export const define = atDesk(async (desk) => {
  const definition = readDefinition(desk.asked.word(0));
  const value = await desk.act('ceremonies.define', await desk.by(1), () => ({ definition }));
  return {
    value,
    lines: [
      ...definitionLines(value),
      '',
      'Each approver compares the fingerprint with the printed copy, then:',
      `  keymoot ceremony approve ${value.sha256.slice(0, 12)} --by NAME`,
      ...(await desk.sealNote()),
    ],
  };
});

export const approve = atDesk(async (desk) => {
  let value = await shaOf(desk, desk.asked.word(0));
  const people = await desk.by(1);
  const { sha256: definitionSha256 } = value;
  if (!desk.asked.json) desk.say([...definitionLines(value), '']);
  for (const person of people)
    value = await desk.act('ceremonies.approve', [person], () => ({ definitionSha256 }));
  return {
    value,
    lines: [`${value.approvals.length} of ${value.needed} approvals.`, ...(await desk.sealNote())],
  };
});

export const arm = atDesk(async (desk) => {
  const { sha256: definitionSha256, definition } = await shaOf(desk, desk.asked.word(0));
  const people = await desk.by(1);
  await desk.prepareToOpen();
  await desk.passphrasesOf(people);
  await desk.open(people[0]);
  const value = await desk.act('ceremonies.arm', people, () => ({ definitionSha256 }));
  return {
    value,
    lines: [
      ...(await ceremonyLines(desk, value, definition)),
      '',
      'It may begin:',
      `  keymoot ceremony run ${value.id.slice(0, 12)} --by NAME`,
    ],
  };
});
