/** Calls that wait for an answer of another process. */
import { setTimeout as sleep } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { Calls } from '../../shared/calls.ts';

const ask = (calls: Calls<string, string>, about: string, ms?: number) => {
  const sent: number[] = [];
  const answer = calls.ask({
    about,
    send: (seq) => sent.push(seq),
    ...(ms === undefined ? {} : { deadline: { ms, late: () => 'late' } }),
  });
  return { answer, seq: sent[0] ?? 0 };
};

test('each gets its own answer, in whatever order they come', async () => {
  const calls = new Calls<string, string>();
  const [one, two] = [ask(calls, 'one'), ask(calls, 'two')];
  expect([one.seq, two.seq, calls.size, calls.oldest]).toEqual([1, 2, 2, 'one']);
  expect(calls.about(two.seq)).toBe('two');
  expect(calls.settle(two.seq, 'second')).toBe(true);
  expect(calls.settle(one.seq, 'first')).toBe(true);
  expect([await one.answer, await two.answer]).toEqual(['first', 'second']);
  expect([calls.size, calls.oldest, calls.about(1)]).toEqual([0, undefined, undefined]);
});
test('one answers once: what comes again, late or to nothing is told apart', async () => {
  const calls = new Calls<string, string>();
  const { answer, seq } = ask(calls, 'one', 5);
  expect(await answer).toBe('late');
  expect(calls.settle(seq, 'after all')).toBe(false);
  expect(calls.settle(7, 'to nothing')).toBe(false);
  const answered = ask(calls, 'two', 5);
  calls.settle(answered.seq, 'in time');
  await sleep(10);
  expect(await answered.answer).toBe('in time');
});
test('all that wait are answered when the other process ends, and what is asked later is not', async () => {
  const calls = new Calls<string, string>();
  const both = [ask(calls, 'one', 1000), ask(calls, 'two')];
  calls.settleAll('ended');
  expect(await Promise.all(both.map(({ answer }) => answer))).toEqual(['ended', 'ended']);
  const later = ask(calls, 'three');
  expect(calls.size).toBe(1);
  calls.settle(later.seq, 'a new process');
  expect(await later.answer).toBe('a new process');
});
