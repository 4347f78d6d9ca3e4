import { describe, expect, it } from 'vitest';
import {
  abytes,
  base64Decode,
  base64Encode,
  concat,
  copy,
  equalBytes,
  hexDecode,
  hexEncode,
  xor,
  zero,
} from '../../../custody/core/bytes.ts';

describe('byte helpers', () => {
  it('say what came, never the value', () => {
    expect(() => abytes(new Uint8Array(16), 32, 'kek')).toThrow(
      new RangeError('"kek" expected Uint8Array of length 32, got length=16'),
    );
    expect(() => abytes('hunter2', 32, 'kek')).toThrow(
      new TypeError('"kek" expected Uint8Array of length 32, got type=string'),
    );
    expect(() => abytes(null, undefined, 'kek')).toThrow('got type=null');
    for (const bad of ['5ECRET', '5ecretz0'])
      expect(() => hexDecode(bad)).toThrow(
        expect.not.objectContaining({ message: expect.stringContaining(bad) as string }) as Error,
      );
  });

  it('read hex in one spelling only', () => {
    expect(hexDecode('00ff10')).toEqual(Uint8Array.of(0, 255, 16));
    expect(hexEncode(Buffer.from('xx00ff').subarray(2))).toBe('30306666');
    for (const bad of ['0', 'FF', '0x', ' 00', '00\n', 'zz']) {
      expect(() => hexDecode(bad)).toThrow(RangeError);
    }
  });

  it('read base64 in one spelling only', () => {
    // RFC 4648 section 10
    for (const [text, encoded] of [
      ['', ''],
      ['f', 'Zg=='],
      ['fo', 'Zm8='],
      ['foo', 'Zm9v'],
      ['foobar', 'Zm9vYmFy'],
    ] as const) {
      expect(new TextDecoder().decode(base64Decode(encoded))).toBe(text);
      expect(base64Encode(new TextEncoder().encode(text))).toBe(encoded);
    }
    for (const [bad, why] of [
      ['Zg', 'padding'],
      ['Zg=', 'padding'],
      ['Zh==', 'unused bits'],
      ['Zm9=', 'unused bits'],
      ['Zm9v\n', 'white space'],
      ['Zm 9v', 'white space'],
      ['Zm9-', 'not standard'],
      ['Zm9_', 'not standard'],
      ['Zg==Zg==', 'not standard'],
      ['====', 'not standard'],
      ['Z===', 'not standard'],
      ['A', 'cut short'],
    ] as const)
      expect(() => base64Decode(bad), JSON.stringify(bad)).toThrow(why);
  });

  it('compare, combine, copy and clear', () => {
    expect(equalBytes(Uint8Array.of(1, 2), Buffer.of(1, 2))).toBe(true);
    expect(equalBytes(Uint8Array.of(1, 2), Uint8Array.of(1))).toBe(false);
    expect(equalBytes(Uint8Array.of(1, 2), Uint8Array.of(1, 3))).toBe(false);
    expect(xor(Uint8Array.of(1, 255), Uint8Array.of(3, 15))).toEqual(Uint8Array.of(2, 240));
    expect(() => xor(Uint8Array.of(1), Uint8Array.of(1, 2))).toThrow(RangeError);
    expect(concat(Uint8Array.of(1), new Uint8Array(), Uint8Array.of(2))).toEqual(
      Uint8Array.of(1, 2),
    );
    const source = Buffer.from('key');
    const own = copy(source);
    zero(source, undefined);
    expect([...source]).toEqual([0, 0, 0]);
    expect(new TextDecoder().decode(own)).toBe('key');
    expect(own.buffer.byteLength).toBe(3);
  });
});
