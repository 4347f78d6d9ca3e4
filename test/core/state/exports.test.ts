/** Exports as the log tells of them: requested, loaded, confirmed, wrapped, packaged; a row for each place an entry has none in. */
import { beforeEach, describe, expect, test } from 'vitest';
import { id, sha, Told } from './told.ts';

const SPKI = sha('wrapping key');
const TARGET = { target: 'aws', algorithm: 'RSA' };
const TO = '2026-11-23T00:00:00.000Z';
type Outcome = 'success' | 'failure';

describe('an export', () => {
  let told: Told;
  let key: string;
  let job: string;
  beforeEach(() => {
    told = new Told().module();
    key = told.key();
    job = id();
  });
  const acts = {
    request: (outcome: Outcome = 'success') =>
      told.tell('byok.requested', { export: job, key, ...TARGET }, { outcome }),
    load: (outcome: Outcome = 'success', more = {}) =>
      told.tell(
        'byok.parameters_loaded',
        {
          ...{ export: job, ...TARGET, wrapping_spki_sha256: SPKI, wrapping_bits: 4096 },
          ...{ valid_to: TO, files: [{ role: 'parameters', sha256: sha('file') }], ...more },
        },
        { outcome },
      ),
    confirm: (outcome: Outcome = 'success', spki = SPKI) =>
      told.tell(
        'byok.parameters_confirmed',
        { export: job, wrapping_spki_sha256: spki },
        { outcome },
      ),
    wrap: (outcome: Outcome = 'success', more = {}, frame = {}) =>
      told.pair(
        'key.wrap',
        { export: job, key, wrapping_spki_sha256: SPKI, ...more },
        { ...frame, outcome },
      ),
    pack: (outcome: Outcome = 'success', of = key) =>
      told.tell(
        'byok.package_created',
        {
          ...{ export: job, key: of, blob_bytes: 1 },
          ...{ blob_sha256: sha('blob'), manifest_sha256: sha('manifest') },
        },
        { outcome },
      ),
    answer: (outcome: Outcome = 'success') =>
      told.tell(
        'byok.answered',
        { export: job, proves: 'arrived', files: [{ role: 'receipt', sha256: sha('r') }] },
        { outcome },
      ),
    expire: (outcome: Outcome = 'success') =>
      told.tell('byok.expired', { export: job }, { outcome }),
  };
  type Act = keyof typeof acts;
  const EACH = Object.keys(acts) as Act[];

  /** What led here → what fits now. Everything else contradicts. */
  const PLACES: [Act[], Act[]][] = [
    [[], ['request']],
    [['request'], ['load', 'expire']],
    [
      ['request', 'load'],
      ['load', 'confirm', 'expire'],
    ],
    [
      ['request', 'load', 'confirm'],
      ['load', 'wrap', 'expire'],
    ],
    [
      ['request', 'load', 'confirm', 'load'],
      ['load', 'confirm', 'expire'],
    ],
    [
      ['request', 'load', 'confirm', 'wrap'],
      ['load', 'wrap', 'pack', 'expire'],
    ],
    [
      ['request', 'load', 'confirm', 'wrap', 'load', 'confirm'],
      ['load', 'wrap', 'expire'],
    ],
    [['request', 'load', 'confirm', 'wrap', 'pack'], ['answer']],
    [
      ['request', 'load', 'confirm', 'wrap', 'expire'],
      ['load', 'expire'],
    ],
  ];
  for (const [before, fit] of PLACES)
    test(`after ${before.join(', ') || 'nothing'} there is room for ${fit.join(', ')}`, () => {
      for (const act of before) expect([act, acts[act]()]).toEqual([act, []]);
      told.state.begin();
      for (const act of EACH)
        for (const outcome of ['failure', 'success'] as const) {
          expect([act, outcome, acts[act](outcome).length === 0]).toEqual([
            ...[act, outcome],
            fit.includes(act),
          ]);
          told.state.drop();
          told.state.begin();
        }
    });

  test('goes on by what succeeded alone, but expires by any word of it', () => {
    const go = (act: Act) => {
      const before = told.state.exports.get(job);
      expect(acts[act]('failure')).toEqual([]);
      expect(told.state.exports.get(job)).toEqual(before);
      expect(acts[act]()).toEqual([]);
    };
    for (const act of ['request', 'load', 'confirm', 'wrap'] as const) go(act);
    expect(acts.expire('failure')).toEqual([]);
    expect(told.state.exports.get(job)?.state).toBe('EXPIRED');
    expect(acts.pack()).toHaveLength(1);
  });
  test('is of one key, target, algorithm and wrapping key, and in time', () => {
    acts.request();
    expect(acts.load('failure', { target: 'azure' })).toHaveLength(1);
    expect(acts.load('failure', { algorithm: 'other' })).toHaveLength(1);
    acts.load();
    // Of a confirmation that failed it does not matter what was shown.
    expect(acts.confirm('failure', sha('another'))).toEqual([]);
    told.state.begin();
    expect(acts.confirm('success', sha('another'))).toHaveLength(1);
    told.state.drop();
    acts.confirm();
    const other = told.key();
    expect(acts.wrap('failure', { key: other })).toHaveLength(1);
    expect(acts.wrap('failure', { wrapping_spki_sha256: sha('another') })).toHaveLength(1);
    expect(acts.wrap()).toEqual([]);
    expect(acts.pack('failure', other)).toHaveLength(1);
    expect(acts.wrap('failure', {}, { time: TO })).toHaveLength(1);
  });
  test('has its package by a wrap that began after the confirmation', () => {
    for (const act of ['request', 'load', 'confirm'] as const) acts[act]();
    const detail = { export: job, key, wrapping_spki_sha256: SPKI };
    told.tell('key.wrap', detail, { outcome: 'intent' });
    const before = told.last;
    acts.load();
    acts.confirm();
    told.tell('key.wrap', detail, { outcome: 'intent' });
    const after = told.last;
    told.tell('key.wrap', detail, { corr: before });
    expect(acts.pack('failure')).toHaveLength(1);
    told.tell('key.wrap', { key }, { corr: after });
    told.tell('key.wrap', detail, { outcome: 'intent' });
    expect(acts.pack()).toEqual([]);
    expect(told.state.exports.get(job)).toMatchObject({
      ...{ state: 'WRAPPED', confirmed: undefined, wrappingSpkiSha256: SPKI },
      ...{ parametersSha256: sha('file'), blobSha256: sha('blob'), validTo: TO },
    });
  });
});
