#!/usr/bin/env node
/**
 * keymoot-verify: verifies a Keymoot audit bundle, version 1.
 *
 *   node keymoot-verify.mjs DIR --trust trust.json [--anchor FILE]... [--require-quorum] [--json]
 *
 * DIR is an exported bundle. What it is judged by comes from outside of it: the trust file pins the
 * log's name and key, anchors are checkpoints that were kept away from the desk. Without them the
 * answer is "unproven", never "pass". The quorum is always judged; --require-quorum says so aloud.
 *
 *   exit 0  pass       everything was proven
 *   exit 1  tampered   something contradicts a hash, a signature or an anchor
 *   exit 2  malformed  the bundle breaks the format (also: wrong usage, a directory that can't be read)
 *   exit 3  unproven   nothing contradicts, and something could not be proven
 *
 * The format is `resources/formats/audit-log.md`; "section N" below is a section of that page. This
 * file is written from the page alone: it shares no code with the desk, needs nothing but Node.js 20
 * or newer, opens no network connection, writes nothing and follows no link. What it checks, in order:
 *
 *    1. The bundle holds regular files under known names, and the manifest lists each   (section 9)
 *    2. The manifest and every entry are canonical JSON, to the byte                     (section 4)
 *    3. The checkpoints are well-formed notes, one per size, the largest the head        (section 8)
 *    4. Those notes are signed by the pinned key of the pinned log                (sections 8 and 10)
 *    5. Entries, one by one: length, hash, canonical form, members, each type's detail (4, 6 and 7)
 *    6. Entries among each other: ids, intents and their outcomes, nonces, genesis   (sections 4 to 6)
 *    7. What people signed: shape, signature, whose key, the head they saw               (section 5)
 *    8. Enough people signed, counted by distinct keys                                  (section 12)
 *    9. The tree: tiles on every level, the root, the root at each note's size           (section 7)
 *   10. derived/entries.ndjson is the entries; evidence hashes to its name               (section 9)
 *   11. Every listed file has its size and hash                                          (section 9)
 *   12. The log contains each anchor                                                    (section 10)
 *   13. The verdict                                                                     (section 11)
 *
 * Memory: 64 bytes of tree and about 30 bytes of bookkeeping for an entry; entries pass 256 at a time.
 *
 * What it can't show: that the desk's clock was right, that what people agreed to was wise, or that
 * the log had no further entries after the last anchor.
 */
import * as crypto from 'node:crypto';
import * as fs from 'node:fs';
import { isAbsolute, relative, sep } from 'node:path';
import { isAscii, isUtf8 } from 'node:buffer';
import { parseArgs } from 'node:util';

// Nobody is shown a stack; not collecting one makes a bundle with a million faults bearable.
Error.stackTraceLimit = 0;

/* ------------------------------------------------------------------------------------------------
 * Limits. Sizes in bytes. Those the page doesn't set are this verifier's own and generous.
 * --------------------------------------------------------------------------------------------- */

const MAX_ENTRY = 32_768; // section 4
const TILE = 256; // hashes, or entries, in a full tile (section 7)
const MAX_MANIFEST = 256 * 2 ** 20;
const MAX_NOTE = 64 * 2 ** 10;
const MAX_TRUST = 16 * 2 ** 20;
const MAX_DEFINITION = 2 ** 20; // section 12
const MAX_OTHER = 2 ** 30; // reports and evidence; they are hashed in pieces
const MAX_FILES = 1_000_000;
const MAX_FOLDERS_DEEP = 12;
const MAX_NESTING = 16; // objects and arrays within each other
const MAX_NOTES_PRINTED = 20; // per part; the rest are counted
const MAX_WORDS = 300; // characters of one printed remark

/** Something in the bundle breaks a rule. `at` counts UTF-16 units into the text, where known. */
class Problem extends Error {
  constructor(why, at) {
    super(why);
    this.at = at;
  }
}

/** The command was wrong: a message for stderr, exit 2, no verdict. */
class Usage extends Error {}

/* ------------------------------------------------------------------------------------------------
 * Section 2: conventions. A rule takes a value and says what is wrong with it, or '' if nothing is.
 * --------------------------------------------------------------------------------------------- */

// What the page lists as unseen, by number: no release of Node or Unicode changes it. U+FE0F is text
// after a symbol only. Lone surrogates can't come here: they have no UTF-8, and the profile has no
// escape for them.
const UNSEEN =
  '0-1f 7f-9f ad 34f 61c 115f-1160 17b4-17b5 180b-180f 200b-200f 2028-202e 2060-206f 3164 ' +
  'fe00-fe0e feff ffa0 fff0-fff8 1bca0-1bca3 1d173-1d17a e0000-e0fff';
const NOT_TEXT = new RegExp(
  `[${UNSEEN.replace(/ ?([0-9a-f]+)/g, '\\u{$1}')}]|(?<![\\u2100-\\u2bff\\u{1f000}-\\u{1faff}])\\ufe0f`,
  'u',
);
const NOT_TEXT_EACH = new RegExp(NOT_TEXT.source, 'gu');

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;
const UUID_V7 = /^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/;
const TIME =
  /^[2-9]\d{3}-(?:0[1-9]|1[0-2])-(?:0[1-9]|[12]\d|3[01])T(?:[01]\d|2[0-3]):[0-5]\d:[0-5]\d\.\d{3}Z$/;
const SIZE = /^(?:0|[1-9][0-9]{0,15})$/;
const ORIGIN =
  /^[a-z0-9.-]{1,64}\/([0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12})(\/rehearsal)?$/;

const matches = (pattern, what) => (value) =>
  typeof value === 'string' && pattern.test(value) ? '' : `is not ${what}`;

const uuid = matches(UUID, 'a lower-case UUID');
const uuidV7 = matches(UUID_V7, 'a lower-case UUID of version 7');
const hex64 = matches(/^[0-9a-f]{64}$/, '64 lower-case hex digits');
const hex32 = matches(/^[0-9a-f]{32}$/, '32 lower-case hex digits');
const origin = matches(ORIGIN, 'an origin');

const hexBytes = (least, most) =>
  matches(new RegExp(`^(?:[0-9a-f]{2}){${least},${most}}$`), `hex of ${least} to ${most} bytes`);

const bool = (value) => (typeof value === 'boolean' ? '' : 'is not true or false');
const int = (value) => (typeof value === 'number' ? '' : 'is not an integer');
const count = (value) => (typeof value === 'number' && value >= 0 ? '' : 'is not an integer ≥ 0');

const exactly = (wanted) => (value) => (value === wanted ? '' : `is not ${JSON.stringify(wanted)}`);

function oneOf(...names) {
  const known = new Set(names);
  return (value) => (known.has(value) ? '' : 'is not one of the values that the format knows');
}

/** text≤limit: 1 to `limit` bytes of UTF-8. */
function text(limit, { empty = false } = {}) {
  return (value) => {
    if (typeof value !== 'string') return 'is not a string';
    if (value.length === 0) return empty ? '' : 'is empty';
    const long = value.length * 3 > limit && Buffer.byteLength(value) > limit;
    if (long) return `is longer than ${limit} bytes`;
    return NOT_TEXT.test(value) ? 'holds a control or another unseen character' : '';
  };
}

/** A time that exists: the pattern leaves only the length of the month open. */
function time(value) {
  if (typeof value !== 'string' || !TIME.test(value)) return 'is not a time like …T14:05:00.000Z';
  const day = Number(value.slice(8, 10));
  if (day <= 28) return '';
  const [year, month] = [Number(value.slice(0, 4)), Number(value.slice(5, 7))];
  const leap = year % 4 === 0 && (year % 100 !== 0 || year % 400 === 0);
  const days = month === 2 ? (leap ? 29 : 28) : [4, 6, 9, 11].includes(month) ? 30 : 31;
  return day <= days ? '' : 'is a day that does not exist';
}

/** Base64 in its only spelling: Node's decoder is lenient, so the bytes are written again. */
function unbase64(value) {
  if (typeof value !== 'string') return null;
  const bytes = Buffer.from(value, 'base64');
  return bytes.toString('base64') === value ? bytes : null;
}

const b64 = (value) => (unbase64(value) === null ? 'is not canonical base64' : '');
const b64Of32 = (value) =>
  unbase64(value)?.length === 32 ? '' : 'is not canonical base64 of 32 bytes';

/** An object with these members, those perhaps, and no others. */
function shape(required, optional = {}) {
  const rules = new Map([...Object.entries(required), ...Object.entries(optional)]);
  const needed = Object.keys(required);
  return (value) => {
    if (!(value instanceof Map)) return 'is not an object';
    for (const [name, member] of value) {
      const rule = rules.get(name);
      if (rule === undefined) return `has a member "${name}" that the format does not know`;
      const why = rule(member);
      if (why !== '') return `member ${name} ${why}`;
    }
    for (const name of needed) if (!value.has(name)) return `lacks the member ${name}`;
    return '';
  };
}

/** An array of `least` to `most` such items. */
function arrayOf(rule, least, most) {
  return (value) => {
    if (!Array.isArray(value)) return 'is not an array';
    if (value.length < least || value.length > most) return `has ${value.length} items`;
    for (const item of value) {
      const why = rule(item);
      if (why !== '') return `has an item that ${why}`;
    }
    return '';
  };
}

/** Refuses with the rule's words. */
function demand(rule, value, what) {
  const why = rule(value);
  if (why !== '') throw new Problem(`${what} ${why}`);
}

/** Text from the bundle, made harmless for a terminal. */
function printable(value) {
  const clean = String(value).replace(NOT_TEXT_EACH, '\ufffd');
  return clean.length > MAX_WORDS ? `${clean.slice(0, MAX_WORDS)}…` : clean;
}

/** A copy that stands alone: a slice would keep the whole text that it was cut from in memory. */
const own = (ascii) => Buffer.from(ascii, 'latin1').toString('latin1');

/* ------------------------------------------------------------------------------------------------
 * Section 4: the canonical profile, read and checked in one pass.
 *
 * In this profile each value has one spelling, so a reader that accepts only that spelling accepts
 * exactly what writing the value again would give. Objects become Maps, so that a member named
 * __proto__ is a member like any other. `lax` is for the trust file only (section 10): white space,
 * member order and escapes are free there; duplicates and fractions are still refused.
 * --------------------------------------------------------------------------------------------- */

const QUOTE = 0x22;
const COMMA = 0x2c;
const MINUS = 0x2d;
const COLON = 0x3a;
const BACKSLASH = 0x5c;
const OPEN_ARRAY = 0x5b;
const CLOSE_ARRAY = 0x5d;
const OPEN_OBJECT = 0x7b;
const CLOSE_OBJECT = 0x7d;
const isDigit = (unit) => unit >= 0x30 && unit <= 0x39;

const SHORT_ESCAPES = new Map([
  ['"', '"'],
  ['\\', '\\'],
  ['b', '\b'],
  ['t', '\t'],
  ['n', '\n'],
  ['f', '\f'],
  ['r', '\r'],
]);
const HAS_SHORT_ESCAPE = new Set(SHORT_ESCAPES.values());

class Reader {
  constructor(source, { lax = false, values = Infinity } = {}) {
    this.source = source;
    this.at = 0;
    this.lax = lax;
    this.budget = values; // how many values there may be: bounds the memory a text can ask for
  }

  fail(why, at = this.at) {
    throw new Problem(why, at);
  }

  document() {
    const value = this.value(1);
    if (this.at !== this.source.length) this.fail('something follows the JSON value');
    return value;
  }

  space() {
    while (' \t\n\r'.includes(this.source[this.at] ?? 'x')) this.at++;
  }

  unit() {
    return this.source.charCodeAt(this.at);
  }

  value(depth) {
    if (--this.budget < 0) this.fail('there are more values than the bundle has files for');
    if (this.lax) this.space();
    const unit = this.unit();
    let value;
    if (unit === QUOTE) value = this.string();
    else if (unit === OPEN_OBJECT) value = this.object(depth);
    else if (unit === OPEN_ARRAY) value = this.array(depth);
    else if (unit === MINUS || isDigit(unit)) value = this.number();
    else value = this.literal();
    if (this.lax) this.space();
    return value;
  }

  object(depth) {
    if (depth > MAX_NESTING) this.fail('values are nested too deeply');
    const members = new Map();
    this.at++;
    if (this.lax) this.space();
    if (this.unit() === CLOSE_OBJECT) {
      this.at++;
      return members;
    }
    let last;
    for (;;) {
      if (this.lax) this.space();
      const start = this.at;
      if (this.unit() !== QUOTE) this.fail('a member name was expected');
      const name = this.string();
      if (last === name || (this.lax && members.has(name))) this.fail('a member is twice', start);
      // JavaScript compares strings by UTF-16 code units, which is the profile's order.
      if (!this.lax && last !== undefined && last > name) this.fail('members not sorted', start);
      last = name;
      if (this.lax) this.space();
      if (this.unit() !== COLON) this.fail('a colon was expected');
      this.at++;
      members.set(name, this.value(depth + 1));
      const unit = this.unit();
      if (unit !== COMMA && unit !== CLOSE_OBJECT) this.fail('a comma or } was expected');
      this.at++;
      if (unit === CLOSE_OBJECT) return members;
    }
  }

  array(depth) {
    if (depth > MAX_NESTING) this.fail('values are nested too deeply');
    const items = [];
    this.at++;
    if (this.lax) this.space();
    if (this.unit() === CLOSE_ARRAY) {
      this.at++;
      return items;
    }
    for (;;) {
      items.push(this.value(depth + 1));
      const unit = this.unit();
      if (unit !== COMMA && unit !== CLOSE_ARRAY) this.fail('a comma or ] was expected');
      this.at++;
      if (unit === CLOSE_ARRAY) return items;
    }
  }

  string() {
    const { source } = this;
    const start = this.at + 1;
    for (let i = start; i < source.length; i++) {
      const unit = source.charCodeAt(i);
      if (unit === QUOTE) {
        this.at = i + 1;
        return source.slice(start, i);
      }
      if (unit === BACKSLASH) return this.stringWithEscapes(start, i);
      if (unit < 0x20) this.fail('a control character stands unescaped', i);
    }
    return this.fail('a string is not closed', source.length);
  }

  stringWithEscapes(start, first) {
    const { source } = this;
    const pieces = [source.slice(start, first)];
    this.at = first;
    while (this.at < source.length) {
      const unit = this.unit();
      if (unit === BACKSLASH) {
        pieces.push(this.escape());
        continue;
      }
      if (unit < 0x20) this.fail('a control character stands unescaped');
      if (unit === QUOTE) {
        this.at++;
        const value = pieces.join('');
        if (this.lax && !value.isWellFormed()) this.fail('a surrogate stands alone', start);
        return value;
      }
      const from = this.at;
      while (this.at < source.length && !this.endsRun()) this.at++;
      pieces.push(source.slice(from, this.at));
    }
    return this.fail('a string is not closed');
  }

  endsRun() {
    const unit = this.unit();
    return unit === QUOTE || unit === BACKSLASH || unit < 0x20;
  }

  escape() {
    const start = this.at;
    const letter = this.source[start + 1] ?? '';
    this.at += 2;
    const short = SHORT_ESCAPES.get(letter);
    if (short !== undefined) return short;
    if (this.lax && letter === '/') return '/';
    const digits = this.source.slice(start + 2, start + 6);
    const spelling = this.lax ? /^[0-9a-fA-F]{4}$/ : /^00[01][0-9a-f]$/;
    if (letter !== 'u' || !spelling.test(digits)) this.fail('an escape is not canonical', start);
    this.at += 4;
    const character = String.fromCharCode(Number.parseInt(digits, 16));
    if (!this.lax && HAS_SHORT_ESCAPE.has(character)) this.fail('an escape is too long', start);
    return character;
  }

  number() {
    const { source } = this;
    const start = this.at;
    if (this.unit() === MINUS) this.at++;
    const digits = this.at;
    while (isDigit(this.unit())) this.at++;
    const length = this.at - digits;
    const plain = length > 0 && (length === 1 || source.charCodeAt(digits) !== 0x30);
    const follows = source[this.at] ?? '';
    if (!plain || '.eE+'.includes(follows || ' ')) this.fail('not a plain integer', start);
    const value = length > 16 ? Infinity : Number(source.slice(start, this.at));
    if (Object.is(value, -0)) this.fail('minus zero', start);
    if (!Number.isSafeInteger(value)) this.fail('an integer is beyond ±(2^53 − 1)', start);
    return value;
  }

  literal() {
    for (const [word, value] of [
      ['true', true],
      ['false', false],
    ]) {
      if (this.source.startsWith(word, this.at)) {
        this.at += word.length;
        return value;
      }
    }
    if (this.source.startsWith('null', this.at)) this.fail('null is not allowed');
    return this.fail('a JSON value was expected');
  }
}

/** Bytes to a value, or a Problem whose `at` is a byte offset. */
function readJson(bytes, options) {
  if (isAscii(bytes)) return new Reader(bytes.latin1Slice(), options).document();
  if (!isUtf8(bytes)) throw new Problem('bytes are not UTF-8', firstBadUtf8(bytes));
  // Unlike TextDecoder this keeps a byte order mark, which the reader then refuses.
  const source = bytes.utf8Slice();
  try {
    return new Reader(source, options).document();
  } catch (error) {
    if (error instanceof Problem) error.at = Buffer.byteLength(source.slice(0, error.at));
    throw error;
  }
}

function firstBadUtf8(bytes) {
  const again = Buffer.from(bytes.utf8Slice());
  let at = 0;
  while (at < bytes.length && bytes[at] === again[at]) at++;
  return at;
}

/* ------------------------------------------------------------------------------------------------
 * Section 5, shapes: keys, envelopes, statements.
 * --------------------------------------------------------------------------------------------- */

const ROLES = ['administrator', 'officer', 'operator', 'custodian', 'witness', 'auditor'];
const role = oneOf(...ROLES);

// A SubjectPublicKeyInfo of either kind is a constant and the key: these are the constants.
// Ed25519 (RFC 8410) and id-ecPublicKey on prime256v1 with an uncompressed point (RFC 5480).
const SPKI_START = new Map([
  ['Ed25519', { start: Buffer.from('302a300506032b6570032100', 'hex'), length: 44 }],
  [
    'ECDSA-P256',
    {
      start: Buffer.from('3059301306072a8648ce3d020106082a8648ce3d03010703420004', 'hex'),
      length: 91,
    },
  ],
]);

/** A public key that Node accepts and that is spelled in the one way we expect, or null. */
function publicKey(alg, der) {
  const { start, length } = SPKI_START.get(alg);
  if (der.length !== length || !der.subarray(0, start.length).equals(start)) return null;
  try {
    return crypto.createPublicKey({ key: der, format: 'der', type: 'spki' });
  } catch {
    return null; // for one: a point that is not on the curve
  }
}

const KEY = shape({ alg: oneOf(...SPKI_START.keys()), spki: b64, sha256: hex64 });

function key(value) {
  const why = KEY(value);
  if (why !== '') return why;
  const der = unbase64(value.get('spki'));
  if (publicKey(value.get('alg'), der) === null) return `is not an ${value.get('alg')} public key`;
  return sha256(der).toString('hex') === value.get('sha256') ? '' : 'has the hash of another key';
}

/** The log's own key: the one kind that signs checkpoints. */
function logKey(value) {
  const why = key(value);
  if (why !== '') return why;
  return value.get('alg') === 'ECDSA-P256' ? '' : 'is not an ECDSA-P256 key';
}

const PAYLOAD_TYPE = 'application/vnd.keymoot.statement+json';
const envelope = shape({
  payload: b64,
  payloadType: exactly(PAYLOAD_TYPE),
  signatures: arrayOf(shape({ keyid: hex64, sig: b64 }), 1, 1),
});

const ceremony = shape({ id: hex32, definition_sha256: hex64 }, { step: text(32) });
const head = shape({ size: count, root: b64Of32 });
const subject = shape({
  kind: oneOf(
    ...['policy', 'enrolment', 'person', 'definition', 'ceremony', 'key', 'module', 'export'],
    'token',
  ),
  sha256: hex64,
});

const said = { v: exactly(1), log: origin, person: uuid, head, time };
const STATEMENTS = new Map([
  ['enrolment', shape({ ...said, kind: exactly('enrolment'), role, key, name_sha256: hex64 })],
  [
    'act',
    shape(
      { ...said, kind: exactly('act'), channel: text(64), input_sha256: hex64, nonce: hex32 },
      { subject, ceremony },
    ),
  ],
]);

/* ------------------------------------------------------------------------------------------------
 * Section 6: the types and their detail.
 * --------------------------------------------------------------------------------------------- */

const token = shape({
  manufacturer: text(64, { empty: true }),
  model: text(64, { empty: true }),
  serial: text(64, { empty: true }),
  label: text(64, { empty: true }),
});
const check = shape({
  method: oneOf(
    ...['X9.24-CMAC', 'LEGACY-ZERO', 'P11-CHECK', 'GP-01', 'HMAC-SHA256KEY', 'HMAC-EMPTY'],
  ),
  value: hexBytes(2, 8),
});

const ATTRIBUTE_NAME = /^CKA_[A-Z0-9_]{1,44}$/;
const attributeText = text(1024, { empty: true });
function attributes(value) {
  if (!(value instanceof Map)) return 'is not an object';
  if (value.size > 64) return 'has more than 64 members';
  for (const [name, member] of value) {
    if (!ATTRIBUTE_NAME.test(name)) return `has a member "${name}" that is no attribute's name`;
    if (typeof member === 'boolean' || typeof member === 'number') continue;
    const why = attributeText(member);
    if (why !== '') return `member ${name} ${why}`;
  }
  return '';
}

const keyEvent = shape(
  { key: uuid },
  {
    algorithm: text(32),
    bits: count,
    label: text(64),
    purpose: text(32),
    extractable: bool,
    ckaid: hexBytes(1, 64),
    module: uuid,
    token,
    attributes,
    check,
    spki_sha256: hex64,
    origin: oneOf('generated', 'imported', 'unknown'),
    control: oneOf('pin-halves', 'device-quorum', 'single-control'),
    grade: oneOf('A', 'B', 'C', 'D'),
    mechanism: text(64),
    wrapping_spki_sha256: hex64,
    export: uuid,
    recovered: bool,
    objects: count,
    p11: check,
    until: time,
  },
);
const session = shape({ person: uuid }, { why: text(64) });
const moduleHash = shape({ module: uuid, sha256: hex64 }, { was: hex64 });
const byDefinition = shape({ definition_sha256: hex64 });
const pause = shape({}, { why: text(256) });
const opinion = shape({ person: uuid }, { because: text(1024) });

const TYPES = new Map(
  Object.entries({
    'log.genesis': shape({
      installation: uuid,
      mode: oneOf('production', 'rehearsal'),
      key: logKey,
      token,
      attributes,
    }),
    'log.checkpoint': shape({ entries: count, since: time }),
    'app.start': shape({ build: hex64, epoch: count, sealed: count, unsealed: count }),
    'app.stop': shape({}),
    'clock.changed': shape({ step_ms: int }),
    'session.login': session,
    'session.logout': session,
    'session.login_failed': shape({ what: oneOf('passphrase', 'token') }, { person: uuid, token }),
    'person.enrolled': shape({
      person: uuid,
      role,
      key,
      name_sha256: hex64,
      statement: envelope,
    }),
    'person.role_changed': shape({ person: uuid, role }),
    'person.left': shape({ person: uuid }, { why: text(256) }),
    'policy.changed': shape({ version: count, policy_sha256: hex64 }),
    'token.module_added': shape({
      ...{ module: uuid, path: text(1024), sha256: hex64, family: text(32), label: text(64) },
      settings_sha256: hex64,
    }),
    'token.module_changed': moduleHash,
    'token.module_approved': moduleHash,
    'token.init': shape({ module: uuid, token, training: bool }),
    'token.probed': shape({ module: uuid, token, sheet_sha256: hex64 }),
    'key.generate': keyEvent,
    'key.import': keyEvent,
    'key.wrap': keyEvent,
    'key.destroy': keyEvent,
    'component.receive': shape({
      index: count,
      of: count,
      attempt: count,
      commitment: hex64,
      check,
      serial: text(64),
    }),
    'component.destroy': shape({ serials: arrayOf(text(64), 1, 32) }),
    'ceremony.define': shape({ definition_sha256: hex64, title: text(128), template: text(64) }),
    'ceremony.approve': byDefinition,
    'ceremony.arm': byDefinition,
    'ceremony.step': shape(
      { step: text(32), attempt: count, kind: text(32) },
      { person: uuid, expected: text(1024), observed: text(1024) },
    ),
    'ceremony.exception': shape(
      {
        number: count,
        step: text(32),
        expected: text(1024),
        observed: text(1024),
        decision: text(1024),
      },
      {
        substitute: shape({ person: uuid, seat: text(32) }),
        objects: arrayOf(text(128), 0, 32),
      },
    ),
    'ceremony.pause': pause,
    'ceremony.resume': pause,
    'ceremony.agree': opinion,
    'ceremony.disagree': opinion,
    'ceremony.abort': shape({ because: text(1024) }, { gone: bool, objects: count }),
    'ceremony.close': shape({
      verdict: oneOf('AGREED', 'DISPUTED'),
      exceptions: count,
      agreed: count,
      disagreed: count,
    }),
    'byok.requested': shape({ export: uuid, key: uuid, target: text(32), algorithm: text(64) }),
    'byok.parameters_loaded': shape({
      export: uuid,
      target: text(32),
      key_ref: text(256),
      algorithm: text(64),
      wrapping_spki_sha256: hex64,
      wrapping_bits: count,
      valid_to: time,
      token_sha256: hex64,
      parameters_sha256: hex64,
    }),
    'byok.parameters_confirmed': shape({ export: uuid, wrapping_spki_sha256: hex64 }),
    'byok.package_created': shape({
      export: uuid,
      key: uuid,
      blob_sha256: hex64,
      blob_bytes: count,
      manifest_sha256: hex64,
    }),
    'byok.expired': shape({ export: uuid }),
    'audit.exported': shape({ size: count, root: b64Of32 }),
    'audit.verified': shape({ verdict: text(32) }),
  }),
);
const TYPE_NUMBER = new Map([...TYPES.keys()].map((type, number) => [type, number]));

/** Section 4: the members that every entry has or may have; `detail` is judged by its type. */
const ENTRY = shape(
  {
    v: exactly(1),
    log: origin,
    seq: count,
    id: uuidV7,
    time,
    type: oneOf(...TYPES.keys()),
    outcome: oneOf('intent', 'success', 'failure', 'unknown'),
    actor: shape({
      id: (value) => (value === 'desk' ? '' : uuid(value)),
      role: oneOf(...ROLES, 'desk'),
      auth: oneOf('passphrase', 'card', 'presence', 'none'),
    }),
    where: shape({ host: text(64) }, { token_serial: text(64), slot: count }),
    app: shape({ version: text(32) }),
    detail: (value) => (value instanceof Map ? '' : 'is not an object'),
  },
  {
    reason: text(64),
    target: shape({ kind: text(32) }, { label: text(64), ckaid: hexBytes(1, 64), fp: text(128) }),
    ceremony,
    corr: uuid,
    clock: shape({ boot_ms: count }, { step_ms: int }),
    evidence: arrayOf(shape({ sha256: hex64, media: text(64), bytes: count }), 0, 16),
    acts: arrayOf(envelope, 1, 16),
  },
);

/* ------------------------------------------------------------------------------------------------
 * Section 7: the tree.
 * --------------------------------------------------------------------------------------------- */

// One call for one hash where Node has it (20.12). The digest comes as a Latin-1 string, a
// character a byte, which costs half as much as a new Buffer.
const digest =
  typeof crypto.hash === 'function'
    ? (bytes) => crypto.hash('sha256', bytes, 'latin1')
    : (bytes) => crypto.createHash('sha256').update(bytes).digest('latin1');
const sha256 = (bytes) => Buffer.from(digest(bytes), 'latin1');

/**
 * The RFC 6962 tree over the leaves pushed so far. `levels[k]` holds, side by side, the hashes of
 * all complete subtrees of 2^k leaves, from which the root at any earlier size follows.
 */
class Tree {
  #pair = Buffer.alloc(65, 1); // 01 ‖ left ‖ right

  constructor(most) {
    this.size = 0;
    this.levels = [];
    for (let n = most; n >= 1; n = Math.floor(n / 2)) this.levels.push(Buffer.alloc(n * 32));
  }

  /** `leaf` is 00 ‖ entry. */
  push(leaf) {
    let at = this.size++;
    this.levels[0].latin1Write(digest(leaf), at * 32, 32);
    for (let k = 0; at % 2 === 1; k++) {
      this.levels[k].copy(this.#pair, 1, (at - 1) * 32, (at + 1) * 32);
      at = (at - 1) / 2;
      this.levels[k + 1].latin1Write(digest(this.#pair), at * 32, 32);
    }
  }

  /** The root of the first `size` leaves: complete subtrees, joined from the right. */
  root(size) {
    let root = null;
    for (let k = 0, rest = size; rest > 0; k++, rest = Math.floor(rest / 2)) {
      if (rest % 2 === 0) continue;
      const node = this.levels[k].subarray((rest - 1) * 32, rest * 32);
      root = root === null ? Buffer.from(node) : this.#join(node, root);
    }
    return root ?? sha256(Buffer.alloc(0));
  }

  #join(left, right) {
    left.copy(this.#pair, 1);
    right.copy(this.#pair, 33);
    return sha256(this.#pair);
  }
}

/** `log/tile/<level>/x001/x234/067.p/<width>`. */
function tilePath(level, number, width) {
  let path = String(number % 1000).padStart(3, '0');
  for (let rest = Math.floor(number / 1000); rest > 0; rest = Math.floor(rest / 1000)) {
    path = `x${String(rest % 1000).padStart(3, '0')}/${path}`;
  }
  return `log/tile/${level}/${path}${width === TILE ? '' : `.p/${width}`}`;
}

/* ------------------------------------------------------------------------------------------------
 * Section 8: signed notes.
 * --------------------------------------------------------------------------------------------- */

/** A note's parts, or a Problem. Signatures are judged elsewhere. */
function readNote(bytes) {
  if (bytes.length > MAX_NOTE) throw new Problem('the note is too long');
  if (!isUtf8(bytes)) throw new Problem('the note is not UTF-8', firstBadUtf8(bytes));
  const lines = bytes.utf8Slice().split('\n');
  if (lines.length < 6 || lines.at(-1) !== '') {
    throw new Problem('the note is not origin, size, root, an empty line and signatures');
  }
  const [name, size, root, empty, ...signatures] = lines.slice(0, -1);
  demand(origin, name, "the note's first line");
  if (!SIZE.test(size) || !Number.isSafeInteger(Number(size))) {
    throw new Problem("the note's size is not a decimal number without leading zeros");
  }
  demand(b64Of32, root, "the note's root");
  if (empty !== '') throw new Problem('the note has an extension line');
  return {
    origin: name,
    size: Number(size),
    root,
    text: Buffer.from(`${name}\n${size}\n${root}\n`),
    signatures: readSignatures(signatures),
  };
}

function readSignatures(lines) {
  const seen = new Set();
  return lines.map((line) => {
    const [, name, encoded] = /^\u2014 ([^\s+]+) (\S+)$/u.exec(line) ?? [];
    const bytes = unbase64(encoded);
    if (bytes === null || bytes.length <= 4 || NOT_TEXT.test(name)) {
      throw new Problem('a signature line of the note is not "— name base64"');
    }
    const keyid = bytes.subarray(0, 4).toString('hex');
    if (seen.has(`${name} ${keyid}`)) throw new Problem('the same key signs the note twice');
    seen.add(`${name} ${keyid}`);
    return { name, keyid, signature: bytes.subarray(4) };
  });
}

/** ECDSA (over SHA-256, DER) or Ed25519; never throws. */
function signatureHolds(alg, data, publicKey, signature) {
  try {
    return crypto.verify(alg === 'Ed25519' ? null : 'sha256', data, publicKey, signature);
  } catch {
    return false;
  }
}

/** Section 11, authenticity: is this note signed by a pinned key for its size? */
function judgeNote(note, trust) {
  if (trust === null) return { result: 'unproven', why: 'no trust file was given' };
  const keys = trust.keys.filter((pinned) => pinned.from <= note.size && note.size <= pinned.to);
  if (keys.length === 0) {
    return { result: 'unproven', why: `no pinned key covers a log of size ${note.size}` };
  }
  if (note.origin !== trust.log) {
    return { result: 'fail', why: `its origin is ${note.origin}, not the trusted ${trust.log}` };
  }
  const byPinned = note.signatures.filter(
    (line) => line.name === note.origin && keys.some((pinned) => pinned.keyid === line.keyid),
  );
  if (byPinned.length === 0) return { result: 'fail', why: 'no pinned key signed it' };
  // Key ids are only four bytes long: two pinned keys may share one.
  const all = byPinned.every((line) =>
    keys.some(
      (pinned) =>
        pinned.keyid === line.keyid &&
        signatureHolds('ECDSA-P256', note.text, pinned.key, line.signature),
    ),
  );
  return all
    ? { result: 'pass', why: '' }
    : { result: 'fail', why: "the pinned key's signature does not verify" };
}

/* ------------------------------------------------------------------------------------------------
 * Section 10: the trust file and anchors. A fault here is the auditor's to mend: wrong usage.
 * --------------------------------------------------------------------------------------------- */

const TRUST = shape(
  {
    v: exactly(1),
    log: origin,
    keys: arrayOf(shape({ spki: b64, from: count }, { to: count }), 0, 1000),
  },
  {
    anchors: arrayOf((value) => (typeof value === 'string' ? '' : 'is not a string'), 0, 10_000),
    people: arrayOf(hex64, 0, 10_000),
  },
);

function readTrust(path, dir) {
  const value = usageOn(`the trust file ${path}`, () => {
    const read = readJson(readOutside(path, dir, MAX_TRUST), { lax: true });
    demand(TRUST, read, 'it');
    return read;
  });
  const keys = value.get('keys').map((pinned, i) => {
    const spki = unbase64(pinned.get('spki'));
    const key = publicKey('ECDSA-P256', spki);
    if (key === null) throw new Usage(`the trust file's key ${i + 1} is not an ECDSA P-256 key`);
    const fingerprint = sha256(spki).toString('hex');
    const { from, to = Infinity } = { from: pinned.get('from'), to: pinned.get('to') };
    if (to < from) throw new Usage(`the trust file's key ${i + 1} ends before it begins`);
    return { key, fingerprint, keyid: fingerprint.slice(0, 8), from, to };
  });
  const anchors = (value.get('anchors') ?? []).map((noteText, i) => {
    const name = `the trust file's anchor ${i + 1}`;
    return { name, ...usageOn(name, () => readNote(Buffer.from(noteText))) };
  });
  return { log: value.get('log'), keys, anchors, people: value.get('people') ?? null };
}

function readAnchor(path, dir) {
  const name = `the anchor ${path}`;
  return { name, ...usageOn(name, () => readNote(readOutside(path, dir, MAX_NOTE))) };
}

/** A file that the auditor brought. SECURITY: what lies in the bundle can't vouch for the bundle. */
function readOutside(path, dir, most) {
  const real = fs.realpathSync(path);
  const from = relative(fs.realpathSync(dir), real);
  if (from !== '..' && !from.startsWith(`..${sep}`) && !isAbsolute(from)) {
    throw new Problem('it lies in the bundle, which cannot vouch for itself');
  }
  const stat = fs.statSync(real);
  if (!stat.isFile() || stat.size > most) throw new Problem('is not a file of sensible size');
  return fs.readFileSync(real);
}

function usageOn(what, work) {
  try {
    return work();
  } catch (error) {
    throw new Usage(`${what}: ${error.message}`);
  }
}

/* ------------------------------------------------------------------------------------------------
 * Section 11: findings, part by part.
 * --------------------------------------------------------------------------------------------- */

const PARTS = ['format', 'integrity', 'authenticity', 'completeness', 'quorum'];

class Findings {
  constructor() {
    this.parts = new Map(
      PARTS.map((name) => [name, { fails: [], doubts: [], more: 0, first: null, judged: false }]),
    );
    this.beyond = []; // what is not proven even when every part passes
  }

  /** A contradiction or a broken rule. `place`: index, path, offset, as far as known. */
  fail(name, why, place = {}) {
    const part = this.parts.get(name);
    const bad = { ...place, why: printable(why) };
    if (place.path !== undefined) bad.path = printable(place.path);
    // An entry says more about where to look than a whole file does.
    if (part.first === null || (part.first.index === undefined && bad.index !== undefined)) {
      part.first = bad;
    }
    this.#note(part, part.fails, `${whereIs(bad)}${bad.why}`);
  }

  /** Something that could not be proven. */
  doubt(name, why) {
    const part = this.parts.get(name);
    this.#note(part, part.doubts, printable(why));
  }

  /** A part is unproven until all of it has been looked at. */
  judged(name) {
    this.parts.get(name).judged = true;
  }

  #note(part, list, words) {
    if (list.includes(words)) return;
    if (list.length < MAX_NOTES_PRINTED) list.push(words);
    else part.more++;
  }

  failed(name) {
    return this.parts.get(name).fails.length > 0;
  }

  result(name) {
    const { fails, doubts, judged } = this.parts.get(name);
    if (fails.length > 0) return 'fail';
    return doubts.length > 0 || !judged ? 'unproven' : 'pass';
  }

  notes(name) {
    const { fails, doubts, more, judged } = this.parts.get(name);
    const notes = [...fails, ...doubts];
    if (more > 0) notes.push(`and ${more} more`);
    if (!judged && notes.length === 0) notes.push('it could not be judged');
    return notes;
  }

  /** The verdict and the part that decides it. */
  verdict() {
    if (this.failed('integrity')) return { verdict: 'tampered', exit: 1, by: 'integrity' };
    if (this.failed('format')) return { verdict: 'malformed', exit: 2, by: 'format' };
    for (const by of ['authenticity', 'completeness']) {
      if (this.failed(by)) return { verdict: 'tampered', exit: 1, by };
    }
    const proven = PARTS.every((name) => this.result(name) === 'pass');
    return proven ? { verdict: 'pass', exit: 0 } : { verdict: 'unproven', exit: 3 };
  }

  notProven() {
    const list = [];
    for (const [name, { doubts }] of this.parts) {
      const result = this.result(name);
      if (result === 'pass') continue;
      if (doubts.length === 0) {
        list.push(`${name}: ${result === 'fail' ? 'it fails' : 'it could not be judged'}`);
      }
      for (const why of doubts) list.push(`${name}: ${why}`);
    }
    return [...list, ...this.beyond];
  }
}

function whereIs({ index, path, offset }) {
  const words = [];
  if (index !== undefined) words.push(`entry ${index}`);
  if (path !== undefined) words.push(path);
  if (offset !== undefined) words.push(`byte ${offset}`);
  return words.length === 0 ? '' : `${words.join(', ')}: `;
}

/* ------------------------------------------------------------------------------------------------
 * Section 9: files. Each is read once, without following links, and compared with the manifest.
 * --------------------------------------------------------------------------------------------- */

const OPEN =
  fs.constants.O_RDONLY | (fs.constants.O_NOFOLLOW ?? 0) | (fs.constants.O_NONBLOCK ?? 0);

const KNOWN_FILES = new Set([
  'VERIFY.md',
  'report.html',
  'keys/log.pem',
  'derived/entries.ndjson',
  'manifest.json',
]);
const isNote = (path) => /^checkpoints\/(?:0|[1-9][0-9]{0,15})$/.test(path);
const isEvidence = (path) => /^evidence\/[0-9a-f]{64}$/.test(path);
const isKnown = (path) =>
  KNOWN_FILES.has(path) || isNote(path) || isEvidence(path) || path.startsWith('log/');

class Bundle {
  constructor(dir, findings) {
    this.dir = dir;
    this.findings = findings;
    this.files = new Map(); // path → size, of what is there
    this.refused = new Set(); // links and oddities: there, and not looked into
    this.listed = null; // path → { size, sha256 }, of what the manifest lists
    this.used = new Set(); // files of log/ that belong to the tree
  }

  /** What is there. Links, sockets and the like are refused and not looked into. */
  walk() {
    const folders = [''];
    let seen = 0;
    while (folders.length > 0) {
      const folder = folders.pop();
      const names = this.#names(folder);
      if (names.length === 0 && /^log(?:\/|$)/.test(folder)) {
        this.findings.fail('format', 'an empty folder is no part of a log', { path: folder });
      }
      for (const name of names) {
        if (++seen > MAX_FILES) throw new Problem(`the bundle has more than ${MAX_FILES} files`);
        const path = folder === '' ? name : `${folder}/${name}`;
        const stat = this.#look(path);
        if (stat?.isFile()) this.files.set(path, stat.size);
        else if (stat?.isDirectory()) folders.push(path);
        else this.#refuse(path, stat?.isSymbolicLink() ? 'is a link' : 'is not a regular file');
      }
      if (folder.split('/').length > MAX_FOLDERS_DEEP) throw new Problem('folders are too deep');
    }
  }

  /** What stands under this name, itself and not what it may point to. */
  #look(path) {
    try {
      return fs.lstatSync(`${this.dir}/${path}`);
    } catch {
      return undefined;
    }
  }

  #names(folder) {
    try {
      return fs.readdirSync(`${this.dir}/${folder}`).sort();
    } catch (error) {
      if (folder === '') throw new Usage(`cannot read the bundle: ${error.message}`);
      this.findings.fail('format', 'the folder cannot be read', { path: folder });
      return [];
    }
  }

  #refuse(path, why) {
    this.refused.add(path);
    this.findings.fail('format', why, { path });
  }

  /** Opens, looks again at what was opened, hands pieces to `work`; null when it can't be read. */
  #pieces(path, most, work) {
    let file;
    try {
      file = fs.openSync(`${this.dir}/${path}`, OPEN);
      const stat = fs.fstatSync(file);
      if (!stat.isFile()) throw new Problem('is not a regular file');
      if (stat.size > most) throw new Problem(`is larger than ${most} bytes`);
      return work(file, stat.size);
    } catch (error) {
      this.findings.fail('format', error instanceof Problem ? error.message : 'cannot be read', {
        path,
      });
      return null;
    } finally {
      if (file !== undefined) fs.closeSync(file);
    }
  }

  /** The whole file; its hash is not yet looked at. */
  readAlone(path, most) {
    return this.#pieces(path, most, (file, size) => {
      const bytes = Buffer.alloc(size);
      let at = 0;
      while (at < size) {
        const got = fs.readSync(file, bytes, at, size - at, at);
        if (got === 0) throw new Problem('became shorter while it was read');
        at += got;
      }
      return bytes;
    });
  }

  /** The whole file, compared with the manifest. `sound` is false when that contradicts. */
  read(path, most) {
    const bytes = this.readAlone(path, most);
    if (bytes === null) {
      this.compareSize(path);
      return null;
    }
    return { bytes, sound: this.compare(path, bytes.length, sha256(bytes).toString('hex')) };
  }

  /** The hash of a file that may be large. */
  hash(path) {
    return this.#pieces(path, MAX_OTHER, (file, size) => {
      const hash = crypto.createHash('sha256');
      const buffer = Buffer.alloc(2 ** 20);
      let total = 0;
      for (;;) {
        const got = fs.readSync(file, buffer, 0, buffer.length, total);
        total += got;
        if (got === 0 || total > size) break;
        hash.update(buffer.subarray(0, got));
      }
      return { size: total, sha256: hash.digest('hex') };
    });
  }

  /** Section 11, integrity: a listed file has its size and hash. */
  compare(path, size, hash) {
    const listed = this.listed?.get(path);
    if (listed === undefined) return true; // unlisted files are the format's business
    if (listed.size === size && listed.sha256 === hash) return true;
    const what = listed.size === size ? 'hash' : 'size';
    this.findings.fail('integrity', `its ${what} is not the one in the manifest`, { path });
    return false;
  }

  /** The same for a file that is not read, or not yet. */
  compareSize(path) {
    const listed = this.listed?.get(path);
    if (listed === undefined || listed.size === this.files.get(path)) return true;
    this.findings.fail('integrity', 'its size is not the one in the manifest', { path });
    return false;
  }

  /** A file of log/ that a tree of this size has. */
  readOfTree(path, most) {
    this.used.add(path);
    if (this.files.has(path)) return this.read(path, most);
    const { findings } = this;
    if (!this.refused.has(path)) findings.fail('format', 'the tree needs this file', { path });
    // Lost, if the manifest still names it. If not, the bundle claims to be complete without it.
    if (this.listed === null || this.listed.has(path) || this.refused.has(path)) {
      findings.doubt('integrity', `${path} is not there to be compared`);
    } else {
      findings.fail('integrity', 'the checkpoint covers it, the bundle leaves it out', { path });
    }
    return null;
  }
}

const MANIFEST = shape({
  v: exactly(1),
  log: origin,
  size: count,
  root: b64Of32,
  complete: exactly(true),
  files: (value) => (Array.isArray(value) ? '' : 'is not an array'),
});
const MANIFEST_FILE = shape({
  path: (value) => (typeof value === 'string' ? '' : 'is not a string'),
  size: count,
  sha256: hex64,
});

/** Reads the manifest; null when it can't be read as one. */
function readManifest(bundle) {
  const { findings } = bundle;
  const path = 'manifest.json';
  try {
    if (!bundle.files.has(path)) throw new Problem('there is no manifest');
    const bytes = bundle.readAlone(path, MAX_MANIFEST);
    if (bytes === null) throw new Problem('there is no readable manifest');
    const manifest = readJson(bytes, { values: 5 * (bundle.files.size + 100_000) });
    demand(MANIFEST, manifest, 'the manifest');
    const listed = new Map();
    let last;
    for (const file of manifest.get('files')) {
      demand(MANIFEST_FILE, file, 'a listed file');
      const name = file.get('path');
      const why = badPath(name);
      if (why !== '') throw new Problem(`lists "${name}", ${why}`);
      if (last !== undefined && last >= name) throw new Problem('does not sort its files by path');
      last = name;
      listed.set(name, { size: file.get('size'), sha256: file.get('sha256') });
    }
    bundle.listed = listed;
    return manifest;
  } catch (error) {
    if (!(error instanceof Problem)) throw error;
    const place = error.at === undefined ? { path } : { path, offset: error.at };
    findings.fail('format', error.message, place);
    findings.doubt('integrity', 'without a manifest, sizes and hashes of files are not known');
    return null;
  }
}

function badPath(path) {
  if (path === '') return 'an empty path';
  if (path.startsWith('/') || /^[A-Za-z]:/.test(path)) return 'an absolute path';
  if (path.includes('\\')) return 'a path with a backslash';
  const steps = path.split('/');
  if (steps.includes('..') || steps.includes('.') || steps.includes('')) {
    return 'a path with "..", "." or an empty step';
  }
  if (path === 'manifest.json') return 'which is the manifest itself';
  return isKnown(path) ? '' : 'a file that the format does not name';
}

/** Listed and there are the same set, under names that the format has. */
function compareFiles(bundle) {
  const { findings, files, listed, refused } = bundle;
  for (const path of files.keys()) {
    if (!isKnown(path)) findings.fail('format', 'the format does not name this file', { path });
    else if (path !== 'manifest.json' && listed !== null && !listed.has(path)) {
      findings.fail('format', 'the manifest does not list it', { path });
    }
  }
  for (const path of listed?.keys() ?? []) {
    if (!files.has(path) && !refused.has(path)) {
      findings.fail('format', 'the manifest lists it and it is missing', { path });
      findings.doubt('integrity', `${path} is not there to be compared`);
    }
  }
}

/** derived/entries.ndjson, read alongside the entries: each of them and a line feed. */
class Derived {
  constructor(bundle) {
    this.path = 'derived/entries.ndjson';
    this.bundle = bundle;
    this.at = 0;
    this.equal = true;
    this.hash = crypto.createHash('sha256');
    this.file = null;
    const { files, findings, refused, dir } = bundle;
    if (files.has(this.path)) {
      try {
        this.file = fs.openSync(`${dir}/${this.path}`, OPEN);
        if (!fs.fstatSync(this.file).isFile()) throw new Problem('is not a regular file');
      } catch {
        findings.fail('format', 'cannot be read', { path: this.path });
      }
    } else if (!refused.has(this.path)) {
      findings.fail('format', 'it is missing', { path: this.path });
    }
  }

  /** The next bytes must be these. */
  next(wanted) {
    if (this.file === null) return;
    const got = Buffer.allocUnsafe(wanted.length);
    const length = this.#fill(got);
    if (length === wanted.length && got.equals(wanted)) return;
    let same = 0;
    while (same < length && got[same] === wanted[same]) same++;
    this.#differ(this.at - length + same);
  }

  #fill(buffer) {
    let length = 0;
    while (length < buffer.length) {
      const got = fs.readSync(this.file, buffer, length, buffer.length - length, this.at);
      if (got === 0) break;
      this.hash.update(buffer.subarray(length, length + got));
      length += got;
      this.at += got;
    }
    return length;
  }

  #differ(offset) {
    if (!this.equal) return;
    this.equal = false;
    const place = { path: this.path, offset };
    this.bundle.findings.fail('integrity', 'it is not the entries, one a line', place);
  }

  /** `complete`: all entries of the tree were compared, so nothing may follow. */
  finish(complete) {
    if (this.file === null) return;
    const { size } = fs.fstatSync(this.file);
    fs.closeSync(this.file);
    if (this.at === size) {
      this.bundle.compare(this.path, this.at, this.hash.digest('hex'));
      return;
    }
    this.bundle.compareSize(this.path);
    if (complete) this.#differ(this.at);
    else this.bundle.findings.doubt('integrity', `${this.path} was not compared to its end`);
  }
}

/* ------------------------------------------------------------------------------------------------
 * Sections 4 to 6, entries among each other: ids.
 * --------------------------------------------------------------------------------------------- */

/**
 * Ids of entries, 16 bytes each, and who has which: an open hash table. Its multipliers are random,
 * so that nobody can choose ids that all fall on the same place.
 */
class Ids {
  #key;
  #words = new Uint32Array(4);

  constructor(most) {
    let bits = 4;
    while (2 ** bits < 2 * most) bits++;
    this.shift = 32 - bits;
    this.mask = 2 ** bits - 1;
    this.slots = new Uint32Array(2 ** bits); // index + 1, or 0
    this.ids = new Uint32Array(4 * most);
    const random = crypto.randomBytes(16);
    this.#key = Uint32Array.from([0, 4, 8, 12], (at) => random.readUInt32LE(at) | 1);
  }

  /** The slot that holds this id, or the free one where it would go. */
  #slot(uuid) {
    const words = this.#words;
    let word = 0;
    for (let i = 0, digit = 0; i < 36; i++) {
      if (i === 8 || i === 13 || i === 18 || i === 23) continue;
      const unit = uuid.charCodeAt(i);
      words[word] = (words[word] << 4) | (unit < 0x3a ? unit - 0x30 : unit - 0x57);
      if (++digit % 8 === 0) word++;
    }
    let sum = 0;
    for (let i = 0; i < 4; i++) sum = (sum + Math.imul(words[i], this.#key[i])) | 0;
    let slot = sum >>> this.shift;
    for (; this.slots[slot] !== 0; slot = (slot + 1) & this.mask) {
      const at = (this.slots[slot] - 1) * 4;
      const { ids } = this;
      const same = ids[at] === words[0] && ids[at + 1] === words[1] && ids[at + 2] === words[2];
      if (same && ids[at + 3] === words[3]) break;
    }
    return slot;
  }

  /** The index of the entry with this id, or -1. */
  find(uuid) {
    return this.slots[this.#slot(uuid)] - 1;
  }

  /** False when an earlier entry has it. */
  add(uuid, index) {
    const slot = this.#slot(uuid);
    if (this.slots[slot] !== 0) return false;
    this.slots[slot] = index + 1;
    this.ids.set(this.#words, index * 4);
    return true;
  }
}

/** What the entries so far have said: who is enrolled, which intents are open, which nonces used. */
class Desk {
  constructor(most) {
    this.ids = new Ids(most);
    this.types = new Uint8Array(most);
    this.intents = new Uint8Array(most); // 1 open, 2 closed
    this.openIntents = 0;
    this.people = new Map(); // uuid → { role, keyid, alg, key, left }
    this.founders = []; // key hashes of the first two enrolments
    this.nonces = new Set();
    this.approvals = new Map(); // definition hash → key hashes, since it was last armed
    this.policy = false; // two people have put one in force
    this.ceremonies = new Map(); // id → { definition, seats, substitutes, steps }, as armed
    this.evidence = new Set(); // evidence files that an entry names
    this.unread = 0; // entries that could not be judged
  }
}

/* ------------------------------------------------------------------------------------------------
 * Sections 4 to 6: one entry.
 * --------------------------------------------------------------------------------------------- */

/** Everything about one entry except its hash. `place` says where it stands. */
function judgeEntry(run, index, bytes, place) {
  const { findings, desk } = run;
  let entry;
  try {
    if (bytes.length > MAX_ENTRY) throw new Problem(`the entry is longer than ${MAX_ENTRY} bytes`);
    entry = readJson(bytes);
    demand(ENTRY, entry, 'the entry');
    demand(TYPES.get(entry.get('type')), entry.get('detail'), `the detail of ${entry.get('type')}`);
    checkSelf(run, index, entry);
    checkAgainstEarlier(desk, index, entry);
    checkEvidence(run, entry);
  } catch (error) {
    if (!(error instanceof Problem)) throw error;
    desk.unread++;
    findings.fail('format', error.message, { ...place, offset: place.offset + (error.at ?? 0) });
    return;
  }
  const statements = readStatements(run, entry, index, place);
  if (statements === null) return;
  const acts = statements.acts.map((act) => judgeAct(run, act, place));
  const enrolled = judgeEnrolment(run, entry, statements.enrolment, place);
  if (index === 0) judgeGenesisKey(run, entry, place);
  if (entry.get('type') === 'audit.exported') compareExported(run, entry, index, place);
  judgeQuorum(run, entry, acts, statements.enrolment, enrolled, index);
  remember(desk, entry);
}

/** Section 4 and the end of section 6: what an entry must say about itself. */
function checkSelf({ origin: log }, index, entry) {
  if (log !== null && entry.get('log') !== log) throw new Problem("log is not this log's origin");
  if (entry.get('seq') !== index) throw new Problem('seq is not the place of the entry');
  const genesis = entry.get('type') === 'log.genesis';
  if (genesis !== (index === 0)) {
    throw new Problem(genesis ? 'a second log.genesis' : 'the first entry is not log.genesis');
  }
  if (!genesis) return;
  if (entry.get('outcome') !== 'success') throw new Problem('log.genesis is not a success');
  const [, installation, rehearsal] = ORIGIN.exec(entry.get('log'));
  const detail = entry.get('detail');
  if (detail.get('installation') !== installation) {
    throw new Problem('the installation is not the one in the origin');
  }
  if ((detail.get('mode') === 'rehearsal') !== (rehearsal !== undefined)) {
    throw new Problem("the mode does not agree with the origin's ending");
  }
}

/** Section 4: ids are unique, and an outcome closes one earlier intent of its type. */
function checkAgainstEarlier(desk, index, entry) {
  const outcome = entry.get('outcome');
  const type = TYPE_NUMBER.get(entry.get('type'));
  const corr = entry.get('corr');
  let intent = -1;
  if (corr !== undefined) {
    if (outcome === 'intent') throw new Problem('an intent has corr');
    intent = desk.ids.find(corr);
    if (intent < 0) throw new Problem('corr names no earlier entry');
    if (desk.intents[intent] === 0) throw new Problem('corr names an entry that is no intent');
    if (desk.types[intent] !== type) throw new Problem('corr names an intent of another type');
    if (desk.intents[intent] === 2)
      throw new Problem('corr names an intent that is closed already');
  }
  if (!desk.ids.add(entry.get('id'), index)) throw new Problem('an earlier entry has the same id');
  desk.types[index] = type;
  if (outcome === 'intent') {
    desk.intents[index] = 1;
    desk.openIntents++;
  }
  if (intent >= 0) {
    desk.intents[intent] = 2;
    desk.openIntents--;
  }
}

/** Section 9: evidence that the entry names. */
function checkEvidence({ bundle, desk, findings }, entry) {
  for (const named of entry.get('evidence') ?? []) {
    const path = `evidence/${named.get('sha256')}`;
    const size = bundle.files.get(path);
    if (size === undefined) {
      findings.doubt('integrity', `${path} is named by an entry and is not in the bundle`);
      continue;
    }
    desk.evidence.add(path);
    if (size !== named.get('bytes')) {
      throw new Problem(`evidence ${named.get('sha256')} has ${size} bytes, not as many as said`);
    }
  }
}

/** Section 6: the key that the log names as its own is a pinned one. */
function judgeGenesisKey({ trust, findings }, entry, place) {
  if (trust === null) return; // its checkpoints say so already
  const pinned = trust.keys.filter(({ from, to }) => from <= 1 && 1 <= to);
  const named = entry.get('detail').get('key').get('sha256');
  if (pinned.length === 0) {
    findings.doubt('authenticity', 'no pinned key covers a log of size 1, for the key in genesis');
  } else if (!pinned.some(({ fingerprint }) => fingerprint === named)) {
    findings.fail('authenticity', 'log.genesis names another key than the pinned one', place);
  }
}

/** Section 6: an export was of an earlier state of this very log. */
function compareExported({ tree, findings }, entry, index, place) {
  const size = entry.get('detail').get('size');
  const root = entry.get('detail').get('root');
  if (size <= index && tree.root(size).toString('base64') === root) return;
  findings.fail('integrity', `it says that another root of size ${size} was exported`, place);
}

/** What the entry did to the people. Only a success has an effect. */
function remember(desk, entry) {
  if (entry.get('outcome') !== 'success') return;
  const detail = entry.get('detail');
  const person = desk.people.get(detail.get('person'));
  switch (entry.get('type')) {
    case 'person.enrolled': {
      const key = detail.get('key');
      const keyid = own(key.get('sha256'));
      const alg = key.get('alg');
      desk.people.set(own(detail.get('person')), {
        role: own(detail.get('role')),
        keyid,
        alg: own(alg),
        key: publicKey(alg, unbase64(key.get('spki'))),
        left: false,
      });
      if (desk.founders.length < 2) desk.founders.push(keyid);
      break;
    }
    case 'person.role_changed':
      if (person !== undefined) person.role = own(detail.get('role'));
      break;
    case 'person.left':
      if (person !== undefined) person.left = true;
      break;
  }
}

/* ------------------------------------------------------------------------------------------------
 * Section 5: what people signed.
 * --------------------------------------------------------------------------------------------- */

/** The entry's envelopes, opened; null when one breaks the format. */
function readStatements(run, entry, index, place) {
  const { findings, desk } = run;
  try {
    const acts = (entry.get('acts') ?? []).map((sealed) => open(run, sealed, 'act', index, place));
    const people = new Set(acts.map((act) => act.said.get('person')));
    if (people.size !== acts.length) throw new Problem('two acts are by the same person');
    if (acts.length > 1 && entry.get('actor').get('id') !== acts[0].said.get('person')) {
      throw new Problem('several people acted and the actor is not the first of them');
    }
    for (const act of acts) {
      const nonce = act.said.get('nonce');
      if (desk.nonces.has(nonce)) throw new Problem('the nonce of an act was used before');
      desk.nonces.add(own(nonce));
    }
    if (entry.get('type') !== 'person.enrolled') return { acts, enrolment: null };
    const detail = entry.get('detail');
    if (desk.people.has(detail.get('person'))) throw new Problem('the person is enrolled already');
    return { acts, enrolment: open(run, detail.get('statement'), 'enrolment', index, place) };
  } catch (error) {
    if (!(error instanceof Problem)) throw error;
    desk.unread++;
    findings.fail('format', error.message, place);
    return null;
  }
}

/** One envelope: its payload in the profile, its members, the head its signer saw. */
function open(run, sealed, kind, index, place) {
  const payload = unbase64(sealed.get('payload'));
  let said;
  try {
    said = readJson(payload);
  } catch (error) {
    throw error instanceof Problem ? new Problem(`in what was signed: ${error.message}`) : error;
  }
  demand(STATEMENTS.get(kind), said, `the ${kind} statement`);
  if (run.origin !== null && said.get('log') !== run.origin) {
    throw new Problem('a statement was made for another log');
  }
  const size = said.get('head').get('size');
  if (size > index) throw new Problem('a statement names a head that was not yet there');
  if (!run.tree.root(size).equals(unbase64(said.get('head').get('root')))) {
    run.findings.fail('integrity', `a statement names another root for size ${size}`, place);
  }
  const [signature] = sealed.get('signatures');
  return { said, payload, keyid: signature.get('keyid'), sig: unbase64(signature.get('sig')) };
}

/** DSSE's pre-authentication encoding. */
function pae(payload) {
  const start = `DSSEv1 ${PAYLOAD_TYPE.length} ${PAYLOAD_TYPE} ${payload.length} `;
  return Buffer.concat([Buffer.from(start), payload]);
}

/** Whether an act is its person's, and whether it counts. */
function judgeAct({ desk, findings }, act, place) {
  const id = act.said.get('person');
  const person = desk.people.get(id);
  const judged = { id, said: act.said, keyid: act.keyid, role: person?.role, counts: false };
  if (person === undefined && desk.unread > 0) {
    findings.doubt('authenticity', `an act is by ${id}, perhaps enrolled in an unread entry`);
  } else if (person === undefined) {
    findings.fail('authenticity', `an act is by ${id}, who is not enrolled`, place);
  } else if (person.keyid !== act.keyid) {
    findings.fail('authenticity', `an act by ${id} names a key that is not theirs`, place);
  } else if (!signatureHolds(person.alg, pae(act.payload), person.key, act.sig)) {
    findings.fail('authenticity', `the signature of an act by ${id} does not verify`, place);
  } else {
    judged.counts = !person.left;
  }
  return judged;
}

/** Whether the new person signed their own enrolment, and to the same things. */
function judgeEnrolment({ findings }, entry, statement, place) {
  if (statement === null) return false;
  const detail = entry.get('detail');
  const key = detail.get('key');
  const { said } = statement;
  const same =
    ['person', 'role', 'name_sha256'].every((name) => said.get(name) === detail.get(name)) &&
    ['alg', 'spki', 'sha256'].every((name) => said.get('key').get(name) === key.get(name));
  const id = detail.get('person');
  if (!same) {
    findings.fail('authenticity', `${id} signed another enrolment than the entry says`, place);
    return false;
  }
  const alg = key.get('alg');
  const holds =
    statement.keyid === key.get('sha256') &&
    signatureHolds(
      alg,
      pae(statement.payload),
      publicKey(alg, unbase64(key.get('spki'))),
      statement.sig,
    );
  if (!holds) findings.fail('authenticity', `the enrolment of ${id} is not signed by them`, place);
  return holds;
}

/* ------------------------------------------------------------------------------------------------
 * Section 12: the quorum, counted by distinct keys among acts that count.
 * --------------------------------------------------------------------------------------------- */

const RUNS_THE_DESK = ['administrator', 'officer'];
const MAY_APPROVE = ['administrator', 'officer', 'operator'];

/** Which calls people may have agreed to when such an entry is written. Types that are not here ask for nobody. */
const CALLS = new Map(
  Object.entries({
    'person.enrolled': ['people.enrol'],
    'person.role_changed': ['people.setRole'],
    'person.left': ['people.remove'],
    'policy.changed': ['policy.approve'],
    'token.module_added': ['modules.add', 'tokens.train'],
    'token.module_approved': ['modules.approve'],
    'key.generate': ['keys.generate'],
    'key.import': ['ceremonies.step'],
    'key.wrap': ['exports.wrap'],
    'key.destroy': ['keys.destroy', 'ceremonies.abort'],
    'component.receive': [],
    'component.destroy': [],
    'ceremony.define': ['ceremonies.define'],
    'ceremony.approve': ['ceremonies.approve'],
    'ceremony.arm': ['ceremonies.arm'],
    'ceremony.step': ['ceremonies.step'],
    'ceremony.agree': ['ceremonies.step'],
    'ceremony.disagree': ['ceremonies.step'],
    'ceremony.exception': ['ceremonies.exception'],
    'ceremony.pause': ['ceremonies.pause'],
    'ceremony.resume': ['ceremonies.resume'],
    'ceremony.abort': ['ceremonies.abort'],
    'ceremony.close': ['ceremonies.close'],
    'byok.requested': ['exports.request'],
    'byok.parameters_loaded': ['exports.load'],
    'byok.parameters_confirmed': ['exports.confirm'],
  }),
);
const ONLY_IN_A_CEREMONY = new Set(
  [...CALLS.keys()].filter(
    (type) => /^(?:component|ceremony)\./.test(type) && !/\.(?:define|approve|arm)$/.test(type),
  ),
);

/** Either neither names a ceremony, or the act names the entry's; steps where both have one. */
function sameCeremony(acted, entered) {
  if (acted === undefined || entered === undefined) return acted === entered;
  const steps = [acted.get('step'), entered.get('step')];
  return (
    acted.get('id') === entered.get('id') &&
    acted.get('definition_sha256') === entered.get('definition_sha256') &&
    (steps.includes(undefined) || steps[0] === steps[1])
  );
}

/** `[{ member: value, … }]` of a definition, each with these texts; others are not looked at. Null when it is none. */
function listIn(value, rules) {
  if (!Array.isArray(value)) return null;
  const items = value.map((item) =>
    item instanceof Map &&
    Object.entries(rules).every(([name, rule]) => rule(item.get(name)) === '')
      ? item
      : null,
  );
  return items.includes(null) ? null : items;
}

/** The definition with this hash: who sits where, who may stand in, who is at each step. Null when it is not there. */
function readDefinition({ bundle }, wanted) {
  const path = `evidence/${wanted}`;
  if (!(bundle.files.get(path) <= MAX_DEFINITION)) return null;
  const bytes = bundle.readAlone(path, MAX_DEFINITION);
  if (bytes === null || sha256(bytes).toString('hex') !== wanted) return null;
  let said;
  try {
    said = readJson(bytes);
  } catch (error) {
    if (!(error instanceof Problem)) throw error;
    return null;
  }
  if (!(said instanceof Map)) return null;
  const place = { seat: text(32), person: uuid };
  const seats = listIn(said.get('seats'), place);
  const substitutes = listIn(said.get('substitutes'), place);
  const step = { id: text(32), kind: text(32), seats: arrayOf(text(32), 0, Infinity) };
  const steps = listIn(said.get('steps'), step);
  if (seats === null || substitutes === null || steps === null) return null;
  return {
    definition: own(wanted),
    seats: new Map(seats.map((one) => [one.get('seat'), one.get('person')])),
    substitutes,
    steps,
  };
}

/** The ceremony that the entry is part of, or null; undefined when it should be part of one and is not. */
function ceremonyOf(desk, entry) {
  const type = entry.get('type');
  const named = entry.get('ceremony');
  if (type === 'ceremony.arm') return null;
  if (named === undefined) return ONLY_IN_A_CEREMONY.has(type) ? undefined : null;
  const armed = desk.ceremonies.get(named.get('id'));
  return armed?.definition === named.get('definition_sha256') ? armed : undefined;
}

function judgeQuorum(run, entry, acts, enrolment, enrolled, index) {
  const { desk, findings } = run;
  const type = entry.get('type');
  const calls = CALLS.get(type);
  if (calls === undefined) return;
  const short = (why) => findings.doubt('quorum', `entry ${index} (${type}): ${why}`);
  const armed = ceremonyOf(desk, entry);
  if (armed === undefined) {
    short('no such ceremony was armed');
    return;
  }
  const lacks = [];
  whatIsLacking(run, { entry, calls, armed, acts, enrolment, enrolled }, (why) => lacks.push(why));
  for (const why of lacks) short(why);
  if (type === 'policy.changed' && lacks.length === 0 && entry.get('outcome') === 'success') {
    desk.policy = true;
  }
  const swap = entry.get('detail').get('substitute');
  if (type !== 'ceremony.exception' || swap === undefined) return;
  if (lacks.length > 0 || entry.get('outcome') !== 'success') return;
  const [seat, person] = [swap.get('seat'), swap.get('person')];
  const may = armed.substitutes.some(
    (one) => one.get('seat') === seat && one.get('person') === person,
  );
  if (may) armed.seats.set(own(seat), own(person));
}

/** Section 12's table, row by row. */
function whatIsLacking(run, { entry, calls, armed, acts, enrolment, enrolled }, short) {
  const { desk } = run;
  const type = entry.get('type');
  const outcome = entry.get('outcome');
  const detail = entry.get('detail');
  const inside = type === 'ceremony.arm' ? undefined : entry.get('ceremony');
  const fitting = acts.filter(
    (act) =>
      act.counts &&
      calls.includes(act.said.get('channel')) &&
      sameCeremony(act.said.get('ceremony'), inside),
  );
  const keys = (...tests) =>
    new Set(fitting.filter((act) => tests.every((test) => test(act))).map((act) => act.keyid));
  const by = (roles) => (act) => roles.includes(act.role);
  const seated = (act) => [...armed.seats.values()].includes(act.id);
  const about = (kind, hash) => (act) =>
    act.said.get('subject')?.get('kind') === kind && act.said.get('subject').get('sha256') === hash;
  const need = (least, what, ...tests) => {
    const { size } = keys(...tests);
    if (size < least) short(`${size} of ${least} ${what}`);
  };
  const onDefinition = () => [
    by(MAY_APPROVE),
    about('definition', detail.get('definition_sha256')),
  ];

  if (type === 'person.enrolled' && !enrolled) {
    short("the statement by the person's own key does not count");
  }
  if (entry.has('corr')) return; // the acts of the intent cover it
  switch (type) {
    case 'person.enrolled':
      if (desk.founders.length < 2) break;
      need(
        2,
        'acts by administrators or officers on this enrolment',
        by(RUNS_THE_DESK),
        about('enrolment', sha256(enrolment.payload).toString('hex')),
      );
      break;
    case 'person.role_changed':
    case 'person.left':
      need(
        2,
        'acts by administrators or officers on this person',
        by(RUNS_THE_DESK),
        about('person', sha256(Buffer.from(detail.get('person'))).toString('hex')),
      );
      break;
    case 'policy.changed':
      need(
        2,
        'acts by administrators or officers on this policy',
        by(RUNS_THE_DESK),
        about('policy', detail.get('policy_sha256')),
      );
      break;
    case 'token.module_added': {
      if (!desk.policy) break; // nobody could have been asked
      // All of it is text without control characters, in order: written again it is canonical.
      const facts = Object.fromEntries([...detail].filter(([name]) => name !== 'module'));
      need(
        2,
        'acts by administrators or officers on this module',
        by(RUNS_THE_DESK),
        about('module', sha256(Buffer.from(JSON.stringify(facts))).toString('hex')),
      );
      break;
    }
    case 'token.module_approved':
      need(
        2,
        'acts by administrators or officers on this module',
        by(RUNS_THE_DESK),
        about('module', detail.get('sha256')),
      );
      break;
    case 'key.generate':
    case 'key.wrap':
    case 'key.destroy':
    case 'key.import':
      if (outcome === 'intent') need(2, 'acts');
      else short('it closes no intent');
      break;
    case 'ceremony.define':
      need(1, 'acts on this definition', ...onDefinition());
      break;
    case 'ceremony.approve': {
      const definition = detail.get('definition_sha256');
      need(1, 'acts on this definition', ...onDefinition());
      if (outcome !== 'success') break;
      if (!desk.approvals.has(definition)) desk.approvals.set(own(definition), new Set());
      for (const keyid of keys(...onDefinition())) desk.approvals.get(definition).add(own(keyid));
      break;
    }
    case 'ceremony.arm':
      need(1, 'acts on this definition', ...onDefinition());
      arm(run, entry, short);
      break;
    case 'ceremony.step': {
      const step = armed.steps.find((one) => one.get('id') === detail.get('step'));
      if (step === undefined) {
        short('its definition has no such step');
        break;
      }
      const seats = new Set(step.get('seats'));
      const people = [...seats].map((seat) => armed.seats.get(seat));
      need(
        step.get('kind') === 'agree' ? 1 : seats.size,
        'acts by the people at this step',
        (act) => act.said.get('ceremony').get('step') === detail.get('step'),
        (act) => people.includes(act.id),
      );
      break;
    }
    case 'ceremony.agree':
    case 'ceremony.disagree':
      need(1, 'acts by the person', seated, (act) => act.id === detail.get('person'));
      break;
    case 'ceremony.exception':
    case 'ceremony.close':
      need(2, 'acts by people of this ceremony', seated);
      break;
    case 'ceremony.pause':
    case 'ceremony.resume':
    case 'ceremony.abort':
      need(1, 'acts by people of this ceremony', seated);
      break;
    case 'byok.requested':
      need(
        2,
        'acts on this key',
        about('key', sha256(Buffer.from(detail.get('key'))).toString('hex')),
      );
      break;
    case 'byok.parameters_loaded':
      need(1, 'acts');
      break;
    case 'byok.parameters_confirmed':
      need(2, 'acts on this wrapping key', about('export', detail.get('wrapping_spki_sha256')));
      break;
  }
}

/** A ceremony begins, and the approvals that it began on are used up. */
function arm(run, entry, short) {
  const { desk } = run;
  const definition = entry.get('detail').get('definition_sha256');
  const approvals = desk.approvals.get(definition)?.size ?? 0;
  desk.approvals.delete(definition);
  if (approvals < 2) short(`${approvals} of 2 approvals of its definition`);
  const named = entry.get('ceremony');
  if (named?.get('definition_sha256') !== definition) {
    short('it is armed on another definition');
    return;
  }
  if (desk.ceremonies.has(named.get('id'))) {
    short('a ceremony with this id was armed before');
    return;
  }
  const read = readDefinition(run, definition);
  if (read === null) short('its definition is not in the bundle, so nobody is known to sit in it');
  else desk.ceremonies.set(own(named.get('id')), read);
}

/** Section 11: what can be said about the quorum as a whole. */
function finishQuorum({ desk, findings, trust }, complete) {
  if (!complete || desk.unread > 0) {
    findings.doubt('quorum', 'not every entry could be read, so not every quorum was judged');
  }
  const people = trust?.people ?? null;
  if (people === null) {
    findings.beyond.push("who the founders are: the trust file names no founders' keys");
  } else if (!desk.founders.every((keyid) => people.includes(keyid))) {
    findings.doubt('quorum', "a founder's key is not among the people of the trust file");
  }
  if (desk.openIntents > 0) {
    findings.beyond.push(`what became of ${desk.openIntents} intents: no entry closes them`);
  }
  findings.judged('quorum');
}

/* ------------------------------------------------------------------------------------------------
 * Section 7: entries and tiles. A run carries: bundle, findings, trust, origin, size, tree, desk.
 * --------------------------------------------------------------------------------------------- */

/** Streams the entries tile by tile; true when all of them were there. */
function readEntries(run) {
  const derived = new Derived(run.bundle);
  let complete = true;
  for (let first = 0; complete && first < run.size; first += TILE) {
    complete = readEntriesTile(run, first, derived);
  }
  derived.finish(complete);
  return complete;
}

function readEntriesTile(run, first, derived) {
  const { bundle, findings, tree } = run;
  const width = Math.min(TILE, run.size - first);
  const path = tilePath('entries', first / TILE, width);
  const tile = bundle.readOfTree(path, width * (2 + MAX_ENTRY));
  if (tile === null) return false;
  const { bytes } = tile;
  const starts = cut(bytes, width);
  const hashes = readHashTile(run, 0, first / TILE, width);
  const lines = Buffer.allocUnsafe(Math.max(bytes.length, 2));
  let written = 0;
  for (let i = 0; i + 1 < starts.length; i++) {
    const [start, end] = [starts[i] + 2, starts[i + 1]];
    const index = first + i;
    const place = { index, path, offset: start };
    const entry = bytes.subarray(start, end);
    // A leaf is 00 ‖ entry, and before the entry stands its length: put the 00 there for a moment.
    const length = bytes[start - 1];
    bytes[start - 1] = 0;
    tree.push(bytes.subarray(start - 1, end));
    bytes[start - 1] = length;
    compareLeaf(run, hashes, i, place, tile.sound);
    judgeEntry(run, index, entry, place);
    written += entry.copy(lines, written);
    lines[written++] = 0x0a;
  }
  derived.next(lines.subarray(0, written));
  return checkCut(findings, bytes, starts, width, first, path);
}

/** Where each entry's length stands, and where the last entry ends; fewer if they don't fit. */
function cut(bytes, width) {
  const starts = [0];
  let at = 0;
  while (starts.length <= width && at + 2 <= bytes.length) {
    at += 2 + bytes.readUInt16BE(at);
    if (at > bytes.length) break;
    starts.push(at);
  }
  return starts;
}

/** All entries of the tile are there, and nothing follows them. */
function checkCut(findings, bytes, starts, width, first, path) {
  const found = starts.length - 1;
  const offset = starts[found];
  if (found < width) {
    const place = { index: first + found, path, offset };
    findings.fail('format', `the tile breaks off after ${found} of ${width} entries`, place);
    findings.fail('integrity', 'the checkpoint covers an entry that is not there', place);
    return false;
  }
  if (offset < bytes.length) {
    findings.fail('format', 'bytes follow the last entry', { path, offset });
  }
  return true;
}

/** One tile of hashes, or null. */
function readHashTile({ bundle, findings }, level, number, width) {
  const path = tilePath(level, number, width);
  const tile = bundle.readOfTree(path, TILE * 32);
  if (tile === null) return null;
  if (tile.bytes.length !== width * 32) {
    findings.fail('format', `the tile does not hold ${width} hashes`, { path });
  }
  return { path, ...tile };
}

/** Section 11: the entry's leaf hash is the one in the tile. Blames the file with the wrong hash. */
function compareLeaf({ findings, tree }, hashes, i, place, entriesSound) {
  if (hashes === null) return;
  const at = place.index * 32;
  const { bytes, path, sound } = hashes;
  const there = bytes.length >= (i + 1) * 32;
  if (there && bytes.compare(tree.levels[0], at, at + 32, i * 32, (i + 1) * 32) === 0) return;
  const where = entriesSound && !sound ? { index: place.index, path, offset: i * 32 } : place;
  findings.fail('integrity', 'the entry does not hash to what its tile says', where);
}

/** Section 11: each tile's hashes follow from the level below. Level 0 was compared before. */
function compareUpperTiles(run) {
  const { findings, tree } = run;
  for (let level = 1, hashes = Math.floor(run.size / TILE); hashes > 0; level++) {
    for (let first = 0; first < hashes; first += TILE) {
      const width = Math.min(TILE, hashes - first);
      const tile = readHashTile(run, level, first / TILE, width);
      if (tile === null) continue;
      const wanted = tree.levels[8 * level].subarray(first * 32, (first + width) * 32);
      let same = 0;
      while (same < wanted.length && tile.bytes[same] === wanted[same]) same++;
      if (same === wanted.length) continue;
      const place = { path: tile.path, offset: same - (same % 32) };
      findings.fail('integrity', 'a hash does not follow from the level below', place);
    }
    hashes = Math.floor(hashes / TILE);
  }
}

/** Section 7: no other file may be below log/. */
function checkNothingElse({ bundle, findings, size }) {
  for (const path of bundle.files.keys()) {
    if (!path.startsWith('log/') || bundle.used.has(path)) continue;
    findings.fail('format', `a log of size ${size} has no such file`, { path });
  }
}

/* ------------------------------------------------------------------------------------------------
 * Sections 8 and 11: the notes in the bundle, and anchors.
 * --------------------------------------------------------------------------------------------- */

/** Reads a note of the bundle and judges its signature; null when it is not there or no note. */
function takeNote({ bundle, findings, trust }, path) {
  if (!bundle.files.has(path)) {
    if (!bundle.refused.has(path)) findings.fail('format', 'it is missing', { path });
    findings.doubt('authenticity', `${path} could not be read`);
    return null;
  }
  const file = bundle.read(path, MAX_NOTE);
  try {
    if (file === null) throw new Problem('it cannot be read');
    const note = readNote(file.bytes);
    const { result, why } = judgeNote(note, trust);
    if (result === 'fail') findings.fail('authenticity', why, { path });
    if (result === 'unproven') findings.doubt('authenticity', why);
    return { path, bytes: file.bytes, ...note };
  } catch (error) {
    if (!(error instanceof Problem)) throw error;
    const place = error.at === undefined ? { path } : { path, offset: error.at };
    findings.fail('format', error.message, place);
    findings.doubt('authenticity', `${path} could not be read`);
    return null;
  }
}

/** Section 8: `checkpoints/` from 0 to the head, each under its size. Returns those that are notes. */
function readCheckpoints(run, head) {
  const { bundle, findings } = run;
  const paths = [...bundle.files.keys()].filter(isNote);
  if (!bundle.files.has('checkpoints/0') && !bundle.refused.has('checkpoints/0')) {
    findings.fail('format', 'it is missing', { path: 'checkpoints/0' });
  }
  const notes = [];
  let largest = null;
  for (const path of paths) {
    const note = takeNote(run, path);
    if (note === null) continue;
    notes.push({ path, size: note.size, root: note.root });
    if (`checkpoints/${note.size}` !== path) {
      findings.fail('format', `it is a note of size ${note.size}`, { path });
    }
    if (run.origin !== null && note.origin !== run.origin) {
      findings.fail('format', 'its origin is not that of log/checkpoint', { path });
    }
    if (largest === null || note.size > largest.size) largest = note;
  }
  if (head !== null && largest !== null && !largest.bytes.equals(head.bytes)) {
    findings.fail('format', 'the largest checkpoint is not log/checkpoint', { path: largest.path });
  }
  return notes;
}

/** Section 11: every note of size s has root(s). */
function compareRoots({ findings, tree }, notes, complete) {
  for (const { path, size, root } of notes) {
    if (size > tree.size) {
      if (complete) findings.fail('integrity', 'the log is shorter than this note says', { path });
      else findings.doubt('integrity', `the root of ${path} could not be computed`);
    } else if (tree.root(size).toString('base64') !== root) {
      findings.fail('integrity', `its root is not that of the first ${size} entries`, { path });
    }
  }
}

/** Section 11, completeness. */
function judgeAnchors({ findings, trust, origin: log, tree, size }, anchors, complete) {
  let last = -1;
  for (const anchor of anchors) {
    const { result, why } = judgeNote(anchor, trust);
    if (anchor.origin !== log) {
      findings.doubt('completeness', `${anchor.name} is of another log: ${anchor.origin}`);
    } else if (result !== 'pass') {
      findings.doubt('completeness', `${anchor.name} does not count: ${why}`);
    } else if (anchor.size > size) {
      const why = `${anchor.name} has seen ${anchor.size} entries, the bundle has ${size}`;
      findings.fail('completeness', why, { index: size });
    } else if (anchor.size > tree.size) {
      findings.doubt('completeness', `${anchor.name} could not be compared: entries are missing`);
    } else if (tree.root(anchor.size).toString('base64') !== anchor.root) {
      const why = `${anchor.name} has another root for the first ${anchor.size} entries`;
      findings.fail('completeness', why);
    } else {
      last = Math.max(last, anchor.size);
    }
  }
  if (anchors.length === 0) {
    findings.doubt('completeness', 'no anchor was given: the tail may have been cut');
  }
  if (last >= 0 && last < size) {
    findings.beyond.push(
      `what lies after the last anchor: ${last} of ${size} entries are anchored, no more`,
    );
  } else if (last >= 0) {
    findings.beyond.push(`whether the desk logged more after these ${size} entries`);
  }
  if (complete) findings.judged('completeness');
}

/* ------------------------------------------------------------------------------------------------
 * Section 9: what is left: evidence, the report and the other files for people.
 * --------------------------------------------------------------------------------------------- */

function checkOtherFiles({ bundle, findings, desk }, complete) {
  for (const path of bundle.files.keys()) {
    const evidence = isEvidence(path);
    if (!evidence && !['VERIFY.md', 'report.html', 'keys/log.pem'].includes(path)) continue;
    const file = bundle.compareSize(path) ? bundle.hash(path) : null;
    if (file === null) continue;
    bundle.compare(path, file.size, file.sha256);
    if (!evidence) continue;
    if (path !== `evidence/${file.sha256}`) {
      findings.fail('integrity', 'the evidence does not hash to its name', { path });
    }
    if (complete && desk.unread === 0 && !desk.evidence.has(path)) {
      findings.fail('format', 'no entry names this evidence', { path });
    }
  }
}

/* ------------------------------------------------------------------------------------------------
 * The whole, in the order of the list at the top.
 * --------------------------------------------------------------------------------------------- */

function judge(bundle, trust, anchors, about) {
  const { findings } = bundle;
  bundle.walk();
  const manifest = readManifest(bundle);
  compareFiles(bundle);

  const run = { bundle, findings, trust, origin: null, size: null, tree: null, desk: null };
  bundle.used.add('log/checkpoint');
  const head = takeNote(run, 'log/checkpoint');
  run.origin = head?.origin ?? manifest?.get('log') ?? null;
  run.size = head?.size ?? manifest?.get('size') ?? null;
  Object.assign(about, { log: run.origin, size: run.size, root: head?.root ?? null });
  compareHead(findings, manifest, head);
  const notes = readCheckpoints(run, head);
  if (run.size === null) {
    findings.doubt('integrity', 'without a checkpoint the tree could not be checked');
    return;
  }

  // A note can claim any size; room is made only for what the files there could hold.
  const most = Math.min(run.size, mostEntries(bundle));
  run.tree = new Tree(most);
  run.desk = new Desk(most);
  const complete = readEntries(run);
  if (complete) compareUpperTiles(run);
  else findings.doubt('integrity', 'entries are missing: the tree could not be built to its end');
  if (complete) checkNothingElse(run);
  compareRoots(run, head === null ? notes : [head, ...notes], complete);
  checkOtherFiles(run, complete);
  if (!complete || run.desk.unread > 0) {
    findings.doubt('authenticity', 'not every entry could be read, nor every signature verified');
  }
  for (const name of ['format', 'integrity', 'authenticity']) findings.judged(name);
  judgeAnchors(run, anchors, complete);
  finishQuorum(run, complete);
}

/** The manifest repeats the head. */
function compareHead(findings, manifest, head) {
  if (manifest === null || head === null) return;
  const path = 'manifest.json';
  if (manifest.get('log') !== head.origin) {
    findings.fail('format', 'it names another log than log/checkpoint', { path });
  }
  if (manifest.get('size') !== head.size || manifest.get('root') !== head.root) {
    findings.fail('integrity', 'its size or root is not that of log/checkpoint', { path });
  }
}

/** An entry takes two bytes and more: no tree here is larger than this. */
function mostEntries(bundle) {
  let bytes = 0;
  for (const [path, size] of bundle.files) {
    if (path.startsWith('log/tile/entries/')) bytes += Math.min(size, TILE * (2 + MAX_ENTRY));
  }
  return Math.floor(bytes / 2);
}

function report(findings, about) {
  const { verdict, exit, by } = findings.verdict();
  const parts = {};
  for (const name of PARTS) {
    parts[name] = { result: findings.result(name), notes: findings.notes(name) };
  }
  const answer = { v: 1, verdict, exit, log: about.log, size: about.size, root: about.root, parts };
  answer.not_proven = findings.notProven();
  const first = by === undefined ? null : findings.parts.get(by).first;
  if (first !== null) answer.first_bad = first;
  return answer;
}

/** For people: the same as the JSON, calmly. */
function words(answer, trust) {
  const covers = (pinned) => answer.size >= pinned.from && answer.size <= pinned.to;
  const pinned = trust?.keys.filter(covers).map((key) => `SHA-256 ${key.fingerprint}`) ?? [];
  const none = trust === null ? 'none: no trust file was given' : 'none for this size';
  const lines = [
    `Keymoot audit bundle: ${answer.verdict} (exit ${answer.exit})`,
    '',
    `  log          ${answer.log ?? 'unknown'}`,
    `  size         ${answer.size ?? 'unknown'}`,
    `  root         ${answer.root ?? 'unknown'}`,
    ...(pinned.length > 0 ? pinned : [none]).map((line) => `  trusted key  ${line}`),
    '',
  ];
  for (const [name, { result, notes }] of Object.entries(answer.parts)) {
    lines.push(`  ${name.padEnd(13)}${result}`, ...notes.map((note) => `    - ${note}`));
  }
  if (answer.first_bad !== undefined) {
    lines.push('', `First bad: ${whereIs(answer.first_bad)}${answer.first_bad.why}`);
  }
  const rest = answer.not_proven.length > 0 ? answer.not_proven : ['nothing that was looked for'];
  lines.push('', 'Not proven:', ...rest.map((line) => `  - ${line}`), '');
  return lines.join('\n');
}

const USAGE =
  'usage: node keymoot-verify.mjs DIR --trust trust.json [--anchor FILE]... [--require-quorum] [--json]';

function readCommand(argv) {
  const options = {
    trust: { type: 'string', multiple: true, default: [] },
    anchor: { type: 'string', multiple: true, default: [] },
    'require-quorum': { type: 'boolean' },
    json: { type: 'boolean', default: false },
  };
  let parsed;
  try {
    parsed = parseArgs({ args: argv, options, allowPositionals: true });
  } catch (error) {
    throw new Usage(`${error.message}\n${USAGE}`);
  }
  const { positionals, values } = parsed;
  if (positionals.length !== 1 || values.trust.length > 1) throw new Usage(USAGE);
  const [dir] = positionals;
  const stat = fs.statSync(dir, { throwIfNoEntry: false });
  if (stat === undefined || !stat.isDirectory()) throw new Usage(`${dir} is not a directory`);
  const trust = values.trust.length === 1 ? readTrust(values.trust[0], dir) : null;
  const anchors = [
    ...(trust?.anchors ?? []),
    ...values.anchor.map((path) => readAnchor(path, dir)),
  ];
  return { dir, trust, anchors, json: values.json };
}

function main(argv) {
  const { dir, trust, anchors, json } = readCommand(argv);
  const findings = new Findings();
  const about = { log: null, size: null, root: null };
  try {
    judge(new Bundle(dir, findings), trust, anchors, about);
  } catch (error) {
    if (error instanceof Usage) throw error;
    // Whatever a bundle provokes, it gets words and a verdict.
    findings.fail('format', `the verifier could not go on: ${error.message}`);
  }
  const answer = report(findings, about);
  process.stdout.write(json ? `${JSON.stringify(answer)}\n` : words(answer, trust));
  return answer.exit;
}

process.stdout.on('error', () => {}); // a reader that goes away changes no verdict
try {
  process.exitCode = main(process.argv.slice(2));
} catch (error) {
  const lines = String(error.message).split('\n').map(printable);
  process.stderr.write(`keymoot-verify: ${lines.join('\n')}\n`);
  process.exitCode = 2;
}
