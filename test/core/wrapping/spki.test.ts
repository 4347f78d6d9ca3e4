import { createPublicKey, generateKeyPairSync } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { concat, hexEncode } from '../../../custody/core/bytes.ts';
import { TAG, der, derBitString } from '../../../custody/core/wrapping/der.ts';
import {
  curveOfParams,
  ecSpki,
  ed25519Spki,
  parseRsaSpki,
  pointLength,
  pointOfToken,
  rsaSpki,
  spkiFingerprint,
} from '../../../custody/core/wrapping/spki.ts';
import { KeymootError } from '../../../shared/errors.ts';
import { hex } from './vectors.ts';

const rsa = (modulusLength: number, publicExponent = 65537): Uint8Array =>
  Uint8Array.from(
    generateKeyPairSync('rsa', { modulusLength, publicExponent }).publicKey.export({
      format: 'der',
      type: 'spki',
    }),
  );
const good = rsa(2048);
const { modulus, exponent } = parseRsaSpki(good);

const refusal = (bytes: Uint8Array): string => {
  try {
    parseRsaSpki(bytes);
  } catch (error) {
    expect(error).toBeInstanceOf(KeymootError);
    expect((error as KeymootError).code).toBe('wrapping-key-refused');
    return (error as KeymootError).message;
  }
  return 'not refused';
};

/** A SubjectPublicKeyInfo put together by hand, so that each part can be wrong. */
const OID = der(TAG.oid, hex('2a864886f70d010101'));
const NULL = der(TAG.null);
const N = der(TAG.integer, Uint8Array.of(0), modulus);
const E = der(TAG.integer, exponent);
const build = (parts: { algorithm?: Uint8Array; key?: Uint8Array; bits?: Uint8Array } = {}) =>
  der(
    TAG.sequence,
    parts.algorithm ?? der(TAG.sequence, OID, NULL),
    parts.bits ?? derBitString(parts.key ?? der(TAG.sequence, N, E)),
  );

describe('an RSA wrapping key', () => {
  it('is read with its numbers and fingerprint', () => {
    expect(build()).toEqual(good);
    for (const bits of [2048, 3072, 4096]) {
      const spki = rsa(bits);
      const key = parseRsaSpki(spki);
      expect(key.bits).toBe(bits);
      expect(key.modulus.length).toBe(bits / 8);
      expect(hexEncode(key.exponent)).toBe('010001');
      expect(key.der).toEqual(spki);
      expect(key.spkiSha256).toBe(spkiFingerprint(spki));
      expect(rsaSpki(key.modulus, key.exponent)).toEqual(spki);
    }
  });

  it('is refused as PEM, as another kind of key, and with the reason', () => {
    const pem = createPublicKey({ key: Buffer.from(good), format: 'der', type: 'spki' }).export({
      format: 'pem',
      type: 'spki',
    });
    expect(refusal(new TextEncoder().encode(pem as string))).toContain('PEM text');
    const of = (pair: { publicKey: { export(o: object): unknown } }) =>
      Uint8Array.from(pair.publicKey.export({ format: 'der', type: 'spki' }) as Buffer);
    expect(refusal(of(generateKeyPairSync('ec', { namedCurve: 'P-256' })))).toContain(
      'an elliptic-curve key',
    );
    expect(refusal(of(generateKeyPairSync('ed25519')))).toContain('an Ed25519 key');
    expect(refusal(of(generateKeyPairSync('x25519')))).toContain('an X25519 key');
    expect(refusal(of(generateKeyPairSync('rsa-pss', { modulusLength: 2048 })))).toContain(
      'an RSA-PSS key',
    );
    const unknown = der(TAG.sequence, der(TAG.oid, hex('2a0304')), NULL);
    expect(refusal(build({ algorithm: unknown }))).toContain('a key of the kind 1.2.3.4');
    const pair = generateKeyPairSync('rsa', { modulusLength: 2048 });
    for (const bytes of [
      pair.publicKey.export({ format: 'der', type: 'pkcs1' }),
      pair.privateKey.export({ format: 'der', type: 'pkcs8' }),
    ])
      expect(refusal(bytes)).toContain('bare PKCS#1 key or a private key');
  });

  it('is refused when it is too short, or of a length that is not allowed', () => {
    expect(refusal(rsa(1024))).toContain('1024 bits');
    expect(refusal(rsa(2056))).toContain('2056 bits, and 2048, 3072, 4096 are allowed');
    expect(parseRsaSpki(good, [2048]).bits).toBe(2048);
    expect(() => parseRsaSpki(good, [4096])).toThrow('4096 are allowed');
  });

  it('is refused with a small, even or huge exponent, or an even modulus', () => {
    const withE = (...e: number[]) =>
      build({ key: der(TAG.sequence, N, der(TAG.integer, Uint8Array.of(...e))) });
    expect(refusal(withE(3))).toContain('exponent is 3;');
    expect(refusal(withE(1))).toContain('exponent is 1;');
    expect(refusal(withE(1, 0, 0))).toContain('exponent is 65536;');
    expect(refusal(withE(1, 0, 2))).toContain('exponent is 65538;');
    expect(refusal(withE(1, 0, 0, 0, 1))).toContain('more than 32 bits');
    expect(refusal(withE(0))).toContain('INTEGER is zero');
    expect(refusal(withE(0, 0xff, 0xff, 0xff, 0xff))).toBe('not refused');
    const even = modulus.slice();
    even[255] = 0;
    expect(refusal(rsaSpki(even, exponent))).toContain('even');
  });

  it('is refused in every second spelling', () => {
    const cases: Record<string, Uint8Array> = {
      nothing: new Uint8Array(),
      'trailing byte': concat(good, Uint8Array.of(0)),
      'cut short': good.subarray(0, -1),
      'trailing byte in the algorithm': build({ algorithm: der(TAG.sequence, OID, NULL, NULL) }),
      'no NULL': build({ algorithm: der(TAG.sequence, OID) }),
      'NULL with content': build({ algorithm: der(TAG.sequence, OID, Uint8Array.of(5, 1, 0)) }),
      'trailing in the bits': build({ bits: derBitString(concat(der(TAG.sequence, N, E), NULL)) }),
      'trailing in the key': build({ key: der(TAG.sequence, N, E, NULL) }),
      'unused bits': build({
        bits: der(TAG.bitString, Uint8Array.of(1), der(TAG.sequence, N, E)),
      }),
      'empty bits': build({ bits: der(TAG.bitString) }),
      'negative modulus': build({ key: der(TAG.sequence, der(TAG.integer, modulus), E) }),
      'modulus with a second zero': build({
        key: der(TAG.sequence, der(TAG.integer, Uint8Array.of(0, 0), modulus), E),
      }),
      'exponent with a zero': build({
        key: der(TAG.sequence, N, der(TAG.integer, Uint8Array.of(0), exponent)),
      }),
      'empty exponent': build({ key: der(TAG.sequence, N, der(TAG.integer)) }),
      'indefinite length': concat(Uint8Array.of(0x30, 0x80), good.subarray(4), Uint8Array.of(0, 0)),
      'long length': concat(Uint8Array.of(0x30, 0x83, 0), good.subarray(2)),
      'length of 4 GiB': Uint8Array.of(0x30, 0x84, 0xff, 0xff, 0xff, 0xff),
    };
    for (const [name, bytes] of Object.entries(cases))
      expect(refusal(bytes), name).toContain('Nothing was wrapped');
    // The long form for a length that fits the short one.
    const longNull = concat(OID, Uint8Array.of(5, 0x81, 0));
    expect(refusal(build({ algorithm: der(TAG.sequence, longNull) }))).toContain('shortest form');
  });

  it('never reads two byte strings as one key: every single changed byte is another key or refused', () => {
    for (let at = 0; at < good.length; at++) {
      const changed = good.slice();
      changed[at] = (changed[at] as number) ^ 0x20;
      try {
        const key = parseRsaSpki(changed);
        expect(rsaSpki(key.modulus, key.exponent)).toEqual(changed);
        expect(key.spkiSha256).not.toBe(spkiFingerprint(good));
      } catch (error) {
        expect((error as KeymootError).code).toBe('wrapping-key-refused');
      }
    }
  });
});

describe('public keys of a token', () => {
  // CKA_EC_PARAMS by RFC 5480 section 2.1.1.1 and SEC 2.
  it.each([
    ['P-256', '06082a8648ce3d030107'],
    ['P-384', '06052b81040022'],
    ['P-521', '06052b81040023'],
    ['secp256k1', '06052b8104000a'],
  ] as const)('on %s come out as another program writes them', (curve, params) => {
    const { publicKey } = generateKeyPairSync('ec', { namedCurve: curve });
    const spki = Uint8Array.from(publicKey.export({ format: 'der', type: 'spki' }));
    const jwk = publicKey.export({ format: 'jwk' });
    const point = concat(
      Uint8Array.of(4),
      Buffer.from(jwk.x as string, 'base64url'),
      Buffer.from(jwk.y as string, 'base64url'),
    );
    expect(point.length).toBe(pointLength(curve));
    expect(ecSpki(curve, point)).toEqual(spki);
    expect(curveOfParams(hex(params))).toBe(curve);
    expect(pointOfToken(der(TAG.octetString, point), point.length)).toEqual(point);
    expect(pointOfToken(point, point.length)).toEqual(point);
    expect(() => ecSpki(curve, point.subarray(1))).toThrow(RangeError);
    point[0] = 2;
    expect(() => ecSpki(curve, point)).toThrow('uncompressed');
  });

  it('of Ed25519 come out as another program writes them', () => {
    const { publicKey } = generateKeyPairSync('ed25519');
    const raw = Buffer.from(publicKey.export({ format: 'jwk' }).x as string, 'base64url');
    expect(ed25519Spki(raw)).toEqual(
      Uint8Array.from(publicKey.export({ format: 'der', type: 'spki' })),
    );
    expect(() => ed25519Spki(raw.subarray(1))).toThrow(RangeError);
  });

  it('drop the leading zeros that some tokens report, and refuse a modulus of nothing', () => {
    expect(
      rsaSpki(concat(Uint8Array.of(0, 0), modulus), concat(Uint8Array.of(0), exponent)),
    ).toEqual(good);
    expect(() => rsaSpki(new Uint8Array(256), exponent)).toThrow(RangeError);
  });

  it('refuse unknown curves and other wrappings of a point', () => {
    expect(() => curveOfParams(hex('06032b6571'))).toThrow('1.3.101.113');
    expect(() => curveOfParams(hex('300706052b8104000a'))).toThrow(
      'OBJECT IDENTIFIER was expected',
    );
    expect(() => pointOfToken(hex('0402aabb'), 65)).toThrow('got length=2');
    expect(() => pointOfToken(hex('0403aabb'), 65)).toThrow(RangeError);
  });
});
