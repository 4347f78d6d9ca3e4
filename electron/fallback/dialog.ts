/** File dialogs of the desktop, where it has a program for them: Chromium itself gives a page no paths, and ours never sees one. */
import { spawn } from 'node:child_process';
import { accessSync, constants } from 'node:fs';
import { delimiter, isAbsolute, join } from 'node:path';
import { desktopEnvironment } from '../../shared/environment.ts';
import type { FileDialog, FileQuestion } from '../common/files.ts';

export const onPath = (name: string): string | undefined =>
  (process.env['PATH'] ?? '')
    .split(delimiter)
    .map((folder) => join(folder, name))
    .find((place) => {
      try {
        accessSync(place, constants.X_OK);
        return isAbsolute(place);
      } catch {
        return false; // not there, or not to be run by us
      }
    });

const DIALOGS: Record<string, (question: FileQuestion) => string[]> = {
  zenity: ({ kind, title, suggested }) => [
    '--file-selection',
    `--title=${title}`,
    ...(kind === 'write' ? ['--save'] : kind === 'folder' ? ['--directory'] : []),
    ...(suggested === undefined ? [] : [`--filename=${suggested}`]),
  ],
  kdialog: ({ kind, title, suggested }) => [
    '--title',
    title,
    { read: '--getopenfilename', folder: '--getexistingdirectory', write: '--getsavefilename' }[
      kind
    ],
    suggested ?? '.',
  ],
};

const ask = (program: string, args: string[]): Promise<string | undefined> =>
  new Promise((done) => {
    const child = spawn(program, args, {
      stdio: ['ignore', 'pipe', 'ignore'],
      env: desktopEnvironment(process.env),
    });
    let text = '';
    child.stdout.setEncoding('utf8').on('data', (piece: string) => {
      if (text.length < 8192) text += piece;
    });
    child.once('error', () => {
      done(undefined);
    });
    child.once('close', (code) => {
      const path = text.replace(/\r?\n$/, '');
      done(code === 0 && isAbsolute(path) ? path : undefined);
    });
  });

export const desktopDialog: FileDialog = async (question) => {
  for (const [name, args] of Object.entries(DIALOGS)) {
    const program = onPath(name);
    if (program !== undefined) return ask(program, args(question));
  }
  throw new Error(
    'This window has no file dialog: it needs zenity or kdialog from this system. Nothing was done; the command line takes files by name.',
  );
};
