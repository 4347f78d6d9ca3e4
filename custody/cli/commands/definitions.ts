/** `ceremony draft|define|approve|arm`: from a template to a ceremony that may begin. */
import { readdirSync, readFileSync } from 'node:fs';
import type { DefinitionView } from '../../../shared/contract/ceremonies.ts';
import { Definition, Seat } from '../../../shared/domain/ceremonies.ts';
import type { Person } from '../../../shared/domain/people.ts';
import { KeymootError } from '../../../shared/errors.ts';
import { definitionId } from '../../core/ceremonies/definition.ts';
import { makeCheck } from '../../core/checkvalues/check-values.ts';
import { hexToWords } from '../../core/checkvalues/fingerprint.ts';
import { resourcePath } from '../../resources.ts';
import type { Asked } from '../asked.ts';
import { readJson, writeNew } from '../files.ts';
import { idNamed, personNamed, tokenNamed } from '../names.ts';
import { atDesk, type Session } from '../session.ts';
import { clean, fingerprint, time } from '../show.ts';
import { ceremonyLines } from './ceremony-view.ts';

const invalid = (message: string, name: string, problem: string): KeymootError =>
  new KeymootError('input-invalid', message, { fields: { [name]: problem } });

const readTemplate = (name: string): Definition => {
  const folder = resourcePath('ceremonies');
  const templates = readdirSync(folder)
    .filter((file) => file.endsWith('.json'))
    .map((file) => file.slice(0, -'.json'.length));
  if (!templates.includes(name))
    throw invalid(
      `There is no template “${clean(name)}”. There are: ${templates.join(', ')}.`,
      '--template',
      'unknown',
    );
  return Definition.parse(
    JSON.parse(readFileSync(resourcePath('ceremonies', `${name}.json`), 'utf8')),
  );
};

const expectedOf = (
  text: string,
  method: Definition['components']['method'],
): Definition['expected'] => {
  try {
    return { method, value: makeCheck(method, text).value };
  } catch {
    // makeCheck throws for the form only.
    throw invalid(
      `--expected is not a check value by ${method}: ten hex digits, or six for short.`,
      '--expected',
      'form',
    );
  }
};

const ALGORITHMS = ['AES-128', 'AES-256'] as const;
const PURPOSES = ['encrypt', 'mac', 'wrap'] as const;

const seatsFrom = (
  pairs: readonly [string, string][],
  people: readonly Person[],
  option: string,
): Definition['seats'] =>
  pairs.map(([seat, name]) => {
    const taken = Seat.safeParse(seat);
    if (!taken.success)
      throw invalid(
        `--${option} names no seat: “${clean(seat)}”. Seats are administrator, witness, custodian-1 and so on.`,
        `--${option}`,
        'unknown',
      );
    return { seat: taken.data, person: personNamed(people, name).id };
  });

const draftFor = async (desk: Session, asked: Asked): Promise<Definition> => {
  const template = readTemplate(asked.one('template'));
  const algorithm = asked.choice(
    '--algorithm',
    asked.maybe('algorithm') ?? template.key.algorithm,
    ALGORITHMS,
  );
  const purpose = asked.choice(
    '--purpose',
    asked.maybe('purpose') ?? template.key.purpose,
    PURPOSES,
  );
  const expected = asked.maybe('expected');
  const { origin, mode } = await desk.call('desk.hello', {});
  if (origin === undefined || mode === undefined)
    throw new KeymootError('desk-missing', 'There is no desk here yet. Found one first.');
  const { sha256: policySha256 } = await desk.call('policy.get', {});
  const people = await desk.people();
  const given = seatsFrom(asked.pairs('seat'), people, 'seat');
  const missing = template.seats
    .filter(({ seat }) => !given.some((taken) => taken.seat === seat))
    .map(({ seat }) => seat);
  if (missing.length > 0)
    throw invalid(
      `Nobody is named for: ${missing.join(', ')}. Say who sits there with --seat SEAT=NAME.`,
      '--seat',
      missing.join(' '),
    );
  const odd = given
    .filter(({ seat }) => !template.seats.some((wanted) => wanted.seat === seat))
    .map(({ seat }) => seat);
  if (odd.length > 0)
    throw invalid(`The template has no such seat: ${odd.join(', ')}.`, '--seat', odd.join(' '));
  const { at } = tokenNamed(await desk.call('tokens.list', {}), asked.one('token'));
  const { expected: _placeholder, ...rest } = template;
  return Definition.parse({
    ...rest,
    title: asked.maybe('title') ?? template.title.replace(template.key.algorithm, algorithm),
    mode,
    log: origin,
    policySha256,
    seats: template.seats.map(({ seat }) => given.find((taken) => taken.seat === seat)),
    substitutes: seatsFrom(asked.pairs('substitute'), people, 'substitute'),
    at,
    key: { ...template.key, label: asked.one('key-label'), algorithm, purpose },
    ...(expected === undefined
      ? {}
      : { expected: expectedOf(expected, template.components.method) }),
  });
};

const wordsNote = (sha256: string): string[] => [
  'Its fingerprint, for the printed copy and for reading aloud:',
  '',
  ...fingerprint(sha256),
];

export const draft = atDesk(async (desk) => {
  const definition = await draftFor(desk, desk.asked);
  const file = writeNew(desk.asked.one('out'), `${JSON.stringify(definition, undefined, 2)}\n`);
  const sha256 = definitionId(definition);
  return {
    value: { file, sha256, words: hexToWords(sha256), definition },
    lines: [
      `“${clean(definition.title)}”`,
      `  ${file}`,
      '',
      ...wordsNote(sha256),
      '',
      'Read it, change its texts if they don’t fit your room, then:',
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
