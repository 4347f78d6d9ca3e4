/** Components, shares and the envelopes that they travel in. */
import { by, declare } from '../declaration.ts';
import { count, hex64, list, maybe, shape, text, uuid } from '../rules.ts';
import { check } from '../shapes.ts';
import { act, because } from '../words.ts';

const component = {
  index: count,
  of: count,
  commitment: hex64,
  check,
  serial: text(64),
  person: maybe(uuid),
};
const share = {
  set: uuid,
  index: count,
  group: maybe(count),
  commitment: hex64,
  person: uuid,
  serial: maybe(text(64)),
};
const serials = list(text(64), 1, 32);
const received = shape({ ...share, attempt: count });

export const shareTypes = {
  'component.issue': declare(shape(component), {
    outside: 'never',
    sentence: (d) => `Issued component ${d.index} of ${d.of} in envelope ${d.serial}`,
  }),
  'component.receive': declare(shape({ ...component, attempt: count }), {
    outside: 'never',
    sentence: (d, say) =>
      act(
        say,
        'receiving',
        'Received',
        `component ${d.index} of ${d.of} from envelope ${d.serial}`,
      ),
  }),
  'component.destroy': declare(shape({ serials }), {
    outside: 'never',
    sentence: (d) => `Recorded as destroyed: envelopes ${d.serials.join(', ')}`,
  }),
  'share.issue': declare(shape({ ...share, of: count, threshold: count }), {
    outside: 'never',
    sentence: (d, { name }) =>
      `Issued share ${d.index} of ${d.of} to ${name(d.person)}; ${d.threshold} restore the key`,
  }),
  'share.receive': declare(received, {
    outside: 'never',
    sentence: (d, say) =>
      act(say, 'receiving', 'Received', `share ${d.index} from ${say.name(d.person)}`),
  }),
  'share.confirm': declare(received, {
    outside: 'never',
    sentence: (d, say) =>
      act(say, 'confirming', 'Confirmed', `share ${d.index}, held by ${say.name(d.person)}`),
  }),
  'share.destroy': declare(shape({ set: uuid, serials }), {
    outside: 'never',
    sentence: (d) => `Destroyed the shares of envelopes ${d.serials.join(', ')}`,
  }),
  'envelope.state': declare(
    shape({
      serial: text(64),
      state: text(32),
      person: maybe(uuid),
      place: maybe(text(64)),
      because: maybe(text(256)),
    }),
    {
      outside: by('staff', 1, 'envelopes.set'),
      sentence: (d) => `Envelope ${d.serial} is ${d.state}${because(d.because)}`,
    },
  ),
} as const;
