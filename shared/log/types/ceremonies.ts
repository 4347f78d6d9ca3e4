/** Ceremonies: definitions, steps, exceptions, people's statements about the record, and the end. */
import { AT_THE_STEP, by, declare } from '../declaration.ts';
import { bool, count, hex64, list, maybe, oneOf, shape, text, uuid } from '../rules.ts';
import { input } from '../shapes.ts';
import { act, because, howMany } from '../words.ts';

const definition = shape({ definition_sha256: hex64 });
const why = shape({ why: maybe(text(256)) });
const opinion = shape({ person: uuid, because: maybe(text(1024)) });

const step = shape({
  step: text(32),
  attempt: count,
  kind: text(32),
  input: maybe(input),
  observed: maybe(text(1024)),
});

const abort = shape({ because: text(1024), gone: maybe(bool), objects: maybe(count) });

export const ceremonyTypes = {
  'ceremony.define': declare(
    shape({ definition_sha256: hex64, title: text(128), template: text(64) }),
    {
      outside: by('staff', 1, 'ceremonies.define'),
      inside: 'never',
      sentence: (d) => `Defined the ceremony “${d.title}”`,
    },
  ),
  'ceremony.approve': declare(definition, {
    outside: by('staff', 1, 'ceremonies.approve'),
    inside: 'never',
    sentence: () => 'Approved a ceremony definition',
  }),
  /** It also consumes the approvals that the policy asks for, which the verifier counts. */
  'ceremony.arm': declare(definition, {
    outside: 'never',
    inside: by('staff', 1, 'ceremonies.arm'),
    sentence: () => 'Armed a ceremony',
  }),
  'ceremony.step': declare(step, {
    desk: ['observed'],
    outside: 'never',
    inside: AT_THE_STEP,
    sentence: (d, say) => {
      const step = `ceremony step ${d.step}${d.attempt > 1 ? `, attempt ${d.attempt}` : ''}`;
      const observed = say.outcome === 'success' ? because(d.observed) : '';
      return `${act(say, 'working on', 'Completed', step)}${observed}`;
    },
  }),
  'ceremony.exception': declare(
    shape({
      number: count,
      step: text(32),
      expected: text(1024),
      observed: text(1024),
      decision: text(1024),
      substitute: maybe(shape({ person: uuid, seat: text(32) })),
      objects: maybe(list(text(128), 0, 32)),
    }),
    {
      outside: 'never',
      inside: by('seated', 2, 'ceremonies.exception'),
      sentence: (d) => `Recorded exception ${d.number} at step ${d.step}: ${d.decision}`,
    },
  ),
  'ceremony.pause': declare(why, {
    outside: 'never',
    inside: by('seated', 1, 'ceremonies.pause'),
    sentence: (d) => `Paused a ceremony${because(d.why)}`,
  }),
  'ceremony.resume': declare(why, {
    outside: 'never',
    inside: by('seated', 1, 'ceremonies.resume'),
    sentence: (d) => `Resumed a ceremony${because(d.why)}`,
  }),
  'ceremony.agree': declare(opinion, {
    outside: 'never',
    inside: by('named', 1, 'ceremonies.step'),
    sentence: (d, { name }) => `${name(d.person)} agreed with the record of a ceremony`,
  }),
  'ceremony.disagree': declare(opinion, {
    outside: 'never',
    inside: by('named', 1, 'ceremonies.step'),
    sentence: (d, { name }) =>
      `${name(d.person)} disagreed with the record of a ceremony${because(d.because)}`,
  }),
  'ceremony.abort': declare(abort, {
    desk: ['gone', 'objects'],
    outside: 'never',
    inside: by('seated-or-managers', 1, 'ceremonies.abort'),
    sentence: (d) => `Aborted a ceremony${because(d.because)}`,
  }),
  'ceremony.close': declare(
    shape({
      verdict: oneOf('AGREED', 'DISPUTED'),
      exceptions: count,
      agreed: count,
      disagreed: count,
    }),
    {
      outside: 'never',
      inside: by('seated', 2, 'ceremonies.close'),
      sentence: (d) =>
        `Closed a ceremony as ${d.verdict}, with ${howMany(d.exceptions, 'exception', 'exceptions')}`,
    },
  ),
} as const;
