/** The common properties of an export's acts. */
import type { ExportView } from '../../../shared/contract/exports.ts';
import type { Answer } from '../../bridge/bridge.ts';

export const refused = (message: string): Answer<never> => ({
  ok: false,
  error: { code: 'input-invalid', message: `${message} Nothing was done.` },
});

export interface JobProps {
  view: ExportView;
  set: (view: ExportView) => void;
}
