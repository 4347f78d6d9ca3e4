/**
 * What the tables must say, told from the log alone, and compared with them when the desk opens (design 08, T1).
 *
 * People, policy and modules are the journal's. This is the rest that gives somebody a right or a key a state: definitions, ceremonies and their steps,
 * keys, exports, open intents, envelopes. SECURITY: an entry of one of these types that lacks its people's acts is not ours, wherever in the log it stands.
 */
import { hash } from 'node:crypto';
import { canonical } from '../../shared/canonical.ts';
import { LibraryEnvironment } from '../../shared/contract/tokens.ts';
import { Definition } from '../../shared/domain/ceremonies.ts';
import type { KeyRecord } from '../../shared/domain/keys.ts';
import type { Role } from '../../shared/domain/people.ts';
import { KeymootError } from '../../shared/errors.ts';
import type { Entry, EntryOf } from '../core/audit/entry.ts';
import type { Act } from '../core/audit/statement.ts';
import { newCeremony, reduce, type Ceremony } from '../core/ceremonies/engine.ts';
import {
  actsThatCount,
  authorise,
  AUTHORITY_TYPES,
  nobody,
  type Authority,
  type Member,
} from '../core/people/authority.ts';
import type { Store } from '../store/store.ts';
import type { ExportRow } from '../store/tables/exports.ts';
import { aboutKey } from './handlers/export-rights.ts';
import { keyDetail } from './handlers/key-facts.ts';
import { keyTold, type Journal } from './journal.ts';
import { settingsSha256 } from './module-facts.ts';
import { tampered } from './tampered.ts';

const LEDGER_TYPES = [
  'app.start',
  'key.generate',
  'key.import',
  'key.wrap',
  'key.destroy',
  'component.receive',
  'component.destroy',
  'ceremony.define',
  'ceremony.approve',
  'ceremony.arm',
  'ceremony.step',
  'ceremony.exception',
  'ceremony.pause',
  'ceremony.resume',
  'ceremony.agree',
  'ceremony.disagree',
  'ceremony.abort',
  'ceremony.close',
  'byok.requested',
  'byok.parameters_loaded',
  'byok.parameters_confirmed',
  'byok.package_created',
  'byok.expired',
] as const;

type KeyEntry = EntryOf<'key.generate' | 'key.import' | 'key.wrap' | 'key.destroy'>;
interface Key {
  made: KeyEntry['detail'];
  state: KeyRecord['state'];
  ceremony: string | undefined;
}
/** What was asked for is told by logs since they say it; a job of an older one has no right to go on (export-rights.ts). */
type Asked = 'key' | 'target' | 'algorithm';
type Job = Omit<ExportRow, Asked | 'created' | 'readback'> & Partial<Pick<ExportRow, Asked>>;

const APPROVERS: readonly Role[] = ['administrator', 'officer', 'operator'];
/** Who signed for the entry itself; an outcome is covered by its intent. */
const NEEDS_ONE = new Set([
  'ceremony.define',
  'ceremony.exception',
  'ceremony.pause',
  'ceremony.resume',
  'ceremony.close',
  'byok.parameters_loaded',
]);

class Ledger {
  readonly #store: Store;
  #authority: Authority = nobody;
  readonly definitions = new Map<string, string>();
  readonly approvals = new Map<string, Set<string>>();
  readonly ceremonies = new Map<string, Ceremony>();
  readonly entries = new Map<string, number[]>();
  readonly keys = new Map<string, Key>();
  readonly keyEntries: { key: string; seq: number }[] = [];
  readonly jobs = new Map<string, Job>();
  /** Intents without an outcome, by id. */
  readonly open = new Map<string, Entry>();
  readonly envelopes = new Map<string, { ceremony: string; component: number }>();
  /** The size that was sealed when a service last started. */
  sealed = 0;

  constructor(store: Store) {
    this.#store = store;
  }

  #signers(entry: Entry): { member: Member; act: Act }[] {
    const acts = actsThatCount(this.#authority, entry.log, entry.acts);
    return acts.filter(
      ({ act }) => act.ceremony === undefined || act.ceremony.id === entry.ceremony?.id,
    );
  }
  definition(sha256: string): Definition {
    const bytes = this.#store.evidence.get(sha256);
    if (bytes === undefined || hash('sha256', bytes) !== sha256)
      throw tampered('a ceremony’s definition');
    return Definition.parse(JSON.parse(Buffer.from(bytes).toString('utf8')));
  }

  read(entry: Entry): void {
    const what = `entry ${entry.seq}`;
    const told = keyTold(entry);
    if (told !== undefined) this.keyEntries.push({ key: told, seq: entry.seq });
    this.#authority = authorise(this.#authority, entry);
    const signers = this.#signers(entry);
    const keys = new Set(signers.map(({ member }) => member.key.sha256));
    const need = (least: number) => {
      if (keys.size < least) throw tampered(`${what}, which lacks its people’s signatures`);
    };
    if (NEEDS_ONE.has(entry.type)) need(1);
    if (entry.outcome === 'intent') {
      need(entry.type.startsWith('key.') ? 2 : 1);
      this.open.set(entry.id, entry);
    } else if (entry.corr !== undefined) {
      if (this.open.get(entry.corr)?.type !== entry.type)
        throw tampered(`${what}, an outcome without its intent`);
      this.open.delete(entry.corr);
    }
    const ceremony = this.#inCeremony(entry, signers);
    switch (entry.type) {
      case 'app.start':
        this.sealed = Math.max(this.sealed, entry.detail.sealed);
        return;
      case 'ceremony.define':
        this.definitions.set(entry.detail.definition_sha256, entry.detail.title);
        return;
      case 'ceremony.approve': {
        const { definition_sha256: sha256 } = entry.detail;
        const known = this.approvals.get(sha256) ?? new Set();
        for (const { member, act } of signers)
          if (
            act.channel === 'ceremonies.approve' &&
            act.subject?.kind === 'definition' &&
            act.subject.sha256 === sha256 &&
            APPROVERS.includes(member.role)
          )
            known.add(member.key.sha256);
        this.approvals.set(sha256, known);
        return;
      }
      case 'key.generate':
      case 'key.import':
        if (entry.outcome !== 'success') return;
        if (entry.corr === undefined) throw tampered(`${what}, a key that nobody asked for`);
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
        const { sha256 } = aboutKey(key);
        const about = signers.filter(
          ({ act }) =>
            act.channel === 'exports.request' &&
            act.subject?.kind === 'key' &&
            act.subject.sha256 === sha256,
        );
        if (about.length < 2 || this.jobs.has(id))
          throw tampered(`${what}, an export that two people did not ask for`);
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
        const { key, ...asked } = this.jobs.get(id) ?? { target, algorithm };
        if (asked.target !== target || asked.algorithm !== algorithm)
          throw tampered(`${what}, parameters for another export than was asked for`);
        this.jobs.set(id, {
          id,
          target,
          algorithm,
          ...(key === undefined ? {} : { key }),
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
        const about = signers.filter(
          ({ act }) =>
            act.channel === 'exports.confirm' &&
            act.subject?.kind === 'export' &&
            act.subject.sha256 === spki,
        );
        const job = this.jobs.get(id);
        if (about.length < 2 || job?.wrappingSpkiSha256 !== spki)
          throw tampered(`${what}, a wrapping key that two people did not confirm`);
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

  /** A ceremony's own entries: armed on enough approvals, and each step signed by exactly the people who sit at it. */
  #inCeremony(
    entry: Entry,
    signers: readonly { member: Member; act: Act }[],
  ): Ceremony | undefined {
    const named = entry.ceremony;
    if (named === undefined) return undefined;
    const what = `entry ${entry.seq}, a part of a ceremony`;
    this.entries.set(named.id, [...(this.entries.get(named.id) ?? []), entry.seq]);
    if (entry.type === 'ceremony.arm') {
      const { definition_sha256: sha256 } = entry.detail;
      const known = this.definitions.has(sha256) && !this.ceremonies.has(named.id);
      if (!known || signers.length < 1 || (this.approvals.get(sha256)?.size ?? 0) < 2)
        throw tampered(what);
      this.ceremonies.set(named.id, newCeremony(named.id, sha256, this.definition(sha256)));
    }
    const before = this.ceremonies.get(named.id);
    if (before?.definitionSha256 !== named.definition_sha256) throw tampered(what);
    const people = signers.map(({ member }) => member.id);
    if (entry.type === 'ceremony.step' && entry.corr === undefined) {
      const state = before.steps.find(({ step }) => step.id === entry.detail.step);
      const seated = (state?.step.seats ?? []).map((seat) => before.seats.get(seat) ?? '');
      const spoken = entry.detail.kind === 'agree';
      const all = spoken ? people.length > 0 : seated.every((person) => people.includes(person));
      if (state === undefined || !all || people.some((person) => !seated.includes(person)))
        throw tampered(what);
    }
    if (
      (entry.type === 'ceremony.agree' || entry.type === 'ceremony.disagree') &&
      !people.includes(entry.detail.person)
    )
      throw tampered(what);
    if (entry.type === 'ceremony.abort' && entry.corr === undefined && people.length < 1)
      throw tampered(what);
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

const sameText = (a: unknown, b: unknown): boolean => canonical(a) === canonical(b);

const compareKeys = (store: Store, ledger: Ledger): void => {
  const rows = store.keys.all();
  if (rows.length !== ledger.keys.size) throw tampered('its keys');
  if (!sameText(store.keyEntries.all(), ledger.keyEntries)) throw tampered('the life of its keys');
  for (const row of rows) {
    const key = ledger.keys.get(row.id);
    const { grade: _grade, recovered: _recovered, objects: _objects, ...made } = key?.made ?? {};
    const spki =
      row.spki === undefined ? undefined : hash('sha256', Buffer.from(row.spki, 'base64'));
    const same =
      key?.state === row.state && key.ceremony === row.ceremony && spki === row.spkiSha256;
    if (!same || !sameText(keyDetail(row), made)) throw tampered(`the key “${row.label}”`);
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
    if (told?.definitionSha256 !== definitionSha256 || !sameText(entries, ledger.entries.get(id)))
      throw tampered('a ceremony');
  }
  for (const [serial, { ceremony, component }] of ledger.envelopes) {
    const row = store.ceremonies.envelope(serial);
    if (row?.ceremony !== ceremony || row.component !== component) throw tampered('an envelope');
  }
};

const compareExports = (store: Store, ledger: Ledger): void => {
  const rows = new Map(store.exports.all().map((row) => [row.id, row]));
  for (const id of ledger.jobs.keys()) if (!rows.has(id)) throw tampered('an export');
  for (const { created: _created, readback: _readback, ...job } of rows.values()) {
    const { id, key, target, algorithm } = job;
    const told = ledger.jobs.get(id) ?? {
      id,
      state: job.state === 'EXPIRED' ? job.state : 'REQUESTED',
    };
    const same = sameText(job, { key, target, algorithm, ...told });
    if (!same || !ledger.keys.has(key)) throw tampered('an export');
  }
};

/** Entries whose intent is told by another one's row, or needs none: nothing on a device hangs on them alone. */
const WITHOUT_ROW = new Set(['ceremony.step', 'ceremony.abort']);
const compareIntents = (store: Store, ledger: Ledger): void => {
  const rows = new Map(store.intents.all().map((row) => [row.entry, row]));
  for (const entry of ledger.open.values())
    if (!WITHOUT_ROW.has(entry.type) && !rows.has(entry.id))
      throw tampered('something that was interrupted');
  for (const { entry, seq, type, plan } of rows.values()) {
    const told = ledger.open.get(entry);
    const { key, ckaid } = plan as { key?: string; ckaid?: string };
    const detail = (told?.detail ?? {}) as { key?: string; ckaid?: string };
    if (
      told?.seq !== seq ||
      told.type !== type ||
      (key ?? detail.key) !== detail.key ||
      (ckaid ?? detail.ckaid) !== detail.ckaid
    )
      throw tampered('something that was interrupted');
  }
};

const compareModules = (
  store: Store,
  added: ReadonlyMap<string, EntryOf<'token.module_added'>['detail']>,
): void => {
  for (const row of store.modules.all()) {
    const { id, path, family, label, environment } = row;
    const told = added.get(id);
    const settings = told?.settings_sha256 ?? settingsSha256(row);
    const same =
      told?.path === path &&
      told.family === family &&
      told.label === label &&
      settings === settingsSha256(row);
    if (!same || !LibraryEnvironment.safeParse(environment).success) throw tampered('a module');
  }
};

/** Compares everything, or throws `store-tampered` or `log-mismatch`. Reads only. */
export const checkLedger = (store: Store, journal: Journal): void => {
  if (store.log.size === 0) return;
  const ledger = new Ledger(store);
  const modules = new Map<string, EntryOf<'token.module_added'>['detail']>();
  for (const { seq } of store.log.ofTypes([...AUTHORITY_TYPES, ...LEDGER_TYPES])) {
    const entry = journal.entry(seq);
    if (!store.log.recheckLeaf(seq) || entry.seq !== seq || entry.log !== journal.origin)
      throw tampered(`entry ${seq}`);
    if (entry.type === 'token.module_added') {
      if (modules.has(entry.detail.module)) throw tampered(`entry ${seq}, a module added twice`);
      modules.set(entry.detail.module, entry.detail);
    }
    ledger.read(entry);
  }
  if (ledger.sealed > (store.log.lastCheckpoint()?.size ?? 0))
    throw new KeymootError(
      'log-mismatch',
      `The log itself says that ${ledger.sealed} of its entries were sealed, and their seal is missing. Nothing was written. Keep the data folder as evidence.`,
    );
  compareModules(store, modules);
  compareKeys(store, ledger);
  compareCeremonies(store, ledger);
  compareExports(store, ledger);
  compareIntents(store, ledger);
};
