/** The definition that ships with Keymoot, and entries of a ceremony on it built by hand. */
import { readFileSync } from 'node:fs';
import { Definition } from '../../../shared/domain/ceremonies.ts';
import type { Entry, EntryType } from '../../../custody/core/audit/entry.ts';

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
    acts: by.map((person) => ({
      payload: Buffer.from(JSON.stringify({ person })).toString('base64'),
    })),
    ...rest,
  } as unknown as Entry;
};
