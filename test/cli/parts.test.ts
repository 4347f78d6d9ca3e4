/** The small parts: secret lines, read-back words, the time in the room, names. */
import { describe, expect, test } from 'vitest';
import { roomTime } from '../../custody/cli/commands/ceremony-steps.ts';
import { idNamed, personNamed } from '../../custody/cli/names.ts';
import { SecretLines } from '../../custody/cli/secrets.ts';
import { fingerprint, table } from '../../custody/cli/show.ts';
import { wordsAt } from '../../custody/cli/words.ts';
import type { Person } from '../../shared/domain/people.ts';

const lines = (text: string): SecretLines => new SecretLines(3, Buffer.from(text, 'utf8'));
const text = (bytes: Buffer | undefined): string | undefined => bytes?.toString('utf8');

describe('secret lines', () => {
  test('are used once each, in order where a name repeats', () => {
    const secrets = lines('# a drill\n\npassphrase Ada: one\r\nlabel: k\npassphrase Ada: two\n');
    expect(text(secrets.take('passphrase Ada'))).toBe('one');
    expect(text(secrets.take('passphrase Ada'))).toBe('two');
    expect(secrets.take('passphrase Ada')).toBeUndefined();
    expect(text(secrets.take('label'))).toBe('k');
  });
  test('keep what belongs to the value: spaces at its ends, colons, nothing at all', () => {
    const secrets = lines('a:  two: spaces \nb:\nc:x');
    expect(text(secrets.take('a'))).toBe(' two: spaces ');
    expect(text(secrets.take('b'))).toBe('');
    expect(text(secrets.take('c'))).toBe('x');
  });
  test('refuse a line without a name, and do not repeat it', () => {
    expect(() => lines('a: b\nhunter2\n')).toThrow('Line 2 on descriptor 3 is not “name: value”.');
  });
  test('zero what they were read from', () => {
    const bytes = Buffer.from('a: b\n');
    new SecretLines(3, bytes);
    expect(bytes.every((byte) => byte === 0)).toBe(true);
  });
});

test('words asked for are taken as typed, or out of all of them', () => {
  const all = Array.from({ length: 32 }, (_, at) => `w${at + 1}`);
  expect(wordsAt('one, two three four', [3, 7, 9, 30])).toEqual(['one', 'two', 'three', 'four']);
  expect(wordsAt(all.join(' '), [3, 7, 9, 32])).toEqual(['w3', 'w7', 'w9', 'w32']);
  expect(wordsAt('one two', [3, 7, 9, 30])).toEqual(['one', 'two']);
});

test('the time in the room is UTC, with or without its date', () => {
  expect(roomTime('2026-11-22 14:05', false)).toBe('2026-11-22T14:05:00.000Z');
  expect(roomTime('2026-11-22 14:05:30 UTC', false)).toBe('2026-11-22T14:05:30.000Z');
  expect(roomTime('9:05', false)).toBe(`${new Date().toISOString().slice(0, 10)}T09:05:00.000Z`);
  expect(() => roomTime('now', false)).toThrow('2026-11-22 14:05');
  expect(() => roomTime('2026-13-22 14:05', false)).toThrow('UTC');
});

test('people are found by id or name in any case; who has left is not', () => {
  const person = (id: string, name: string, left = false): Person => ({
    id,
    name,
    role: 'operator',
    key: { alg: 'Ed25519', spki: '', sha256: '' },
    here: false,
    left,
  });
  const people = [
    person('1', 'Ada Moreno'),
    person('2', 'Otto Lind', true),
    person('3', 'Élise'),
    person('4', 'élise'),
  ];
  expect(personNamed(people, 'ada moreno').id).toBe('1');
  expect(personNamed(people, 'E\u0301lise').id).toBe('3');
  expect(personNamed(people, '1').id).toBe('1');
  expect(() => personNamed(people, 'Otto Lind')).toThrow('has left');
  expect(() => personNamed(people, 'ÉLISE')).toThrow('More than one');
});

test('an id may be shortened, but not to something that fits twice', () => {
  const ids = ['aabbcc01', 'aabbcc02', 'ddeeff01'];
  const find = (begin: string) => idNamed(ids, (id) => id, begin, 'ceremony');
  expect(find('DDEEFF')).toBe('ddeeff01');
  expect(find('aabbcc02')).toBe('aabbcc02');
  expect(() => find('aabbcc')).toThrow('More than one ceremony begins with');
  expect(() => find('dd')).toThrow('knows no ceremony');
});

test('a hostile label can not move the cursor or break a line', () => {
  const shown = table(['label'], [['evil\u001b[2Jname\nsecond\u202eline']]).join('\n');
  expect(shown).toBe('label\nevil\ufffd[2Jname\ufffdsecond\ufffdline');
});

test('a fingerprint is hex in fours, eight groups a line, and each word under its byte', () => {
  const shown = fingerprint('00ff'.repeat(16));
  expect(shown[0]).toBe(`  ${Array.from({ length: 8 }, () => '00ff').join(' ')}`);
  expect(shown[3]).toBe('   1 00            2 ff            3 00            4 ff');
  expect(shown[4]).toBe('     aardvark        Yucatan         aardvark        Yucatan');
});
