/**
 * The desk's store: one database, one writer. State and log change in one transaction or not at all.
 */
import { LogStore } from './log.ts';
import { openDesk, releaseReserve, sqliteCode, storeError, type Database } from './open.ts';
import { CeremoniesTable } from './tables/ceremonies.ts';
import { EvidenceTable } from './tables/evidence.ts';
import { ExportsTable } from './tables/exports.ts';
import { IntentsTable, ProcessesTable } from './tables/intents.ts';
import { KeysTable } from './tables/keys.ts';
import { LogIndexTable } from './tables/log-index.ts';
import { MetaTable } from './tables/meta.ts';
import { ModulesTable } from './tables/modules.ts';
import { PeopleTable } from './tables/people.ts';

export class Store {
  readonly folder: string;
  readonly #db: Database;
  readonly #transact;
  readonly log: LogStore;
  readonly meta: MetaTable;
  readonly people: PeopleTable;
  readonly modules: ModulesTable;
  readonly keys: KeysTable;
  readonly index: LogIndexTable;
  readonly intents: IntentsTable;
  readonly processes: ProcessesTable;
  readonly ceremonies: CeremoniesTable;
  readonly exports: ExportsTable;
  readonly evidence: EvidenceTable;

  private constructor(folder: string, db: Database) {
    this.folder = folder;
    this.#db = db;
    this.#transact = db.transaction((change: () => unknown) => change());
    this.log = new LogStore(db);
    this.meta = new MetaTable(db);
    this.people = new PeopleTable(db);
    this.modules = new ModulesTable(db);
    this.keys = new KeysTable(db);
    this.index = new LogIndexTable(db);
    this.intents = new IntentsTable(db);
    this.processes = new ProcessesTable(db);
    this.ceremonies = new CeremoniesTable(db);
    this.exports = new ExportsTable(db);
    this.evidence = new EvidenceTable(db);
  }

  static open(folder: string): Store {
    const db = openDesk(folder);
    try {
      return new Store(folder, db);
    } catch (error) {
      db.close();
      throw storeError(error);
    }
  }

  /**
   * Runs `change` in one transaction, on disk when this returns. A failure leaves rows and tree as they were.
   * `mustSucceed`: the device has already acted, so on a full disk the reserve is deleted to make room for the record.
   */
  commit<T>(change: () => T, mustSucceed = false): T {
    const restore = this.log.remember();
    try {
      return this.#transact.immediate(change) as T;
    } catch (error) {
      restore();
      if (
        mustSucceed &&
        sqliteCode(error)?.startsWith('SQLITE_FULL') &&
        releaseReserve(this.folder)
      )
        return this.commit(change);
      throw storeError(error);
    }
  }

  /** Empties a table that follows from the log, by its name in the schema. Only inside a transaction that fills it again. */
  empty(table: string): void {
    this.#db.exec(`DELETE FROM "${table}"`);
  }

  close(): void {
    this.#db.close();
  }
}
