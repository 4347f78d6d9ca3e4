/** What holds for every entry: its time, what becomes of an intent, and that each is held against what was true before it. */
import { describe, expect, test } from 'vitest';
import { id, sha, Told } from './told.ts';

const clock = (told: Told, time: string, step_ms = 0) =>
  told.tell('clock.changed', { step_ms }, { time });
const quiet = (told: Told, time: string) =>
  told.tell('log.checkpoint', { entries: 1, since: time }, { time });

describe('time', () => {
  test('goes back by ten seconds, or as far as an entry says that the clock was set back', () => {
    const told = new Told();
    const older = expect.stringContaining('older than the entry before it') as string;
    expect(quiet(told, '2026-01-01T00:01:00.000Z')).toEqual([]);
    expect(quiet(told, '2026-01-01T00:00:50.000Z')).toEqual([]);
    expect(quiet(told, '2026-01-01T00:00:39.999Z')).toEqual([older]);
    // What was said stands: the next is held against it.
    expect(quiet(told, '2026-01-01T00:00:30.000Z')).toEqual([]);
    expect(clock(told, '2026-01-01T00:00:10.000Z', -10_000)).toEqual([]);
    expect(clock(told, '2025-12-31T23:59:49.999Z', -10_000)).toEqual([older]);
    // A clock that was set forward excuses nothing.
    expect(clock(told, '2025-12-31T23:59:00.000Z', 60_000)).toEqual([older]);
    expect(quiet(told, '2030-01-01T00:00:00.000Z')).toEqual([]);
  });
});

describe('what becomes of an intent', () => {
  const plan = { label: 'A key', algorithm: 'AES-256', extractable: true, ckaid: '0a' };
  const begin = (told: Told, more: object = {}) => {
    const key = id();
    expect(told.tell('key.generate', { key, ...plan }, { outcome: 'intent', ...more })).toEqual([]);
    return { key, corr: told.last };
  };
  test('is of the same ceremony, to the step', () => {
    const ceremony = { id: sha('c').slice(0, 32), definition_sha256: sha('d') };
    const wrong = ['it is of another ceremony than its intent'];
    const told = new Told();
    const outcome = 'failure';
    const after = (more: object, frame: object) => {
      const { key, corr } = begin(told, more);
      return told.tell('key.generate', { key }, { corr, outcome, ...frame });
    };
    expect(after({}, {})).toEqual([]);
    expect(after({ ceremony }, { ceremony })).toEqual([]);
    expect(after({ ceremony }, {})).toEqual(wrong);
    expect(after({}, { ceremony })).toEqual(wrong);
    expect(after({ ceremony }, { ceremony: { ...ceremony, step: '1' } })).toEqual(wrong);
  });
  test('is what was planned; a success says all that a key is known by', () => {
    for (const name of Object.keys(plan) as (keyof typeof plan)[]) {
      const told = new Told();
      const one = begin(told);
      const { [name]: _, ...rest } = plan;
      const { key } = one;
      told.state.begin();
      expect(told.tell('key.generate', { key, ...rest }, { corr: one.corr })).toEqual([
        `it does not say the ${name} that its intent planned`,
      ]);
      told.state.drop();
      const other = { ...plan, [name]: name === 'extractable' ? false : '0b' };
      told.state.begin();
      expect(told.tell('key.generate', { key, ...other }, { corr: one.corr })).toEqual([
        `its ${name} is not the one that its intent planned`,
      ]);
      told.state.drop();
      const outcome = 'unknown';
      expect(told.tell('key.generate', { key, ...rest }, { corr: one.corr, outcome })).toEqual([]);
    }
  });
  test('may say what only the device knew, and names no export that was not planned', () => {
    const told = new Told();
    const { key, corr } = begin(told, {});
    const own = {
      bits: 256,
      control: 'single-control',
      until: '2026-11-22T14:05:00.000Z',
    } as const;
    expect(told.tell('key.generate', { key, ...plan, ...own }, { corr })).toEqual([]);
    told.tell('key.wrap', { key }, { outcome: 'intent' });
    expect(
      told.tell('key.wrap', { key, export: id() }, { corr: told.last, outcome: 'failure' }),
    ).toEqual(['it names an export that its intent did not name']);
  });
  test('ends it, whatever it is: an intent is open until then', () => {
    for (const outcome of ['success', 'failure', 'unknown', 'not-found'] as const) {
      const told = new Told();
      const { key, corr } = begin(told);
      expect([...told.state.intents].map((intent) => intent.id)).toEqual([corr]);
      told.tell('key.generate', { key, ...plan }, { corr, outcome });
      expect(told.state.intents.size).toBe(0);
    }
  });
});

test('the policy counts its versions, by what succeeded', () => {
  const told = new Told({ definition: () => undefined, approvals: () => 2 });
  const policy = (version: number, outcome: 'success' | 'failure' = 'success', lacking = false) =>
    told.tell(
      'policy.changed',
      { version, policy_sha256: sha(`policy ${version}`) },
      { outcome },
      { lacking },
    ).length;
  expect(policy(7, 'failure')).toBe(0);
  expect(policy(1, 'success', true)).toBe(0);
  // Who put it in force lacked somebody: until two agree to one, a desk is being founded.
  expect(told.state.facts.policyAgreed).toBe(false);
  expect(policy(3)).toBe(1);
  expect(policy(4)).toBe(0);
  expect(told.state.facts).toMatchObject({
    policyAgreed: true,
    policy: { version: 4, sha256: sha('policy 4'), approvals: 2 },
  });
});
