/** What a suite began, ended when the suite is over: the last first, and nothing that never began. */
import { afterAll } from 'vitest';

/**
 * Called once in a suite; what it gives is called with each end as soon as there is something to end. One end that fails keeps none of the others from being
 * made, so that no process stays.
 */
export const endsWithSuite = (): ((end: () => unknown) => void) => {
  const ends: (() => unknown)[] = [];
  afterAll(async () => {
    const failures: unknown[] = [];
    for (const end of ends.toReversed())
      try {
        await end();
      } catch (error) {
        failures.push(error);
      }
    if (failures.length > 1) throw new AggregateError(failures, failures.map(String).join('\n'));
    if (failures.length === 1) throw failures[0];
  });
  return (end) => {
    ends.push(end);
  };
};
