/**
 * `keymoot`: one program. What it does is its first argument; each part is loaded only when it is meant, so a token process never has SQLite in it
 * and the service never a vendor's library.
 */
import { writeFileSync } from 'node:fs';
import { BUILD, VERSION } from './build.ts';

/**
 * SECURITY: a core dump of this process could hold what was typed. A child of ours starts without (shared/environment.ts); a person's shell may allow them, and
 * a Node can't lower its own limit. It can say that no memory belongs into a dump, where the system knows of that.
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
  // Only words: a stack could hold a value. What is unexpected is a mistake of ours and is shown as one.
  const message =
    error instanceof Error && error.name === 'KeymootError'
      ? error.message
      : 'Keymoot made a mistake and stopped.';
  process.stderr.write(`keymoot: ${message}\n`);
  if (process.env['KEYMOOT_DEVELOPER'] === '1') console.error(error);
  process.exitCode = 70;
});
