/** The last line of `npm test` must not look green when anything went wrong. */
import { expect, test } from 'vitest';
import { failuresOf, sumUp } from '../../scripts/lib/tally.mjs';

const file = (status, ...tests) => ({
  name: 'some.test.ts',
  status,
  assertionResults: tests.map((each) => ({ status: each })),
});
const report = (counts = {}, testResults = []) => ({
  numPassedTests: 0,
  numFailedTests: 0,
  numPendingTests: 0,
  numTodoTests: 0,
  testResults,
  ...counts,
});
const tally = (code, counts, other) => sumUp({ code, counts }, other);

test('counts what passed', () => {
  expect(tally(0, report({ numPassedTests: 12 }))).toEqual({
    line: '12 passed, 0 failed',
    ok: true,
  });
});

test('names skipped tests only when there are any', () => {
  const counts = report({ numPassedTests: 12, numPendingTests: 2, numTodoTests: 1 });
  expect(tally(0, counts)).toEqual({ line: '12 passed, 0 failed, 3 skipped', ok: true });
});

test('counts failed tests, each once', () => {
  const counts = report({ numPassedTests: 3, numFailedTests: 2 }, [
    file('failed', 'failed', 'failed'),
  ]);
  expect(tally(1, counts)).toEqual({ line: '3 passed, 2 failed', ok: false });
});

test('adds the checks that failed before the tests', () => {
  expect(tally(0, report({ numPassedTests: 3 }), 2)).toEqual({
    line: '3 passed, 2 failed',
    ok: false,
  });
});

test('counts a file that could not be loaded', () => {
  const counts = report({ numPassedTests: 3 }, [file('failed'), file('passed', 'passed')]);
  expect(tally(1, counts)).toEqual({ line: '3 passed, 1 failed', ok: false });
  expect(failuresOf({ code: 1, counts })).toEqual(['some.test.ts as a whole']);
});

test('counts a failure outside of any test', () => {
  expect(tally(1, report({ numPassedTests: 3 }))).toEqual({
    line: '3 passed, 1 failed',
    ok: false,
  });
});

test('counts a runner that left no report', () => {
  expect(tally(139, undefined)).toEqual({ line: '0 passed, 1 failed', ok: false });
});
