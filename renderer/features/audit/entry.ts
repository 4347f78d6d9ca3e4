/** Reads an entry's members. The window also shows entries of unknown form, so every member is checked. */
import {
  agreedDetail,
  isEntryType,
  OUTCOMES as OUTCOME_NAMES,
  type Outcome,
} from '../../../shared/log/entries.ts';
import { fromBase64, subjectHash } from './proof.ts';

export type EntryData = Readonly<Record<string, unknown>>;
export type { Outcome };

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;
export const isUuid = (value: unknown): value is string =>
  typeof value === 'string' && UUID.test(value);
export const str = (value: unknown): string => (typeof value === 'string' ? value : '');
export const num = (value: unknown): number => (typeof value === 'number' ? value : 0);
export const list = (value: unknown): readonly unknown[] =>
  Array.isArray(value) ? (value as unknown[]) : [];
export const obj = (value: unknown): EntryData =>
  typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as EntryData) : {};

export const outcomeOf = (entry: EntryData): Outcome => {
  const outcome = entry['outcome'];
  return OUTCOME_NAMES.find((name) => name === outcome) ?? 'success';
};
/** State is a word and a shape, never colour alone. */
export const OUTCOMES: Readonly<Record<Outcome, { mark: string; words: string }>> = {
  intent: { mark: '○', words: 'Set out to do; a later entry says what came of it.' },
  success: { mark: '●', words: 'Done, as far as the desk and the device say.' },
  failure: { mark: '✕', words: 'Not done; the reason is in the entry.' },
  unknown: { mark: '◌', words: 'It is not known whether it was done.' },
  'not-found': { mark: '∅', words: 'What was to be acted on was not there.' },
};

/** A statement that a person signed, taken from its DSSE envelope (resources/formats/audit-log.md, section 5). */
export interface Signed {
  person: string;
  kind: string;
  channel: string;
  time: string;
  headSize: number;
  subject: string;
  keyId: string;
  payload: Uint8Array;
  signature: Uint8Array;
}
export const openAct = (value: unknown): Signed | undefined => {
  const envelope = obj(value);
  const line = obj(list(envelope['signatures'])[0]);
  const payload = fromBase64(str(envelope['payload']));
  const signature = fromBase64(str(line['sig']));
  if (payload === undefined || signature === undefined) return undefined;
  let statement: EntryData;
  try {
    statement = obj(JSON.parse(new TextDecoder().decode(payload)));
  } catch {
    return undefined;
  }
  return {
    person: str(statement['person']),
    kind: str(statement['kind']),
    channel: str(statement['channel']),
    time: str(statement['time']),
    headSize: num(obj(statement['head'])['size']),
    subject: str(obj(statement['subject'])['sha256']),
    keyId: str(line['keyid']),
    payload,
    signature,
  };
};
/** Whether the act names this entry: its type, content and ceremony. */
export const isAbout = (act: Signed, entry: EntryData): boolean => {
  const type = str(entry['type']);
  if (!isEntryType(type)) return false;
  const detail = agreedDetail(type, obj(entry['detail']));
  const { outcome, ceremony } = entry;
  return act.subject === subjectHash({ type, outcome: str(outcome), detail, ceremony });
};
export const actsOf = (entry: EntryData): Signed[] =>
  list(entry['acts'])
    .map(openAct)
    .filter((act) => act !== undefined);

const signerOf = (envelope: unknown): string => {
  try {
    return str(obj(JSON.parse(atob(str(obj(envelope)['payload']))))['person']);
  } catch {
    return '';
  }
};
/** The signers, each once, without verifying the signatures: for lists of many entries. A founder's enrolment has only the founder's own signature. */
export const signersOf = (entry: EntryData): string[] => {
  const acts = list(entry['acts']);
  const statement = obj(entry['detail'])['statement'];
  const envelopes = acts.length > 0 || statement === undefined ? acts : [statement];
  return [...new Set(envelopes.map(signerOf).filter((id) => id !== ''))];
};

/** The source named for an entry, as in the bundle's report: signed acts; else the device, for the attributes it showed of a new key; else the desk. */
export const saysOf = (entry: EntryData): 'device' | 'person' | 'desk' => {
  const type = str(entry['type']);
  if (list(entry['acts']).length > 0 || type === 'person.enrolled') return 'person';
  return entry['outcome'] === 'success' && obj(entry['detail'])['attributes'] !== undefined
    ? 'device'
    : 'desk';
};

/** The people who acted: the signers, else the actor. */
export const byOf = (
  entry: EntryData,
  signers: readonly string[],
  name: (id: string) => string,
): string => {
  if (signers.length > 0) return signers.map(name).join(', ');
  const actor = str(obj(entry['actor'])['id']);
  return actor === 'desk' || actor === '' ? 'the desk' : name(actor);
};

export const KINDS = {
  people: { title: 'People', areas: ['person', 'session', 'policy'] },
  tokens: { title: 'Tokens and libraries', areas: ['token'] },
  keys: { title: 'Keys', areas: ['key'] },
  ceremonies: { title: 'Ceremonies', areas: ['ceremony', 'component', 'share', 'envelope'] },
  exports: { title: 'Exports', areas: ['byok'] },
  log: { title: 'Log', areas: ['log', 'audit'] },
  app: { title: 'App and clock', areas: ['app', 'clock'] },
} as const;
export type Kind = keyof typeof KINDS;
export const isKind = (value: string): value is Kind => Object.hasOwn(KINDS, value);
export const kindOf = (type: string): Kind | undefined => {
  const area = type.split('.')[0] ?? '';
  return (Object.keys(KINDS) as Kind[]).find((kind) =>
    KINDS[kind].areas.some((known) => known === area),
  );
};
