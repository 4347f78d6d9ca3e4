/** What the log says of a module: everything that decides which code is loaded, and how. */
import type { NewEntry } from '../core/audit/entry.ts';
import { settingsSha256, type ModuleRow } from '../store/tables/modules.ts';

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
