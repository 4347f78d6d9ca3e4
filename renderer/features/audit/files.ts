/** The face's dialog, with its refusals as answers. */
import type { FilePurpose } from '../../../shared/contract/desk.ts';
import { askFile, type Answer } from '../../bridge/bridge.ts';

export interface Chosen {
  grant: string;
  name: string;
}

export const choose = async (
  purpose: FilePurpose,
  cancelled: string,
  suggested?: string,
): Promise<Answer<Chosen>> => {
  try {
    const chosen = await askFile(purpose, suggested);
    return chosen === undefined
      ? { ok: false, error: { code: 'cancelled', message: cancelled } }
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
