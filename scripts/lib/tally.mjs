/**
 * The last line of `npm test`, from Vitest's JSON report. A run can fail without a failed test: a file that doesn't load, an error outside any test, no test at
 * all. None of these may look green.
 */

const unloaded = ({ testResults = [] }) =>
  testResults.filter(
    ({ status, assertionResults = [] }) =>
      status === 'failed' && !assertionResults.some((test) => test.status === 'failed'),
  );

/** Failures other than single tests, in words. */
export function failuresOf({ code, counts }) {
  if (counts === undefined) return [`vitest left no report (exit code ${code})`];
  const files = unloaded(counts).map(({ name }) => `${name} as a whole`);
  const silent = code !== 0 && counts.numFailedTests === 0 && files.length === 0;
  return silent ? [...files, `vitest, outside of any test (exit code ${code})`] : files;
}

/** `code` is Vitest's exit code, `counts` its report; `otherFailures` counts those of the checks before. */
export function sumUp({ code, counts }, otherFailures = 0) {
  const passed = counts?.numPassedTests ?? 0;
  const skipped = (counts?.numPendingTests ?? 0) + (counts?.numTodoTests ?? 0);
  const failed =
    (counts?.numFailedTests ?? 0) + failuresOf({ code, counts }).length + otherFailures;
  const line = `${passed} passed, ${failed} failed${skipped > 0 ? `, ${skipped} skipped` : ''}`;
  return { line, ok: failed === 0 };
}
