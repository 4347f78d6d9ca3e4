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
 *   exit 1  tampered   something contradicts a hash, a signature, an anchor or an earlier entry
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
 *    7. What people signed: shape, signature, whose key, the head they saw, the subject  (section 5)
 *    8. Enough people signed, counted by distinct keys                                  (section 12)
 *    9. What an entry says follows from earlier ones: the clock, outcomes, the policy,
 *       modules, keys, ceremonies, exports                                              (section 13)
 *   10. The tree: tiles on every level, the root, the root at each note's size           (section 7)
 *   11. derived/entries.ndjson is the entries; evidence hashes to its name               (section 9)
 *   12. Every listed file has its size and hash                                          (section 9)
 *   13. The log contains each anchor; the founders are known from outside       (sections 10 and 11)
 *   14. The verdict                                                                     (section 11)
 *
 * Memory: 64 bytes of tree and about 30 bytes of bookkeeping for an entry; entries pass 256 at a time.
 * What state needs is kept besides: about 1.5 kB for a key, a ceremony or an export, and each intent
 * until it is closed.
 *
 * What it can't show: that the desk's clock was right, that what people agreed to was wise, that a
 * device did what the desk says it did, or that the log had no further entries after the last anchor.
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
const own = (words) => Buffer.from(words).utf8Slice();

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

/** The one spelling of a value that was read. JSON.stringify escapes as the profile does. */
function canonical(value) {
  if (Array.isArray(value)) return `[${value.map(canonical).join(',')}]`;
  if (!(value instanceof Map)) return JSON.stringify(value);
  const members = [...value].sort(([a], [b]) => (a < b ? -1 : 1));
  return `{${members.map(([name, item]) => `${JSON.stringify(name)}:${canonical(item)}`).join(',')}}`;
}

/** Whether two values are the same, or both absent. */
function same(a, b) {
  if (a instanceof Map) {
    if (!(b instanceof Map) || a.size !== b.size) return false;
    for (const [name, item] of a) if (!b.has(name) || !same(item, b.get(name))) return false;
    return true;
  }
  if (!Array.isArray(a)) return a === b;
  return Array.isArray(b) && a.length === b.length && a.every((item, i) => same(item, b[i]));
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

/* ------------------------------------------------------------------------------------------------
 * Section 6: the types and their detail. A name with † is a member that is the desk's own.
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

/** An object whose members are named by a pattern and all follow one rule. */
function named(pattern, most, rule) {
  return (value) => {
    if (!(value instanceof Map)) return 'is not an object';
    if (value.size > most) return `has more than ${most} members`;
    for (const [name, member] of value) {
      if (!pattern.test(name)) return `has a member "${name}" that may not be named so`;
      const why = rule(member);
      if (why !== '') return `member ${name} ${why}`;
    }
    return '';
  };
}
const attributeText = text(1024, { empty: true });
const attributes = named(/^CKA_[A-Z0-9_]{1,44}$/, 64, (value) =>
  typeof value === 'boolean' || typeof value === 'number' ? '' : attributeText(value),
);
const typedText = text(256);
const typedTexts = arrayOf(text(64), 0, 32);
const input = named(/^[a-z][a-z0-9_]{0,31}$/, 16, (value) => {
  if (typeof value === 'boolean' || typeof value === 'number') return '';
  return Array.isArray(value) ? typedTexts(value) : typedText(value);
});

const listOfFiles = arrayOf(shape({ role: text(32), sha256: hex64 }), 1, 16);
function files(value) {
  const why = listOfFiles(value);
  if (why !== '') return why;
  const roles = new Set(value.map((file) => file.get('role')));
  return roles.size === value.length ? '' : 'has a role twice';
}

const keyState = oneOf(
  ...['quarantine', 'pre-activation', 'active', 'suspended', 'deactivated', 'compromised'],
  ...['destroyed', 'destroyed-compromised', 'not-found'],
);

/** A type: the rule of its detail, and which members are the desk's own. */
function detail(required, optional = {}) {
  const own = new Set();
  const plain = (rules) =>
    Object.fromEntries(
      Object.entries(rules).map(([name, rule]) => {
        if (!name.endsWith('†')) return [name, rule];
        own.add(name.slice(0, -1));
        return [name.slice(0, -1), rule];
      }),
    );
  return { rule: shape(plain(required), plain(optional)), own };
}

const keyEvent = detail(
  { key: uuid },
  {
    ...{ algorithm: text(32), 'bits†': count, label: text(64), purpose: text(32) },
    ...{ extractable: bool, ckaid: hexBytes(1, 64), module: uuid, token },
    ...{ 'attributes†': attributes, 'check†': check, 'spki_sha256†': hex64 },
    'origin†': oneOf('generated', 'imported', 'unknown'),
    'control†': oneOf('pin-halves', 'device-quorum', 'single-control'),
    grade: oneOf('A', 'B', 'C', 'D'),
    ...{ mechanism: text(64), wrapping_spki_sha256: hex64, export: uuid, replaces: uuid },
    ...{ 'recovered†': bool, 'objects†': count, 'p11†': check, 'until†': time },
  },
);
const session = detail({ person: uuid }, { why: text(64) });
const moduleHash = detail({ module: uuid, sha256: hex64 }, { was: hex64 });
const byDefinition = detail({ definition_sha256: hex64 });
const pause = detail({}, { why: text(256) });
const opinion = detail({ person: uuid }, { because: text(1024) });
const logKeyOn = { key: logKey, token, attributes };
const component = { index: count, of: count, commitment: hex64, check, serial: text(64) };
const share = { set: uuid, index: count, commitment: hex64, person: uuid };
const serials = arrayOf(text(64), 1, 32);
const shareBack = detail({ ...share, attempt: count }, { group: count, serial: text(64) });

const TYPES = new Map(
  Object.entries({
    'log.genesis': detail({
      ...logKeyOn,
      installation: uuid,
      mode: oneOf('production', 'rehearsal'),
    }),
    'log.checkpoint': detail({ entries: count, since: time }),
    'log.key': detail(logKeyOn),
    'app.start': detail({ build: hex64, epoch: count, sealed: count, unsealed: count }),
    'clock.changed': detail({ step_ms: int }),
    'session.login': session,
    'session.logout': session,
    'session.login_failed': detail({ what: oneOf('passphrase', 'token') }, { person: uuid, token }),
    'person.enrolled': detail({
      ...{ person: uuid, role, key, name_sha256: hex64, statement: envelope },
    }),
    'person.role_changed': detail({ person: uuid, role }),
    'person.left': detail({ person: uuid }, { why: text(256) }),
    'policy.changed': detail({ version: count, policy_sha256: hex64 }),
    'token.module_added': detail({
      ...{ module: uuid, path: text(1024), sha256: hex64, family: text(32), label: text(64) },
      settings_sha256: hex64,
    }),
    'token.module_changed': moduleHash,
    'token.module_approved': moduleHash,
    'token.module_moved': detail({
      ...{ module: uuid, path: text(1024), sha256: hex64, settings_sha256: hex64 },
      was: text(1024),
    }),
    'token.init': detail({ module: uuid, 'token†': token, training: bool }),
    'token.probed': detail({ module: uuid, token, 'sheet_sha256†': hex64 }),
    'token.relinked': detail({ module: uuid, token, was: shape({ module: uuid, token }) }),
    'key.generate': keyEvent,
    'key.import': keyEvent,
    'key.wrap': keyEvent,
    'key.destroy': keyEvent,
    'key.use': detail(
      { key: uuid, what: text(64), mechanism: text(64), input_sha256: hex64 },
      { 'output_sha256†': hex64, 'recovered†': bool, 'until†': time },
    ),
    'key.state': detail({ key: uuid, from: keyState, to: keyState }, { because: text(256) }),
    'component.issue': detail(component, { person: uuid }),
    'component.receive': detail({ ...component, attempt: count }, { person: uuid }),
    'component.destroy': detail({ serials }),
    'share.issue': detail(
      { ...share, of: count, threshold: count },
      { group: count, serial: text(64) },
    ),
    'share.receive': shareBack,
    'share.confirm': shareBack,
    'share.destroy': detail({ set: uuid, serials }),
    'envelope.state': detail(
      { serial: text(64), state: text(32) },
      { person: uuid, place: text(64), because: text(256) },
    ),
    'ceremony.define': detail({ definition_sha256: hex64, title: text(128), template: text(64) }),
    'ceremony.approve': byDefinition,
    'ceremony.arm': byDefinition,
    'ceremony.step': detail(
      { step: text(32), attempt: count, kind: text(32) },
      { input, 'observed†': text(1024) },
    ),
    'ceremony.exception': detail(
      {
        ...{ number: count, step: text(32), expected: text(1024), observed: text(1024) },
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
    'ceremony.abort': detail({ because: text(1024) }, { 'gone†': bool, 'objects†': count }),
    'ceremony.close': detail({
      verdict: oneOf('AGREED', 'DISPUTED'),
      ...{ exceptions: count, agreed: count, disagreed: count },
    }),
    'byok.requested': detail(
      { export: uuid, key: uuid, target: text(32), algorithm: text(64) },
      { batch: uuid },
    ),
    'byok.parameters_loaded': detail(
      {
        ...{ export: uuid, target: text(32), algorithm: text(64), wrapping_spki_sha256: hex64 },
        ...{ wrapping_bits: count, files },
      },
      { key_ref: text(256), valid_to: time },
    ),
    'byok.parameters_confirmed': detail({ export: uuid, wrapping_spki_sha256: hex64 }),
    'byok.package_created': detail({
      ...{ export: uuid, key: uuid, blob_sha256: hex64, blob_bytes: count },
      manifest_sha256: hex64,
    }),
    'byok.answered': detail(
      { export: uuid, proves: oneOf('same-key', 'arrived', 'nothing'), files },
      { note: text(256) },
    ),
    'byok.expired': detail({ export: uuid }),
    'audit.exported': detail({ size: count, root: b64Of32 }),
  }),
);
const TYPE_NUMBER = new Map([...TYPES.keys()].map((type, number) => [type, number]));

/** Section 5: what a person signs. */
const subject = shape({ type: oneOf(...TYPES.keys()), sha256: hex64 });
const said = { v: exactly(1), log: origin, person: uuid, head, time };
const STATEMENTS = new Map([
  ['enrolment', shape({ ...said, kind: exactly('enrolment'), role, key, name_sha256: hex64 })],
  [
    'act',
    shape(
      {
        ...{ ...said, kind: exactly('act'), channel: text(64), input_sha256: hex64 },
        ...{ subject, nonce: hex32 },
      },
      { ceremony },
    ),
  ],
]);

/** Section 4: the members that every entry has or may have; `detail` is judged by its type. */
const ENTRY = shape(
  {
    v: exactly(1),
    log: origin,
    seq: count,
    id: uuidV7,
    time,
    type: oneOf(...TYPES.keys()),
    outcome: oneOf('intent', 'success', 'failure', 'unknown', 'not-found'),
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

const PARTS = ['format', 'integrity', 'authenticity', 'completeness', 'quorum', 'state'];

class Findings {
  constructor() {
    this.parts = new Map(
      PARTS.map((name) => [name, { fails: [], doubts: [], more: 0, first: null, judged: false }]),
    );
    this.beyond = []; // what is not proven even when every part passes
    this.always = [
      'that the clock of the desk was right: its times are its own word',
      "what a device's attributes say, that a key is on a token, and what the format marks with †: they are the desk's record of what it was told",
    ];
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
    for (const by of ['authenticity', 'completeness', 'state']) {
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
    return [...list, ...this.beyond, ...this.always];
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

const FOR_PEOPLE = ['report.html', 'VERIFY.md', 'keys/log.pem'];
const KNOWN_FILES = new Set([...FOR_PEOPLE, 'derived/entries.ndjson', 'manifest.json']);
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
    this.founded = 0; // where the last of them stands; in a log without people entry 0
    this.nonces = new Set();
    this.approvals = new Map(); // definition hash → key hashes, since it was last armed
    this.policy = null; // hash of the policy in force
    this.asked = null; // how many approvals it asks for, once somebody needs to know
    this.hadPolicy = false; // two people have put one in force
    this.definitions = new Map(); // hash → { seats, substitutes, steps }, or null
    this.ceremonies = new Map(); // id → { definition, seats, substitutes, steps, spoken }, as armed
    this.state = new State();
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
  let intent;
  try {
    if (bytes.length > MAX_ENTRY) throw new Problem(`the entry is longer than ${MAX_ENTRY} bytes`);
    entry = readJson(bytes);
    demand(ENTRY, entry, 'the entry');
    demand(
      TYPES.get(entry.get('type')).rule,
      entry.get('detail'),
      `the detail of ${entry.get('type')}`,
    );
    checkSelf(run, index, entry);
    intent = checkAgainstEarlier(desk, index, entry);
    checkEvidence(run, entry);
  } catch (error) {
    if (!(error instanceof Problem)) throw error;
    desk.unread++;
    findings.fail('format', error.message, { ...place, offset: place.offset + (error.at ?? 0) });
    return;
  }
  const statements = readStatements(run, entry, index, place);
  if (statements === null) return;
  const about = statements.acts.length > 0 ? subjectOf(entry) : '';
  const acts = statements.acts.map((act) => judgeAct(run, entry, about, act, place));
  const enrolled = judgeEnrolment(run, entry, statements.enrolment, place);
  if (index === 0) judgeGenesisKey(run, entry, place);
  if (entry.get('type') === 'audit.exported') compareExported(run, entry, index, place);
  judgeQuorum(run, entry, acts, enrolled, index);
  judgeState(run, entry, acts, { index, intent, place });
  remember(desk, entry, index);
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

/** Section 4: ids are unique, and an outcome closes one earlier intent of its type. Returns where that stands, or -1. */
function checkAgainstEarlier(desk, index, entry) {
  const outcome = entry.get('outcome');
  const type = TYPE_NUMBER.get(entry.get('type'));
  const corr = entry.get('corr');
  let intent = -1;
  if (corr === undefined && outcome === 'not-found')
    throw new Problem('not-found closes no intent');
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
  return intent;
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

/** What the entry did to the people and the policy. Only a success has an effect. */
function remember(desk, entry, index) {
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
      if (desk.founders.length < 2) {
        desk.founders.push(keyid);
        desk.founded = index;
      }
      break;
    }
    case 'person.role_changed':
      if (person !== undefined) person.role = own(detail.get('role'));
      break;
    case 'person.left':
      if (person !== undefined) {
        person.left = true;
        for (const by of desk.approvals.values()) by.delete(person.keyid);
      }
      break;
    case 'policy.changed':
      desk.policy = own(detail.get('policy_sha256'));
      desk.asked = null;
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

/** What people agreed to, as the entry that carries their acts has it: a hash over all but the desk's own members. */
function subjectOf(entry) {
  const type = entry.get('type');
  const { own } = TYPES.get(type);
  const agreed = new Map([
    ['detail', new Map([...entry.get('detail')].filter(([name]) => !own.has(name)))],
    ['outcome', entry.get('outcome')],
    ['type', type],
  ]);
  if (entry.has('ceremony')) agreed.set('ceremony', entry.get('ceremony'));
  return sha256(Buffer.from(canonical(agreed))).toString('hex');
}

/** Whether an act is its person's and about this entry, and whether it counts. */
function judgeAct({ desk, findings }, entry, about, act, place) {
  const id = act.said.get('person');
  const subject = act.said.get('subject');
  const fits =
    subject.get('type') === entry.get('type') &&
    subject.get('sha256') === about &&
    same(act.said.get('ceremony'), entry.get('ceremony'));
  if (!fits) findings.fail('authenticity', `an act by ${id} was made for something else`, place);
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
    judged.counts = fits && !person.left;
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

const MANAGERS = ['administrator', 'officer'];
const STAFF = [...MANAGERS, 'operator'];
const isManager = ({ role }) => MANAGERS.includes(role);
const isSeated = ({ id }, { armed }) => [...armed.seats.values()].includes(id);

/** Who may act, by the words of the table. */
const WHO = {
  managers: isManager,
  staff: ({ role }) => STAFF.includes(role),
  seated: isSeated,
  'seated or managers': (act, told) => isManager(act) || isSeated(act, told),
  'the person it names, at the step': ({ id }, { entry, atStep }) =>
    id === entry.get('detail').get('person') && (atStep ?? []).includes(id),
};
const needs = (least, who, ...calls) => [{ least, who, calls }];
const EVERYONE = [{ everyone: true, calls: ['ceremonies.step'] }];
const NOBODY = [];
const NOT_ALLOWED = null;

/** The table: what a type needs without a ceremony, and in one. Several needs in a place are alternatives. */
const TABLE = new Map(
  Object.entries({
    'person.enrolled': [needs(2, 'managers', 'people.enrol'), NOT_ALLOWED],
    'person.role_changed': [needs(2, 'managers', 'people.setRole'), NOT_ALLOWED],
    'person.left': [needs(2, 'managers', 'people.remove'), NOT_ALLOWED],
    'policy.changed': [needs(2, 'managers', 'policy.approve'), NOT_ALLOWED],
    'token.module_added': [needs(2, 'managers', 'modules.add', 'tokens.train'), NOT_ALLOWED],
    'token.module_approved': [needs(2, 'managers', 'modules.approve'), NOT_ALLOWED],
    'token.module_moved': [needs(2, 'managers', 'modules.relink'), NOT_ALLOWED],
    'token.relinked': [needs(2, 'managers', 'tokens.relink'), NOT_ALLOWED],
    'log.key': [needs(2, 'managers', 'desk.newKey'), EVERYONE],
    'key.generate': [needs(2, 'staff', 'keys.generate'), EVERYONE],
    'key.import': [needs(2, 'staff', 'keys.import'), EVERYONE],
    'key.wrap': [needs(2, 'staff', 'exports.wrap'), EVERYONE],
    'key.use': [needs(2, 'staff', 'keys.use'), EVERYONE],
    'key.destroy': [
      needs(2, 'managers', 'keys.destroy'),
      [...EVERYONE, ...needs(2, 'seated or managers', 'ceremonies.abort')],
    ],
    'key.state': [needs(2, 'managers', 'keys.setState'), EVERYONE],
    'envelope.state': [needs(1, 'staff', 'envelopes.set'), NOBODY],
    'component.issue': [NOT_ALLOWED, NOBODY],
    'component.receive': [NOT_ALLOWED, NOBODY],
    'component.destroy': [NOT_ALLOWED, NOBODY],
    'share.issue': [NOT_ALLOWED, NOBODY],
    'share.receive': [NOT_ALLOWED, NOBODY],
    'share.confirm': [NOT_ALLOWED, NOBODY],
    'share.destroy': [NOT_ALLOWED, NOBODY],
    'ceremony.define': [needs(1, 'staff', 'ceremonies.define'), NOT_ALLOWED],
    'ceremony.approve': [needs(1, 'staff', 'ceremonies.approve'), NOT_ALLOWED],
    'ceremony.arm': [NOT_ALLOWED, needs(1, 'staff', 'ceremonies.arm')],
    'ceremony.step': [NOT_ALLOWED, EVERYONE],
    'ceremony.agree': [
      NOT_ALLOWED,
      needs(1, 'the person it names, at the step', 'ceremonies.step'),
    ],
    'ceremony.disagree': [
      NOT_ALLOWED,
      needs(1, 'the person it names, at the step', 'ceremonies.step'),
    ],
    'ceremony.exception': [NOT_ALLOWED, needs(2, 'seated', 'ceremonies.exception')],
    'ceremony.pause': [NOT_ALLOWED, needs(1, 'seated', 'ceremonies.pause')],
    'ceremony.resume': [NOT_ALLOWED, needs(1, 'seated', 'ceremonies.resume')],
    'ceremony.abort': [NOT_ALLOWED, needs(1, 'seated or managers', 'ceremonies.abort')],
    'ceremony.close': [NOT_ALLOWED, needs(2, 'seated', 'ceremonies.close')],
    'byok.requested': [needs(2, 'staff', 'exports.request'), EVERYONE],
    'byok.parameters_loaded': [needs(1, 'staff', 'exports.load'), EVERYONE],
    'byok.parameters_confirmed': [needs(2, 'staff', 'exports.confirm'), EVERYONE],
    'byok.answered': [needs(1, 'staff', 'exports.answer'), EVERYONE],
  }),
);
const SETTLING = { least: 2, who: 'managers', calls: ['recovery.settle'] };
const BEGIN_WITH_INTENT = ['generate', 'import', 'wrap', 'destroy', 'use'].map(
  (act) => `key.${act}`,
);

function judgeQuorum(run, entry, acts, enrolled, index) {
  const { desk, findings } = run;
  const type = entry.get('type');
  if (!TABLE.has(type) && !entry.has('ceremony')) return;
  const lacks = [];
  const short = (why) => lacks.push(why);
  if (type === 'ceremony.arm') arm(run, entry, short);
  const armed = armedOf(desk, entry);
  const told = { entry, acts, armed, atStep: peopleAtStep(armed, entry) };
  if (type === 'person.enrolled' && !enrolled) {
    short("the statement by the person's own key does not count");
  }
  if (entry.has('ceremony') && armed === null && type !== 'ceremony.arm') {
    short('no such ceremony was armed');
  } else if (TABLE.has(type)) whatIsLacking(desk, told, short);
  for (const why of lacks) findings.doubt('quorum', `entry ${index} (${type}): ${why}`);

  if (type === 'ceremony.approve') countApprovals(desk, told);
  if (lacks.length > 0 || entry.get('outcome') !== 'success') return;
  if (type === 'policy.changed') desk.hadPolicy = true;
  if (type === 'ceremony.exception') seatSubstitute(armed, entry.get('detail').get('substitute'));
  if (type === 'ceremony.agree' || type === 'ceremony.disagree') rememberSpeaker(told);
}

/** The ceremony that the entry names, if it was armed on that definition. */
function armedOf(desk, entry) {
  const named = entry.get('ceremony');
  const armed = named === undefined ? undefined : desk.ceremonies.get(named.get('id'));
  return armed?.definition === named?.get('definition_sha256') ? (armed ?? null) : null;
}

/** Who sits at the step that the entry's ceremony names, seat by seat; null when there is no such step. */
function peopleAtStep(armed, entry) {
  const id = entry.get('ceremony')?.get('step');
  const step = armed?.steps.find((one) => one.id === id);
  return step === undefined ? null : step.seats.map((seat) => armed.seats.get(seat));
}

/** The acts that an entry needs: the row of its type, what its intent covers, what a settling needs. */
function whatIsLacking(desk, told, short) {
  const { entry } = told;
  const type = entry.get('type');
  const inside = entry.has('ceremony');
  const wanted = TABLE.get(type)[inside ? 1 : 0];
  if (wanted === NOT_ALLOWED) {
    short(inside ? 'it may not stand in a ceremony' : 'it must stand in a ceremony');
    return;
  }
  if (entry.has('corr')) {
    if (entry.get('detail').get('recovered') === true) meets(SETTLING, told, short);
    return; // the acts of the intent cover the rest
  }
  if (BEGIN_WITH_INTENT.includes(type) && entry.get('outcome') !== 'intent') {
    short('it closes no intent');
  }
  if (type === 'person.enrolled' && desk.founders.length < 2) return;
  if (type === 'token.module_added' && !desk.hadPolicy) return; // there are no managers yet
  const lacks = [];
  const met = wanted.some((need) => meets(need, told, (why) => lacks.push(why)));
  if (!met && lacks.length > 0) short(lacks.join('; or '));
}

/** Whether the acts in the entry are what is needed. */
function meets(need, told, short) {
  const acts = told.acts.filter(
    (act) => act.counts && need.calls.includes(act.said.get('channel')),
  );
  if (need.everyone) return meetsEveryone(acts, told, short);
  const { size } = new Set(
    acts.filter((act) => WHO[need.who](act, told)).map(({ keyid }) => keyid),
  );
  if (size >= need.least) return true;
  short(`${size} of ${need.least} acts by ${need.who}, in ${need.calls.join(' or ')}`);
  return false;
}

/** Each seat of the step is taken by somebody who acts here or spoke at it, each with a key of their own. */
function meetsEveryone(acts, { entry, armed, atStep }, short) {
  if (atStep === null) {
    short('it names no step of its definition');
    return false;
  }
  const spoken = armed.spoken.get(entry.get('ceremony').get('step'));
  const keyOf = (person) => acts.find(({ id }) => id === person)?.keyid ?? spoken?.get(person);
  const keys = new Set(atStep.map(keyOf).filter((keyid) => keyid !== undefined));
  if (keys.size === atStep.length) return true;
  short(`${keys.size} of ${atStep.length} acts by everyone at the step, in ceremonies.step`);
  return false;
}

function seatSubstitute(armed, swap) {
  if (swap === undefined) return;
  const [seat, person] = [swap.get('seat'), swap.get('person')];
  const may = armed.substitutes.some((one) => one.seat === seat && one.person === person);
  if (may) armed.seats.set(own(seat), own(person));
}

function rememberSpeaker({ entry, acts, armed }) {
  const step = own(entry.get('ceremony').get('step'));
  const person = entry.get('detail').get('person');
  if (!armed.spoken.has(step)) armed.spoken.set(step, new Map());
  const act = acts.find(
    ({ id, said }) => id === person && said.get('channel') === 'ceremonies.step',
  );
  if (act?.counts) armed.spoken.get(step).set(own(person), own(act.keyid));
}

/** Approvals of a definition, by key, until a ceremony is armed on it. */
function countApprovals({ approvals }, { entry, acts }) {
  if (entry.get('outcome') !== 'success' || entry.has('ceremony')) return;
  const definition = entry.get('detail').get('definition_sha256');
  if (!approvals.has(definition)) approvals.set(own(definition), new Set());
  for (const act of acts) {
    const fits = act.counts && act.said.get('channel') === 'ceremonies.approve' && WHO.staff(act);
    if (fits) approvals.get(definition).add(own(act.keyid));
  }
}

/** A ceremony begins, and the approvals that it begins on are used up. */
function arm(run, entry, short) {
  const { desk } = run;
  const definition = entry.get('detail').get('definition_sha256');
  const named = entry.get('ceremony');
  if (!entry.has('corr')) {
    const { least, known } = approvalsAsked(run);
    const approvals = desk.approvals.get(definition)?.size ?? 0;
    desk.approvals.delete(definition);
    if (approvals < least) short(`${approvals} of ${least} approvals of its definition`);
    if (!known) short('the policy is not in the bundle, which says how many approvals it takes');
  }
  if (named === undefined) return;
  if (named.get('definition_sha256') !== definition) {
    short('it is armed on another definition');
  } else if (desk.ceremonies.has(named.get('id'))) {
    short('a ceremony with this id was armed before');
  } else if (entry.get('outcome') === 'success') {
    const read = readDefinition(run, definition);
    if (read === null) {
      const why = 'its definition is not in the bundle, so nobody is known to sit in it';
      short(why);
      run.findings.doubt('state', `a ceremony could not be judged: ${why}`);
      return;
    }
    const { seats, substitutes, steps } = read;
    const armed = { definition: own(definition), seats: new Map(seats), substitutes, steps };
    desk.ceremonies.set(own(named.get('id')), { ...armed, spoken: new Map() });
  }
}

/** How many approvals the policy in force asks for. */
function approvalsAsked(run) {
  const { desk } = run;
  if (desk.policy === null) return { least: 2, known: true };
  if (desk.asked === null) {
    const said = readEvidence(run, desk.policy)?.get('approvals');
    const known = typeof said === 'number';
    desk.asked = { least: known ? Math.max(2, said) : 2, known };
  }
  return desk.asked;
}

/** The JSON object that is evidence under this hash, or null. */
function readEvidence({ bundle }, wanted) {
  const path = `evidence/${wanted}`;
  if (!(bundle.files.get(path) <= MAX_DEFINITION)) return null;
  const bytes = bundle.readAlone(path, MAX_DEFINITION);
  if (bytes === null || sha256(bytes).toString('hex') !== wanted) return null;
  try {
    const said = readJson(bytes);
    return said instanceof Map ? said : null;
  } catch (error) {
    if (!(error instanceof Problem)) throw error;
    return null;
  }
}

/** The definition with this hash: who sits where, who may stand in, what the steps are. Null when it is none. */
function readDefinition(run, wanted) {
  const { definitions } = run.desk;
  if (!definitions.has(wanted)) definitions.set(own(wanted), parseDefinition(run, wanted));
  return definitions.get(wanted);
}

const PLACE = { seat: text(32), person: uuid };
const STEP = {
  ...{ id: text(32), kind: text(32), irreversible: bool },
  seats: arrayOf(text(32), 1, 16),
};

function parseDefinition(run, wanted) {
  const said = readEvidence(run, wanted);
  const seats = listIn(said?.get('seats'), PLACE);
  const substitutes = listIn(said?.get('substitutes'), PLACE);
  const steps = listIn(said?.get('steps'), STEP);
  if (seats === null || substitutes === null || steps === null) return null;
  const distinct = (list, name) => new Set(list.map((one) => one[name])).size === list.length;
  if (!distinct(seats, 'seat') || !distinct(steps, 'id')) return null;
  if (steps.length < 1 || steps.length > 99) return null;
  if (!steps.every((step) => new Set(step.seats).size === step.seats.length)) return null;
  return { seats: seats.map(({ seat, person }) => [seat, person]), substitutes, steps };
}

/** The members of each item that matter here; null when the value is no array of such items. */
function listIn(value, rules) {
  if (!Array.isArray(value)) return null;
  const items = [];
  for (const item of value) {
    if (!(item instanceof Map)) return null;
    const read = {};
    for (const [name, rule] of Object.entries(rules)) {
      if (rule(item.get(name)) !== '') return null;
      read[name] = item.get(name);
    }
    items.push(read);
  }
  return items;
}

/** Section 11: what can be said about the quorum as a whole. `anchored`: how many entries an anchor covers that counts. */
function finishQuorum({ desk, findings, trust, tree }, complete, anchored) {
  if (!complete || desk.unread > 0) {
    findings.doubt('quorum', 'not every entry could be read, so not every quorum was judged');
  }
  const people = trust?.people ?? null;
  if (people !== null) {
    if (!desk.founders.every((keyid) => people.includes(keyid))) {
      findings.doubt('quorum', "a founder's key is not among the people of the trust file");
    }
  } else if (tree.size > 0 && anchored <= desk.founded) {
    findings.doubt(
      'quorum',
      "nothing from outside says who the founders are: the trust file names no founders' keys, and no anchor covers their enrolment",
    );
  }
  if (desk.openIntents > 0) {
    findings.beyond.push(`what became of ${desk.openIntents} intents: no entry closes them`);
  }
  findings.judged('quorum');
}

/* ------------------------------------------------------------------------------------------------
 * Section 13: what a log says follows from what it said before.
 *
 * Each entry is held against what the earlier ones made true, then adds to it. The rules stand in
 * the page's order. A rule gets what the entry tells (`told`) and says contradictions with `no`.
 * --------------------------------------------------------------------------------------------- */

const SLACK_MS = 10_000;

/** One text for one token; no text holds a NUL (section 2). */
const tokenName = (token) =>
  token === undefined
    ? ''
    : ['manufacturer', 'model', 'serial', 'label'].map((name) => token.get(name)).join('\0');

/** What the entries so far made true. */
class State {
  before = ''; // the time of the entry before
  open = new Map(); // place of an open intent → its entry
  enrolled = new Set(); // hashes of people's keys
  version = 0; // of the policy
  modules = new Set();
  places = new Map(); // module and token → { module, token, twoPeople, ckaids: of living keys, into }
  logKeyId = undefined; // the CKA_ID in the attributes of log.genesis
  keys = new Map(); // uuid → key: what it was made as, its place, its state
  ceremonies = new Map(); // id → { steps, at, done, next, … }
  exports = new Map(); // uuid → { key, target, algorithm, loaded, confirmed, … }

  /** Where keys are; the one place for this module and token. */
  place(detail) {
    const module = detail.get('module') ?? '';
    const token = tokenName(detail.get('token'));
    const name = `${module} ${token}`;
    let place = this.places.get(name);
    if (place === undefined) {
      place = { module: own(module), token: own(token) };
      Object.assign(place, { twoPeople: undefined, ckaids: new Map(), into: null });
      this.places.set(own(name), place);
    }
    return place;
  }

  /** Where a key is now. */
  placeOf(key) {
    while (key.place.into !== null) key.place = key.place.into;
    return key.place;
  }

  /** Of a ceremony whose steps are known. */
  ceremony(entry) {
    return this.ceremonies.get(entry.get('ceremony')?.get('id'));
  }

  moveKey(key, to) {
    const ceremony = this.ceremonies.get(key.ceremony);
    if (ceremony !== undefined) {
      ceremony.quarantined += Number(to === 'quarantine') - Number(key.state === 'quarantine');
    }
    key.state = to;
  }
}

function judgeState({ desk, findings }, entry, acts, { index, intent, place }) {
  if (desk.unread > 0) return; // whatever is missed may have been in what could not be read
  const { state } = desk;
  const no = (why) => findings.fail('state', why, place);
  const outcome = entry.get('outcome');
  const told = {
    entry,
    acts,
    index,
    outcome,
    type: entry.get('type'),
    detail: entry.get('detail'),
    success: outcome === 'success',
    closes: state.open.get(intent) ?? null, // the intent's entry
    closesAt: intent,
  };
  inTime(state, told, no);
  if (told.closes !== null) {
    followsIntent(told, no);
    state.open.delete(intent);
  }
  onModules(state, told, no);
  inCeremony(state, desk, told, no);
  RULES.get(told.type)?.(state, told, no);
  if (outcome === 'intent') state.open.set(index, entry);
}

function finishState({ desk, findings }, complete) {
  if (!complete || desk.unread > 0) {
    findings.doubt('state', 'an entry could not be read: what follows it was not judged');
  }
  findings.judged('state');
}

/** Time: entries don't step back by more than the slack; what clock.changed says is allowed for. */
function inTime(state, { entry, type, detail }, no) {
  const time = entry.get('time');
  const { before } = state;
  state.before = time;
  if (time >= before) return; // one length, one zone: text has the order of time
  const back = type === 'clock.changed' ? Math.min(0, detail.get('step_ms')) : 0;
  if (Date.parse(time) < Date.parse(before) + back - SLACK_MS) {
    no('it is older than the entry before it');
  }
}

/** Outcomes: an entry says of its intent what the intent said of itself. */
const PLANNED = ['algorithm', 'label', 'purpose', 'extractable', 'ckaid', 'module', 'token'];

function followsIntent({ entry, type, detail, success, closes }, no) {
  if (!same(entry.get('ceremony'), closes.get('ceremony'))) no('its intent has another ceremony');
  const planned = closes.get('detail');
  const { own } = TYPES.get(type);
  const made = success && (type === 'key.generate' || type === 'key.import');
  for (const [name, value] of planned) {
    if (own.has(name)) continue;
    if (detail.has(name) && !same(detail.get(name), value)) no(`its intent has another ${name}`);
    const lost = made && PLANNED.includes(name) && !detail.has(name);
    if (lost) no(`its intent has ${name}, and it does not say it`);
  }
}

/* -- People, policy and modules --------------------------------------------------------------- */

/** People: a key is one person's. */
function personEnrolled(state, { detail, success }, no) {
  if (!success) return;
  const keyid = detail.get('key').get('sha256');
  if (state.enrolled.has(keyid)) no('somebody has that key already');
  state.enrolled.add(own(keyid));
}

function policyChanged(state, { detail, success }, no) {
  if (!success) return;
  const version = detail.get('version');
  if (version !== state.version + 1) no(`the policy before it has version ${state.version}`);
  state.version = version;
}

/** Whatever names a module names one that was added. */
function onModules(state, { type, detail }, no) {
  if (type === 'token.module_added') return;
  for (const from of [detail, type === 'token.relinked' ? detail.get('was') : detail]) {
    const module = from.get('module');
    if (module !== undefined && !state.modules.has(module)) no(`no module ${module} was added`);
  }
}

function moduleAdded(state, { detail, success }, no) {
  const module = detail.get('module');
  if (state.modules.has(module)) no('a module with this id was added before');
  if (success) state.modules.add(own(module));
}

/** Two people set the PIN of a token, or they did not. */
function tokenMade(state, { detail, acts, success }) {
  if (!success) return;
  const by = acts.filter((act) => act.counts && act.said.get('channel') === 'tokens.train');
  state.place(detail).twoPeople = new Set(by.map(({ keyid }) => keyid)).size >= 2;
}

/** What was on one module and token is on another from now on. */
function tokenRelinked(state, { detail, success }) {
  if (!success) return;
  const was = state.place(detail.get('was'));
  const now = state.place(detail);
  if (was === now) return;
  const fewerFirst = [was.ckaids, now.ckaids].sort((a, b) => a.size - b.size);
  for (const [ckaid, keys] of fewerFirst[0]) addTo(fewerFirst[1], ckaid, keys);
  now.ckaids = fewerFirst[1];
  now.twoPeople ??= was.twoPeople;
  was.ckaids = new Map();
  was.into = now;
  state.places.delete(`${was.module} ${was.token}`);
  state.place(detail.get('was')).twoPeople = was.twoPeople;
}

/* -- Keys ------------------------------------------------------------------------------------- */

const KEPT = ['algorithm', 'label', 'purpose', 'extractable', 'ckaid'];
const addTo = (counts, name, more) => counts.set(name, (counts.get(name) ?? 0) + more);

/** What a desk may say of where a key comes from and who controls it. */
function claimsOfKey(state, { type, detail }, no) {
  if (detail.get('origin') === 'generated') {
    const local = detail.get('attributes')?.get('CKA_LOCAL') === true;
    if (type === 'key.import') no('an imported key is called generated');
    else if (!local) no('a key is called generated, and CKA_LOCAL is not true');
  }
  if (detail.get('control') === 'pin-halves' && state.place(detail).twoPeople !== true) {
    no('control is called pin-halves, and no two people set the PIN of its token');
  }
}

function keyMade(state, told, no) {
  const { entry, detail, outcome, success } = told;
  claimsOfKey(state, told, no);
  if (outcome !== 'intent' && !success) return;
  const id = detail.get('key');
  const ckaid = detail.get('ckaid');
  const place = state.place(detail);
  if (state.keys.has(id)) no(`the key ${id} was made before`);
  if (ckaid !== undefined && (place.ckaids.get(ckaid) ?? 0) > 0) {
    no(`a living key on this token has the CKA_ID ${ckaid}`);
  }
  if (ckaid !== undefined && ckaid === state.logKeyId) no("it has the CKA_ID of the log's own key");
  if (!success) return;
  const key = { living: true, state: '', ceremony: undefined, place };
  for (const name of KEPT) {
    const said = detail.get(name);
    key[name] = typeof said === 'string' ? own(said) : said;
  }
  const inside = entry.get('ceremony')?.get('id');
  if (inside !== undefined) key.ceremony = own(inside);
  if (ckaid !== undefined) addTo(place.ckaids, key.ckaid, 1);
  state.keys.set(own(id), key);
  state.moveKey(key, inside === undefined ? 'active' : 'quarantine');
}

/** The living key that an entry names, once all that it says of it is so; null when there is none. */
function livingKey(state, { detail }, no) {
  const id = detail.get('key');
  const key = state.keys.get(id);
  if (!key?.living) {
    no(key === undefined ? `no key ${id} was made` : `the key ${id} is destroyed`);
    return null;
  }
  for (const name of KEPT) {
    if (detail.has(name) && detail.get(name) !== key[name]) no(`the key has another ${name}`);
  }
  const { module, token } = state.placeOf(key);
  const moved =
    (detail.has('module') && detail.get('module') !== module) ||
    (detail.has('token') && tokenName(detail.get('token')) !== token);
  if (moved) no('the key is on another module or token');
  return key;
}

/** key.wrap and key.use: only of a key that is in force, or in the ceremony that made it. */
function usableKey(state, told, no) {
  const key = livingKey(state, told, no);
  if (key === null || key.state === 'active') return;
  const inside = told.entry.get('ceremony')?.get('id');
  if (inside === undefined || inside !== key.ceremony) no(`the key is ${key.state}`);
}

function keyUsed(state, told, no) {
  if (told.outcome === 'intent') usableKey(state, told, no);
}

function keyWrapped(state, told, no) {
  claimsOfKey(state, told, no);
  if (told.outcome === 'intent') usableKey(state, told, no);
  exportWrapped(state, told, no);
}

function keyDestroyed(state, told, no) {
  claimsOfKey(state, told, no);
  const { outcome, success, detail } = told;
  if (outcome === 'intent') livingKey(state, told, no);
  const key = state.keys.get(detail.get('key'));
  if (!key?.living) return;
  if (outcome === 'not-found' && key.state !== 'not-found') {
    key.before = key.state;
    state.moveKey(key, 'not-found');
  }
  if (!success) return;
  key.living = false;
  if (key.ckaid !== undefined) addTo(state.placeOf(key).ckaids, key.ckaid, -1);
  const last = key.state === 'not-found' ? key.before : key.state;
  state.moveKey(key, last === 'compromised' ? 'destroyed-compromised' : 'destroyed');
}

const NEXT = new Map([
  ['quarantine', ['active', 'compromised']],
  ['pre-activation', ['active', 'compromised']],
  ['active', ['suspended', 'deactivated', 'compromised']],
  ['suspended', ['active', 'deactivated', 'compromised']],
  ['deactivated', ['compromised']],
]);

function keyMoved(state, told, no) {
  const { entry, detail, success } = told;
  const key = livingKey(state, told, no);
  const [from, to] = [detail.get('from'), detail.get('to')];
  if (key !== null && key.state !== from) no(`the key is ${key.state}, not ${from}`);
  const next = from === 'not-found' ? [key?.before, 'compromised'] : NEXT.get(from);
  if (!next?.includes(to)) no(`a key can't become ${to} that is ${from}`);
  const released = from === 'quarantine' && to === 'active';
  if (key !== null && released && entry.get('ceremony')?.get('id') !== key.ceremony) {
    no('a key is released outside the ceremony that made it');
  }
  if (key !== null && success) state.moveKey(key, own(to));
}

/* -- Ceremonies ------------------------------------------------------------------------------- */

/** Whether the entry may stand where its ceremony is; and what it does to it. */
function inCeremony(state, desk, told, no) {
  const { entry, type, success } = told;
  const ceremony = state.ceremony(entry);
  const definition = entry.get('ceremony')?.get('definition_sha256');
  if (ceremony === undefined) {
    if (type === 'ceremony.arm' && success) ceremonyArmed(state, desk, entry);
    return;
  }
  if (ceremony.definition !== definition) return; // section 12: it names no ceremony that was armed
  if (ceremony.over) no('its ceremony is over');
  else if (told.closes === null) standsIn(ceremony, told, no);
  IN_CEREMONY.get(type)?.(ceremony, told, no);
}

function ceremonyArmed(state, desk, entry) {
  const id = entry.get('ceremony')?.get('id');
  const armed = desk.ceremonies.get(id);
  if (armed === undefined) return; // section 12 says why
  const { definition, steps } = armed;
  state.ceremonies.set(own(id), {
    definition,
    steps,
    at: new Map(steps.map((step, i) => [step.id, i])),
    done: steps.map(() => false),
    next: 0, // the first step that is not done
    settled: false, // an irreversible step is done
    attempts: steps.map(() => 0),
    openSteps: 0,
    paused: false,
    ending: false,
    over: false,
    spoke: new Set(),
    agreed: 0,
    disagreed: 0,
    exceptions: 0,
    quarantined: 0, // living keys of it in quarantine
  });
}

/** Every step before it is done, and it is not, or nothing irreversible is. */
function mayBeTaken(ceremony, id) {
  const at = ceremony.at.get(id) ?? Infinity;
  return at <= ceremony.next && (!ceremony.done[at] || !ceremony.settled);
}

const WAITS = ['step', 'agree', 'disagree', 'close', 'pause'].map((act) => `ceremony.${act}`);

/** What may stand in a ceremony that ends, is paused, or runs; of entries that close no intent. */
function standsIn(ceremony, { entry, type }, no) {
  const step = entry.get('ceremony').get('step');
  if (ceremony.ending && type !== 'ceremony.abort' && type !== 'key.destroy') {
    no('its ceremony is being aborted');
  }
  if (ceremony.paused && (WAITS.includes(type) || step !== undefined)) no('its ceremony is paused');
  if (!ceremony.paused && type === 'ceremony.resume') no('its ceremony is not paused');
  if (step !== undefined && !mayBeTaken(ceremony, step)) no(`the step ${step} may not be taken`);
}

function stepTaken(ceremony, { entry, detail, outcome, success, closes }, no) {
  const id = detail.get('step');
  const at = ceremony.at.get(id);
  if (entry.get('ceremony').get('step') !== id) no('its ceremony names another step');
  if (at === undefined) {
    no(`its definition has no step ${id}`);
    return;
  }
  if (detail.get('kind') !== ceremony.steps[at].kind) no('its definition has another kind of step');
  if (closes === null) {
    if (ceremony.openSteps > 0) no('another step is not finished');
    const attempt = ++ceremony.attempts[at];
    if (detail.get('attempt') !== attempt) no(`it is attempt ${attempt}`);
  } else ceremony.openSteps--;
  if (outcome === 'intent') ceremony.openSteps++;
  ceremony.done[at] = success; // the last word on a step counts
  if (success) ceremony.settled ||= ceremony.steps[at].irreversible;
  else ceremony.next = Math.min(ceremony.next, at);
  while (ceremony.done[ceremony.next]) ceremony.next++;
}

function exceptionMade(ceremony, { detail, success }, no) {
  const number = ceremony.exceptions + 1;
  if (detail.get('number') !== number) no(`it is exception ${number}`);
  const step = detail.get('step');
  if (step !== '0' && !ceremony.at.has(step)) no(`its definition has no step ${step}`);
  if (success) ceremony.exceptions++;
}

const spoke =
  (count) =>
  (ceremony, { detail, success }, no) => {
    if (!success) return;
    const person = detail.get('person');
    if (ceremony.spoke.has(person)) no(`${person} spoke before`);
    ceremony.spoke.add(own(person));
    ceremony[count]++;
  };

function ceremonyClosed(ceremony, { detail, success }, no) {
  if (ceremony.next < ceremony.steps.length) {
    no(`step ${ceremony.steps[ceremony.next].id} is not done`);
  }
  if (ceremony.openSteps > 0) no('a step is not finished');
  for (const name of ['agreed', 'disagreed', 'exceptions']) {
    if (detail.get(name) !== ceremony[name]) no(`${name} is ${ceremony[name]}`);
  }
  const verdict = ceremony.disagreed === 0 ? 'AGREED' : 'DISPUTED';
  if (detail.get('verdict') !== verdict) no(`the verdict is ${verdict}`);
  if (success) ceremony.over = true;
}

function ceremonyAborted(ceremony, { outcome, success }, no) {
  if (outcome === 'intent') Object.assign(ceremony, { ending: true, paused: false });
  if (!success) return;
  if (ceremony.quarantined > 0) no('it leaves a living key in quarantine');
  ceremony.over = true;
}

const pausedIs =
  (paused) =>
  (ceremony, { success }) => {
    if (success) ceremony.paused = paused;
  };

const IN_CEREMONY = new Map(
  Object.entries({
    'ceremony.step': stepTaken,
    'ceremony.exception': exceptionMade,
    'ceremony.agree': spoke('agreed'),
    'ceremony.disagree': spoke('disagreed'),
    'ceremony.pause': pausedIs(true),
    'ceremony.resume': pausedIs(false),
    'ceremony.close': ceremonyClosed,
    'ceremony.abort': ceremonyAborted,
  }),
);

/* -- Exports ---------------------------------------------------------------------------------- */

/** The export that an entry names, or null. */
function exportOf(state, { detail }, no) {
  const found = state.exports.get(detail.get('export'));
  if (found === undefined) no(`no export ${detail.get('export')} was requested`);
  return found ?? null;
}

function exportRequested(state, { detail, success }, no) {
  const [id, key] = [detail.get('export'), detail.get('key')];
  if (state.exports.has(id)) no(`the export ${id} was requested before`);
  const wanted = state.keys.get(key);
  if (!wanted?.living) no(`there is no living key ${key}`);
  else if (wanted.state !== 'active') no(`the key is ${wanted.state}`);
  if (!success) return;
  state.exports.set(own(id), {
    key: own(key),
    target: own(detail.get('target')),
    algorithm: own(detail.get('algorithm')),
    loaded: null, // the wrapping key that was loaded last
    validTo: undefined,
    waits: false,
    confirmed: null, // the wrapping key that may be used
    confirmedAt: -1,
    wrapped: false, // since it was confirmed
    packed: false,
  });
}

function parametersLoaded(state, told, no) {
  const found = exportOf(state, told, no);
  if (found === null) return;
  const { detail, success } = told;
  if (found.packed) no('the export has its package');
  for (const name of ['target', 'algorithm']) {
    if (detail.get(name) !== found[name]) no(`it was requested for another ${name}`);
  }
  if (!success) return;
  const validTo = detail.get('valid_to');
  found.loaded = own(detail.get('wrapping_spki_sha256'));
  found.validTo = validTo === undefined ? undefined : own(validTo);
  Object.assign(found, { waits: true, confirmed: null, wrapped: false });
}

function parametersConfirmed(state, told, no) {
  const found = exportOf(state, told, no);
  if (found === null) return;
  const { detail, success, index } = told;
  if (!found.waits) no('no wrapping key waits for its confirmation');
  if (!success) return;
  const wrapping = detail.get('wrapping_spki_sha256');
  if (wrapping !== found.loaded) no('another wrapping key was loaded');
  Object.assign(found, { waits: false, confirmed: own(wrapping), confirmedAt: index });
}

/** A key is wrapped for an export: under what was confirmed for it, while that is valid. */
function exportWrapped(state, told, no) {
  const { entry, detail, outcome, success, closes, closesAt } = told;
  const planned = closes === null ? detail : closes.get('detail');
  if (!planned.has('export')) {
    if (detail.has('export')) no('its intent names no export');
    return;
  }
  if (outcome === 'intent') {
    const found = exportOf(state, told, no);
    if (found === null) return;
    if (found.confirmed === null) no('no wrapping key is confirmed for this export');
    else if (detail.get('wrapping_spki_sha256') !== found.confirmed) {
      no('another wrapping key was confirmed');
    }
    if (detail.get('key') !== found.key) no('the export is of another key');
    if (found.validTo !== undefined && entry.get('time') >= found.validTo) {
      no('the wrapping key is not valid any more');
    }
  }
  const found = state.exports.get(planned.get('export'));
  if (found === undefined || !success || closes === null) return;
  if (found.confirmed !== null && closesAt > found.confirmedAt) found.wrapped = true;
}

function packageMade(state, told, no) {
  const found = exportOf(state, told, no);
  if (found === null) return;
  if (told.detail.get('key') !== found.key) no('the export is of another key');
  if (!found.wrapped)
    no('no key was wrapped for this package since its wrapping key was confirmed');
  if (told.success) Object.assign(found, { wrapped: false, packed: true, confirmed: null });
}

function exportAnswered(state, told, no) {
  const found = exportOf(state, told, no);
  if (found !== null && !found.packed) no('the export has no package');
}

function exportExpired(state, told, no) {
  const found = exportOf(state, told, no);
  if (found === null) return;
  if (found.packed) no('the export has its package');
  Object.assign(found, { waits: false, confirmed: null, wrapped: false });
}

function logBegins(state, { detail }) {
  const id = detail.get('attributes').get('CKA_ID');
  if (typeof id === 'string') state.logKeyId = own(id);
}

const RULES = new Map(
  Object.entries({
    'log.genesis': logBegins,
    'person.enrolled': personEnrolled,
    'policy.changed': policyChanged,
    'token.module_added': moduleAdded,
    'token.init': tokenMade,
    'token.relinked': tokenRelinked,
    'key.generate': keyMade,
    'key.import': keyMade,
    'key.wrap': keyWrapped,
    'key.use': keyUsed,
    'key.destroy': keyDestroyed,
    'key.state': keyMoved,
    'byok.requested': exportRequested,
    'byok.parameters_loaded': parametersLoaded,
    'byok.parameters_confirmed': parametersConfirmed,
    'byok.package_created': packageMade,
    'byok.answered': exportAnswered,
    'byok.expired': exportExpired,
  }),
);

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

/** Section 11, completeness. Returns how many entries are covered by an anchor that counts, or -1. */
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
  return last;
}

/* ------------------------------------------------------------------------------------------------
 * Section 9: what is left: evidence, the report and the other files for people.
 * --------------------------------------------------------------------------------------------- */

function checkOtherFiles({ bundle, findings, desk }, complete) {
  for (const path of bundle.files.keys()) {
    const evidence = isEvidence(path);
    if (!evidence && !FOR_PEOPLE.includes(path)) continue;
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
  const unsigned = FOR_PEOPLE.filter((path) => bundle.files.has(path));
  if (unsigned.length > 0) {
    findings.always.unshift(`what ${unsigned.join(', ')} say: nothing signs them`);
  }
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
  const anchored = judgeAnchors(run, anchors, complete);
  finishQuorum(run, complete, anchored);
  finishState(run, complete);
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
