/** What is thrown when a table or an entry says what the signed log does not. */
import { KeymootError } from '../../shared/errors.ts';

export const tampered = (what: string): KeymootError =>
  new KeymootError(
    'store-tampered',
    `The database says something about ${what} that its signed log does not. Nothing was changed. Keep the data folder as evidence and restore a copy.`,
  );
