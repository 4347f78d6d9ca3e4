/** What the log says of a module: everything that decides which code is loaded, and how. */
import { hash } from 'node:crypto';
import { canonicalBytes } from '../../shared/canonical.ts';
import type { NewEntry } from '../core/audit/entry.ts';
import type { ModuleRow } from '../store/tables/modules.ts';

/** How its process is started, and whether its tokens are taken for training tokens. Hashed, since parameters are the vendor's business and may be anything. */
export const settingsSha256 = ({ environment, parameters, training }: ModuleRow): string =>
  hash(
    'sha256',
    canonicalBytes({ environment, training, ...(parameters === undefined ? {} : { parameters }) }),
  );

export const moduleAdded = (row: ModuleRow): Extract<NewEntry, { type: 'token.module_added' }> => ({
  type: 'token.module_added',
  detail: {
    module: row.id,
    path: row.path,
    sha256: row.sha256,
    family: row.family,
    label: row.label,
    settings_sha256: settingsSha256(row),
  },
});
