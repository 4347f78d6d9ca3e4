/**
 * `keymoot`: one program. Its first argument selects the part to run, and only that part is loaded: a token process never contains SQLite, and the service
 * never a vendor's library.
 */
import { writeFileSync } from 'node:fs';
import { BUILD, VERSION } from './build.ts';

/**
 * SECURITY: a core dump of this process could contain typed secrets. Child processes start with dumps disabled (shared/environment.ts); a person's shell may
 * allow them, and Node can't lower its own limit. On Linux it can exclude its memory from dumps.
 */
const leaveNoMemory = (): void => {
  try {
    writeFileSync('/proc/self/coredump_filter', '0');
  } catch {
    // not Linux
  }
};

const main = async (): Promise<void> => {
  leaveNoMemory();
  const [command, ...rest] = process.argv.slice(2);
  switch (command) {
    case '--version':
      process.stdout.write(
        `keymoot ${VERSION} (${BUILD.slice(0, 16)}) node ${process.versions.node}\n`,
      );
      return;
    case 'token': {
      const { tokenProcess } = await import('./tokens/process/main.ts');
      await tokenProcess();
      return;
    }
    case 'holder': {
      const { holderProcess } = await import('./holder/process.ts');
      holderProcess();
      return;
    }
    case 'judge': {
      const { judgeProcess } = await import('./judge/process.ts');
      judgeProcess();
      return;
    }
    case 'serve': {
      const { dataFolder } = await import('./cli/options.ts');
      const { serve } = await import('./service/serve.ts');
      await serve(dataFolder(rest));
      return;
    }
    default: {
      const { cli } = await import('./cli/cli.ts');
      process.exitCode = await cli(process.argv.slice(2));
    }
  }
};

main().catch((error: unknown) => {
  // Only the message: a stack could contain a value. An unexpected error is a bug of ours and is reported as one.
  const message =
    error instanceof Error && error.name === 'KeymootError'
      ? error.message
      : 'Keymoot made a mistake and stopped.';
  process.stderr.write(`keymoot: ${message}\n`);
  if (process.env['KEYMOOT_DEVELOPER'] === '1') console.error(error);
  process.exitCode = 70;
});
