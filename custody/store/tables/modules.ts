/** PKCS#11 modules as the log records them; the settings for loading each are stored separately, and the log has their hash. */
import { hash } from 'node:crypto';
import { canonical } from '../../../shared/canonical.ts';
import { Family } from '../../../shared/domain/tokens.ts';
import { KeymootError } from '../../../shared/errors.ts';
import type { Database } from '../open.ts';

/** The data of a module that the log records. */
export interface ModuleFacts {
  id: string;
  path: string;
  sha256: string;
  family: Family;
  label: string;
  settingsSha256: string;
}
/**
 * How its process is started, and whether its tokens count as training tokens. The log has only the hash: parameters are defined by the vendor and may have any
 * form.
 */
export interface ModuleSettings {
  training: boolean;
  environment: Record<string, string>;
  parameters: string | undefined;
}
export type ModuleRow = Omit<ModuleFacts, 'settingsSha256'> & ModuleSettings;

const settingsText = ({ environment, parameters, training }: ModuleSettings): string =>
  canonical({ environment, training, parameters });
export const settingsSha256 = (settings: ModuleSettings): string =>
  hash('sha256', settingsText(settings));

interface Raw {
  id: string;
  path: string;
  sha256: string;
  family: string;
  label: string;
  settings_sha256: string;
}
const read = ({ settings_sha256, family, ...raw }: Raw): ModuleFacts => ({
  ...raw,
  family: Family.parse(family),
  settingsSha256: settings_sha256,
});

export class ModulesTable {
  readonly #db;
  constructor(db: Database) {
    this.#db = db;
  }
  put(row: ModuleFacts): void {
    this.#db
      .prepare(
        'INSERT OR REPLACE INTO module (id, path, sha256, family, label, settings_sha256) VALUES (?, ?, ?, ?, ?, ?)',
      )
      .run(row.id, row.path, row.sha256, row.family, row.label, row.settingsSha256);
  }
  /** Called before the entry that names their hash is written. */
  keepSettings(settings: ModuleSettings): void {
    this.#db
      .prepare('INSERT OR IGNORE INTO settings (sha256, json) VALUES (?, ?)')
      .run(settingsSha256(settings), settingsText(settings));
  }
  #settings(sha256: string): ModuleSettings {
    const json =
      this.#db
        .prepare<[string], { json: string }>('SELECT json FROM settings WHERE sha256 = ?')
        .get(sha256)?.json ?? '';
    // SECURITY: these decide how code is loaded, and people signed their hash.
    if (hash('sha256', json) !== sha256)
      throw new KeymootError(
        'store-tampered',
        'The database says something about a module that its signed log does not. Nothing was changed. Keep the data folder as evidence and restore a copy.',
      );
    const { parameters, ...rest } = JSON.parse(json) as Omit<ModuleSettings, 'parameters'> & {
      parameters?: string;
    };
    return { ...rest, parameters };
  }
  #whole({ settingsSha256: sha256, ...facts }: ModuleFacts): ModuleRow {
    return { ...facts, ...this.#settings(sha256) };
  }
  get(id: string): ModuleRow | undefined {
    const raw = this.#db.prepare<[string], Raw>('SELECT * FROM module WHERE id = ?').get(id);
    return raw === undefined ? undefined : this.#whole(read(raw));
  }
  facts(): ModuleFacts[] {
    return this.#db.prepare<[], Raw>('SELECT * FROM module ORDER BY label, id').all().map(read);
  }
  all(): ModuleRow[] {
    return this.facts().map((facts) => this.#whole(facts));
  }
}
