import { constants, createHash, publicEncrypt } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { concat, xor } from '../../../custody/core/bytes.ts';
import { sealOaep } from '../../../custody/core/wrapping/oaep.ts';
import { type Verdict, judgeOaep, requirePassed } from '../../../custody/core/wrapping/selftest.ts';
import { wrappingPair } from './aws-params.ts';

const { spki, pkcs8: privateKey } = wrappingPair(2048);
const key32 = Uint8Array.from({ length: 32 }, (_, i) => i + 1);
const key33 = Uint8Array.from({ length: 33 }, (_, i) => i + 1);
const pad8 = (bytes: Uint8Array) => concat(bytes, new Uint8Array((8 - (bytes.length % 8)) % 8));
const faultOf = (verdict: Verdict): string => (verdict.ok ? 'passed' : verdict.fault);

/** EME-OAEP (RFC 8017 section 7.1.1) with an MGF1 hash of its own, as a confused token would do it. */
const sealMixed = (plaintext: Uint8Array, hash: string, mgf: string): Uint8Array => {
  const lHash = createHash(hash).digest();
  const h = lHash.length;
  const k = 256;
  const mask = (seed: Uint8Array, length: number) => {
    const parts: Uint8Array[] = [];
    for (let i = 0; i * createHash(mgf).digest().length < length; i++)
      parts.push(
        createHash(mgf)
          .update(seed)
          .update(Uint8Array.of(0, 0, 0, i))
          .digest(),
      );
    return concat(...parts).subarray(0, length);
  };
  const fill = new Uint8Array(k - plaintext.length - 2 * h - 2);
  const db = concat(lHash, fill, Uint8Array.of(1), plaintext);
  const seed = new Uint8Array(h).fill(0x55);
  const maskedDb = xor(db, mask(seed, db.length));
  const em = concat(Uint8Array.of(0), xor(seed, mask(maskedDb, h)), maskedDb);
  const key = { key: Buffer.from(spki), format: 'der' as const, type: 'spki' as const };
  return Uint8Array.from(publicEncrypt({ ...key, padding: constants.RSA_NO_PADDING }, em));
};

describe('a token that wraps with OAEP', () => {
  const judge = (blob: Uint8Array, hash: 'SHA-1' | 'SHA-256' = 'SHA-256') =>
    judgeOaep({ blob, privateKey, hash, plaintext: key33 });

  it('passes when the bytes open with the hash that was asked for', () => {
    expect(judge(sealOaep(spki, key33, 'SHA-256'))).toEqual({
      ok: true,
      shown: [
        'opens with OAEP SHA-256',
        'does not open with SHA-1',
        'the 33 bytes inside are the ones that went in',
      ],
    });
    expect(judge(sealOaep(spki, key33, 'SHA-1'), 'SHA-1').ok).toBe(true);
    expect(judge(sealMixed(key33, 'sha256', 'sha256')).ok).toBe(true);
  });

  it('fails by name when it used SHA-1 although SHA-256 was asked for', () => {
    expect(judge(sealOaep(spki, key33, 'SHA-1'))).toEqual({
      ok: false,
      fault: 'wrong-hash',
      message: 'the token was asked for OAEP with SHA-256 and used SHA-1',
    });
    expect(faultOf(judge(sealOaep(spki, key33, 'SHA-256'), 'SHA-1'))).toBe('wrong-hash');
  });

  it('fails by name when only MGF1 used another hash', () => {
    expect(judge(sealMixed(key33, 'sha256', 'sha1'))).toMatchObject({
      fault: 'wrong-mgf',
      message: expect.stringContaining('used SHA-256 with SHA-1 in MGF1') as string,
    });
    expect(faultOf(judge(sealMixed(key33, 'sha1', 'sha256')))).toBe('wrong-mgf');
  });

  it('fails on another length, another key, noise and another plaintext', () => {
    expect(faultOf(judge(sealOaep(spki, key33, 'SHA-256').subarray(1)))).toBe('wrong-length');
    expect(faultOf(judge(new Uint8Array()))).toBe('wrong-length');
    expect(faultOf(judge(sealOaep(wrappingPair(2048).spki, key33, 'SHA-256')))).toBe(
      'does-not-open',
    );
    expect(faultOf(judge(new Uint8Array(256).fill(1)))).toBe('does-not-open');
    // Above any modulus of this length, which RSA itself refuses to open.
    expect(faultOf(judge(new Uint8Array(256).fill(0xff)))).toBe('does-not-open');
    expect(faultOf(judge(sealOaep(spki, key32, 'SHA-256')))).toBe('plaintext-differs');
    expect(faultOf(judge(sealOaep(spki, key33.toReversed(), 'SHA-256')))).toBe('plaintext-differs');
    expect(judge(sealOaep(spki, pad8(key33), 'SHA-256'))).toMatchObject({
      fault: 'zero-padded',
      message: expect.stringContaining('added 7 zero bytes') as string,
    });
  });

  it('never puts the plaintext into words', () => {
    const verdict = judge(sealOaep(spki, key32, 'SHA-256'));
    expect(JSON.stringify(verdict)).not.toContain(Buffer.from(key32).toString('hex'));
  });

  it('refuses an export with the verdict’s words', () => {
    const bad = judge(sealOaep(spki, key33, 'SHA-1'));
    expect(() => {
      requirePassed(bad, 'CKM_RSA_PKCS_OAEP');
    }).toThrow(
      expect.objectContaining({
        code: 'self-test-failed',
        fields: { selfTest: 'wrong-hash' },
        message: expect.stringContaining('used SHA-1') as string,
      }) as Error,
    );
    expect(() => {
      requirePassed({ ok: true, shown: [] }, 'x');
    }).not.toThrow();
  });
});
