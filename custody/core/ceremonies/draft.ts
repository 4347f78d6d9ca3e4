/** Makes a definition from a template and people's choices: the one way to make a draft, for every face. */
import {
  seatsFor,
  type Definition,
  type DraftParameters,
} from '../../../shared/domain/ceremonies.ts';
import { KeymootError } from '../../../shared/errors.ts';
import { makeCheck } from '../checkvalues/check-values.ts';
import { problemsOf, type Surroundings } from './definition.ts';
import { scriptOf, type Template } from './template.ts';

/** The parameter from which a problem of the definition comes: `seats.1.person` → `seats.custodian-1`. */
const parameterOf = (path: string, { seats, substitutes }: Definition): string => {
  const [first = '', second = ''] = path.split('.');
  const at = Number(second);
  if (first === 'seats' && seats[at] !== undefined) return `seats.${seats[at].seat}`;
  if (first === 'substitutes' && substitutes[at] !== undefined)
    return `substitutes.${substitutes[at].seat}`;
  if (first === 'key') return second;
  return first === 'components' || first === 'at' ? first : path;
};

const refuse = (problems: Record<string, string>): void => {
  const [first] = Object.entries(problems);
  if (first === undefined) return;
  throw new KeymootError('input-invalid', `“${first[0]}” ${first[1]}. Nothing was drafted.`, {
    fields: problems,
  });
};

/**
 * The definition that the template gives for these parameters; it passes this desk's checks unchanged.
 *
 * @throws KeymootError `input-invalid` that names every invalid parameter
 */
export const expandTemplate = (
  template: Template,
  parameters: DraftParameters,
  here: Omit<Surroundings, 'template'>,
): Definition => {
  const problems: Record<string, string> = {};
  const say = (parameter: string, problem: string) => (problems[parameter] ??= problem);
  const { label, at, substitutes } = parameters;
  const { algorithms, purposes, extractable } = template.key;
  const { least, most, usual, method } = template.components;

  const algorithm = algorithms.find((one) => one === (parameters.algorithm ?? algorithms[0]));
  if (algorithm === undefined) say('algorithm', `must be one of: ${algorithms.join(', ')}`);
  const purpose = purposes.find((one) => one === (parameters.purpose ?? purposes[0]));
  if (purpose === undefined) say('purpose', `must be one of: ${purposes.join(', ')}`);
  const count = parameters.components ?? usual;
  const counted = count >= least && count <= most;
  if (!counted) say('components', `must be ${least} to ${most}`);

  // The seats follow from the number of components, if that is valid.
  const wanted = counted ? seatsFor(template.seats, count) : [];
  const seats = wanted.flatMap((seat) => {
    const [taken, ...more] = parameters.seats.filter((pair) => pair.seat === seat);
    if (taken === undefined) say(`seats.${seat}`, 'has nobody: name who sits there');
    if (more.length > 0) say(`seats.${seat}`, 'is named more than once');
    return taken ?? [];
  });
  for (const { seat } of counted ? parameters.seats : [])
    if (!wanted.includes(seat)) say(`seats.${seat}`, 'is no seat of this ceremony');

  let expected: Definition['expected'];
  if (parameters.expected !== undefined) {
    const { method: given = method, value } = parameters.expected;
    if (given !== method)
      say('expected', `must be a check value by ${method}: one by ${given} is never compared`);
    else
      try {
        expected = { method, value: makeCheck(method, value).value };
      } catch {
        // makeCheck throws only for a malformed value.
        say(
          'expected',
          `is no check value by ${method}: that has ten hex digits, or six for short`,
        );
      }
  }
  refuse(problems);
  if (algorithm === undefined || purpose === undefined) throw new Error('draft: refused before');

  const values = {
    v: 1 as const,
    template: template.template,
    mode: here.mode,
    log: here.log,
    policySha256: here.policySha256,
    seats,
    substitutes,
    at,
    key: { label, algorithm, purpose, extractable },
    components: { count, method },
    ...(expected === undefined ? {} : { expected }),
    grade: template.grade,
    importKey: template.importKey,
    staffing: { least: seats.length },
  };
  const script = scriptOf(template, values);
  const definition = { ...values, ...script, title: parameters.title ?? script.title };
  refuse(
    Object.fromEntries(
      Object.entries(problemsOf(definition, { ...here, template })).map(([path, problem]) => [
        parameterOf(path, definition),
        problem,
      ]),
    ),
  );
  return definition;
};
