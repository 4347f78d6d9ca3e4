import { createPublicKey, generateKeyPairSync } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import {
  oaepMaxPlaintext,
  openOaep,
  privateModulusBytes,
  sealOaep,
} from '../../../custody/core/wrapping/oaep.ts';
import { OaepHash } from '../../../shared/token/protocol.ts';
import { hex, wycheproof } from './vectors.ts';

const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
const pkcs8 = privateKey.export({ format: 'der', type: 'pkcs8' });
const spki = createPublicKey(privateKey).export({ format: 'der', type: 'spki' });

describe('OAEP', () => {
  it('opens with the hash that sealed and with no other', () => {
    const secret = new Uint8Array(32).fill(7);
    for (const sealed of OaepHash.options) {
      const blob = sealOaep(spki, secret, sealed);
      expect(blob.length).toBe(256);
      for (const hash of OaepHash.options)
        expect(openOaep(pkcs8, blob, hash)).toEqual(hash === sealed ? secret : undefined);
    }
  });

  it('knows the longest plaintext', () => {
    expect(oaepMaxPlaintext(2048, 'SHA-256')).toBe(190);
    expect(oaepMaxPlaintext(4096, 'SHA-1')).toBe(470);
    expect(oaepMaxPlaintext(3072, 'SHA-512')).toBe(254);
    expect(openOaep(pkcs8, sealOaep(spki, new Uint8Array(190), 'SHA-256'), 'SHA-256')).toEqual(
      new Uint8Array(190),
    );
    expect(() => sealOaep(spki, new Uint8Array(191), 'SHA-256')).toThrow(
      '"plaintext" expected at most 190 bytes for this key and SHA-256, got length=191',
    );
  });

  it('refuses blobs of another length and keys of another kind', () => {
    expect(privateModulusBytes(pkcs8)).toBe(256);
    expect(() => openOaep(pkcs8, new Uint8Array(255), 'SHA-1')).toThrow('got length=255');
    const ec = generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey;
    expect(() =>
      openOaep(ec.export({ format: 'der', type: 'pkcs8' }), new Uint8Array(256), 'SHA-1'),
    ).toThrow('expected an RSA key, got ec');
    expect(() => openOaep(new Uint8Array(8), new Uint8Array(256), 'SHA-1')).toThrow(RangeError);
  });

  for (const name of ['2048_sha1_mgf1sha1', '3072_sha256_mgf1sha256', '4096_sha256_mgf1sha256']) {
    const groups = wycheproof(`rsa_oaep_${name}_test.json`);
    it.skipIf(groups === undefined)(`agrees with every Wycheproof vector of ${name}`, () => {
      let seen = 0;
      for (const group of groups ?? [])
        for (const test of group.tests) {
          seen++;
          expect(group.mgfSha).toBe(group.sha);
          const open = () => {
            try {
              return openOaep(
                hex(group.privateKeyPkcs8),
                hex(test.ct),
                group.sha as OaepHash,
                hex(test.label),
              );
            } catch (error) {
              expect(error).toBeInstanceOf(RangeError);
              return undefined;
            }
          };
          expect(open(), `tcId ${test.tcId}`).toEqual(
            test.result === 'valid' ? hex(test.msg) : undefined,
          );
        }
      expect(seen).toBeGreaterThan(30);
    });
  }
});
