/** How a ceremony is printed, and who sits in which seat now. */
import type { CeremonyView } from '../../../shared/contract/ceremonies.ts';
import type { Definition } from '../../../shared/domain/ceremonies.ts';
import { KeymootError } from '../../../shared/errors.ts';
import { idNamed } from '../names.ts';
import { atDesk, type Session } from '../session.ts';
import { checkText, claimLines, clean, facts, table, time } from '../show.ts';

export const definitionOf = async (desk: Session, sha256: string): Promise<Definition> => {
  const found = (await desk.call('ceremonies.definitions', {})).find(
    (view) => view.sha256 === sha256,
  );
  if (found === undefined)
    throw new KeymootError('not-found', 'This desk knows no such definition.');
  return found.definition;
};

/** A ceremony by its id or the id's beginning. */
export const ceremonyNamed = async (desk: Session, begin: string): Promise<CeremonyView> => {
  const { id } = idNamed(
    await desk.call('ceremonies.list', {}),
    (ceremony) => ceremony.id,
    begin,
    'ceremony',
  );
  return desk.call('ceremonies.show', { ceremony: id });
};

/** Person by seat, substitutes included. */
export const seatsOf = (view: CeremonyView): Map<string, string> =>
  new Map(view.seats.map(({ seat, person }) => [seat, person]));

export const ceremonyLines = async (
  desk: Session,
  view: CeremonyView,
  definition: Definition,
): Promise<string[]> => {
  const seats = seatsOf(view);
  const sitting = await Promise.all(
    [...seats].map(async ([seat, person]) => [seat, await desk.nameOf(person)] as const),
  );
  return [
    `“${clean(view.title)}”`,
    ...facts([
      ['ceremony', view.id],
      ['state', view.verdict === undefined ? view.status : `${view.status}, ${view.verdict}`],
      ['definition', view.definitionSha256],
      ['token', `“${definition.at.token.label}”, serial ${definition.at.token.serial}`],
      [
        'key',
        `${definition.key.algorithm} “${definition.key.label}”${view.key === undefined ? '' : `, ${view.key}`}`,
      ],
      ['check value', checkText(view.check)],
      ...sitting,
    ]),
    '',
    ...table(
      ['step', 'what', 'state', 'when', 'observed'],
      view.steps.map(({ step, state, ended, observed }) => [
        step.id,
        step.kind,
        state,
        ended === undefined ? '' : time(ended),
        observed,
      ]),
    ),
    ...view.exceptions.flatMap(
      ({ number, step, expected, observed, decision, substitute, open }) => [
        '',
        `Exception ${number} at step ${step}${open ? ', OPEN: two people decide' : ''}`,
        ...facts([
          ['  expected', expected],
          ['  observed', observed],
          ['  decided', decision === '' ? undefined : decision],
          [
            '  substitute',
            substitute === undefined
              ? undefined
              : `${substitute.person} sits as ${substitute.seat}`,
          ],
        ]),
      ],
    ),
    ...(view.again.length === 0 || view.key !== undefined
      ? []
      : ['', `To be entered again: component ${view.again.join(', ')}`]),
    ...(view.claims.length === 0 ? [] : ['', 'Who says so', ...claimLines(view.claims)]),
  ];
};

export const list = atDesk(async (desk) => {
  const ceremonies = await desk.call('ceremonies.list', {});
  const definitions = await desk.call('ceremonies.definitions', {});
  return {
    value: { ceremonies, definitions },
    lines: [
      ...(ceremonies.length === 0
        ? ['No ceremony was armed yet.']
        : table(
            ['ceremony', 'state', 'opened', 'title'],
            ceremonies.map(({ id, status, opened, title }) => [
              id.slice(0, 12),
              status,
              time(opened),
              title,
            ]),
          )),
      '',
      ...(definitions.length === 0
        ? ['No definition is known here.']
        : table(
            ['definition', 'approvals', 'defined', 'title'],
            definitions.map(({ sha256, approvals, needed, defined, title }) => [
              sha256.slice(0, 12),
              `${approvals.length} of ${needed}`,
              time(defined),
              title,
            ]),
          )),
    ],
  };
});

export const show = atDesk(async (desk) => {
  const value = await ceremonyNamed(desk, desk.asked.word(0));
  const definition = await definitionOf(desk, value.definitionSha256);
  return { value, lines: await ceremonyLines(desk, value, definition) };
});
