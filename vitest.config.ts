/**
 * How the tests run: under the project's Node 24, in processes of their own, since many of them
 * load vendor libraries or kill what they started.
 */
import { existsSync } from 'node:fs';
import { defineConfig } from 'vitest/config';

const globalSetup = 'test/support/global-setup.ts';

export default defineConfig({
  test: {
    environment: 'node',
    // Tests of the plain-JavaScript scripts are plain JavaScript themselves.
    include: ['test/**/*.test.ts', 'test/scripts/**/*.test.mjs'],
    globalSetup: existsSync(new URL(globalSetup, import.meta.url)) ? [globalSetup] : [],
    pool: 'forks',
    // One more than processors where there are two: many tests wait for a token, a clock or a window.
    maxWorkers: 3,
    // A limit for a test that hangs, far above what a slow one takes on a busy machine.
    testTimeout: 120_000,
    hookTimeout: 120_000,
    teardownTimeout: 30_000,
  },
});
