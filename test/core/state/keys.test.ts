/** What the log makes true of keys: made, moved from state to state, not found, destroyed, and moved with their token. */
import { beforeEach, describe, expect, test } from 'vitest';
import type { Entry } from '../../../shared/log/entries.ts';
import type { KeyState } from '../../../custody/core/state/state.ts';
import { hex, Told, TOKEN, uuid } from './told.ts';

const [KEY, OTHER, MODULE, ELSEWHERE] = [uuid(1), uuid(2), uuid(3), uuid(4)] as const;
const ceremony = { id: 'ab'.repeat(16), definition_sha256: hex('cd'), step: '3' };
const add = (told: Told, module: string) =>
  told.tell('token.module_added', {
    ...{ module, path: '/x.so', sha256: hex('1'), family: 'softhsm', label: 'x' },
    settings_sha256: hex('2'),
  });

describe('a key in the log', () => {
  let told: Told;
  beforeEach(() => {
    told = new Told();
    add(told, MODULE);
    add(told, ELSEWHERE);
  });
  const plan = (key = KEY, ckaid = '0a') => ({
    ...{ key, algorithm: 'AES-256', label: 'A key', purpose: 'wrap', extractable: false },
    ...{ ckaid, module: MODULE, token: TOKEN },
  });
  const make = (key = KEY, more: Partial<Entry> = {}, ckaid = '0a'): string[] => {
    const intent = told.entry('key.generate', plan(key, ckaid));
    const before = told.tell('key.generate', plan(key, ckaid), {
      ...more,
      id: intent.id,
      outcome: 'intent',
    });
    return [
      ...before,
      ...told.tell('key.generate', plan(key, ckaid), { ...more, corr: intent.id }),
    ];
  };
  const destroy = (outcome: 'success' | 'not-found' | 'failure', key = KEY): string[] => {
    const { id } = told.entry('key.destroy', { key });
    return [
      ...told.tell('key.destroy', { key }, { id, outcome: 'intent' }),
      ...told.tell('key.destroy', { key }, { outcome, corr: id }),
    ];
  };
  const move = (from: KeyState, to: KeyState, more: Partial<Entry> = {}) =>
    told.tell('key.state', { key: KEY, from, to }, more);
  const state = (key = KEY) => told.state.keys.get(key)?.state;

  test('is active when it was made, and in quarantine when a ceremony made it', () => {
    expect(make()).toEqual([]);
    expect(make(OTHER, { ceremony }, '0b')).toEqual([]);
    expect([state(), state(OTHER)]).toEqual(['active', 'quarantine']);
  });
  test('is not made by a plan, nor by what failed', () => {
    told.tell('key.generate', plan(), { outcome: 'intent' });
    told.tell('key.generate', plan(OTHER), { outcome: 'failure' });
    expect([...told.state.keys]).toEqual([]);
    expect(told.state.intents.size).toBe(1);
  });
  test('is made once, and under a CKA_ID that no living key of its token has', () => {
    make();
    expect(make()).toContain('it makes a key that was made before');
    expect(make(OTHER)).toContain(
      'it makes a key under a CKA_ID that another key on that token has',
    );
    destroy('success');
    destroy('success', OTHER);
    expect(make(uuid(9))).toEqual([]);
  });
  test('goes where the table of its life lets it go, and its state must be the one it leaves', () => {
    make();
    expect(move('active', 'suspended')).toEqual([]);
    expect(move('active', 'deactivated')).toEqual([
      'it says that the key was active, and it was suspended',
    ]);
    expect(move('deactivated', 'active')).toEqual(['no key goes from deactivated to active']);
  });
  test('stays where it is when the entry says that it did not succeed', () => {
    make();
    expect(move('active', 'suspended', { outcome: 'failure' })).toEqual([]);
    expect(state()).toBe('active');
  });
  test('leaves quarantine in its own ceremony alone', () => {
    make(KEY, { ceremony });
    const other = { ...ceremony, id: 'ef'.repeat(16) };
    for (const more of [{}, { ceremony: other }])
      expect(move('quarantine', 'active', { ...more, outcome: 'failure' })).toEqual([
        'it releases a key outside the ceremony that made it',
      ]);
    expect(move('quarantine', 'active', { ceremony })).toEqual([]);
    expect(state()).toBe('active');
  });
  test('that was not found lives on, and is what it was when it turns up', () => {
    make();
    move('active', 'suspended');
    expect(destroy('not-found')).toEqual([]);
    expect(state()).toBe('not-found');
    expect(make(OTHER)).not.toEqual([]); // its place is still taken
    expect(destroy('not-found')).toEqual([]);
    expect(move('not-found', 'active', { outcome: 'failure' })).toEqual([
      'no key goes from not-found to active',
    ]);
    expect(move('not-found', 'suspended')).toEqual([]);
    expect(state()).toBe('suspended');
  });
  test('that was compromised, then not found, then destroyed is destroyed and compromised', () => {
    make();
    move('active', 'compromised');
    destroy('not-found');
    destroy('success');
    expect(state()).toBe('destroyed-compromised');
  });
  test('that is destroyed is at an end, and frees its place', () => {
    make();
    expect(destroy('success')).toEqual([]);
    expect(state()).toBe('destroyed');
    expect(destroy('success')).toContain('it names a key that is destroyed');
    expect(move('destroyed', 'active')).toEqual(['it names a key that is destroyed']);
    expect(make(OTHER)).toEqual([]);
  });
  test('that could not be destroyed is as it was', () => {
    make();
    destroy('failure');
    expect(state()).toBe('active');
  });
  test('goes with its token to another module, and its CKA_ID with it', () => {
    make();
    const to = { module: ELSEWHERE, token: { ...TOKEN, label: 'moved' } };
    expect(told.tell('token.relinked', { ...to, was: { module: MODULE, token: TOKEN } })).toEqual(
      [],
    );
    expect(told.state.keys.get(KEY)?.made).toMatchObject(to);
    expect(make(OTHER)).toEqual([]); // where it was is room now
    const there = { ...plan(uuid(9)), ...to };
    expect(told.tell('key.generate', there, { outcome: 'intent' })).toEqual([
      'it makes a key under a CKA_ID that another key on that token has',
    ]);
  });
  test('is used and wrapped while it is active, or in its own ceremony', () => {
    const outcome = 'intent';
    const use = { key: KEY, what: 'x', mechanism: 'x', input_sha256: hex('7') };
    const wrong = (more: Partial<Entry> = {}) => [
      told.tell('key.use', use, { outcome, ...more }).length,
      told.tell('key.wrap', { key: KEY }, { outcome, ...more }).length,
    ];
    make(KEY, { ceremony });
    expect(wrong()).toEqual([1, 1]);
    expect(wrong({ ceremony: { ...ceremony, id: 'ef'.repeat(16) } })).toEqual([1, 1]);
    expect(wrong({ ceremony })).toEqual([0, 0]);
    move('quarantine', 'active', { ceremony });
    expect(wrong()).toEqual([0, 0]);
    for (const [from, to] of [
      ['active', 'suspended'],
      ['suspended', 'deactivated'],
      ['deactivated', 'compromised'],
    ] as const) {
      expect(move(from, to)).toEqual([]);
      expect(wrong()).toEqual([1, 1]);
    }
    destroy('not-found');
    expect(wrong()).toEqual([1, 1]);
  });
  test('is known by what it was made with, where an entry says that', () => {
    make();
    const outcome = 'intent';
    for (const [name, value] of Object.entries({
      ...{ algorithm: 'AES-128', label: 'Another', purpose: 'sign', extractable: true },
      ...{ ckaid: '0b', module: ELSEWHERE, token: { ...TOKEN, serial: '2' } },
    }))
      expect(told.tell('key.destroy', { key: KEY, [name]: value }, { outcome })).toEqual([
        `it says another ${name} than the key was made with`,
      ]);
    expect(told.tell('key.destroy', { ...plan(), token: { ...TOKEN } }, { outcome })).toEqual([]);
  });
  test('is called generated where the device said so, and never when it was imported', () => {
    const claim = (type: 'key.generate' | 'key.import' | 'key.wrap', attributes?: object) =>
      told.tell(type, { key: KEY, origin: 'generated', ...attributes }, { outcome: 'failure' })
        .length;
    const local = { attributes: { CKA_LOCAL: true } };
    expect([claim('key.generate', local), claim('key.wrap', local)]).toEqual([0, 0]);
    expect([claim('key.import', local), claim('key.generate')]).toEqual([1, 1]);
    expect(claim('key.wrap', { attributes: { CKA_LOCAL: false } })).toBe(1);
  });
  test('has a place that stays taken until the last of those that a move brought there is destroyed', () => {
    const to = { module: MODULE, token: { ...TOKEN, serial: '2' } };
    const there = (key: string) => ({ ...plan(key), ...to });
    make();
    told.tell('key.generate', there(OTHER));
    told.tell('token.relinked', { ...to, was: { module: MODULE, token: TOKEN } });
    const free = () =>
      told.tell('key.generate', there(uuid(9)), { outcome: 'intent' }).length === 0;
    for (const key of [KEY, OTHER]) {
      expect(free()).toBe(false);
      destroy('success', key);
    }
    expect(free()).toBe(true);
  });
  test('is where it was when its token is moved to where it is', () => {
    make();
    const at = { module: MODULE, token: TOKEN };
    told.tell('token.relinked', { ...at, was: at });
    expect(told.state.keys.get(KEY)?.made).toMatchObject(at);
    expect(make(OTHER)).not.toEqual([]);
  });
});
