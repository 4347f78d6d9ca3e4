/** What everybody who judges a log reads of a policy (resources/formats/audit-log.md, section 12). */
import { parseCanonical } from '../../../shared/canonical.ts';

/** Approvals that these bytes, a policy's, ask for; undefined when they are no policy. */
export const approvalsIn = (bytes: Uint8Array): number | undefined => {
  try {
    const read = parseCanonical(bytes);
    const asked = (read as Readonly<Record<string, unknown>>)['approvals'];
    return Number.isSafeInteger(asked) ? (asked as number) : undefined;
  } catch {
    return undefined; // not in canonical form
  }
};
