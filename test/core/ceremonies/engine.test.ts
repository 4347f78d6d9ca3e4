/** The reducer on entries built by hand, and what it lets happen next. */
import { describe, expect, test } from 'vitest';
import type { ErrorCode } from '../../../shared/errors.ts';
import type { Entry } from '../../../shared/log/entries.ts';
import {
  checkAlive,
  checkClose,
  checkStep,
  dueStep,
  missingComponents,
  newCeremony,
  reduce,
  type Ceremony,
} from '../../../custody/core/ceremonies/engine.ts';
import { entry, ID, sample, SHA } from './sample.ts';

const definition = sample();
const seatOf = (seat: string): string =>
  definition.seats.find((taken) => taken.seat === seat)?.person ?? '';
const people = (step: string): string[] =>
  (definition.steps.find(({ id }) => id === step)?.seats ?? []).map(seatOf);
const kindOf = (step: string): string => definition.steps.find(({ id }) => id === step)?.kind ?? '';
const NONE: ReadonlySet<number> = new Set();
const ALL: ReadonlySet<number> = new Set([1, 2, 3]);

const done = (step: string, more: Parameters<typeof entry>[2] = {}): Entry =>
  entry(
    'ceremony.step',
    { step, attempt: 1, kind: kindOf(step), observed: 'as expected' },
    { by: people(step), ...more },
  );
const failed = (step: string, attempt = 1): Entry =>
  entry(
    'ceremony.step',
    { step, attempt, kind: kindOf(step), observed: 'not so' },
    { by: people(step), outcome: 'failure' },
  );
const received = (index: number): Entry =>
  entry('component.receive', {
    index,
    of: 3,
    attempt: 1,
    commitment: SHA,
    check: { method: 'X9.24-CMAC', value: '0011223344' },
    serial: `R-${index}`,
    person: seatOf(`custodian-${index}`),
  });
const decided = (
  step: string,
  decision = 'again',
  substitute?: { person: string; seat: string },
): Entry =>
  entry('ceremony.exception', {
    ...{ number: 1, step, expected: 'x', observed: 'y', decision },
    ...(substitute === undefined ? {} : { substitute }),
  });
const after = (...entries: Entry[]): Ceremony =>
  entries.reduce<Ceremony>(
    (state, entry) => reduce(state, entry),
    newCeremony(ID, SHA, definition),
  );
const upTo = (last: number): Entry[] =>
  Array.from({ length: last }, (_, at) => String(at + 1)).flatMap((step) => [
    ...(kindOf(step) === 'component.enter' ? [received(Number(step) - 4)] : []),
    done(step),
  ]);
const refuses = (code: ErrorCode, act: () => unknown) => {
  expect(act).toThrow(expect.objectContaining({ code }) as Error);
};
const may = (state: Ceremony, step: string, by = people(step), held = ALL, kind = kindOf(step)) =>
  checkStep(state, step, kind, by, held);

describe('the engine', () => {
  test('goes through its steps in their order', () => {
    for (let at = 0; at < 10; at++) {
      const state = after(...upTo(at));
      expect(dueStep(state, ALL)?.step.id).toBe(String(at + 1));
      expect(may(state, String(at + 1)).attempt).toBe(1);
      for (const { id } of definition.steps)
        if (id !== String(at + 1)) refuses('step-refused', () => may(state, id));
    }
    expect(dueStep(after(...upTo(11)), ALL)).toBeUndefined();
  });
  test('is armed, running, verifying once the key is formed, and closed', () => {
    expect(after().status).toBe('ARMED');
    expect(after(...upTo(1)).status).toBe('RUNNING');
    expect(after(...upTo(7)).status).toBe('RUNNING');
    expect(after(...upTo(8)).status).toBe('VERIFYING');
    const closed = after(
      ...upTo(11),
      entry('ceremony.close', { verdict: 'AGREED', exceptions: 0, agreed: 5, disagreed: 0 }),
    );
    expect(closed).toMatchObject({ status: 'CLOSED', verdict: 'AGREED' });
    refuses('state-refused', () => checkAlive(closed));
    refuses('state-refused', () => may(closed, '11', [seatOf('witness')]));
    refuses('state-refused', () => checkClose(closed, ALL));
  });
  test('gives every replay the same state, and leaves the old one as it was', () => {
    const entries = [...upTo(4), failed('5'), received(1), done('5', {})];
    const before = after(...upTo(4));
    const copy = structuredClone(before);
    expect(after(...entries)).toEqual(after(...entries));
    reduce(before, failed('5'));
    reduce(before, received(1));
    expect(before).toEqual(copy);
  });
  test('wants everyone who sits at a step and nobody else', () => {
    const state = after(...upTo(1));
    refuses('act-required', () => may(state, '2', []));
    refuses('act-required', () => may(state, '2', [seatOf('administrator')]));
    refuses('act-required', () => may(state, '2', [seatOf('custodian-1'), seatOf('custodian-2')]));
    refuses('act-refused', () => may(state, '2', [...people('2'), seatOf('custodian-1')]));
    refuses('step-refused', () => may(state, '2', people('2'), ALL, 'arrive'));
    refuses('step-refused', () => may(state, '42'));
  });
  test('counts attempts, and stops at a finding at once and at a slip after three', () => {
    const slip = after(...upTo(4), failed('5', 1), failed('5', 2));
    expect(may(slip, '5').attempt).toBe(3);
    const stuck = reduce(slip, failed('5', 3));
    expect(stuck.undecided).toMatchObject({ step: '5', observed: 'not so' });
    refuses('state-refused', () => may(stuck, '5'));
    refuses('state-refused', () => checkClose(stuck, ALL));
    const again = reduce(stuck, decided('5'));
    expect(again).toMatchObject({ undecided: undefined, exceptions: [{ number: 1, step: '5' }] });
    expect(may(again, '5').attempt).toBe(4);
    for (const step of ['2', '4', '9'])
      expect(after(...upTo(Number(step) - 1), failed(step)).undecided?.step).toBe(step);
  });
  test('takes nobody’s name from what is not a statement', () => {
    const entry = done('1');
    const named = { person: people('1')[0] };
    const payload = Buffer.from(JSON.stringify(named)).toString('base64');
    const acts = entry.acts?.map((act) => ({ ...act, payload }));
    expect(after({ ...entry, acts }).steps[0]).toMatchObject({ state: 'done', by: [] });
  });
  test('does nothing while paused or over an open intent', () => {
    const paused = reduce(after(...upTo(1)), entry('ceremony.pause', { why: 'tea' }));
    refuses('state-refused', () => may(paused, '2'));
    refuses('state-refused', () => checkClose(paused, NONE));
    expect(reduce(paused, entry('ceremony.resume', {})).status).toBe('RUNNING');
    const late = reduce(after(...upTo(9)), entry('ceremony.pause', {}));
    expect(reduce(late, entry('ceremony.resume', {})).status).toBe('VERIFYING');

    const intent = done('8', { outcome: 'intent' });
    const open = reduce(after(...upTo(7)), intent);
    expect(open.openIntent).toBe(intent.id);
    refuses('recovery-needed', () => may(open, '8'));
    const closed = reduce(open, done('8', { corr: intent.id }));
    expect(closed.openIntent).toBeUndefined();
    expect(closed.steps[7]).toMatchObject({ state: 'done', by: people('8') });
  });
  test('asks for components again that are not held any more, first, in their order', () => {
    const state = after(...upTo(7));
    expect(missingComponents(state, ALL)).toEqual([]);
    expect(missingComponents(state, new Set([2]))).toEqual([1, 3]);
    expect(dueStep(state, new Set([2]))?.step.component).toBe(1);
    expect(dueStep(state, new Set([1, 2]))?.step.component).toBe(3);
    refuses('step-refused', () => may(state, '8', people('8'), new Set([1, 2])));
    expect(may(state, '7', people('7'), new Set([1, 2])).state.step.component).toBe(3);
    expect(missingComponents(after(...upTo(8)), NONE)).toEqual([]);
  });
  test('hears each seat once', () => {
    const state = after(...upTo(10));
    const [first = '', second = ''] = people('11');
    refuses('act-refused', () => may(state, '11', [first, second]));
    refuses('act-refused', () => may(state, '11', []));
    refuses('act-refused', () => may(state, '11', ['somebody else']));
    const spoken = reduce(state, entry('ceremony.agree', { person: first }));
    refuses('step-refused', () => may(spoken, '11', [first]));
    const against = reduce(spoken, entry('ceremony.disagree', { person: second, because: 'no' }));
    expect(against).toMatchObject({ agreed: [first], disagreed: [second] });
    refuses('step-refused', () => may(against, '11', [second]));
    refuses('step-refused', () => checkClose(against, ALL));
  });
  test('seats a substitute whom the definition names for that seat, and words alone seat nobody', () => {
    const person = '0198c0de-0000-7000-8000-0000000000e1';
    const named = { ...definition, substitutes: [{ seat: 'custodian-1', person }] };
    const start = newCeremony(ID, SHA, named);
    const seated = (at: string) => reduce(start, decided('1', 'she is ill', { person, seat: at }));
    expect(seated('custodian-1').seats.get('custodian-1')).toBe(person);
    expect(seated('custodian-1').exceptions).toMatchObject([{ decision: 'she is ill' }]);
    expect(seated('custodian-2').seats.get('custodian-2')).toBe(seatOf('custodian-2'));
    const words = reduce(start, decided('1', `substitute ${person} sits as custodian-1`));
    expect(words.seats.get('custodian-1')).toBe(seatOf('custodian-1'));
  });
  test('is aborting until its key is shown to be gone, and aborted then', () => {
    const formed = reduce(after(...upTo(8)), entry('key.import', { key: 'k' }));
    expect(formed.key).toBe('k');
    const aborting = reduce(
      formed,
      entry('ceremony.abort', { because: 'x' }, { outcome: 'intent' }),
    );
    expect(aborting.status).toBe('ABORTING');
    refuses('state-refused', () => may(aborting, '9'));
    const gone = reduce(aborting, entry('key.destroy', { key: 'k' }));
    expect(gone.key).toBeUndefined();
    expect(reduce(gone, entry('ceremony.abort', { because: 'x', gone: true })).status).toBe(
      'ABORTED',
    );
  });
  test('takes nothing from entries that failed or that are of no ceremony', () => {
    const state = after(...upTo(7));
    expect(
      reduce(state, entry('key.import', { key: 'k' }, { outcome: 'failure' })).key,
    ).toBeUndefined();
    expect(reduce(state, entry('clock.changed', { step_ms: 1 }))).toBe(state);
  });
});
