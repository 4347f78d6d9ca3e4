import { describe, expect, it } from 'vitest';
import {
  MAX_PLAINTEXT,
  kwpLength,
  unwrapKw,
  unwrapKwp,
  wrapKw,
  wrapKwp,
} from '../../../custody/core/wrapping/keywrap.ts';
import { hex, wycheproof } from './vectors.ts';

/** A length that the mode never produces is refused by RangeError, everything else that is wrong by undefined. */
const orRefused = (open: () => Uint8Array | undefined): Uint8Array | undefined => {
  try {
    return open();
  } catch (error) {
    expect(error).toBeInstanceOf(RangeError);
    return undefined;
  }
};

describe('AES-KWP', () => {
  const kek = hex('5840df6e29b02af1ab493b705bf16ea1ae8338f4dcc176a8');

  it.each([
    [
      'c37b7e6492584340bed12207808941155068f738',
      '138bdeaa9b8fa7fc61f97742e72248ee5ae6ae5360d1ae6a5f54f373fa543b6a',
    ],
    ['466f7250617369', 'afbeb0f07dfbf5419200f2ccb50bb24f'],
  ])('gives the example of RFC 5649 section 6: %s', (plaintext, wrapped) => {
    expect(wrapKwp(kek, hex(plaintext))).toEqual(hex(wrapped));
    expect(unwrapKwp(kek, hex(wrapped))).toEqual(hex(plaintext));
    expect(hex(wrapped).length).toBe(kwpLength(hex(plaintext).length));
  });

  it('opens what it wrapped at every length up to 80 and refuses each with one bit changed', () => {
    for (let length = 1; length <= 80; length++) {
      const plaintext = Uint8Array.from({ length }, (_, i) => (i * 7 + length) & 0xff);
      const wrapped = wrapKwp(kek, plaintext);
      expect(unwrapKwp(kek, wrapped)).toEqual(plaintext);
      wrapped[length % wrapped.length] = (wrapped[length % wrapped.length] as number) ^ 1;
      expect(unwrapKwp(kek, wrapped)).toBeUndefined();
    }
  });

  it('refuses lengths that KWP never has', () => {
    for (const length of [0, 8, 15, 17, 20, 23, 25])
      expect(() => unwrapKwp(kek, new Uint8Array(length))).toThrow(RangeError);
    expect(() => wrapKwp(kek, new Uint8Array())).toThrow('got length=0');
    expect(() => wrapKwp(kek, new Uint8Array(MAX_PLAINTEXT + 1))).toThrow(RangeError);
    expect(unwrapKwp(kek, wrapKwp(kek, new Uint8Array(MAX_PLAINTEXT)))?.length).toBe(MAX_PLAINTEXT);
    for (const length of [0, 8, 31, 33])
      expect(() => wrapKwp(new Uint8Array(length), kek)).toThrow(RangeError);
  });

  const groups = wycheproof('aes_kwp_test.json');
  it.skipIf(groups === undefined)('agrees with every Wycheproof vector', () => {
    let seen = 0;
    for (const test of (groups ?? []).flatMap((group) => group.tests)) {
      seen++;
      const [key, message, wrapped] = [hex(test.key), hex(test.msg), hex(test.ct)];
      if (test.result === 'valid') {
        expect(wrapKwp(key, message), `tcId ${test.tcId}`).toEqual(wrapped);
        expect(unwrapKwp(key, wrapped), `tcId ${test.tcId}`).toEqual(message);
      } else
        expect(
          orRefused(() => unwrapKwp(key, wrapped)),
          `tcId ${test.tcId}`,
        ).toBeUndefined();
    }
    expect(seen).toBe(254);
  });
});

describe('AES-KW', () => {
  it('gives the examples of RFC 3394 sections 4.1 and 4.6', () => {
    const kek = hex('000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f');
    const data = hex('00112233445566778899aabbccddeeff000102030405060708090a0b0c0d0e0f');
    const short = hex('1fa68b0a8112b447aef34bd8fb5a7b829d3e862371d2cfe5');
    const long = hex(
      '28c9f404c4b810f4cbccb35cfb87f8263f5786e2d80ed326cbc7f0e71a99f43bfb988b9b7a02dd21',
    );
    expect(wrapKw(kek.subarray(0, 16), data.subarray(0, 16))).toEqual(short);
    expect(unwrapKw(kek.subarray(0, 16), short)).toEqual(data.subarray(0, 16));
    expect(wrapKw(kek, data)).toEqual(long);
    expect(unwrapKw(kek, long)).toEqual(data);
  });

  it('and AES-KWP do not open each other’s work, though 32 bytes give 40 in both', () => {
    const kek = new Uint8Array(32).fill(5);
    const key = new Uint8Array(32).fill(9);
    expect(wrapKw(kek, key).length).toBe(wrapKwp(kek, key).length);
    expect(unwrapKwp(kek, wrapKw(kek, key))).toBeUndefined();
    expect(unwrapKw(kek, wrapKwp(kek, key))).toBeUndefined();
  });

  const groups = wycheproof('aes_wrap_test.json');
  it.skipIf(groups === undefined)('agrees with every Wycheproof vector', () => {
    let seen = 0;
    for (const test of (groups ?? []).flatMap((group) => group.tests)) {
      seen++;
      const [key, message, wrapped] = [hex(test.key), hex(test.msg), hex(test.ct)];
      // SP 800-38F section 5.3.1 has no key of 8 bytes, which some vectors call acceptable.
      const open = () => orRefused(() => unwrapKw(key, wrapped));
      if (test.result === 'valid') {
        expect(wrapKw(key, message), `tcId ${test.tcId}`).toEqual(wrapped);
        expect(open(), `tcId ${test.tcId}`).toEqual(message);
      } else expect(open(), `tcId ${test.tcId}`).toBeUndefined();
    }
    expect(seen).toBe(165);
  });
});
