/** What an entry says, in one sentence: a line for every type of resources/formats/audit-log.md, section 6. */
import { capital } from '../../ui/capital.ts';
import { list, num, obj, outcomeOf, str, type EntryData } from './entry.ts';

type Name = (id: string) => string;

const quoted = (text: string): string => (text === '' ? '' : ` “${text}”`);
const token = (value: unknown): string => {
  const { label, serial } = obj(value);
  const named = str(label) === '' ? str(serial) : str(label);
  return named === '' ? '' : ` in token “${named}”`;
};
const because = (text: string): string => (text === '' ? '' : `: ${text}`);
const count = (n: number, one: string, many: string): string => `${n} ${n === 1 ? one : many}`;
const minute = (time: string): string => `${time.slice(0, 16).replace('T', ' ')} UTC`;

/** One act on a device or in a ceremony, by what came of it. */
const act = (entry: EntryData, doing: string, done: string, what: string): string => {
  switch (outcomeOf(entry)) {
    case 'intent':
      return `Began ${doing} ${what}`;
    case 'success':
      return `${done} ${what}`;
    case 'failure':
      return `${capital(doing)} ${what} failed${because(str(entry['reason']))}`;
    case 'unknown':
      return `${capital(doing)} ${what}: what came of it is not known`;
  }
};

const keyWords = (detail: EntryData): string => {
  const algorithm = str(detail['algorithm']);
  return `${algorithm === '' ? 'the key' : `${algorithm} key`}${quoted(str(detail['label']))}${token(detail['token'])}`;
};
const stepWords = (detail: EntryData): string =>
  `step ${str(detail['step'])}${num(detail['attempt']) > 1 ? `, attempt ${num(detail['attempt'])}` : ''}`;

const SENTENCES: Readonly<
  Record<string, (detail: EntryData, entry: EntryData, name: Name) => string>
> = {
  'log.genesis': (d) =>
    `The log of this ${str(d['mode'])} desk began, with a log key made${token(d['token'])}`,
  'log.checkpoint': (d) =>
    `Sealing resumed: ${count(num(d['entries']), 'entry', 'entries')} had waited since ${minute(str(d['since']))}`,
  'app.start': (d) =>
    `The custody service started; the log was sealed up to ${num(d['sealed'])}, with ${num(d['unsealed'])} unsealed`,
  'app.stop': () => 'The custody service stopped',
  'clock.changed': (d) =>
    `The computer’s clock jumped ${num(d['step_ms']) < 0 ? 'back' : 'ahead'} by ${Math.abs(num(d['step_ms'])) / 1000} s`,
  'session.login': (d, _, name) => `${name(str(d['person']))} arrived`,
  'session.logout': (d, _, name) =>
    `${name(str(d['person']))} left the room${because(str(d['why']))}`,
  'session.login_failed': (d, entry, name) =>
    str(d['what']) === 'token'
      ? `The PIN of${token(d['token']).replace(' in', '')} was refused${because(str(entry['reason']))}`
      : `A passphrase${d['person'] === undefined ? '' : ` given for ${name(str(d['person']))}`} was refused`,
  'person.enrolled': (d, _, name) => `Enrolled ${name(str(d['person']))} as ${str(d['role'])}`,
  'person.role_changed': (d, _, name) =>
    `Changed the role of ${name(str(d['person']))} to ${str(d['role'])}`,
  'person.left': (d, _, name) => `Removed ${name(str(d['person']))}${because(str(d['why']))}`,
  'policy.changed': (d) => `Approved version ${num(d['version'])} of the policy`,
  'token.module_added': (d) => `Added the PKCS#11 library “${str(d['label'])}”`,
  'token.module_changed': () => 'A PKCS#11 library changed on disk and was quarantined',
  'token.module_approved': () => 'Approved a changed PKCS#11 library',
  'token.init': (d, entry) =>
    act(
      entry,
      'initialising',
      'Initialised',
      `${d['training'] === true ? 'training ' : ''}token “${str(obj(d['token'])['label'])}”`,
    ),
  'token.probed': (d) => `Looked at what token “${str(obj(d['token'])['label'])}” can do`,
  'key.generate': (d, entry) => act(entry, 'generating', 'Generated', keyWords(d)),
  'key.import': (d, entry) => act(entry, 'importing', 'Imported', keyWords(d)),
  'key.wrap': (d, entry) => act(entry, 'wrapping', 'Wrapped', keyWords(d)),
  'key.destroy': (d, entry) => act(entry, 'destroying', 'Destroyed', keyWords(d)),
  'component.receive': (d, entry) =>
    act(
      entry,
      'receiving',
      'Received',
      `component ${num(d['index'])} of ${num(d['of'])} from envelope ${str(d['serial'])}`,
    ),
  'component.destroy': (d) =>
    `Recorded as destroyed: envelopes ${list(d['serials']).map(str).join(', ')}`,
  'ceremony.define': (d) => `Defined the ceremony “${str(d['title'])}”`,
  'ceremony.approve': () => 'Approved a ceremony definition',
  'ceremony.arm': () => 'Armed a ceremony',
  'ceremony.step': (d, entry) => {
    const observed = str(d['observed']);
    return `${act(entry, 'working on', 'Completed', `ceremony ${stepWords(d)}`)}${outcomeOf(entry) === 'success' ? because(observed) : ''}`;
  },
  'ceremony.exception': (d) =>
    `Recorded exception ${num(d['number'])} at step ${str(d['step'])}: ${str(d['decision'])}`,
  'ceremony.pause': (d) => `Paused a ceremony${because(str(d['why']))}`,
  'ceremony.resume': (d) => `Resumed a ceremony${because(str(d['why']))}`,
  'ceremony.agree': (d, _, name) =>
    `${name(str(d['person']))} agreed with the record of a ceremony`,
  'ceremony.disagree': (d, _, name) =>
    `${name(str(d['person']))} disagreed with the record of a ceremony${because(str(d['because']))}`,
  'ceremony.abort': (d) => `Aborted a ceremony${because(str(d['because']))}`,
  'ceremony.close': (d) =>
    `Closed a ceremony as ${str(d['verdict'])}, with ${count(num(d['exceptions']), 'exception', 'exceptions')}`,
  'byok.requested': (d) => `Asked for a key to be exported to ${str(d['target'])}`,
  'byok.parameters_loaded': (d) =>
    `Loaded the provider’s parameters for an export to ${str(d['target'])}, valid to ${minute(str(d['valid_to']))}`,
  'byok.parameters_confirmed': () => 'Confirmed the provider’s wrapping key by its fingerprint',
  'byok.package_created': (d, entry) =>
    act(entry, 'creating', 'Created', `an export package of ${num(d['blob_bytes'])} bytes`),
  'byok.expired': () => 'An export’s parameters expired',
  'audit.exported': (d, entry) =>
    act(entry, 'exporting', 'Exported', `the log, ${count(num(d['size']), 'entry', 'entries')}`),
  'audit.verified': (d) => `Verified a bundle: ${str(d['verdict'])}`,
};

/** A type that this window doesn't know is shown by its name, never left out. */
export const sentenceOf = (entry: EntryData, name: Name): string => {
  const type = str(entry['type']);
  const write = Object.hasOwn(SENTENCES, type) ? SENTENCES[type] : undefined;
  return write === undefined
    ? `${type}, ${outcomeOf(entry)}`
    : write(obj(entry['detail']), entry, name);
};
