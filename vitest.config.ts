/**
 * How the tests run: under the project's Node 24, most in processes of their own, since many of them
 * load vendor libraries or kill what they started.
 */
import { defineConfig } from 'vitest/config';
import { BaseSequencer, type TestSpecification } from 'vitest/node';

/** The longest first, else one of them is last and alone: a fresh clone knows no durations, and their files are not the largest. */
const LONGEST = [
  'test/faces/story-chromium.test.ts',
  'test/recovery/generate.test.ts',
  'test/recovery/ceremony.test.ts',
  'test/rehearsal/rehearsal.test.ts',
  'test/cli/story.test.ts',
  'test/faces/story-electron.test.ts',
  'test/service/token-watch.test.ts',
  'test/faces/interrupted.test.ts',
  'test/recovery/faults.test.ts',
  'test/cli/verify.test.ts',
];
const rank = ({ moduleId }: TestSpecification): number => {
  const place = LONGEST.findIndex((file) => moduleId.endsWith(file));
  return place < 0 ? LONGEST.length : place;
};
class LongestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    return (await super.sort(files)).toSorted((a, b) => rank(a) - rank(b));
  }
}

/** Folders whose tests load no vendor's library and change nothing of their own process. */
const CALM = ['core', 'renderer', 'store', 'verifier'].map(
  (folder) => `test/${folder}/**/*.test.ts`,
);

export default defineConfig({
  test: {
    environment: 'node',
    projects: [
      // They leave nothing behind in their process: one reads what they have in common once.
      { extends: true, test: { name: 'in one process', include: CALM, isolate: false } },
      {
        extends: true,
        // Tests of the plain-JavaScript scripts are plain JavaScript themselves.
        test: { name: '', include: ['test/**/*.test.{ts,mjs}'], exclude: CALM },
      },
    ],
    globalSetup: ['test/support/global-setup.mjs'],
    pool: 'forks',
    // Two more than processors where there are two: many tests wait for a token, a clock or a window.
    maxWorkers: 4,
    sequence: { sequencer: LongestFirst },
    // A limit for a test that hangs, far above what a slow one takes on a busy machine.
    testTimeout: 120_000,
    hookTimeout: 120_000,
    teardownTimeout: 30_000,
  },
});
