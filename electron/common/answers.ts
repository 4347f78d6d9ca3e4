/** The answer that a page gets to a call: a Reply without its number. */
import type { ErrorCode, ErrorData } from '../../shared/errors.ts';

export type Answer = { ok: true; value: unknown } | { ok: false; error: ErrorData };

export const refused = (code: ErrorCode, message: string): Answer => ({
  ok: false,
  error: { code, message },
});
