/** Which library is let in, and by which bytes and settings, as the log tells it. */
import { beforeEach, describe, expect, test } from 'vitest';
import type { Role } from '../../../shared/domain/people.ts';
import { tokenId } from '../../../custody/core/state/state.ts';
import { acts, hex, Told, TOKEN, uuid } from './told.ts';

const MODULE = uuid(1);
const facts = { path: '/x.so', sha256: hex('1'), family: 'softhsm', label: 'x' };
const [ADA, OTTO]: [string, Role][] = [
  ['ada', 'administrator'],
  ['otto', 'officer'],
] as const;

describe('a module in the log', () => {
  let told: Told;
  beforeEach(() => {
    told = new Told();
    told.tell('token.module_added', { module: MODULE, ...facts, settings_sha256: hex('2') });
  });
  const module = () => told.state.modules.get(MODULE);

  test('is known by the bytes it was added with, until people approve others', () => {
    expect(module()).toEqual({ id: MODULE, ...facts, settingsSha256: hex('2') });
    told.tell('token.module_changed', { module: MODULE, sha256: hex('3') });
    expect(module()?.sha256).toBe(hex('1'));
    for (const outcome of ['failure', 'unknown'] as const)
      told.tell('token.module_approved', { module: MODULE, sha256: hex('3') }, { outcome });
    expect(module()?.sha256).toBe(hex('1'));
    told.tell('token.module_approved', { module: MODULE, sha256: hex('3') });
    expect(module()).toEqual({ id: MODULE, ...facts, sha256: hex('3'), settingsSha256: hex('2') });
  });
  test('moves to another path with the bytes and settings there', () => {
    const there = { path: '/y.so', sha256: hex('4'), settings_sha256: hex('5') };
    told.tell('token.module_moved', { module: MODULE, ...there, was: '/x.so' });
    expect(module()).toEqual({
      ...{ id: MODULE, family: 'softhsm', label: 'x' },
      ...{ path: '/y.so', sha256: hex('4'), settingsSha256: hex('5') },
    });
  });
  test('is added once, and nothing names one that was not', () => {
    const again = { module: MODULE, ...facts, settings_sha256: hex('2') };
    for (const outcome of ['success', 'failure'] as const)
      expect(told.tell('token.module_added', again, { outcome })).toEqual([
        'it adds a module that was added before',
      ]);
    expect(told.tell('token.module_changed', { module: uuid(9), sha256: hex('3') })).toEqual([
      'it names a module that was not added',
    ]);
    const token = { module: uuid(9), token: TOKEN };
    expect(told.tell('token.relinked', { module: MODULE, token: TOKEN, was: token }, {})).toEqual([
      'it names a module that was not added',
    ]);
  });
  test('has a token whose PIN two people set, if both said so to that call, and the last time counts', () => {
    const init = (...by: Parameters<typeof acts>) => {
      told.tell(
        'token.init',
        { module: MODULE, token: TOKEN, training: true },
        {},
        { acts: acts(...by) },
      );
      return told.state.twoAtInit.get(tokenId(MODULE, TOKEN));
    };
    expect(init('tokens.train', ADA)).toBe(false);
    expect(init('tokens.train', ADA, ADA)).toBe(false);
    expect(init('modules.add', ADA, OTTO)).toBe(false);
    expect(init('tokens.train', ADA, OTTO)).toBe(true);
    expect(init('tokens.train', ADA)).toBe(false);
  });
});
