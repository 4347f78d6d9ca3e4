import { createCipheriv } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { cmac } from '@noble/ciphers/aes.js';
import type { Check } from '../../../shared/domain/keys.ts';
import {
  makeCheck,
  p11Check,
  sameCheck,
  x924Cmac,
} from '../../../custody/core/checkvalues/check-values.ts';
import { hex, wycheproof } from '../wrapping/vectors.ts';

/** RFC 4493 section 4: the key and messages of its examples. */
const RFC4493_KEY = hex('2b7e151628aed2a6abf7158809cf4f3c');
const RFC4493_MESSAGE = hex(
  '6bc1bee22e409f96e93d7e117393172aae2d8a571e03ac9c9eb76fac45af8e5130c81c46a35ce411e5fbc1191a0a52eff69f2445df4f9b17ad2b417be66c3710',
);

/** A second, plain AES-CMAC over the system's AES-CBC (RFC 4493 section 2.4), to compare with the one we use. */
const plainCmac = (key: Uint8Array, message: Uint8Array): Buffer => {
  const bits = key.length * 8;
  const double = (block: Buffer): Buffer => {
    const value = BigInt(`0x${block.toString('hex')}`) << 1n;
    const reduced = value >> 128n === 1n ? (value & ((1n << 128n) - 1n)) ^ 0x87n : value;
    return Buffer.from(reduced.toString(16).padStart(32, '0'), 'hex');
  };
  const zeros = Buffer.alloc(16);
  const l = createCipheriv(`aes-${bits}-ecb`, key, null).setAutoPadding(false).update(zeros);
  const k1 = double(l);
  const whole = message.length > 0 && message.length % 16 === 0;
  const padded = whole
    ? Buffer.from(message)
    : Buffer.concat([message, Buffer.of(0x80), Buffer.alloc(15 - (message.length % 16))]);
  const mask = whole ? k1 : double(k1);
  const last = padded.subarray(-16);
  for (let i = 0; i < 16; i++) last[i] = (last[i] as number) ^ (mask[i] as number);
  const out = createCipheriv(`aes-${bits}-cbc`, key, zeros).setAutoPadding(false).update(padded);
  return out.subarray(-16);
};

describe('AES-CMAC', () => {
  it.each([
    [0, 'bb1d6929e95937287fa37d129b756746'],
    [16, '070a16b46b4d4144f79bdd9dd04a287c'],
    [40, 'dfa66747de9ae63030ca32611497c827'],
    [64, '51f0bebf7e3b9d92fc49741779363cfe'],
  ])('gives the example of RFC 4493 section 4 for %i bytes', (length, mac) => {
    expect(cmac(RFC4493_MESSAGE.subarray(0, length), RFC4493_KEY)).toEqual(hex(mac));
    expect(plainCmac(RFC4493_KEY, RFC4493_MESSAGE.subarray(0, length))).toEqual(
      Buffer.from(mac, 'hex'),
    );
  });

  const groups = wycheproof('aes_cmac_test.json');
  it.skipIf(groups === undefined)('agrees with every Wycheproof vector', () => {
    let seen = 0;
    for (const group of groups ?? [])
      for (const test of group.tests) {
        seen++;
        const compute = () =>
          Buffer.from(cmac(hex(test.msg), hex(test.key)).subarray(0, group.tagSize / 8)).toString(
            'hex',
          );
        if (test.flags.includes('InvalidKeySize')) expect(compute).toThrow();
        else expect(compute() === test.tag).toBe(test.result === 'valid');
      }
    expect(seen).toBe(311);
  });
});

describe('check values', () => {
  const zeros = (length: number) => new Uint8Array(length);

  it('makes the X9.24 value of AES-128, 192 and 256 as a second implementation does', () => {
    for (const length of [16, 24, 32]) {
      const key = Uint8Array.from({ length }, (_, i) => (i * 37 + length) & 0xff);
      expect(x924Cmac(key)).toEqual({
        method: 'X9.24-CMAC',
        value: plainCmac(key, zeros(16)).subarray(0, 5).toString('hex'),
      });
    }
  });

  it('makes the zero-block value of the all-zero AES keys', () => {
    // The hash subkeys H of test cases 1, 7 and 13 in the GCM specification (McGrew and Viega, 2005): AES of the zero block under the zero key.
    expect(p11Check(zeros(16)).value).toBe('66e94b');
    expect(p11Check(zeros(24)).value).toBe('aae069');
    expect(p11Check(zeros(32)).value).toBe('dc95c0');
  });

  it('leaves the key as it was', () => {
    const key = Uint8Array.from({ length: 32 }, (_, i) => i);
    const before = key.slice();
    for (const make of [x924Cmac, p11Check]) make(key);
    expect(key).toEqual(before);
  });

  it('refuses other lengths and types, and says what came but never the value', () => {
    expect(() => x924Cmac(zeros(15))).toThrow(
      new RangeError('"key" expected an AES key of 16, 24 or 32 bytes, got length=15'),
    );
    expect(() => p11Check(zeros(0))).toThrow(RangeError);
    expect(() => x924Cmac('5ecret5ecret5ecr' as unknown as Uint8Array)).toThrow(
      new TypeError('"key" expected Uint8Array, got type=string'),
    );
  });
});

describe('comparing check values', () => {
  const cmac5: Check = { method: 'X9.24-CMAC', value: 'aabbccddee' };

  it('takes a prefix of three bytes for X9.24-CMAC only', () => {
    expect(sameCheck(cmac5, { method: 'X9.24-CMAC', value: 'AABBCC' })).toBe('same');
    expect(sameCheck({ method: 'X9.24-CMAC', value: 'aabbcd' }, cmac5)).toBe('different');
    for (const short of ['', 'aa', 'aabb', 'aabbccdd'])
      expect(() => sameCheck(cmac5, { method: 'X9.24-CMAC', value: short })).toThrow(RangeError);
    expect(() =>
      sameCheck(
        { method: 'HMAC-EMPTY', value: 'aabbcc' },
        { method: 'HMAC-EMPTY', value: 'aabbcc' },
      ),
    ).toThrow(RangeError);
  });

  it('says nothing across methods, even where the digits agree', () => {
    expect(
      sameCheck({ method: 'GP-01', value: 'aabbcc' }, { method: 'P11-CHECK', value: 'aabbcc' }),
    ).toBe('different-methods');
    expect(sameCheck(cmac5, { method: 'HMAC-EMPTY', value: 'aabbccddee' })).toBe(
      'different-methods',
    );
  });

  it('sees a difference in the last digit', () => {
    expect(sameCheck(cmac5, { method: 'X9.24-CMAC', value: 'aabbccddef' })).toBe('different');
    expect(sameCheck(cmac5, cmac5)).toBe('same');
  });

  it('reads grouped and upper-case text and refuses the rest', () => {
    expect(makeCheck('X9.24-CMAC', 'AABB CCDD EE')).toEqual(cmac5);
    expect(() => makeCheck('X9.24-CMAC', 'aabbccddeg')).toThrow(RangeError);
    expect(() => makeCheck('GP-01', 'aabb')).toThrow('expected 6 hex digits, got 4');
  });
});
