/** Ids and times as entries spell them. */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { uuidv7 } from '../../custody/service/ids.ts';
import { timeText } from '../../custody/service/time-text.ts';

/** 2000 to 2900, ms. */
const moment = fc.integer({ min: 946_684_800_000, max: 29_348_006_400_000 });

test('a moment is spelled as ISO 8601 has it, whatever moment was asked for before', () => {
  fc.assert(
    fc.property(moment, fc.integer({ min: -1500, max: 1500 }), (ms, step) => {
      for (const at of [ms, ms + step, ms]) expect(timeText(at)).toBe(new Date(at).toISOString());
    }),
  );
  const before = Date.now();
  expect(Date.parse(timeText())).toBeGreaterThanOrEqual(before);
});

test('an id is a UUID of version 7 that says when it was made, and never an earlier time than the one before', () => {
  let last = 0;
  fc.assert(
    fc.property(moment, (ms) => {
      const id = uuidv7(ms);
      expect(id).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
      last = Math.max(last, ms);
      expect(parseInt(id.slice(0, 8) + id.slice(9, 13), 16)).toBe(last);
    }),
  );
});
test('ids of one moment differ', () => {
  expect(new Set(Array.from({ length: 1000 }, () => uuidv7(0))).size).toBe(1000);
});
