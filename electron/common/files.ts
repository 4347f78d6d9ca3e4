/** Files: the face shows a dialog and sends the path to the service; the page gets a grant and a base name (design 01, "Files and print"). */
import { FILE_PURPOSES, type FilePurpose } from '../../shared/contract/names.ts';
import { uuid } from '../../shared/contract/wire.ts';
import { list, record, string } from '../../shared/form.ts';
import { isPageFilePurpose } from '../../shared/window/bridge.ts';
import type { ServiceLink } from './service-link.ts';

export interface FileQuestion {
  purpose: FilePurpose;
  /** `write`: a new file or folder, which must not exist yet; `folder`: a folder to read. */
  kind: 'read' | 'folder' | 'write';
  title: string;
  suggested: string | undefined;
}

/** The face's dialog: an absolute path, or undefined when it was cancelled. */
export type FileDialog = (question: FileQuestion) => Promise<string | undefined>;

const TITLES: Record<FilePurpose, string> = {
  module: 'Choose the vendor’s PKCS#11 library',
  parameters: 'Choose the file with the provider’s parameters',
  definition: 'Choose the ceremony’s definition',
  bundle: 'Name a new folder for the log’s bundle',
  package: 'Name a new folder for the package',
  trust: 'Name a new file for the trust file',
  'verify-bundle': 'Choose the bundle’s folder',
  'verify-trust': 'Choose the trust file',
};
/** Purposes that read a folder instead of a file. */
const FOLDERS: ReadonlySet<FilePurpose> = new Set(['verify-bundle']);

const areAnswers = list(record({ purpose: isPageFilePurpose, path: string() }));
const isGrant = record({ grant: uuid, name: string() });

/**
 * Answers given beforehand instead of a dialog: KEYMOOT_FACE_FILES, a JSON list of { purpose, path }, each used once.
 *
 * SECURITY: only together with KEYMOOT_DEVELOPER=1, and never in a packaged desk: it lets an environment choose files in a person's place.
 */
export const answersFromEnvironment = (
  environment: NodeJS.ProcessEnv,
  packaged: boolean,
): FileDialog | undefined => {
  const given = environment['KEYMOOT_FACE_FILES'];
  if (given === undefined || packaged || environment['KEYMOOT_DEVELOPER'] !== '1') return undefined;
  const answers: unknown = JSON.parse(given);
  if (!areAnswers(answers)) throw new Error('KEYMOOT_FACE_FILES is no list of answers');
  return ({ purpose }) => {
    const at = answers.findIndex((answer) => answer.purpose === purpose);
    return Promise.resolve(at < 0 ? undefined : answers.splice(at, 1)[0]?.path);
  };
};

/** Asks the person, then the service. Rejects with the service's message when it refuses the path. */
export const askFile = async (
  link: Pick<ServiceLink, 'request'>,
  dialog: FileDialog,
  purpose: FilePurpose,
  suggested?: string,
): Promise<{ grant: string; name: string } | undefined> => {
  const path = await dialog({
    purpose,
    kind: FOLDERS.has(purpose) ? 'folder' : FILE_PURPOSES[purpose],
    title: TITLES[purpose],
    suggested,
  });
  return path === undefined || path === '' ? undefined : grant(link, purpose, path);
};

/** Sends the path to the service. Rejects with the service's message when it refuses the path. */
export const grant = async (
  link: Pick<ServiceLink, 'request'>,
  purpose: FilePurpose,
  path: string,
): Promise<{ grant: string; name: string }> => {
  const answer = await link.request({ channel: 'files.grant', input: { purpose, path } });
  if (!answer.ok) throw new Error(answer.error.message);
  if (!isGrant(answer.value)) throw new Error('The service’s answer is not one of ours.');
  return answer.value;
};
