/**
 * What two people said about an export, counted from their signatures in the log.
 *
 * SECURITY: an export's row says which key it is for and how far it came; neither is believed. Whoever could write the row has nobody's signature.
 */
import { hash } from 'node:crypto';
import type { ChannelName } from '../../../shared/contract/index.ts';
import { KeymootError } from '../../../shared/errors.ts';
import type { Entry, EntryType } from '../../core/audit/entry.ts';
import type { Subject } from '../../core/audit/statement.ts';
import { actsThatCount } from '../../core/people/authority.ts';
import type { ExportRow } from '../../store/tables/exports.ts';
import type { Desk } from '../desk.ts';

/** What acts about a key name: SHA-256 of its id as text. */
export const aboutKey = (id: string): Subject => ({ kind: 'key', sha256: hash('sha256', id) });

/** Whether two people signed an entry that reads as it must, in this call and about this subject. */
const twoSigned = (
  desk: Desk,
  type: EntryType,
  reads: (entry: Entry) => boolean,
  channel: ChannelName,
  subject: Subject,
): boolean =>
  desk.store.log.ofTypes([type]).some(({ seq }) => {
    const entry = desk.journal.entry(seq);
    if (entry.outcome !== 'success' || !reads(entry) || !desk.store.log.recheckLeaf(seq))
      return false;
    const acts = actsThatCount(desk.journal.authority, entry.log, entry.acts).filter(
      ({ act }) =>
        act.channel === channel &&
        act.subject?.kind === subject.kind &&
        act.subject.sha256 === subject.sha256,
    );
    return acts.length >= 2;
  });

/** @throws KeymootError state-refused unless two people asked for this key to leave in this way */
export const requireRequested = (desk: Desk, row: ExportRow): void => {
  const asked = twoSigned(
    desk,
    'byok.requested',
    ({ type, detail }) =>
      type === 'byok.requested' &&
      detail.export === row.id &&
      detail.key === row.key &&
      detail.target === row.target &&
      detail.algorithm === row.algorithm,
    'exports.request',
    aboutKey(row.key),
  );
  if (!asked)
    throw new KeymootError(
      'state-refused',
      'The log has no request for this export that two people signed. Nothing was done; request it anew.',
    );
};

/** @throws KeymootError state-refused unless two people confirmed this wrapping key for this export */
export const requireConfirmed = (desk: Desk, row: ExportRow): void => {
  const sha256 = row.wrappingSpkiSha256;
  const confirmed =
    sha256 !== undefined &&
    twoSigned(
      desk,
      'byok.parameters_confirmed',
      ({ type, detail }) =>
        type === 'byok.parameters_confirmed' &&
        detail.export === row.id &&
        detail.wrapping_spki_sha256 === sha256,
      'exports.confirm',
      { kind: 'export', sha256 },
    );
  if (!confirmed)
    throw new KeymootError(
      'state-refused',
      'The wrapping key’s fingerprint has not been confirmed by two people: the log has no such signatures. Nothing was wrapped.',
    );
};
