/** What a token holds under a key's id, held against the record of that key. */
import { generateKeyPairSync } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import type { Attributes, KeyRecord } from '../../../shared/domain/keys.ts';
import { CKK, CKO } from '../../../shared/token/cryptoki.ts';
import type { KeyReadback, TokenObject } from '../../../shared/token/protocol.ts';
import { otherThan } from '../../../custody/core/keys/same-key.ts';
import { rsaSpki } from '../../../custody/core/wrapping/spki.ts';

type Known = Pick<KeyRecord, 'bits' | 'check' | 'spki' | 'attributes'>;
const object = (objectClass: number, attributes: Attributes): TokenObject => ({
  ...{ objectClass, ckaid: '0a', label: 'a key', attributes },
});
const CMAC = { method: 'X9.24-CMAC', value: '0102030405' } as const;

describe('an AES key', () => {
  const told: Attributes = { CKA_KEY_TYPE: CKK.AES, CKA_SIGN: true, CKA_VALUE_LEN: 32 };
  const key: Known = { bits: 256, check: CMAC, attributes: told };
  const shows = (attributes: Attributes, more: Partial<KeyReadback> = {}): KeyReadback => ({
    objects: [object(CKO.SECRET_KEY, { ...told, ...attributes })],
    ...more,
  });
  const cases: [string, Known, KeyReadback, string | undefined][] = [
    ['the same', key, shows({}, { check: CMAC }), undefined],
    [
      'the same, with fewer digits',
      key,
      shows({}, { check: { ...CMAC, value: '010203' } }),
      undefined,
    ],
    [
      'of another check value',
      key,
      shows({}, { check: { ...CMAC, value: '0102030406' } }),
      'its check value is another',
    ],
    [
      'of a check value by another method',
      key,
      shows({}, { check: { method: 'P11-CHECK', value: 'aabbcc' } }),
      undefined,
    ],
    [
      'of another value by the token’s own method',
      { ...key, attributes: { ...told, CKA_CHECK_VALUE: 'aabbcc' } },
      shows({ CKA_CHECK_VALUE: 'aabbcd' }),
      'its check value is another',
    ],
    [
      'that shows nothing but zeros now',
      { ...key, attributes: { ...told, CKA_CHECK_VALUE: 'aabbcc' } },
      shows({ CKA_CHECK_VALUE: '000000' }),
      undefined,
    ],
    [
      'that may not sign any more',
      key,
      shows({ CKA_SIGN: false }),
      'it may not sign, so it shows no check value, and the key could',
    ],
    ['of another length', key, shows({ CKA_VALUE_LEN: 16 }), 'it is of another length'],
    ['of a length that the token does not tell', key, shows({ CKA_VALUE_LEN: 0 }), undefined],
    ['of another type', key, shows({ CKA_KEY_TYPE: CKK.GENERIC_SECRET }), 'it is of another type'],
    ['of no type', key, { objects: [object(CKO.SECRET_KEY, {})] }, 'it is of another type'],
    [
      'beside another of its id',
      key,
      { objects: [...shows({}).objects, ...shows({}).objects] },
      'several objects have that id',
    ],
    [
      'that never showed a check value',
      { ...key, check: undefined, attributes: { ...told, CKA_SIGN: false } },
      shows({ CKA_SIGN: false }),
      undefined,
    ],
  ];
  test.each(cases)('%s', (_, known, found, other) => {
    expect(otherThan(known, found)).toBe(other);
  });
});

describe('an RSA pair', () => {
  const numbers = () => {
    const { n = '', e = '' } = generateKeyPairSync('rsa', { modulusLength: 2048 }).publicKey.export(
      { format: 'jwk' },
    );
    return { modulus: Buffer.from(n, 'base64url'), exponent: Buffer.from(e, 'base64url') };
  };
  const [made, foreign] = [numbers(), numbers()];
  const attributes = { CKA_KEY_TYPE: CKK.RSA };
  const key: Known = {
    bits: 2048,
    spki: Buffer.from(rsaSpki(made.modulus, made.exponent)).toString('base64'),
    attributes,
  };
  const halves = [object(CKO.PUBLIC_KEY, attributes), object(CKO.PRIVATE_KEY, attributes)];
  const [publicHalf, privateHalf] = halves as [TokenObject, TokenObject];
  const signed = Buffer.concat([Buffer.of(0), made.modulus]);
  const cases: [string, KeyReadback, string | undefined][] = [
    ['the same', { objects: halves, ...made, privateModulus: made.modulus }, undefined],
    [
      'the same, its numbers with a sign byte',
      { objects: halves, ...made, modulus: signed, privateModulus: signed },
      undefined,
    ],
    ['another', { objects: halves, ...foreign }, 'its public key is another'],
    [
      'with another private half',
      { objects: halves, ...made, privateModulus: foreign.modulus },
      'its public key is another',
    ],
    [
      'with another exponent',
      { objects: halves, ...made, exponent: Buffer.of(3) },
      'its public key is another',
    ],
    [
      'with a public half that is none',
      { objects: halves, modulus: Buffer.of(0), exponent: Buffer.of(0) },
      'its public key is another',
    ],
    [
      'of which only the private half is left',
      { objects: [privateHalf], privateModulus: made.modulus },
      undefined,
    ],
    [
      'of which another private half is left',
      { objects: [privateHalf], privateModulus: foreign.modulus },
      'its public key is another',
    ],
    ['of which only the public half is left', { objects: [publicHalf], ...made }, undefined],
  ];
  test.each(cases)('%s', (_, found, other) => {
    expect(otherThan(key, found)).toBe(other);
  });
});
