/**
 * What the tables must say, told from the log alone, and compared with them when the desk opens (design 08, T1).
 *
 * The whole log is judged while it is read (judged-log.ts), so what is read from it needs no second judge.
 */
import { hash } from 'node:crypto';
import { sameData } from '../../shared/canonical.ts';
import { LibraryEnvironment } from '../../shared/contract/tokens.ts';
import { Definition } from '../../shared/domain/ceremonies.ts';
import type { KeyRecord } from '../../shared/domain/keys.ts';
import { KeymootError } from '../../shared/errors.ts';
import type { Entry, EntryOf } from '../core/audit/entry.ts';
import { TYPES } from '../core/audit/verify/table.ts';
import { newCeremony, reduce, type Ceremony } from '../core/ceremonies/engine.ts';
import type { Store } from '../store/store.ts';
import type { ExportRow } from '../store/tables/exports.ts';
import { keyDetail } from './handlers/key-facts.ts';
import { keyTold, type Journal } from './journal.ts';
import { evidenceOf, judgeLog, type Tell } from './judged-log.ts';
import { settingsSha256 } from './module-facts.ts';
import { planDetail, planIn, untilIn } from './plan.ts';
import { tampered } from './tampered.ts';

type KeyEntry = EntryOf<'key.generate' | 'key.import' | 'key.wrap' | 'key.destroy'>;
type Made = KeyEntry['detail'];
interface Key {
  made: Made;
  state: KeyRecord['state'];
  ceremony: string | undefined;
}
type Job = Omit<ExportRow, 'created' | 'readback'>;

/** Types of which {@link Ledger} reads something. */
const LEDGER_TYPES: ReadonlySet<string> = new Set(
  TYPES.filter((type) =>
    /^(?:app\.start|token\.module_added|(?:key|component|ceremony|byok)\..*)$/.test(type),
  ),
);

class Ledger {
  readonly #store: Store;
  readonly definitions = new Map<string, string>();
  readonly ceremonies = new Map<string, Ceremony>();
  readonly entries = new Map<string, number[]>();
  readonly keys = new Map<string, Key>();
  readonly keyEntries: { key: string; seq: number }[] = [];
  readonly jobs = new Map<string, Job>();
  readonly modules = new Map<string, EntryOf<'token.module_added'>['detail']>();
  /** Intents without an outcome, by id. */
  readonly open = new Map<string, Entry>();
  readonly envelopes = new Map<string, { ceremony: string; component: number }>();
  /** The size that was sealed when a service last started. */
  sealed = 0;

  constructor(store: Store) {
    this.#store = store;
  }

  definition(sha256: string): Definition {
    const bytes = evidenceOf(this.#store, sha256);
    if (bytes === undefined) throw tampered('a ceremony’s definition');
    return Definition.parse(JSON.parse(Buffer.from(bytes).toString('utf8')));
  }

  read(entry: Entry): void {
    const what = `entry ${entry.seq}`;
    const told = keyTold(entry);
    if (told !== undefined) this.keyEntries.push({ key: told, seq: entry.seq });
    if (entry.outcome === 'intent') this.open.set(entry.id, entry);
    else if (entry.corr !== undefined) this.open.delete(entry.corr);
    const ceremony = this.#inCeremony(entry);
    switch (entry.type) {
      case 'app.start':
        this.sealed = Math.max(this.sealed, entry.detail.sealed);
        return;
      case 'ceremony.define':
        this.definitions.set(entry.detail.definition_sha256, entry.detail.title);
        return;
      case 'token.module_added':
        if (this.modules.has(entry.detail.module)) throw tampered(`${what}, a module added twice`);
        this.modules.set(entry.detail.module, entry.detail);
        return;
      case 'key.generate':
      case 'key.import':
        if (entry.outcome !== 'success') return;
        this.keys.set(entry.detail.key, {
          made: entry.detail,
          state: ceremony === undefined ? 'active' : 'quarantine',
          ceremony: ceremony?.id,
        });
        return;
      case 'key.destroy': {
        const key = this.keys.get(entry.detail.key);
        if (entry.outcome === 'success' && key !== undefined) key.state = 'destroyed';
        return;
      }
      case 'component.receive':
        if (entry.ceremony !== undefined)
          this.envelopes.set(entry.detail.serial, {
            ceremony: entry.ceremony.id,
            component: entry.detail.index,
          });
        return;
      case 'byok.requested': {
        const { export: id, key, target, algorithm } = entry.detail;
        if (this.jobs.has(id)) throw tampered(`${what}, an export that was asked for before`);
        this.jobs.set(id, { id, state: 'REQUESTED', key, target, algorithm });
        return;
      }
      case 'byok.parameters_loaded': {
        const {
          export: id,
          wrapping_spki_sha256: spki,
          parameters_sha256: parameters,
          key_ref: ref,
          target,
          algorithm,
        } = entry.detail;
        const asked = this.jobs.get(id);
        if (asked?.target !== target || asked.algorithm !== algorithm)
          throw tampered(`${what}, parameters for another export than was asked for`);
        this.jobs.set(id, {
          id,
          key: asked.key,
          target,
          algorithm,
          state: 'PARAMETERS LOADED',
          parametersSha256: parameters,
          wrappingSpkiSha256: spki,
          keyRef: ref,
          validTo: entry.detail.valid_to,
        });
        return;
      }
      case 'byok.parameters_confirmed': {
        if (entry.outcome !== 'success') return;
        const { export: id, wrapping_spki_sha256: spki } = entry.detail;
        const job = this.jobs.get(id);
        if (job?.wrappingSpkiSha256 !== spki)
          throw tampered(`${what}, a wrapping key that was not loaded`);
        this.jobs.set(id, { ...job, state: 'CONFIRMED' });
        return;
      }
      case 'byok.package_created': {
        const {
          export: id,
          blob_sha256: blobSha256,
          manifest_sha256: manifestSha256,
        } = entry.detail;
        const job = this.jobs.get(id);
        if (job !== undefined)
          this.jobs.set(id, { ...job, state: 'WRAPPED', blobSha256, manifestSha256 });
        return;
      }
      case 'byok.expired': {
        const job = this.jobs.get(entry.detail.export);
        if (job !== undefined) this.jobs.set(job.id, { ...job, state: 'EXPIRED' });
        return;
      }
      default:
    }
  }

  #inCeremony(entry: Entry): Ceremony | undefined {
    const named = entry.ceremony;
    if (named === undefined) return undefined;
    const entries = this.entries.get(named.id) ?? [];
    entries.push(entry.seq);
    this.entries.set(named.id, entries);
    if (entry.type === 'ceremony.arm') {
      const { definition_sha256: sha256 } = entry.detail;
      this.ceremonies.set(named.id, newCeremony(named.id, sha256, this.definition(sha256)));
    }
    const before = this.ceremonies.get(named.id);
    if (before === undefined) throw tampered(`entry ${entry.seq}, a part of a ceremony`);
    const after = reduce(before, entry);
    this.ceremonies.set(named.id, after);
    if (
      entry.type === 'ceremony.step' &&
      entry.detail.kind === 'key.verify' &&
      entry.outcome === 'success'
    ) {
      const key = after.key === undefined ? undefined : this.keys.get(after.key);
      if (key?.state === 'quarantine') key.state = 'active';
    }
    return after;
  }
}

const compareKeys = (store: Store, ledger: Ledger): void => {
  const rows = store.keys.all();
  if (rows.length !== ledger.keys.size) throw tampered('its keys');
  if (!sameData(store.keyEntries.all(), ledger.keyEntries)) throw tampered('the life of its keys');
  for (const row of rows) {
    const key = ledger.keys.get(row.id);
    const { grade: _grade, recovered: _recovered, objects: _objects, ...made } = key?.made ?? {};
    const spki =
      row.spki === undefined ? undefined : hash('sha256', Buffer.from(row.spki, 'base64'));
    const same =
      key?.state === row.state && key.ceremony === row.ceremony && spki === row.spkiSha256;
    if (!same || !sameData(keyDetail(row), made)) throw tampered(`the key “${row.label}”`);
  }
};

const compareCeremonies = (store: Store, ledger: Ledger): void => {
  const definitions = store.ceremonies.definitions();
  if (definitions.length !== ledger.definitions.size) throw tampered('its definitions');
  for (const { sha256, title } of definitions) {
    ledger.definition(sha256);
    if (ledger.definitions.get(sha256) !== title) throw tampered('a ceremony’s definition');
  }
  const rows = store.ceremonies.all();
  if (rows.length !== ledger.ceremonies.size) throw tampered('its ceremonies');
  for (const { id, definitionSha256 } of rows) {
    const told = ledger.ceremonies.get(id);
    const entries = store.ceremonies.entries(id);
    if (told?.definitionSha256 !== definitionSha256 || !sameData(entries, ledger.entries.get(id)))
      throw tampered('a ceremony');
  }
  for (const [serial, { ceremony, component }] of ledger.envelopes) {
    const row = store.ceremonies.envelope(serial);
    if (row?.ceremony !== ceremony || row.component !== component) throw tampered('an envelope');
  }
};

const compareExports = (store: Store, ledger: Ledger): void => {
  const rows = new Map(store.exports.all().map((row) => [row.id, row]));
  if (rows.size !== ledger.jobs.size) throw tampered('its exports');
  for (const { created: _created, readback: _readback, ...job } of rows.values()) {
    const told = ledger.jobs.get(job.id);
    if (told === undefined || !sameData(job, told) || !ledger.keys.has(job.key))
      throw tampered('an export');
  }
};

/** Entries whose intent is told by another one's row, or needs none: nothing on a device hangs on them alone. */
const WITHOUT_ROW = new Set(['ceremony.step', 'ceremony.abort']);
/** No device is given longer for one call. */
const LONGEST_CALL_MS = 3_600_000;

const planned = ({ key, algorithm, purpose, extractable, label, ckaid, module, token }: Made) => ({
  key,
  algorithm,
  purpose,
  extractable,
  label,
  ckaid,
  module,
  token,
});

/**
 * SECURITY: by what an open intent says a key is adopted or destroyed, and its entry may not be sealed yet. So it says all of it, of a key that this desk has and
 * is destroying, or of none that it has, the log's own key included.
 */
const canBeSettled = (entry: Entry, keys: Ledger['keys'], logKey: unknown): boolean => {
  if (untilIn(entry) > Date.parse(entry.time) + LONGEST_CALL_MS) return false;
  if (entry.type === 'key.wrap') return true;
  const plan = planIn(entry);
  if (plan === undefined) return false;
  const known = keys.get(plan.key);
  if (plan.kind === 'destroy')
    return (
      known !== undefined &&
      known.state !== 'destroyed' &&
      sameData(planned(known.made), planned(planDetail(plan)))
    );
  const taken = [...keys.values()].some(
    ({ state, made }) => state !== 'destroyed' && made.ckaid === plan.ckaid,
  );
  return known === undefined && !taken && plan.ckaid !== logKey;
};

const compareIntents = (store: Store, ledger: Ledger, journal: Journal): void => {
  const logKey = journal.genesis()?.detail.attributes['CKA_ID'];
  const open = new Map([...ledger.open].filter(([, { type }]) => !WITHOUT_ROW.has(type)));
  const rows = store.intents.all();
  const same =
    rows.length === open.size && rows.every((row) => open.get(row.entry)?.seq === row.seq);
  if (!same || ![...open.values()].every((entry) => canBeSettled(entry, ledger.keys, logKey)))
    throw tampered('something that was interrupted');
};

const compareModules = (store: Store, ledger: Ledger): void => {
  if (store.modules.all().length !== ledger.modules.size) throw tampered('its modules');
  for (const row of store.modules.all()) {
    const { id, path, family, label, environment } = row;
    const told = ledger.modules.get(id);
    const same =
      told?.path === path &&
      told.family === family &&
      told.label === label &&
      told.settings_sha256 === settingsSha256(row);
    if (!same || !LibraryEnvironment.safeParse(environment).success) throw tampered('a module');
  }
};

/** Judges and compares everything, or throws `store-tampered` or `log-mismatch`. Reads only. */
export const checkLedger = async (store: Store, journal: Journal, tell: Tell): Promise<void> => {
  if (store.log.size === 0) return;
  const ledger = new Ledger(store);
  await judgeLog(store, journal.origin, tell, (type, entry) => {
    if (LEDGER_TYPES.has(type)) ledger.read(entry());
  });
  if (ledger.sealed > (store.log.lastCheckpoint()?.size ?? 0))
    throw new KeymootError(
      'log-mismatch',
      `The log itself says that ${ledger.sealed} of its entries were sealed, and their seal is missing. Nothing was written. Keep the data folder as evidence.`,
    );
  compareModules(store, ledger);
  compareKeys(store, ledger);
  compareCeremonies(store, ledger);
  compareExports(store, ledger);
  compareIntents(store, ledger, journal);
};
