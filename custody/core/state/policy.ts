/** The part of a policy that every judge of a log reads (resources/formats/audit-log.md, section 12). */
import { parseCanonical } from '../../../shared/canonical.ts';

/** The number of approvals that a policy, given as bytes, asks for; undefined when they are not a policy. */
export const approvalsIn = (bytes: Uint8Array): number | undefined => {
  try {
    const read = parseCanonical(bytes);
    const asked = (read as Readonly<Record<string, unknown>>)['approvals'];
    return Number.isSafeInteger(asked) ? (asked as number) : undefined;
  } catch {
    return undefined; // not in canonical form
  }
};
