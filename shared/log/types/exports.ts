/** Exports to a key manager (BYOK): requested, parameters loaded, confirmed, packaged. */
import { AT_THE_STEP, by, declare } from '../declaration.ts';
import { count, hex64, maybe, oneOf, shape, text, time, uuid } from '../rules.ts';
import { files } from '../shapes.ts';
import { act, because, minute } from '../words.ts';

export const exportTypes = {
  'byok.requested': declare(
    shape({
      export: uuid,
      key: uuid,
      target: text(32),
      algorithm: text(64),
      batch: maybe(uuid),
    }),
    {
      outside: by('staff', 2, 'exports.request'),
      inside: AT_THE_STEP,
      sentence: (d) => `Asked for a key to be exported to ${d.target}`,
    },
  ),
  'byok.parameters_loaded': declare(
    shape({
      export: uuid,
      target: text(32),
      algorithm: text(64),
      wrapping_spki_sha256: hex64,
      wrapping_bits: count,
      key_ref: maybe(text(256)),
      valid_to: maybe(time),
      files,
    }),
    {
      outside: by('staff', 1, 'exports.load'),
      inside: AT_THE_STEP,
      sentence: (d) =>
        `Loaded the provider’s parameters for an export to ${d.target}${d.valid_to === undefined ? '' : `, valid to ${minute(d.valid_to)}`}`,
    },
  ),
  'byok.parameters_confirmed': declare(shape({ export: uuid, wrapping_spki_sha256: hex64 }), {
    outside: by('staff', 2, 'exports.confirm'),
    inside: AT_THE_STEP,
    sentence: (_, say) =>
      act(say, 'confirming', 'Confirmed', 'the provider’s wrapping key by its fingerprint'),
  }),
  'byok.package_created': declare(
    shape({
      export: uuid,
      key: uuid,
      blob_sha256: hex64,
      blob_bytes: count,
      manifest_sha256: hex64,
    }),
    {
      sentence: (d, say) =>
        act(say, 'creating', 'Created', `an export package of ${d.blob_bytes} bytes`),
    },
  ),
  'byok.answered': declare(
    shape({
      export: uuid,
      proves: oneOf('same-key', 'arrived', 'nothing'),
      files,
      note: maybe(text(256)),
    }),
    {
      outside: by('staff', 1, 'exports.answer'),
      inside: AT_THE_STEP,
      sentence: (d) => `Took in the provider’s answer, which proves: ${d.proves}${because(d.note)}`,
    },
  ),
  'byok.expired': declare(shape({ export: uuid }), {
    sentence: () => 'An export’s parameters expired',
  }),
} as const;
