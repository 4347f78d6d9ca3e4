/** The rows that follow from the log: the ids of the rows that an entry changes, and the content of each row. Writing and comparing use the same function. */
import type { KeyRecord } from '../../shared/domain/keys.ts';
import { Family } from '../../shared/domain/tokens.ts';
import type { Entry } from '../../shared/log/entries.ts';
import { base64 } from '../core/audit/note.ts';
import type { Kept } from '../core/state/kept.ts';
import type { State } from '../core/state/state.ts';
import type { Store } from '../store/store.ts';
import type { PersonRow } from '../store/tables/people.ts';

/** `T`: a row as its table returns it. */
export interface Projection<T = unknown> {
  table: string;
  /** The subject of a row, for the message that it contradicts the log. */
  what: string;
  /** Ids of rows that the entry may have changed. */
  touches: (entry: Entry, state: State) => Iterable<string>;
  /** The row as it must be; undefined when there must be none. */
  row: (id: string, state: State, store: Store) => T | undefined;
  ids: (state: State) => Iterable<string>;
  put: (row: T, store: Store) => void;
  remove?: (id: string, store: Store) => void;
  /** The existing rows, by id. */
  rows: (store: Store) => ReadonlyMap<string, T>;
}
const projection = <T>(of: Projection<T>): Projection => of as unknown as Projection;

const idsOf = function* (kept: Kept<unknown>): Generator<string> {
  for (const [id] of kept.entries()) yield id;
};
const byId = <T>(rows: readonly T[], id: (row: T) => string): Map<string, T> =>
  new Map(rows.map((row) => [id(row), row]));

/** The part of a key's record that follows from the log. An entry that lacks a member of it gives a row that no table can contain. */
export const keyRow = (id: string, state: State, store: Store): KeyRecord | undefined => {
  const key = state.keys.get(id);
  if (key === undefined) return undefined;
  const { made } = key;
  const { label, algorithm, bits, purpose, extractable, module, token, ckaid } = made;
  const { origin, control, check, attributes, spki_sha256: spkiSha256 } = made;
  const spki = spkiSha256 === undefined ? undefined : store.evidence.get(spkiSha256);
  return {
    ...{ id, label, algorithm, bits, purpose, extractable, ckaid, origin, control },
    at: { module, token },
    state: key.state,
    ...(check === undefined ? {} : { check }),
    ...(spkiSha256 === undefined ? {} : { spkiSha256 }),
    ...(spki === undefined ? {} : { spki: base64(spki) }),
    attributes: attributes ?? {},
    ...(key.ceremony === undefined ? {} : { ceremony: key.ceremony }),
    created: key.created,
  } as KeyRecord;
};

export const PROJECTIONS: readonly Projection[] = [
  projection<PersonRow>({
    table: 'person',
    what: 'a person',
    touches: ({ detail }) =>
      'person' in detail && typeof detail.person === 'string' ? [detail.person] : [],
    row: (id, { members }) => {
      const member = members.get(id);
      if (member === undefined) return undefined;
      return { id, role: member.role, keySha256: member.key.sha256, gone: member.left };
    },
    ids: ({ members }) => idsOf(members),
    put: (row, { people }) => {
      people.put(row);
    },
    rows: ({ people }) => byId(people.all(), ({ id }) => id),
  }),
  projection({
    table: 'module',
    what: 'a module',
    touches: ({ detail }) =>
      'module' in detail && detail.module !== undefined ? [detail.module] : [],
    row: (id, { modules }) => {
      const module = modules.get(id);
      return module === undefined ? undefined : { ...module, family: Family.parse(module.family) };
    },
    ids: ({ modules }) => idsOf(modules),
    put: (row, { modules }) => {
      modules.put(row);
    },
    rows: ({ modules }) => byId(modules.facts(), ({ id }) => id),
  }),
  projection({
    table: 'key',
    what: 'a key',
    touches: (entry, { keys }) =>
      entry.type === 'token.relinked'
        ? idsOf(keys)
        : 'key' in entry.detail && typeof entry.detail.key === 'string'
          ? [entry.detail.key]
          : [],
    row: keyRow,
    ids: ({ keys }) => idsOf(keys),
    put: (row, { keys }) => {
      keys.put(row);
    },
    rows: ({ keys }) => keys.rows() as Map<string, KeyRecord>,
  }),
  projection({
    table: 'definition',
    what: 'a ceremony’s definition',
    touches: ({ type, detail }) => (type === 'ceremony.define' ? [detail.definition_sha256] : []),
    row: (id, { definitions }) => definitions.get(id),
    ids: ({ definitions }) => idsOf(definitions),
    put: (row, { ceremonies }) => {
      ceremonies.putDefinition(row);
    },
    rows: ({ ceremonies }) => byId(ceremonies.definitions(), ({ sha256 }) => sha256),
  }),
  projection({
    table: 'ceremony',
    what: 'a ceremony',
    touches: ({ type, ceremony }) =>
      type === 'ceremony.arm' && ceremony !== undefined ? [ceremony.id] : [],
    row: (id, { ceremonies }) => {
      const ceremony = ceremonies.get(id);
      if (ceremony === undefined) return undefined;
      return { id, definitionSha256: ceremony.definitionSha256, opened: ceremony.armed };
    },
    ids: ({ ceremonies }) => idsOf(ceremonies),
    put: (row, { ceremonies }) => {
      ceremonies.put(row);
    },
    rows: ({ ceremonies }) => byId(ceremonies.all(), ({ id }) => id),
  }),
  projection({
    table: 'envelope',
    what: 'an envelope',
    touches: (entry, { envelopes }) => {
      const { detail, type, ceremony } = entry;
      if ('serial' in detail && detail.serial !== undefined) return [detail.serial];
      if ('serials' in detail) return detail.serials;
      if (type !== 'ceremony.abort') return [];
      return [...envelopes]
        .filter((of) => of.ceremony === ceremony?.id)
        .map(({ serial }) => serial);
    },
    row: (id, { envelopes }) => envelopes.get(id),
    ids: ({ envelopes }) => idsOf(envelopes),
    put: (row, { ceremonies }) => {
      ceremonies.putEnvelope(row);
    },
    rows: ({ ceremonies }) => byId(ceremonies.envelopes(), ({ serial }) => serial),
  }),
  projection({
    table: 'export',
    what: 'an export',
    touches: ({ detail }) =>
      'export' in detail && detail.export !== undefined ? [detail.export] : [],
    row: (id, { exports }) => {
      const job = exports.get(id);
      if (job === undefined) return undefined;
      const { confirmed: _confirmed, ...row } = job;
      return Object.fromEntries(
        Object.entries(row).filter(([, value]) => value !== undefined),
      ) as unknown as ReturnType<Store['exports']['all']>[number];
    },
    ids: ({ exports }) => idsOf(exports),
    put: (row, { exports }) => {
      exports.put(row);
    },
    rows: ({ exports }) => byId(exports.all(), ({ id }) => id),
  }),
  projection({
    table: 'intent',
    what: 'something that was interrupted',
    touches: ({ id, corr, outcome }) =>
      corr === undefined ? (outcome === 'intent' ? [id] : []) : [corr],
    row: (id, { intents }) => {
      const intent = intents.get(id);
      return intent === undefined || !WITH_DEVICE.has(intent.type)
        ? undefined
        : { entry: id, seq: intent.seq };
    },
    ids: ({ intents }) => idsOf(intents),
    put: (row, { intents }) => {
      intents.put(row);
    },
    remove: (id, { intents }) => {
      intents.remove(id);
    },
    rows: ({ intents }) => byId(intents.all(), ({ entry }) => entry),
  }),
];

/** Types of acts that may leave objects on a device when they are interrupted. Other intents are settled together with one of these. */
const WITH_DEVICE: ReadonlySet<Entry['type']> = new Set([
  'key.generate',
  'key.import',
  'key.wrap',
  'key.use',
  'key.destroy',
]);

/** Updates the rows after the state was changed by an entry. */
export const project = (entry: Entry, state: State, store: Store): void => {
  for (const { touches, row, put, remove } of PROJECTIONS)
    for (const id of touches(entry, state)) {
      const now = row(id, state, store);
      if (now !== undefined) put(now, store);
      else remove?.(id, store);
    }
};
