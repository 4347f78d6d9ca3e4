/**
 * A small writer of audit bundles, from `resources/formats/audit-log.md` and node:crypto alone. It is
 * slow and obvious on purpose, shares no code with the desk or the verifier, and lets a test write
 * what no desk would.
 */
import {
  createHash,
  generateKeyPairSync,
  randomBytes,
  sign,
  type KeyObject,
  type KeyPairKeyObjectResult,
} from 'node:crypto';
import {
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join } from 'node:path';

export type Json = string | number | boolean | null | Json[] | { [member: string]: Json };
export type Members = Record<string, Json>;

export const sha256 = (bytes: string | Buffer): Buffer =>
  createHash('sha256').update(bytes).digest();
export const hex = (bytes: string | Buffer): string => sha256(bytes).toString('hex');

/** The integer-only profile of RFC 8785. Members come sorted by UTF-16 code units. */
export function canonical(value: Json): string {
  if (Array.isArray(value)) return `[${value.map(canonical).join(',')}]`;
  if (typeof value !== 'object' || value === null) return JSON.stringify(value);
  const names = Object.keys(value).sort((a, b) => (a < b ? -1 : 1));
  return `{${names.map((name) => `${JSON.stringify(name)}:${canonical(value[name]!)}`).join(',')}}`;
}

/** RFC 6962 section 2.1, as it is written there. */
export function rootOf(hashes: Buffer[], from = 0, to = hashes.length): Buffer {
  if (to === from) return sha256('');
  if (to - from === 1) return hashes[from]!;
  let half = 1;
  while (half * 2 < to - from) half *= 2;
  const left = rootOf(hashes, from, from + half);
  const right = rootOf(hashes, from + half, to);
  return sha256(Buffer.concat([Buffer.of(1), left, right]));
}

let ids = 0;
export function uuid(): string {
  const n = (++ids).toString(16).padStart(12, '0');
  return `0198c0de-0000-7000-8000-${n}`;
}

export interface Pair {
  privateKey: KeyObject;
  spki: Buffer;
  sha256: string;
  alg: 'Ed25519' | 'ECDSA-P256';
}

export function newKey(alg: Pair['alg']): Pair {
  const pair: KeyPairKeyObjectResult =
    alg === 'Ed25519'
      ? generateKeyPairSync('ed25519')
      : generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const spki = pair.publicKey.export({ format: 'der', type: 'spki' });
  return { privateKey: pair.privateKey, spki, sha256: hex(spki), alg };
}

export const keyObject = ({ alg, spki, sha256 }: Pair): Members => ({
  alg,
  spki: spki.toString('base64'),
  sha256,
});

export interface Person {
  id: string;
  role: string;
  key: Pair;
}

export const newPerson = (role: string, alg: Pair['alg'] = 'Ed25519'): Person => ({
  id: uuid(),
  role,
  key: newKey(alg),
});

const TYPE = 'application/vnd.keymoot.statement+json';

/** A DSSE envelope. `payload` may be anything, for tests that sign nonsense. */
export function envelope(payload: string, key: Pair, keyid = key.sha256): Members {
  const bytes = Buffer.from(payload);
  const pae = Buffer.concat([Buffer.from(`DSSEv1 ${TYPE.length} ${TYPE} ${bytes.length} `), bytes]);
  const sig = sign(key.alg === 'Ed25519' ? null : 'sha256', pae, key.privateKey);
  return {
    payload: bytes.toString('base64'),
    payloadType: TYPE,
    signatures: [{ keyid, sig: sig.toString('base64') }],
  };
}

export const TIME = '2026-11-22T14:05:00.000Z';
export const TOKEN: Members = {
  manufacturer: 'Example',
  model: '',
  serial: '00',
  label: 'rehearsal',
};

/** An entry that needs nobody: what an act is about unless a test says otherwise. */
export const QUIET = 'clock.changed';
export const QUIETLY: Members = { step_ms: 0 };

/** Section 6: the members marked †, which nobody agrees to. */
const DESKS_OWN: Record<string, string[]> = {
  'token.init': ['token'],
  'token.probed': ['sheet_sha256'],
  'key.use': ['output_sha256', 'recovered', 'until'],
  'ceremony.step': ['observed'],
  'ceremony.abort': ['gone', 'objects'],
};
const OF_KEYS = ['bits', 'attributes', 'check', 'spki_sha256', 'origin', 'control', 'recovered'];
OF_KEYS.push('objects', 'p11', 'until');
for (const type of ['key.generate', 'key.import', 'key.wrap', 'key.destroy']) {
  DESKS_OWN[type] = OF_KEYS;
}

/** Section 5: what somebody agrees to whose act stands in such an entry. */
export function agreedTo(type: string, detail: Members, more: Members = {}): Members {
  const own = DESKS_OWN[type] ?? [];
  const kept = Object.fromEntries(Object.entries(detail).filter(([name]) => !own.includes(name)));
  const inside: Members = more.ceremony === undefined ? {} : { ceremony: more.ceremony };
  const outcome = more.outcome ?? 'success';
  const sha256 = hex(canonical({ ...inside, detail: kept, outcome, type }));
  return { subject: { type, sha256 }, ...inside };
}

/** Section 12: the call that leads to such an entry, without a ceremony and in one. */
const CALL: Record<string, string> = {
  'person.enrolled': 'people.enrol',
  'person.role_changed': 'people.setRole',
  'person.left': 'people.remove',
  'policy.changed': 'policy.approve',
  'token.module_added': 'modules.add',
  'token.module_approved': 'modules.approve',
  'token.module_moved': 'modules.relink',
  'token.relinked': 'tokens.relink',
  'token.init': 'tokens.train',
  'log.key': 'desk.newKey',
  'key.generate': 'keys.generate',
  'key.import': 'keys.import',
  'key.wrap': 'exports.wrap',
  'key.use': 'keys.use',
  'key.destroy': 'keys.destroy',
  'key.state': 'keys.setState',
  'envelope.state': 'envelopes.set',
  'ceremony.define': 'ceremonies.define',
  'ceremony.approve': 'ceremonies.approve',
  'byok.requested': 'exports.request',
  'byok.parameters_loaded': 'exports.load',
  'byok.parameters_confirmed': 'exports.confirm',
  'byok.answered': 'exports.answer',
};
const IN_CEREMONY = ['arm', 'exception', 'pause', 'resume', 'abort', 'close'];
const callFor = (type: string, inside: boolean): Members => {
  const [area, verb] = type.split('.') as [string, string];
  if (inside && area === 'ceremony' && IN_CEREMONY.includes(verb)) {
    return { channel: `ceremonies.${verb}` };
  }
  const call = inside ? 'ceremonies.step' : CALL[type];
  return call === undefined ? {} : { channel: call };
};

interface LogOptions {
  rehearsal?: boolean;
  installation?: string;
  key?: Pair;
}

/** One desk's log in memory. */
export class Log {
  readonly key: Pair;
  readonly installation: string;
  readonly rehearsal: boolean;
  readonly origin: string;
  readonly entries: Buffer[] = [];
  readonly hashes: Buffer[] = [];
  readonly evidence: Buffer[] = [];

  constructor({ rehearsal = false, installation = uuid(), key }: LogOptions = {}) {
    this.rehearsal = rehearsal;
    this.installation = installation;
    this.key = key ?? newKey('ECDSA-P256');
    this.origin = `keymoot.local/${installation}${rehearsal ? '/rehearsal' : ''}`;
  }

  get size(): number {
    return this.entries.length;
  }

  root(size = this.size): string {
    return rootOf(this.hashes, 0, size).toString('base64');
  }

  /** Any bytes as the next leaf. */
  raw(bytes: string | Buffer): this {
    const entry = Buffer.from(bytes);
    this.entries.push(entry);
    this.hashes.push(sha256(Buffer.concat([Buffer.of(0), entry])));
    return this;
  }

  /** The next entry, before it is written: tests change it and call `raw`. */
  entry(type: string, detail: Members, more: Members = {}): Members {
    return {
      v: 1,
      log: this.origin,
      seq: this.size,
      id: uuid(),
      time: TIME,
      type,
      outcome: 'success',
      actor: { id: 'desk', role: 'desk', auth: 'none' },
      where: { host: 'desk-1' },
      app: { version: '0.1.0' },
      detail,
      ...more,
    };
  }

  /** Adds an entry and returns its id. */
  add(type: string, detail: Members, more: Members = {}): string {
    const entry = this.entry(type, detail, more);
    this.raw(canonical(entry));
    return entry.id as string;
  }

  genesis(more: Members = {}, detail: Members = {}): this {
    this.add(
      'log.genesis',
      {
        installation: this.installation,
        mode: this.rehearsal ? 'rehearsal' : 'production',
        key: keyObject(this.key),
        token: TOKEN,
        attributes: { CKA_SENSITIVE: true, CKA_LABEL: '', CKA_MODULUS_BITS: 0 },
        ...detail,
      },
      more,
    );
    return this;
  }

  private head(): Members {
    return { size: this.size, root: this.root() };
  }

  enrolment(person: Person, changes: Members = {}): Members {
    return {
      v: 1,
      kind: 'enrolment',
      log: this.origin,
      person: person.id,
      head: this.head(),
      time: TIME,
      role: person.role,
      key: keyObject(person.key),
      name_sha256: hex(person.id),
      ...changes,
    };
  }

  /** Enrols a person with the signatures of others. */
  enrol(person: Person, by: Person[] = [], changes: Members = {}): this {
    const { id, role, key } = person;
    const statement = envelope(canonical(this.enrolment(person, changes)), key);
    const detail = { person: id, role, key: keyObject(key), name_sha256: hex(id), statement };
    this.addBy(by, 'person.enrolled', detail);
    return this;
  }

  /** What a person says when they agree to a call. */
  statement(person: Person, changes: Members = {}): Members {
    return {
      v: 1,
      kind: 'act',
      log: this.origin,
      person: person.id,
      head: this.head(),
      time: TIME,
      channel: 'presence.arrive',
      input_sha256: hex('input'),
      nonce: randomBytes(16).toString('hex'),
      ...agreedTo(QUIET, QUIETLY),
      ...changes,
    };
  }

  act(person: Person, changes: Members = {}): Members {
    return envelope(canonical(this.statement(person, changes)), person.key);
  }

  acting(people: Person[], acts: Members[]): Members {
    const [first] = people;
    if (first === undefined) return {};
    return { actor: { id: first.id, role: first.role, auth: 'card' }, acts };
  }

  /** Adds an entry with an act by each of these people, about this entry, in the call that leads to it. */
  addBy(
    people: Person[],
    type: string,
    detail: Members,
    { said = {}, more = {} }: { said?: Members; more?: Members } = {},
  ): string {
    const call = callFor(type, more.ceremony !== undefined);
    const about = { ...call, ...agreedTo(type, detail, more), ...said };
    const acts = people.map((person) => this.act(person, about));
    return this.add(type, detail, { ...this.acting(people, acts), ...more });
  }

  /** Entries that nobody needs to sign, until the log has this size. */
  fillTo(size: number): this {
    while (this.size < size) this.add('clock.changed', { step_ms: -this.size });
    return this;
  }

  /** A checkpoint. */
  note(size = this.size, changes: { root?: string; key?: Pair; text?: string } = {}): string {
    const { root = this.root(size), key = this.key } = changes;
    const text = changes.text ?? `${this.origin}\n${size}\n${root}\n`;
    return `${text}\n${signatureLine(this.origin, key, text)}`;
  }

  trust(more: Members = {}): Members {
    return {
      v: 1,
      log: this.origin,
      keys: [{ spki: this.key.spki.toString('base64'), from: 0 }],
      ...more,
    };
  }
}

/** A log that nobody signed anything in, and where its bundle has it while it has five entries. */
export const small = (size = 5): Log => new Log().genesis().fillTo(size);
export const ENTRIES = 'log/tile/entries/000.p/5';
export const HASHES = 'log/tile/0/000.p/5';

export function signatureLine(name: string, key: Pair, text: string): string {
  const signature = sign('sha256', Buffer.from(text), key.privateKey);
  const keyid = Buffer.from(key.sha256.slice(0, 8), 'hex');
  return `\u2014 ${name} ${Buffer.concat([keyid, signature]).toString('base64')}\n`;
}

/** Three digits a group, an x before all but the last. */
export function tileName(n: number): string {
  const digits = String(n);
  const padded = digits.padStart(Math.ceil(digits.length / 3) * 3, '0');
  const groups = padded.match(/\d{3}/g)!;
  return groups.map((group, i) => (i < groups.length - 1 ? `x${group}` : group)).join('/');
}

export function put(dir: string, path: string, bytes: string | Buffer): void {
  mkdirSync(dirname(join(dir, path)), { recursive: true });
  writeFileSync(join(dir, path), bytes);
}

function putTiles(dir: string, level: string, items: Buffer[]): void {
  for (let first = 0; first < items.length; first += 256) {
    const tile = items.slice(first, first + 256);
    const width = tile.length === 256 ? '' : `.p/${tile.length}`;
    put(dir, `log/tile/${level}/${tileName(first / 256)}${width}`, Buffer.concat(tile));
  }
}

/** Writes the bundle, with checkpoints at these sizes, 0 and the head. */
export function writeBundle(dir: string, log: Log, sizes: number[] = [1]): void {
  const framed = log.entries.map((entry) => {
    const length = Buffer.alloc(2);
    length.writeUInt16BE(entry.length);
    return Buffer.concat([length, entry]);
  });
  putTiles(dir, 'entries', framed);
  let hashes = log.hashes;
  for (let level = 0; hashes.length > 0; level++) {
    putTiles(dir, String(level), hashes);
    const below = hashes;
    hashes = Array.from({ length: Math.floor(below.length / 256) }, (_, i) =>
      rootOf(below, i * 256, (i + 1) * 256),
    );
  }
  for (const size of new Set([0, ...sizes.filter((size) => size < log.size), log.size])) {
    put(dir, `checkpoints/${size}`, log.note(size));
  }
  put(dir, 'log/checkpoint', readFileSync(join(dir, `checkpoints/${log.size}`)));
  put(dir, 'keys/log.pem', 'for people\n');
  put(dir, 'report.html', '<!doctype html>\n');
  put(dir, 'VERIFY.md', 'for people\n');
  put(dir, 'derived/entries.ndjson', Buffer.concat(log.entries.flatMap((e) => [e, LF])));
  for (const bytes of log.evidence) put(dir, `evidence/${hex(bytes)}`, bytes);
  writeManifest(dir, log);
}

const LF = Buffer.from('\n');

function filesBelow(dir: string, below = ''): string[] {
  return readdirSync(join(dir, below)).flatMap((name) => {
    const path = below === '' ? name : `${below}/${name}`;
    return lstatSync(join(dir, path)).isDirectory() ? filesBelow(dir, path) : [path];
  });
}

/** Lists what is there now, as an attacker would after a change. */
export function manifestOf(dir: string, log: Log): Members {
  const files = filesBelow(dir)
    .filter((path) => path !== 'manifest.json')
    .sort((a, b) => (a < b ? -1 : 1))
    .map((path) => {
      const link = lstatSync(join(dir, path)).isSymbolicLink();
      const bytes = link ? readlinkSync(join(dir, path)) : readFileSync(join(dir, path));
      return { path, size: bytes.length, sha256: hex(bytes) };
    });
  const { origin, size } = log;
  return { v: 1, log: origin, size, root: log.root(), complete: true, files };
}

export function writeManifest(dir: string, log: Log): void {
  put(dir, 'manifest.json', canonical(manifestOf(dir, log)));
}
