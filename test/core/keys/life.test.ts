/** The life of a key as one table (resources/formats/audit-log.md, section 13): each way from one state to another that there is, and no other. */
import { describe, expect, test } from 'vitest';
import { destroyedFrom, transition } from '../../../custody/core/keys/life.ts';
import type { KeyState } from '../../../custody/core/state/state.ts';

const STATES: KeyState[] = [
  ...(['quarantine', 'pre-activation', 'active', 'suspended', 'deactivated'] as const),
  ...(['compromised', 'destroyed', 'destroyed-compromised', 'not-found'] as const),
];
/** As the format page lists them; `not-found` also leads to what the key was before. */
const ALLOWED: Partial<Record<KeyState, KeyState[]>> = {
  quarantine: ['active', 'compromised'],
  'pre-activation': ['active', 'compromised'],
  active: ['suspended', 'deactivated', 'compromised'],
  suspended: ['active', 'deactivated', 'compromised'],
  deactivated: ['compromised'],
  'not-found': ['compromised'],
};
const ways = STATES.flatMap((from) => STATES.map((to) => ({ from, to })));

describe('a key', () => {
  test.each(ways)('that is $from becomes $to only where the table says so', ({ from, to }) => {
    expect(transition(from, to) !== undefined).toBe(ALLOWED[from]?.includes(to) ?? false);
  });
  test('leaves quarantine only in the ceremony that made it, unless it is compromised', () => {
    const own = ways.filter(({ from, to }) => transition(from, to)?.inItsCeremony === true);
    expect(own).toEqual([{ from: 'quarantine', to: 'active' }]);
  });
  test.each(STATES)('that was %s and then not found is that again when it turns up', (before) => {
    const to = STATES.filter((state) => transition('not-found', state, before) !== undefined);
    expect(to).toEqual(STATES.filter((state) => state === before || state === 'compromised'));
  });
  test.each(STATES)(
    'that is %s does not go back to what it was before, but from not-found',
    (now) => {
      for (const before of STATES.filter((state) => !ALLOWED[now]?.includes(state)))
        expect(now === 'not-found' || transition(now, before, before) === undefined).toBe(true);
    },
  );
  test('that was compromised stays so when it is destroyed', () => {
    expect(STATES.filter((from) => destroyedFrom(from) === 'destroyed-compromised')).toEqual([
      'compromised',
    ]);
  });
});
