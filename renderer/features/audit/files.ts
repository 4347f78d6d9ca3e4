/** Files from the face's dialog or dropped on the page; refusals are answers, not exceptions. */
import type { FilePurpose } from '../../../shared/contract/names.ts';
import type { DroppedPurpose } from '../../../shared/window/bridge.ts';
import { askDropped, askFile, type Answer } from '../../bridge/bridge.ts';
import { isolated } from '../../ui/isolated.ts';

export interface Chosen {
  grant: string;
  name: string;
}

export const choose = (
  purpose: FilePurpose,
  cancelled: string,
  suggested?: string,
): Promise<Answer<Chosen>> => {
  return answered(() => askFile(purpose, suggested), cancelled);
};

/** A file that a person dropped. */
export const takeDropped = (purpose: DroppedPurpose, file: File): Promise<Answer<Chosen>> =>
  answered(
    () => askDropped(purpose, file),
    `“${isolated(file.name)}” is not a file or folder of this computer. Nothing was chosen.`,
  );

const answered = async (
  ask: () => Promise<Chosen | undefined>,
  nothing: string,
): Promise<Answer<Chosen>> => {
  try {
    const chosen = await ask();
    return chosen === undefined
      ? { ok: false, error: { code: 'cancelled', message: nothing } }
      : { ok: true, value: chosen };
  } catch (error) {
    return {
      ok: false,
      error: {
        code: 'file-unreadable',
        message: error instanceof Error ? error.message : 'That place could not be used.',
      },
    };
  }
};
