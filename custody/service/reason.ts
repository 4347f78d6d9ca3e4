import { KeymootError } from '../../shared/errors.ts';
import { cleanText } from '../../shared/text.ts';

const MOST_BYTES = 64;

/**
 * An entry's `reason` for what failed: the device's own name for it (CKR_…), else our code.
 *
 * SECURITY: the device chose that name. Whatever it is, the reason is 1 to 64 bytes of text: an entry that is refused leaves its intent open.
 */
export const reasonOf = (error: unknown): string => {
  if (!(error instanceof KeymootError)) return 'internal';
  const [name = ''] = error.fields?.device?.split(' ') ?? [];
  return cleanText(name, MOST_BYTES) || error.code;
};
