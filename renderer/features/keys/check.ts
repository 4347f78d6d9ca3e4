import type { KeySummary } from '../../../shared/domain/keys.ts';

/** Why a key is shown without a check value. A key in quarantine has one, but its witness must type it before seeing it. */
export const withoutCheck = ({ state }: KeySummary): string =>
  state === 'quarantine' ? 'shown once it was compared' : 'not available';
