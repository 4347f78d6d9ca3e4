/** PKCS#11 modules a person added: path, hash, and the environment their process gets. */
import { Family } from '../../../shared/domain/tokens.ts';
import type { Database } from '../open.ts';

export interface ModuleRow {
  id: string;
  path: string;
  sha256: string;
  family: Family;
  label: string;
  training: boolean;
  environment: Record<string, string>;
  parameters: string | undefined;
}
interface Raw {
  id: string;
  path: string;
  sha256: string;
  family: string;
  label: string;
  training: number;
  environment: string;
  parameters: string | null;
}
const read = (raw: Raw): ModuleRow => ({
  ...raw,
  family: Family.parse(raw.family),
  training: raw.training === 1,
  environment: JSON.parse(raw.environment) as Record<string, string>,
  parameters: raw.parameters ?? undefined,
});

export class ModulesTable {
  readonly #db;
  constructor(db: Database) {
    this.#db = db;
  }
  insert(row: ModuleRow): void {
    this.#db
      .prepare(
        'INSERT INTO module (id, path, sha256, family, label, training, environment, parameters) VALUES (?, ?, ?, ?, ?, ?, ?, ?)',
      )
      .run(
        row.id,
        row.path,
        row.sha256,
        row.family,
        row.label,
        row.training ? 1 : 0,
        JSON.stringify(row.environment),
        row.parameters ?? null,
      );
  }
  approve(id: string, sha256: string): void {
    this.#db.prepare('UPDATE module SET sha256 = ? WHERE id = ?').run(sha256, id);
  }
  get(id: string): ModuleRow | undefined {
    const raw = this.#db.prepare<[string], Raw>('SELECT * FROM module WHERE id = ?').get(id);
    return raw === undefined ? undefined : read(raw);
  }
  all(): ModuleRow[] {
    return this.#db.prepare<[], Raw>('SELECT * FROM module ORDER BY label, id').all().map(read);
  }
}
