/** Checkpoints: what is read back is what was written, and nothing else is read. */
import { generateKeyPairSync, sign } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  checkpointText,
  ecdsaDer,
  fromBase64,
  noteKeyId,
  parseCheckpoint,
  signedBy,
  signedNote,
} from '../../../custody/core/audit/note.ts';

const NAME = 'keymoot.local/0198c0de-0000-7000-8000-000000000001';
const pair = generateKeyPairSync('ec', { namedCurve: 'P-256' });
const spki = pair.publicKey.export({ format: 'der', type: 'spki' });
const root = Buffer.alloc(32, 7);

const noteOf = (size: number): string => {
  const text = checkpointText({ origin: NAME, size, root });
  return signedNote(text, NAME, spki, sign('sha256', text, pair.privateKey));
};

it('reads back what it writes, and knows whose it is', () => {
  fc.assert(
    fc.property(fc.maxSafeNat(), (size) => {
      const note = parseCheckpoint(noteOf(size));
      expect(note).toMatchObject({ origin: NAME, size });
      expect(Buffer.from(note!.root).equals(root)).toBe(true);
      expect(signedBy(note!, NAME, spki)).toBe(true);
      expect(signedBy(note!, `${NAME}/rehearsal`, spki)).toBe(false);
    }),
    { numRuns: 30 },
  );
  const other = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const stranger = other.publicKey.export({ format: 'der', type: 'spki' });
  expect(signedBy(parseCheckpoint(noteOf(5))!, NAME, stranger)).toBe(false);
});

it('sees a signature that is of another text', () => {
  const text = checkpointText({ origin: NAME, size: 6, root });
  const moved = `${Buffer.from(text).toString()}\n${noteOf(5).split('\n\n')[1]!}`;
  expect(signedBy(parseCheckpoint(moved)!, NAME, spki)).toBe(false);
});

describe('a note is refused', () => {
  const good = noteOf(5);
  const [body = '', tail = ''] = good.split('\n\n');
  it.each<[string, string]>([
    ['without a line feed at its end', good.slice(0, -1)],
    ['with an empty line at its end', `${good}\n`],
    ['without signatures', `${body}\n\n`],
    ['with an extension line', `${body}\nmore\n\n${tail}`],
    ['with a leading zero in its size', good.replace('\n5\n', '\n05\n')],
    ['with a size below zero', good.replace('\n5\n', '\n-5\n')],
    ['with a size beyond 2^53', good.replace('\n5\n', '\n9007199254740992\n')],
    ['with a root of 31 bytes', good.replace(root.toString('base64'), `${'B'.repeat(42)}==`)],
    ['with a root in another spelling', good.replace('wc=\n', 'wd=\n')],
    ['with two signatures by one key', good + tail],
    ['with a plain hyphen', good.replace('\u2014', '-')],
    ['with a plus in a name', good + tail.replace(NAME, 'a+b')],
    ['with a zero-width space in a name', good + tail.replace(NAME, 'a\u200bb')],
    ['with a signature of no bytes', good + `\u2014 other ${Buffer.alloc(4).toString('base64')}\n`],
    ['with carriage returns', good.replaceAll('\n', '\r\n')],
    ['without an origin', good.slice(NAME.length)],
    ['of nothing', ''],
  ])('%s', (_, note) => {
    expect(note).not.toBe(good);
    expect(parseCheckpoint(note)).toBeUndefined();
  });

  it('whatever character is put somewhere, unless it says the same to its key', () => {
    fc.assert(
      fc.property(
        fc.nat(good.length - 1),
        fc.constantFrom('\n', ' ', '0', '=', 'A', '\u2014', '\0'),
        (at, sign) => {
          const changed = good.slice(0, at) + sign + good.slice(at);
          const note = parseCheckpoint(changed);
          if (note !== undefined && changed !== good)
            expect(signedBy(note, NAME, spki) && note.origin === NAME && note.size === 5).toBe(
              false,
            );
        },
      ),
      { seed: 6962 },
    );
  });
});

it('takes base64 in one spelling', () => {
  fc.assert(
    fc.property(fc.uint8Array(), (bytes) => {
      const text = Buffer.from(bytes).toString('base64');
      expect(Buffer.from(fromBase64(text)!).equals(Buffer.from(bytes))).toBe(true);
    }),
  );
  for (const text of ['AA', 'AA=', 'AB==', 'AA==\n', 'A A=', '_-==', '!'])
    expect(fromBase64(text)).toBeUndefined();
});

it('takes its key id from the key', () => {
  expect(noteKeyId(spki)).toHaveLength(4);
});

describe('r ‖ s as DER', () => {
  it('is what verifies', () => {
    const text = Buffer.from('text');
    for (let i = 0; i < 40; i++) {
      const raw = sign('sha256', text, { key: pair.privateKey, dsaEncoding: 'ieee-p1363' });
      const der = ecdsaDer(raw);
      const note = { origin: NAME, size: 0, root, text };
      const signatures = [{ name: NAME, keyId: noteKeyId(spki), signature: der }];
      expect(signedBy({ ...note, signatures }, NAME, spki)).toBe(true);
    }
  });
  it('is as short as DER wants it, and positive', () => {
    const raw = Buffer.alloc(64);
    raw[31] = 1;
    raw[32] = 0x80;
    const s = `00${'80'.padEnd(64, '0')}`;
    expect(Buffer.from(ecdsaDer(raw)).toString('hex')).toBe(`3026020101` + `0221${s}`);
    expect(() => ecdsaDer(new Uint8Array(63))).toThrow(RangeError);
  });
});
