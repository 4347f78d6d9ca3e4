/** The definition that ships with Keymoot, and entries of a ceremony on it built by hand. */
import { readFileSync } from 'node:fs';
import { Definition } from '../../../shared/domain/ceremonies.ts';
import type { Entry, EntryType } from '../../../custody/core/audit/entry.ts';
import { envelope, statementBytes, type Act } from '../../../custody/core/audit/statement.ts';

export const sample = (): Definition =>
  Definition.parse(
    JSON.parse(
      readFileSync(
        new URL(
          '../../../resources/ceremonies/form-aes256-from-3-components.json',
          import.meta.url,
        ),
        'utf8',
      ),
    ),
  );
export const ID = 'c0de'.repeat(8);
export const SHA = 'ab'.repeat(32);

/** What a person says when they act. Nobody's signature is looked at here: that is the ledger's. */
const said = (person: string): Act => ({
  ...{ v: 1, kind: 'act', log: 'x', person, head: { size: 0, root: 'AAAA' } },
  ...{ time: '2026-01-01T00:00:00.000Z', channel: 'ceremonies.step' },
  ...{ input_sha256: SHA, nonce: '0f'.repeat(16) },
});

let seq = 0;
export const entry = (
  type: EntryType,
  detail: unknown,
  more: Partial<Entry> & { by?: string[] } = {},
): Entry => {
  const { by = [], ...rest } = more;
  seq += 1;
  return {
    v: 1,
    log: 'x',
    seq,
    id: `0198c0de-0000-7000-8000-${String(seq).padStart(12, '0')}`,
    time: new Date(1_767_000_000_000 + seq * 1000).toISOString(),
    type,
    outcome: 'success',
    actor: { id: 'desk', role: 'desk', auth: 'none' },
    where: { host: 'unit' },
    app: { version: '0' },
    ceremony: { id: ID, definition_sha256: SHA },
    detail,
    acts: by.map((person) => envelope(statementBytes(said(person)), SHA, new Uint8Array(64))),
    ...rest,
  } as Entry;
};
