/** Entries, one by one and among each other: sections 2 to 6 of the format page. */
import { describe, expect, it } from 'vitest';
import { lay, verify, words, type Answer } from './harness.ts';
import {
  canonical,
  hex,
  keyObject,
  Log,
  newKey,
  TOKEN,
  uuid,
  type Members,
} from './make-bundle.ts';

/** One good entry's canonical text, for tests to spoil. */
type Spoil = (text: string, entry: Members, log: Log) => string | Buffer;

/** Writes each spoilt entry as a leaf of one honest tree: only the format can object. */
function judge(spoils: Spoil[], type = 'clock.changed', detail: Members = { step_ms: 7 }): Answer {
  const log = new Log().genesis();
  for (const spoil of spoils) {
    const entry = log.entry(type, detail);
    log.raw(spoil(canonical(entry), entry, log));
  }
  return verify(lay(log));
}

/** Each of these is refused (and what was refused is named, at its place). */
function expectRefused(cases: Record<string, Spoil>, ...rest: [string?, Members?]): void {
  const answer = judge(Object.values(cases), ...rest);
  const notes = words(answer, 'format');
  const passed = Object.keys(cases).filter((_, i) => !notes.includes(`entry ${i + 1}, `));
  expect(passed).toEqual([]);
  expect(answer.verdict).toBe('malformed');
  expect(answer.parts.integrity.result).toBe('pass');
  expect(answer.first_bad?.index).toBe(1);
}

const set =
  (changes: Members): Spoil =>
  (_, entry) =>
    canonical({ ...entry, ...changes });
const without =
  (name: string): Spoil =>
  (_, entry) =>
    canonical(Object.fromEntries(Object.entries(entry).filter(([member]) => member !== name)));
const detail = (changes: Members): Spoil => set({ detail: changes });
const nest = (depth: number, value: string): string =>
  '{"a":'.repeat(depth) + value + '}'.repeat(depth);

describe('canonical JSON', () => {
  it('refuses other spellings of the same values', () => {
    expectRefused({
      'white space': (t) => t.replace(',', ', '),
      'white space before': (t) => ` ${t}`,
      'white space after': (t) => `${t}\n`,
      'a byte order mark': (t) => `\ufeff${t}`,
      'members in another order': (t) => t.replace(',"v":1', '').replace('{', '{"v":1,'),
      'a member twice': (t) => t.replace('"seq":', '"outcome":"success","seq":'),
      'an exponent': (t) => t.replace(':7}', ':7e0}'),
      'a fraction': (t) => t.replace(':7}', ':7.0}'),
      'minus zero': (t) => t.replace(':7}', ':-0}'),
      'a leading zero': (t) => t.replace(':7}', ':07}'),
      'a plus': (t) => t.replace(':7}', ':+7}'),
      'a bare minus': (t) => t.replace(':7}', ':-}'),
      'an escaped slash': (t) => t.replace('keymoot.local/', 'keymoot.local\\/'),
      'a long escape for a letter': (t) => t.replace('desk-1', '\\u0064esk-1'),
      'an escape in upper case': (t) => t.replace('desk-1', 'desk\\u001F'),
      'a long escape for a line feed': (t) => t.replace('desk-1', 'desk\\u000a'),
      'single quotes': (t) => t.replaceAll('"', "'"),
      'a comma at the end': (t) => t.replace(/\}$/, ',}'),
    });
  });

  it('refuses an escape for its spelling, before it looks at what it stands for', () => {
    const escapes = [
      '\\u001F',
      '\\u000a',
      '\\u0008',
      '\\ud800',
      '\\u0022',
      '\\u0041',
      '\\/',
      '\\x',
      '\\u1',
    ];
    const answer = judge(escapes.map((e) => (t) => t.replace('desk-1', `desk${e}`)));
    expect(answer.parts.format.notes.map((note) => note.split(': ')[1])).toEqual(
      escapes.map(() => expect.stringMatching(/^an escape is (?:not canonical|too long)$/)),
    );
    const rightly = judge([(t) => t.replace('desk-1', 'desk\\u001f\\n\\\\')]);
    expect(words(rightly, 'format')).toContain('member host holds a control');
  });

  it('refuses values outside the profile', () => {
    expectRefused({
      null: (t) => t.replace(':7}', ':null}'),
      'an integer beyond 2^53': (t) => t.replace(':7}', ':9007199254740992}'),
      'an integer of many digits': (t) => t.replace(':7}', `:${'9'.repeat(3000)}}`),
      'a lone surrogate, escaped': (t) => t.replace('desk-1', '\\ud800'),
      'a lone surrogate, as bytes': (t) =>
        Buffer.from(t.replace('desk-1', '\u00ff\u00fe!'), 'latin1'),
      'a surrogate in CESU': (t) =>
        Buffer.from(t.replace('desk-1', '\u00ed\u00a0\u0080'), 'latin1'),
      'overlong UTF-8': (t) => Buffer.from(t.replace('desk-1', '\u00c1\u0081'), 'latin1'),
      'an unescaped control character': (t) => t.replace('desk-1', 'desk\n1'),
      'an open string': (t) => t.slice(0, t.lastIndexOf('"')),
      'an open object': (t) => t.slice(0, -1),
      'an array': () => '[]',
      'a string': () => '"entry"',
      NaN: (t) => t.replace(':7}', ':NaN}'),
      nothing: () => '',
      'two values': (t) => t + t,
      'a NUL at the end': (t) => `${t}\0`,
    });
  });

  it('names the byte where the first fault is, also after letters of several bytes', () => {
    const log = new Log().genesis();
    const text = canonical(log.entry('clock.changed', { step_ms: 7 }, { reason: 'Prüfung €' }));
    log.raw(text.replace('"seq":1', '"seq":01'));
    const inEntry = Buffer.byteLength(text.slice(0, text.indexOf('"seq":1') + 6));
    expect(verify(lay(log)).first_bad).toMatchObject({
      index: 1,
      path: 'log/tile/entries/000.p/2',
      offset: 2 + log.entries[0]!.length + 2 + inEntry,
    });
  });

  it('refuses nesting without following it to the bottom', () => {
    expectRefused({
      'nested in detail': (t) => t.replace(':7}', `:${nest(20, '1')}}`),
      'a bomb of arrays': () => '['.repeat(32_000),
      'a bomb of objects': () => '{"a":'.repeat(6_000),
      'ten levels where none belongs': (t) => t.replace(':7}', `:${nest(10, '1')}}`),
    });
  });

  it('takes integers to their limits, and every letter that text may have', () => {
    const limits = [2 ** 53 - 1, -(2 ** 53 - 1), 0, -1];
    const answer = judge([
      ...limits.map((step_ms) => detail({ step_ms })),
      set({ reason: 'ümläut — "quoted" \\ 🔑 \ufffd' }),
      set({ where: { host: 'x'.repeat(64) } }),
      set({ where: { host: 'é'.repeat(32) } }),
      set({ time: '2028-02-29T23:59:59.999Z' }),
      set({ time: '9999-12-31T00:00:00.000Z' }),
    ]);
    expect(answer.verdict).toBe('pass');
  });

  it('takes an entry of 32,768 bytes and refuses one more', () => {
    // Only attributes can make an entry as long as that.
    const log = new Log().genesis();
    const attributes = (last: number): Members =>
      Object.fromEntries(
        Array.from({ length: 32 }, (_, i) => [`CKA_${i + 10}`, 'x'.repeat(i < 31 ? 1000 : last)]),
      );
    const made = (last: number): string =>
      canonical(
        log.entry(
          'key.generate',
          { key: uuid(), attributes: attributes(last) },
          { outcome: 'failure' },
        ),
      );
    const room = 32_768 - made(0).length;
    expect(room).toBeLessThan(1024);
    log.raw(made(room));
    log.raw(made(room + 1));
    const answer = verify(lay(log));
    expect(answer.parts.format.notes).toHaveLength(1);
    expect(words(answer, 'format')).toContain('entry 2, ');
  });
});

describe('text', () => {
  it('refuses control, bidirectional and zero-width characters and separators', () => {
    const units = ['\u0000', '\n', '\u001f', '\u007f', '\u009f', '\u200b', '\u200d', '\u200e'];
    units.push(
      '\u200f',
      '\u2028',
      '\u2029',
      '\u202a',
      '\u202e',
      '\u2060',
      '\u2066',
      '\u2069',
      '\ufeff',
    );
    expectRefused(
      Object.fromEntries(units.map((unit) => [JSON.stringify(unit), set({ reason: `a${unit}b` })])),
    );
  });

  // The ranges of the page beyond ASCII's, first and last.
  const RANGES = [
    ...[[0xad], [0x34f], [0x61c], [0x115f, 0x1160], [0x17b4, 0x17b5], [0x180b, 0x180f]],
    ...[[0x200b, 0x200f], [0x2028, 0x202e], [0x2060, 0x206f], [0x3164], [0xfe00, 0xfe0f]],
    ...[[0xfeff], [0xffa0], [0xfff0, 0xfff8], [0x1bca0, 0x1bca3], [0x1d173, 0x1d17a]],
    [0xe0000, 0xe0fff],
  ];
  const EDGES = RANGES.flat().map((point) => String.fromCodePoint(point));
  const BESIDE = RANGES.flatMap((range) => [range[0]! - 1, range.at(-1)! + 1]).map((point) =>
    String.fromCodePoint(point),
  );
  const reasons = (units: readonly string[]): Record<string, Spoil> =>
    Object.fromEntries(
      units.map((unit) => [JSON.stringify(unit), set({ reason: `a${unit}b` })] as const),
    );

  it('refuses whatever else a reader would not see', () => {
    expectRefused(reasons(EDGES.slice(0, 15)));
    expectRefused(reasons(EDGES.slice(15)));
    expectRefused(reasons(['\ufe0f', '1\ufe0f', '\u{1fb00}\ufe0f', '☎\ufe0f\ufe0f']));
  });

  it('takes what stands beside those in Unicode, and U+FE0F after a symbol', () => {
    const answer = judge(
      Object.values(reasons([...BESIDE, '☎\ufe0f', '\u2100\ufe0f', '\u2bff\ufe0f', '🏷\ufe0f'])),
    );
    expect(words(answer, 'format')).toBe('');
    expect(answer.verdict).toBe('pass');
  });

  it('is 1 to N bytes of UTF-8', () => {
    expectRefused({
      empty: set({ reason: '' }),
      'too long': set({ reason: 'x'.repeat(65) }),
      'too long in bytes only': set({ reason: '€'.repeat(22) }),
    });
  });
});

describe('members', () => {
  it('refuses what the table of section 4 does not have', () => {
    expectRefused({
      'another version': set({ v: 2 }),
      'another log': set({ log: 'keymoot.local/0198c0de-0000-7000-8000-00000000ffff' }),
      'a gap in seq': set({ seq: 9 }),
      'an id that is no UUID': set({ id: 'x' }),
      'an id of version 4': set({ id: '0198c0de-0000-4000-8000-000000000001' }),
      'an id in upper case': set({ id: '0198C0DE-0000-7000-8000-000000000001' }),
      'a day that does not exist': set({ time: '2026-02-29T00:00:00.000Z' }),
      'the thirty-first of April': set({ time: '2026-04-31T00:00:00.000Z' }),
      'a time without milliseconds': set({ time: '2026-11-22T14:05:00Z' }),
      'a year before 2000': set({ time: '1999-11-22T14:05:00.000Z' }),
      'a leap second': set({ time: '2026-12-31T23:59:60.000Z' }),
      'another type': set({ type: 'clock.stopped' }),
      'a type from the prototype': set({ type: 'constructor' }),
      'another outcome': set({ outcome: 'maybe' }),
      'another actor': set({ actor: { id: 'admin', role: 'desk', auth: 'none' } }),
      'another role': set({ actor: { id: 'desk', role: 'king', auth: 'none' } }),
      'another way to sign in': set({ actor: { id: 'desk', role: 'desk', auth: 'trust me' } }),
      'a slot below zero': set({ where: { host: 'desk-1', slot: -1 } }),
      'no version of the program': set({ app: {} }),
    });
  });

  it('refuses members that are missing, unknown or of another kind', () => {
    expectRefused({
      'no id': without('id'),
      'no detail': without('detail'),
      'no where': without('where'),
      'an unknown member': set({ note: 'hello' }),
      __proto__: (t) => t.replace('{', '{"__proto__":{},'),
      constructor: set({ constructor: 'x' }),
      'detail as an array': set({ detail: [] }),
      'an unknown member in detail': detail({ step_ms: 7, more: 1 }),
      '__proto__ in detail': (t) => t.replace('{"step_ms"', '{"__proto__":7,"step_ms"'),
      'an unknown member deep down': set({ where: { host: 'desk-1', room: '5' } }),
      'evidence without bytes': set({ evidence: [{ sha256: hex(''), media: 'x' }] }),
      'seventeen pieces of evidence': set({
        evidence: Array.from({ length: 17 }, () => ({ sha256: hex(''), media: 'x', bytes: 1 })),
      }),
      'a target with half a byte': set({ target: { kind: 'key', ckaid: 'abc' } }),
      'a target with an id of 65 bytes': set({ target: { kind: 'key', ckaid: 'ab'.repeat(65) } }),
      'a ceremony without definition': set({ ceremony: { id: 'a'.repeat(32) } }),
      'a clock without a boot': set({ clock: { step_ms: 1 } }),
      'no acts at all': set({ acts: [] }),
      'an act that is no envelope': set({ acts: [{}] }),
      'a boolean for a number': detail({ step_ms: true }),
    });
  });

  it('knows each type’s detail', () => {
    const key = uuid();
    const as = (type: string, members: Members): Spoil => set({ type, detail: members });
    expectRefused({
      'a type that is no more': as('app.stop', {}),
      'a login without a person': as('session.login', {}),
      'a failed login of no kind': as('session.login_failed', { what: 'magic' }),
      'a token without a serial': as('token.init', {
        module: key,
        training: true,
        token: { manufacturer: '', model: '', label: '' },
      }),
      'an attribute of another name': as('key.generate', { key, attributes: { label: 'x' } }),
      'an attribute in lower case': as('key.generate', { key, attributes: { CKA_label: 'x' } }),
      'an attribute that is an object': as('key.generate', { key, attributes: { CKA_X: {} } }),
      'a check value of one byte': as('key.generate', {
        key,
        check: { method: 'GP-01', value: 'ab' },
      }),
      'a check value of nine': as('key.generate', {
        key,
        check: { method: 'GP-01', value: 'ab'.repeat(9) },
      }),
      'another way to check': as('key.generate', { key, check: { method: 'MD5', value: 'abab' } }),
      'another grade': as('key.generate', { key, grade: 'E' }),
      'a token’s own check value of one byte': as('key.import', {
        key,
        p11: { method: 'P11-CHECK', value: 'ab' },
      }),
      'a plan until no time': as('key.generate', { key, until: 'tomorrow' }),
      'no serials': as('component.destroy', { serials: [] }),
      'too many serials': as('component.destroy', { serials: Array<string>(33).fill('x') }),
      'another verdict': as('ceremony.close', {
        verdict: 'YES',
        exceptions: 0,
        agreed: 0,
        disagreed: 0,
      }),
      'a root of 31 bytes': as('audit.exported', {
        size: 1,
        root: Buffer.alloc(31).toString('base64'),
      }),
      'another spelling of a root': as('audit.exported', { size: 1, root: `${'A'.repeat(42)}B=` }),
      'a root without padding': as('audit.exported', { size: 1, root: 'A'.repeat(43) }),
      'the detail of another type': as('app.start', { step_ms: 7 }),
    });
  });

  it('knows files, what was typed, states of a key and outcomes', () => {
    const step = (input: Members): Spoil =>
      set({ type: 'ceremony.step', detail: { step: '1', attempt: 1, kind: 'x', input } });
    const answered = (files: Members[]): Spoil =>
      set({ type: 'byok.answered', detail: { export: uuid(), proves: 'nothing', files } });
    const moved = (from: string, to: string): Spoil =>
      set({ type: 'key.state', detail: { key: uuid(), from, to } });
    const file = { role: 'receipt', sha256: hex('') };
    expectRefused({
      'no files': answered([]),
      'two files of one role': answered([file, file]),
      'seventeen files': answered(
        Array.from({ length: 17 }, (_, i) => ({ ...file, role: `r${i}` })),
      ),
      'a name in upper case': step({ Serial: 'x' }),
      'a name that begins with a digit': step({ '1st': 'x' }),
      'a name of 33 letters': step({ ['a'.repeat(33)]: 'x' }),
      'seventeen names': step(
        Object.fromEntries(Array.from({ length: 17 }, (_, i) => [`a${i}`, 1])),
      ),
      'something empty': step({ a: '' }),
      'something long': step({ a: 'x'.repeat(257) }),
      'an object': step({ a: {} }),
      'a list of numbers': step({ a: [1] }),
      'a list of 33': step({ a: Array<string>(33).fill('x') }),
      'a list of long texts': step({ a: ['x'.repeat(65)] }),
      'a state that is none': moved('active', 'asleep'),
      'an outcome that is none of an intent': set({ outcome: 'not-found' }),
    });
    const answer = judge([
      step({}),
      step({ a: true, b2_: -1, ['c'.repeat(32)]: 'x'.repeat(256), d: [], e: ['x'.repeat(64)] }),
      answered([file, { ...file, role: 'log' }]),
      moved('destroyed', 'quarantine'), // a fault of another part
    ]);
    expect(words(answer, 'format')).toBe('');
  });

  it('takes each type as the page has it', () => {
    const log = new Log().genesis();
    const [person, module, key] = [uuid(), uuid(), uuid()];
    const h = hex('x');
    const details: Record<string, Members> = {
      'log.checkpoint': { entries: 0, since: '2026-11-22T14:05:00.000Z' },
      'session.logout': { person },
      'token.module_changed': { module, sha256: h, was: h },
      'token.init': { module, token: TOKEN, training: true },
      'token.probed': { module, token: TOKEN, sheet_sha256: h },
      'component.receive': {
        ...{ index: 1, of: 3, attempt: 1, commitment: h, serial: 'A1' },
        check: { method: 'LEGACY-ZERO', value: 'ab12cd34ab12cd34' },
      },
      'component.destroy': { serials: ['A1', 'A2'] },
      'key.import': {
        ...{ key, algorithm: 'AES-256', label: 'A key', purpose: 'wrap', extractable: false },
        ...{ ckaid: '0a0b', module, token: TOKEN, grade: 'C' },
        check: { method: 'X9.24-CMAC', value: '0a0b0c0d0e' },
        p11: { method: 'P11-CHECK', value: '0a0b0c' },
        until: '2026-11-22T14:05:15.000Z',
      },
      'byok.package_created': {
        export: key,
        key,
        blob_sha256: h,
        blob_bytes: 9,
        manifest_sha256: h,
      },
      'byok.expired': { export: key },
      'log.key': { key: keyObject(newKey('ECDSA-P256')), token: TOKEN, attributes: {} },
      'token.module_moved': { module, path: '/q', sha256: h, settings_sha256: h, was: '/p' },
      'token.relinked': { module, token: TOKEN, was: { module, token: TOKEN } },
      'key.use': {
        ...{ key, what: 'sign', mechanism: 'CKM_ECDSA', input_sha256: h, output_sha256: h },
        ...{ recovered: false, until: '2026-11-22T14:05:15.000Z' },
      },
      'key.state': { key, from: 'active', to: 'deactivated', because: 'a new one' },
      'component.issue': {
        ...{ index: 1, of: 3, commitment: h, serial: 'A1', person },
        check: { method: 'GP-01', value: 'ab12' },
      },
      'share.issue': {
        ...{ set: key, index: 1, of: 3, threshold: 2, group: 0, commitment: h },
        ...{ person, serial: 'B1' },
      },
      'share.receive': { set: key, index: 1, attempt: 1, commitment: h, person },
      'share.confirm': { set: key, index: 1, group: 1, attempt: 2, commitment: h, person },
      'share.destroy': { set: key, serials: ['B1'] },
      'envelope.state': { serial: 'A1', state: 'sealed', person, place: 'safe', because: 'x' },
      'byok.requested': { export: key, key, target: 'oci', algorithm: 'RSA', batch: person },
      'byok.parameters_loaded': {
        ...{ export: key, target: 'oci', algorithm: 'RSA', wrapping_bits: 4096 },
        ...{ wrapping_spki_sha256: h, files: [{ role: 'wrapping-key', sha256: h }] },
      },
      'byok.answered': {
        ...{ export: key, proves: 'same-key', note: 'said so' },
        files: [{ role: 'receipt', sha256: h }],
      },
    };
    for (const [type, members] of Object.entries(details)) log.add(type, members);
    expect(words(verify(lay(log)), 'format')).toBe('');
  });
});

describe('the first entry', () => {
  const first = (make: (log: Log) => void, options = {}): Answer => {
    const log = new Log(options);
    make(log);
    return verify(lay(log));
  };

  it('is log.genesis, a success, of this installation and mode', () => {
    const wrong: [string, (log: Log) => void][] = [
      ['is not log.genesis', (log) => log.fillTo(1)],
      ['not a success', (log) => log.genesis({ outcome: 'unknown' })],
      ['the mode does not agree', (log) => log.genesis({}, { mode: 'rehearsal' })],
      ['the installation is not', (log) => log.genesis({}, { installation: uuid() })],
      ['a second log.genesis', (log) => log.genesis().genesis()],
    ];
    for (const [why, make] of wrong) {
      const answer = first(make);
      expect(answer.verdict).toBe('malformed');
      expect(words(answer, 'format')).toContain(why);
    }
  });

  it('names a key that is one', () => {
    const key = newKey('ECDSA-P256');
    const other = newKey('Ed25519');
    const offCurve = Buffer.from(key.spki);
    offCurve[90] = offCurve[90]! ^ 1;
    const p384 = Buffer.from(`3076${'00'.repeat(118)}`, 'hex');
    const spell = (spki: Buffer, alg = 'ECDSA-P256'): Members => ({
      ...{ alg, spki: spki.toString('base64'), sha256: hex(spki) },
    });
    for (const wrong of [
      { ...keyObject(key), sha256: hex('another') },
      { ...keyObject(key), alg: 'Ed25519' },
      { ...keyObject(other), alg: 'ECDSA-P256' },
      keyObject(other),
      { ...keyObject(key), alg: 'RSA' },
      spell(offCurve),
      spell(p384),
      spell(Buffer.concat([key.spki, Buffer.of(0)])),
      spell(Buffer.alloc(0)),
    ]) {
      expect(first((log) => log.genesis({}, { key: wrong })).verdict).toBe('malformed');
    }
  });
});

describe('what an entry repeats of the log', () => {
  const exported = (make: (log: Log) => Members): Answer => {
    const log = new Log().genesis().fillTo(4);
    log.add('audit.exported', make(log));
    return verify(lay(log.fillTo(6)));
  };

  it('takes the root of an export at any size that the log had', () => {
    for (const size of [0, 1, 3, 4]) {
      const answer = exported((log) => ({ size, root: log.root(size) }));
      expect(answer.verdict).toBe('pass');
    }
  });

  it('is tampered when an export is said to have had another root, or to be of what came later', () => {
    for (const make of [
      (log: Log) => ({ size: 4, root: log.root(3) }),
      (log: Log) => ({ size: 3, root: log.root(4) }),
      (log: Log) => ({ size: 5, root: log.root(4) }),
      (log: Log) => ({ size: 2 ** 53 - 1, root: log.root(4) }),
    ]) {
      const answer = exported(make);
      expect(answer).toMatchObject({ verdict: 'tampered', first_bad: { index: 4 } });
      expect(words(answer, 'integrity')).toContain('another root of size');
    }
  });

  it('is tampered when genesis names another key than the trust file', () => {
    const log = new Log();
    log.genesis({}, { key: keyObject(newKey('ECDSA-P256')) });
    const answer = verify(lay(log));
    expect(answer).toMatchObject({ verdict: 'tampered', first_bad: { index: 0 } });
    expect(words(answer, 'authenticity')).toContain('names another key than the pinned one');
    expect(verify(lay(log), { trust: null }).verdict).toBe('unproven');
  });

  it('leaves the key in genesis unproven when no pinned key is for the first entry', () => {
    const log = new Log().genesis().fillTo(3);
    const [pinned] = log.trust().keys as [Members];
    const trust = log.trust({ keys: [{ ...pinned, from: 2 }], anchors: [log.note()] });
    const answer = verify(lay(log), { trust });
    expect(answer.verdict).toBe('unproven');
    expect(words(answer, 'authenticity')).toContain('for the key in genesis');
  });
});

describe('entries among each other', () => {
  const scene = (): { log: Log; intent: string } => {
    const log = new Log().genesis();
    return { log, intent: log.add('key.import', { key: uuid() }, { outcome: 'intent' }) };
  };
  const format = (log: Log): string => words(verify(lay(log)), 'format');

  it('refuses an id that was there before', () => {
    const { log, intent } = scene();
    log.add('clock.changed', { step_ms: 0 }, { id: intent });
    expect(format(log)).toContain('an earlier entry has the same id');
  });

  it('lets one entry close an intent, and names intents that nobody closed', () => {
    const { log, intent } = scene();
    expect(verify(lay(log)).not_proven.join('\n')).toContain('what became of 1 intents');
    log.add('key.import', { key: uuid() }, { corr: intent });
    const answer = verify(lay(log));
    expect(answer.parts.format.result).toBe('pass');
    expect(answer.not_proven.join('\n')).not.toContain('what became');
    log.add('key.import', { key: uuid() }, { corr: intent, outcome: 'unknown' });
    expect(format(log)).toContain('an intent that is closed already');
  });

  it('refuses an outcome without its intent', () => {
    const key = uuid();
    const cases: [string, (log: Log, intent: string) => void][] = [
      ['corr names no earlier entry', (log) => log.add('key.wrap', { key }, { corr: uuid() })],
      ['of another type', (log, corr) => log.add('key.wrap', { key }, { corr })],
      [
        'an intent has corr',
        (log, corr) => log.add('key.import', { key }, { corr, outcome: 'intent' }),
      ],
      [
        'an entry that is no intent',
        (log) => {
          const corr = log.add('key.wrap', { key }, { outcome: 'failure' });
          log.add('key.wrap', { key }, { corr });
        },
      ],
      [
        'corr names no earlier entry',
        (log) => {
          const id = uuid();
          log.add('key.wrap', { key }, { id, corr: id });
        },
      ],
    ];
    for (const [why, spoil] of cases) {
      const { log, intent } = scene();
      spoil(log, intent);
      expect(format(log)).toContain(why);
    }
  });
});
