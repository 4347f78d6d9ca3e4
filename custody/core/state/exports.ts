/** Exports as the log records them: requested, parameters loaded, confirmed, wrapped, packaged. */
import type { EntryOf } from '../../../shared/log/entries.ts';
import type { Follow, Say } from './follow.ts';
import type { ExportFact, State } from './state.ts';

const requested = (state: State, entry: EntryOf<'byok.requested'>, say: Say): void => {
  const { export: id, key, target, algorithm } = entry.detail;
  if (state.exports.has(id)) say('it requests an export that was requested before');
  if (state.keys.get(key)?.state !== 'active')
    say('it requests an export of a key that is not active');
  if (entry.outcome !== 'success') return;
  state.exports.set(id, {
    ...{ id, key, target, algorithm, created: entry.time },
    state: 'REQUESTED',
    parametersSha256: undefined,
    wrappingSpkiSha256: undefined,
    keyRef: undefined,
    validTo: undefined,
    blobSha256: undefined,
    manifestSha256: undefined,
    confirmed: undefined,
  });
};

/** The role of the file with the parameters, unchanged as the provider sent it. */
export const PARAMETERS = 'parameters';

const loaded = (
  state: State,
  job: ExportFact,
  { detail, outcome }: EntryOf<'byok.parameters_loaded'>,
  say: Say,
): void => {
  if (job.state === 'WRAPPED') say('it loads parameters for an export that has its package');
  if (job.target !== detail.target || job.algorithm !== detail.algorithm)
    say('it loads parameters for another target or algorithm than was requested');
  if (outcome !== 'success') return;
  state.exports.set(job.id, {
    ...job,
    state: 'PARAMETERS LOADED',
    parametersSha256: detail.files.find(({ role }) => role === PARAMETERS)?.sha256,
    wrappingSpkiSha256: detail.wrapping_spki_sha256,
    keyRef: detail.key_ref,
    validTo: detail.valid_to,
    confirmed: undefined,
  });
};

const confirmed = (
  state: State,
  job: ExportFact,
  { detail, outcome, seq }: EntryOf<'byok.parameters_confirmed'>,
  say: Say,
): void => {
  if (job.state !== 'PARAMETERS LOADED') say('there is nothing to confirm in that export');
  if (outcome !== 'success') return;
  if (job.wrappingSpkiSha256 !== detail.wrapping_spki_sha256)
    say('it confirms another wrapping key than was loaded');
  state.exports.set(job.id, { ...job, state: 'CONFIRMED', confirmed: { at: seq, wrapped: false } });
};

/** A wrap begins: of the key that was asked for, under the wrapping key that is confirmed. */
const wrapping = (job: ExportFact, { detail, time }: EntryOf<'key.wrap'>, say: Say): void => {
  if (job.confirmed === undefined) say('nobody confirmed the wrapping key of that export');
  if (job.key !== detail.key) say('it wraps another key than the export was requested for');
  if (job.wrappingSpkiSha256 !== detail.wrapping_spki_sha256)
    say('it wraps under another wrapping key than was confirmed');
  if (job.validTo !== undefined && time >= job.validTo)
    say('it wraps after the parameters ran out');
};

/** A wrap succeeded. SECURITY: it counts for the export that its intent named, and only if that stands after the confirmation. */
const wrapped = (state: State, { corr = '' }: EntryOf<'key.wrap'>): void => {
  const intent = state.intents.get(corr);
  if (intent?.type !== 'key.wrap') return;
  const job = state.exports.get(intent.detail.export ?? '');
  if (job?.confirmed === undefined || intent.seq < job.confirmed.at) return;
  state.exports.set(job.id, { ...job, confirmed: { ...job.confirmed, wrapped: true } });
};

const packaged = (
  state: State,
  job: ExportFact,
  { detail, outcome }: EntryOf<'byok.package_created'>,
  say: Say,
): void => {
  if (job.confirmed?.wrapped !== true)
    say('it tells of a package, and nothing was wrapped for that export');
  if (job.key !== detail.key) say('its package holds another key than was requested');
  if (outcome !== 'success') return;
  state.exports.set(job.id, {
    ...job,
    state: 'WRAPPED',
    confirmed: undefined,
    blobSha256: detail.blob_sha256,
    manifestSha256: detail.manifest_sha256,
  });
};

/** The export that an entry names. */
const jobOf = (state: State, id: string, say: Say): ExportFact | undefined => {
  const job = state.exports.get(id);
  if (job === undefined) say('it names an export that nobody requested');
  return job;
};

export const followExports: Follow = (state, entry, { say }) => {
  const { type } = entry;
  if (type === 'byok.requested') {
    requested(state, entry, say);
    return;
  }
  if (type === 'key.wrap' && entry.outcome === 'success') wrapped(state, entry);
  const begins = type === 'key.wrap' && entry.outcome === 'intent';
  if (!begins && !type.startsWith('byok.')) return;
  const { detail } = entry;
  const id = 'export' in detail ? detail.export : undefined;
  if (id === undefined) return; // a wrap for no export
  const job = jobOf(state, id, say);
  if (job === undefined) return;
  switch (type) {
    case 'byok.parameters_loaded':
      loaded(state, job, entry, say);
      return;
    case 'byok.parameters_confirmed':
      confirmed(state, job, entry, say);
      return;
    case 'key.wrap':
      wrapping(job, entry, say);
      return;
    case 'byok.package_created':
      packaged(state, job, entry, say);
      return;
    case 'byok.answered':
      if (job.state !== 'WRAPPED') say('it takes in an answer about a package that there is not');
      return;
    case 'byok.expired':
      if (job.state === 'WRAPPED') say('an export that has its package does not expire');
      state.exports.set(job.id, { ...job, state: 'EXPIRED', confirmed: undefined });
      return;
    default:
  }
};
