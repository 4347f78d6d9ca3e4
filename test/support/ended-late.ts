/**
 * For a program that a test starts and waits for: one that hangs is ended before the test's own time is over (vitest.config.ts), so that it is told by its exit
 * and its output, and doesn't stay.
 */
export const ENDED_LATE = { timeout: 110_000, killSignal: 'SIGKILL' } as const;
