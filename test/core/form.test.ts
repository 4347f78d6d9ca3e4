/** Forms, by which processes without schemas check what they are sent: as strict as the schemas elsewhere. */
import { describe, expect, test } from 'vitest';
import {
  bytes,
  either,
  flag,
  list,
  oneOf,
  record,
  string,
  table,
  whole,
} from '../../shared/form.ts';
import { holderRequests } from '../../shared/holder/requests.ts';
import { isTokenOp, tokenRequests } from '../../shared/token/requests.ts';

describe('a record', () => {
  const form = record({ a: whole(0) }, { b: flag });
  test('has its members and no others', () => {
    expect([{ a: 1 }, { a: 1, b: true }, { a: 1, b: undefined }].map(form)).not.toContain(false);
    const others = [{}, { a: 1, c: 1 }, { a: 1, b: 1 }, { a: undefined }, [], null, 1, 'a', [1]];
    expect(others.map(form)).not.toContain(true);
  });
  test('has them itself: nothing comes from a prototype, and none is brought along', () => {
    expect(form(Object.create({ a: 1 }))).toBe(false);
    expect(form(JSON.parse('{"a":1,"__proto__":{}}'))).toBe(false);
    expect(record({})({ constructor: 1 })).toBe(false);
    expect(record({ toString: flag })({})).toBe(false);
  });
});

test('numbers are whole and safe, within their bounds', () => {
  expect([0, 5, 9].map(whole(0, 9))).not.toContain(false);
  expect([-1, 10, 1.5, NaN, Infinity, 2 ** 53, '1', 1n].map(whole(0, 9))).not.toContain(true);
});
test('texts, lists, bytes and choices are what they say', () => {
  expect(string(2)('ab')).toBe(true);
  expect([string(2)('abc'), string(2, /^b/)('ab'), string()(1)]).not.toContain(true);
  expect([list(flag, 1)([true]), list(flag)([])]).not.toContain(false);
  expect([list(flag, 1)([true, true]), list(flag)([1]), list(flag)({})]).not.toContain(true);
  expect([bytes(new Uint8Array(1)), bytes(Buffer.of(1))]).not.toContain(false);
  expect([bytes([1]), bytes(new Uint16Array(1)), bytes('a')]).not.toContain(true);
  expect([oneOf(['a', 1])(1), either(flag, whole())(1)]).not.toContain(false);
  expect([oneOf(['a', 1])('1'), either(flag, whole())('1')]).not.toContain(true);
  expect([table(flag)({ a: true }), table(flag)({ a: 1 }), table(flag)([])]).toEqual([
    true,
    false,
    false,
  ]);
});

describe('a request', () => {
  const half = Uint8Array.of(1);
  const token = { manufacturer: '', model: '', serial: '', label: 'a token' };
  const pin = { first: half, second: half };
  const listed = { token, pin, lastTry: false };

  test('to a token is one of a closed list, by its own name', () => {
    expect(isTokenOp('list')).toBe(true);
    for (const name of ['constructor', 'toString', '__proto__', '', 1, undefined, ['list']])
      expect(isTokenOp(name)).toBe(false);
  });
  test('to a token has each of its members in its form, and no more', () => {
    expect(tokenRequests.list(listed)).toBe(true);
    for (const wrong of [
      { ...listed, more: 1 },
      { ...listed, lastTry: 'no' },
      { ...listed, pin: { first: half } },
      { ...listed, pin: { ...pin, third: half } },
      { ...listed, pin: { first: 'text', second: half } },
      { ...listed, token: { ...token, label: 'a\u0000b' } },
      { ...listed, token: { ...token, label: 'x'.repeat(65) } },
    ])
      expect(tokenRequests.list(wrong)).toBe(false);
    expect(tokenRequests.random({ token, bytes: 1024 })).toBe(true);
    expect(tokenRequests.random({ token, bytes: 1025 })).toBe(false);
  });
  test('to the holder likewise', () => {
    const receive = { index: 1, typed: half, check: 'abcd' };
    expect(holderRequests.receive(receive)).toBe(true);
    expect(holderRequests.receive({ ...receive, commitment: 'ab'.repeat(32) })).toBe(true);
    for (const wrong of [
      { ...receive, index: 10 },
      { ...receive, check: 'x'.repeat(65) },
      { ...receive, commitment: 'AB'.repeat(32) },
      { ...receive, commitment: `${'ab'.repeat(32)}\n` },
    ])
      expect(holderRequests.receive(wrong)).toBe(false);
    const combine = { spki: half, bits: 2048, hash: 'SHA-1' };
    const check = (value: string) => ({ expected: { method: 'X9.24-CMAC', value } });
    expect(holderRequests.combine({ ...combine, ...check('abcd') })).toBe(true);
    for (const value of ['ab', 'abc', 'abcg', 'ab'.repeat(9)])
      expect(holderRequests.combine({ ...combine, ...check(value) })).toBe(false);
    expect(holderRequests.combine({ ...combine, hash: 'MD5' })).toBe(false);
    expect(holderRequests.begin({ setId: 'x', count: 2, bytes: 24 })).toBe(false);
  });
});
