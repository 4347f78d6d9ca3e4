/** A desk that takes long to open reports its progress to the caller; one that opens quickly reports none. */
import { expect, test } from 'vitest';
import type { EventName, Payload } from '../../shared/contract/index.ts';
import { Opening } from '../../custody/service/opening.ts';

const opened = () => {
  let now = 5000;
  const told: [EventName, Payload<EventName>][] = [];
  const opening = new Opening(
    (event, payload) => told.push([event, payload]),
    () => now,
  );
  const after = (ms: number, done: number) => {
    now += ms;
    opening.tell(done, 20_000);
  };
  return { opening, told, after };
};

test('a desk that opens within a second says nothing', () => {
  const { opening, told, after } = opened();
  opening.waits(1);
  for (let at = 1; at <= 9; at++) after(100, at * 2000);
  expect(told).toEqual([]);
});
test('one that takes longer tells each call that waits, about once a second', () => {
  const { opening, told, after } = opened();
  opening.waits(1);
  after(600, 256);
  opening.waits(2);
  after(600, 512);
  after(600, 768);
  after(600, 1024);
  const of = (request: number, done: number, elapsedMs: number) => [
    'progress',
    { request, text: `Checking the log: ${done} of 20000 entries.`, elapsedMs },
  ];
  expect(told).toEqual([of(1, 512, 1200), of(2, 512, 1200), of(1, 1024, 2400), of(2, 1024, 2400)]);
});
