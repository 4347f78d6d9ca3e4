/** Keys through their life: made, imported, wrapped, used, destroyed, and the states between. */
import { AT_THE_STEP, by, declare } from '../declaration.ts';
import { bool, count, hex64, maybe, oneOf, shape, text, time, uuid, type Infer } from '../rules.ts';
import { attributes, check, ckaid, keyState, token } from '../shapes.ts';
import { act, because, inToken, quoted } from '../words.ts';

const key = shape({
  key: uuid,
  algorithm: maybe(text(32)),
  bits: maybe(count),
  label: maybe(text(64)),
  purpose: maybe(text(32)),
  extractable: maybe(bool),
  ckaid: maybe(ckaid),
  module: maybe(uuid),
  token: maybe(token),
  attributes: maybe(attributes),
  check: maybe(check),
  spki_sha256: maybe(hex64),
  origin: maybe(oneOf('generated', 'imported', 'unknown')),
  control: maybe(oneOf('pin-halves', 'device-quorum', 'single-control')),
  grade: maybe(oneOf('A', 'B', 'C', 'D')),
  mechanism: maybe(text(64)),
  wrapping_spki_sha256: maybe(hex64),
  export: maybe(uuid),
  replaces: maybe(uuid),
  recovered: maybe(bool),
  objects: maybe(count),
  p11: maybe(check),
  until: maybe(time),
});
export type KeyDetail = Infer<typeof key>;

/** Members that the device or the desk adds after people agreed. */
const DESK = [
  'bits',
  'attributes',
  'check',
  'spki_sha256',
  'origin',
  'control',
  'recovered',
  'objects',
  'p11',
  'until',
] as const;

const words = (d: KeyDetail): string =>
  `${d.algorithm === undefined ? 'the key' : `${d.algorithm} key`}${quoted(d.label)}${inToken(d.token)}`;

const use = shape({
  key: uuid,
  what: text(64),
  mechanism: text(64),
  input_sha256: hex64,
  output_sha256: maybe(hex64),
  recovered: maybe(bool),
  until: maybe(time),
});

export const keyTypes = {
  'key.generate': declare(key, {
    desk: DESK,
    intent: true,
    outside: by('staff', 2, 'keys.generate'),
    inside: AT_THE_STEP,
    sentence: (d, say) => act(say, 'generating', 'Generated', words(d)),
  }),
  'key.import': declare(key, {
    desk: DESK,
    intent: true,
    outside: by('staff', 2, 'keys.import'),
    inside: AT_THE_STEP,
    sentence: (d, say) => act(say, 'importing', 'Imported', words(d)),
  }),
  'key.wrap': declare(key, {
    desk: DESK,
    intent: true,
    outside: by('staff', 2, 'exports.wrap'),
    inside: AT_THE_STEP,
    sentence: (d, say) => act(say, 'wrapping', 'Wrapped', words(d)),
  }),
  'key.use': declare(use, {
    desk: ['output_sha256', 'recovered', 'until'],
    intent: true,
    outside: by('staff', 2, 'keys.use'),
    inside: AT_THE_STEP,
    sentence: (d, say) => act(say, 'using', 'Used', `a key for ${d.what}`),
  }),
  'key.destroy': declare(key, {
    desk: DESK,
    intent: true,
    outside: by('managers', 2, 'keys.destroy'),
    inside: [...AT_THE_STEP, ...by('seated-or-managers', 2, 'ceremonies.abort')],
    sentence: (d, say) => act(say, 'destroying', 'Destroyed', words(d)),
  }),
  'key.state': declare(
    shape({ key: uuid, from: keyState, to: keyState, because: maybe(text(256)) }),
    {
      outside: by('managers', 2, 'keys.setState'),
      inside: AT_THE_STEP,
      sentence: (d) => `A key went from ${d.from} to ${d.to}${because(d.because)}`,
    },
  ),
} as const;
