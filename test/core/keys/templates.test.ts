import { expect, test } from 'vitest';
import { ALGORITHMS, PURPOSES } from '../../../shared/domain/keys.ts';
import { FAMILIES } from '../../../shared/domain/tokens.ts';
import { CKA, type AttributeName } from '../../../shared/token/cryptoki.ts';
import type { KeyReadback, TemplateEntry } from '../../../shared/token/protocol.ts';
import { derivedCkaId } from '../../../custody/core/keys/derived-id.ts';
import { quirksOf } from '../../../custody/core/keys/quirks.ts';
import {
  claimsOf,
  compareReadback,
  neverLeft,
  originOf,
} from '../../../custody/core/keys/readback.ts';
import { spkiOf } from '../../../custody/core/keys/spki.ts';
import {
  EDWARDS_NAME,
  type KeyRequest,
  generateSpec,
  importSpec,
  purposesOf,
} from '../../../custody/core/keys/templates.ts';

const request = (more: Partial<KeyRequest> = {}): KeyRequest => ({
  algorithm: 'AES-256',
  purpose: 'mac',
  extractable: false,
  label: 'a key',
  ckaid: Uint8Array.of(1, 2, 3),
  family: 'other',
  ...more,
});

const USAGES: AttributeName[] = [
  'ENCRYPT',
  'DECRYPT',
  'SIGN',
  'VERIFY',
  'WRAP',
  'UNWRAP',
  'DERIVE',
  'SIGN_RECOVER',
  'VERIFY_RECOVER',
];
const valueOf = (template: readonly TemplateEntry[] | undefined, name: AttributeName) =>
  template?.find(({ type }) => type === CKA[name][0])?.value;
const on = (template: readonly TemplateEntry[] | undefined): string[] =>
  USAGES.filter((name) => valueOf(template, name) === true);

test('every algorithm has purposes, and every purpose an algorithm', () => {
  for (const algorithm of ALGORITHMS) expect(purposesOf(algorithm).length).toBeGreaterThan(0);
  for (const purpose of PURPOSES)
    expect(ALGORITHMS.some((algorithm) => purposesOf(algorithm).includes(purpose))).toBe(true);
});

test.each([
  ['AES-256', 'encrypt', ['ENCRYPT', 'DECRYPT'], [], []],
  ['AES-256', 'mac', ['SIGN', 'VERIFY'], [], []],
  ['AES-256', 'wrap', ['WRAP', 'UNWRAP'], [], []],
  ['RSA-3072', 'sign', [], ['VERIFY'], ['SIGN']],
  ['RSA-3072', 'decrypt', [], ['ENCRYPT'], ['DECRYPT']],
  ['RSA-3072', 'unwrap', [], ['WRAP'], ['UNWRAP']],
  ['P-256', 'sign', [], ['VERIFY'], ['SIGN']],
  ['P-256', 'agree', [], [], ['DERIVE']],
  ['Ed25519', 'sign', [], ['VERIFY'], ['SIGN']],
] as const)('%s for %s can do that and nothing else', (algorithm, purpose, secret, pub, priv) => {
  const plan = generateSpec(request({ algorithm, purpose }));
  expect([on(plan.secret), on(plan.publicKey), on(plan.privateKey)]).toEqual([secret, pub, priv]);
});

test('whatever is asked, a key is kept, hidden without a login, and never readable', () => {
  for (const family of FAMILIES)
    for (const algorithm of ALGORITHMS)
      for (const purpose of purposesOf(algorithm))
        for (const extractable of [true, false]) {
          const plan = generateSpec(request({ algorithm, purpose, extractable, family }));
          const hidden = plan.secret ?? plan.privateKey;
          for (const name of ['TOKEN', 'PRIVATE', 'SENSITIVE'] as const)
            expect(valueOf(hidden, name)).toBe(true);
          expect(valueOf(hidden, 'EXTRACTABLE')).toBe(extractable);
          const types = (hidden ?? []).map(({ type }) => type);
          expect(new Set(types).size).toBe(types.length);
          expect(types).not.toContain(CKA.VALUE[0]);
          expect(plan.targets.length).toBe(plan.secret ? 1 : 2);
          expect(plan.cmac).toBe(purpose === 'mac');
          expect(plan.deadlineMs).toBeGreaterThanOrEqual(15_000);
        }
});

test('a purpose that the algorithm does not have is refused', () => {
  expect(() => generateSpec(request({ purpose: 'agree' }))).toThrow(/not for agree/u);
  expect(() => generateSpec(request({ algorithm: 'Ed25519', purpose: 'agree' }))).toThrow();
  expect(() => generateSpec(request({ ckaid: new Uint8Array(0) }))).toThrow();
});

test('an imported key has no length of its own in the template, and only AES is imported', () => {
  const plan = importSpec(request({ purpose: 'wrap', extractable: true }));
  expect(valueOf(plan.template, 'VALUE_LEN')).toBeUndefined();
  expect(valueOf(plan.template, 'SENSITIVE')).toBe(true);
  expect(() => importSpec(request({ algorithm: 'P-256', purpose: 'sign' }))).toThrow(
    /only an AES/u,
  );
});

test('every family has quirks, and OAEP with at least SHA-1', () => {
  for (const family of FAMILIES) expect(quirksOf(family).oaep).toContain('SHA-1');
  expect(quirksOf('softhsm').oaep).toEqual(['SHA-1']);
});

const hex = (bytes: Uint8Array) => Buffer.from(bytes).toString('hex');

/** A device that makes exactly what it is told. */
const faithful = (request: KeyRequest): KeyReadback => {
  const plan = generateSpec(request);
  const objects = [plan.secret, plan.publicKey, plan.privateKey].flatMap((template) => {
    if (!template) return [];
    const attributes: Record<string, boolean | number | string> = {};
    for (const [name, [type, kind]] of Object.entries(CKA)) {
      const value = template.find((entry) => entry.type === type)?.value;
      if (value === undefined) continue;
      attributes[`CKA_${name}`] = !(value instanceof Uint8Array)
        ? value
        : kind === 'text'
          ? new TextDecoder().decode(value)
          : hex(value);
    }
    const objectClass = Number(attributes['CKA_CLASS']);
    return [{ objectClass, ckaid: '010203', label: 'a key', attributes }];
  });
  return { objects };
};

test('a key as asked has no differences, and each deviation is named', () => {
  const plan = generateSpec(request());
  const good = () => faithful(request());
  expect(compareReadback(plan, good())).toEqual({ differences: [], notOffered: [] });
  const deviations = {
    CKA_KEY_TYPE: 16,
    CKA_VALUE_LEN: 16,
    CKA_TOKEN: false,
    CKA_PRIVATE: false,
    CKA_SENSITIVE: false,
    CKA_EXTRACTABLE: true,
    CKA_WRAP: true,
    CKA_SIGN: false,
    CKA_LABEL: 'another key',
    CKA_ID: '040506',
    CKA_SIGN_RECOVER: true,
  };
  for (const [name, value] of Object.entries(deviations)) {
    const readback = good();
    Object.assign(readback.objects[0]?.attributes ?? {}, { [name]: value });
    expect(compareReadback(plan, readback).differences).toEqual([
      expect.objectContaining({ what: `secret key: ${name}`, observed: String(value) }),
    ]);
  }
});

test('what a module does not show is not offered, which is no difference', () => {
  const plan = generateSpec(request());
  const readback = faithful(request());
  delete readback.objects[0]?.attributes['CKA_DERIVE'];
  Object.assign(readback.objects[0]?.attributes ?? {}, { CKA_VALUE_LEN: 0 });
  expect(compareReadback(plan, readback)).toEqual({
    differences: [],
    notOffered: ['secret key: CKA_DERIVE', 'secret key: CKA_VALUE_LEN'],
  });
});

test('an imported key is as long as was asked, or its length is said not to be shown', () => {
  const plan = importSpec(request());
  const read = (more: Record<string, number>) => {
    const readback = faithful(request());
    const { CKA_VALUE_LEN: _, ...attributes } = readback.objects[0]?.attributes ?? {};
    Object.assign(readback.objects[0] ?? {}, { attributes: { ...attributes, ...more } });
    return compareReadback(plan, readback);
  };
  const notOffered = ['secret key: CKA_VALUE_LEN'];
  expect(read({ CKA_VALUE_LEN: 32 })).toEqual({ differences: [], notOffered: [] });
  expect(read({ CKA_VALUE_LEN: 0 })).toEqual({ differences: [], notOffered });
  expect(read({})).toEqual({ differences: [], notOffered });
  expect(read({ CKA_VALUE_LEN: 16 }).differences).toEqual([
    { what: 'secret key: CKA_VALUE_LEN', asked: '32', observed: '16' },
  ]);
});

test('what a key is, and whether it can get out, must be shown', () => {
  const plan = generateSpec(request());
  for (const name of ['CKA_KEY_TYPE', 'CKA_TOKEN', 'CKA_SENSITIVE', 'CKA_EXTRACTABLE']) {
    const readback = faithful(request());
    Reflect.deleteProperty(readback.objects[0]?.attributes ?? {}, name);
    expect(compareReadback(plan, readback).differences).toEqual([
      expect.objectContaining({ what: `secret key: ${name}`, observed: 'not shown' }),
    ]);
  }
});

test('no key, two keys and a stranger beside it are differences', () => {
  const plan = generateSpec(request());
  const [object] = faithful(request()).objects;
  if (!object) throw new Error('no object');
  const what = (readback: KeyReadback) =>
    compareReadback(plan, readback).differences.map(({ what: named }) => named);
  expect(what({ objects: [] })).toEqual(['secret keys']);
  expect(what({ objects: [object, object] })).toEqual(['secret keys']);
  expect(what({ objects: [object, { ...object, objectClass: 1 }] })).toEqual(['other objects']);
  expect(what({ objects: [object, { ...object, objectClass: 3 }] })).toEqual(['private keys']);
});

test('an RSA key is measured by its modulus and exponent, whatever the attributes say', () => {
  const asked = request({ algorithm: 'RSA-2048', purpose: 'sign' });
  const plan = generateSpec(asked);
  const measure = (modulus: Uint8Array, exponent: Uint8Array) =>
    compareReadback(plan, { ...faithful(asked), modulus, exponent }).differences;
  const modulus = new Uint8Array(256).fill(0xff);
  const e = Uint8Array.of(1, 0, 1);
  expect(measure(modulus, e)).toEqual([]);
  expect(measure(Uint8Array.of(0, ...modulus), e)).toEqual([]);
  expect(measure(modulus.subarray(128), e)).toMatchObject([{ observed: '1024 bits' }]);
  expect(measure(modulus, Uint8Array.of(3))).toMatchObject([{ observed: 'exponent 3' }]);
  const halves = (privateModulus: Uint8Array) => {
    const readback = { ...faithful(asked), modulus, exponent: e, privateModulus };
    return compareReadback(plan, readback).differences;
  };
  expect(halves(Uint8Array.of(0, ...modulus))).toEqual([]);
  expect(halves(new Uint8Array(256).fill(0xc3))).toMatchObject([{ observed: 'two' }]);
  expect(compareReadback(plan, faithful(asked)).differences).toMatchObject([
    { what: 'public key', observed: 'not shown' },
  ]);
});

test('Ed25519 is one curve in two spellings', () => {
  const asked = request({ algorithm: 'Ed25519', purpose: 'sign' });
  const point = new Uint8Array(32).fill(7);
  for (const params of ['06032b6570', EDWARDS_NAME]) {
    const readback = faithful(asked);
    for (const { attributes } of readback.objects)
      if ('CKA_EC_PARAMS' in attributes) attributes['CKA_EC_PARAMS'] = params;
    readback.ecParams = Uint8Array.from(Buffer.from(params, 'hex'));
    for (const ecPoint of [point, Uint8Array.of(4, 32, ...point)]) {
      readback.ecPoint = ecPoint;
      expect(compareReadback(generateSpec(asked), readback).differences).toEqual([]);
      expect(hex(spkiOf(readback) ?? point)).toBe(`302a300506032b6570032100${hex(point)}`);
    }
  }
});

test('another curve than asked is a difference', () => {
  const asked = request({ algorithm: 'P-384', purpose: 'sign' });
  const readback = faithful(request({ algorithm: 'P-256', purpose: 'sign' }));
  readback.ecParams = Uint8Array.from(Buffer.from('06082a8648ce3d030107', 'hex'));
  readback.ecPoint = Uint8Array.of(4, 65, 4, ...new Uint8Array(64));
  expect(compareReadback(generateSpec(asked), readback).differences).toContainEqual({
    what: 'public key: CKA_EC_PARAMS',
    asked: '06052b81040022',
    observed: '06082a8648ce3d030107',
  });
});

test('origin comes from CKA_LOCAL, and from nothing where a module loses it', () => {
  expect(originOf({ CKA_LOCAL: true })).toBe('generated');
  expect(originOf({ CKA_LOCAL: false })).toBe('imported');
  expect(originOf({})).toBe('unknown');
  expect(originOf({ CKA_LOCAL: false }, 'nss')).toBe('unknown');
  expect(originOf({ CKA_LOCAL: true }, 'nss')).toBe('generated');
});

test('"never been outside" needs all three attributes', () => {
  const all = { CKA_LOCAL: true, CKA_ALWAYS_SENSITIVE: true, CKA_NEVER_EXTRACTABLE: true };
  expect(neverLeft(all)).toBe(true);
  for (const name of Object.keys(all)) {
    expect(neverLeft({ ...all, [name]: false })).toBe(false);
    const { [name as keyof typeof all]: _, ...less } = all;
    expect(neverLeft(less)).toBe(false);
    const claims = claimsOf(less, undefined).map(({ claim }) => claim);
    expect(claims.join(' ')).not.toContain('never been outside');
  }
});

test('a planned id is the same for the same facts, and another for any other', () => {
  const definition = 'ab'.repeat(32);
  const ceremony = 'cd'.repeat(16);
  const id = (step: string, attempt: number, role: string) =>
    hex(derivedCkaId(definition, ceremony, step, attempt, role));
  expect(id('7', 1, 'result')).toMatch(/^[0-9a-f]{32}$/u);
  expect(id('7', 1, 'result')).toBe(id('7', 1, 'result'));
  const others = [
    id('7', 2, 'result'),
    id('71', 1, 'result'),
    id('7', 11, 'result'),
    id('7', 1, 'kek'),
  ];
  expect(new Set([id('7', 1, 'result'), ...others]).size).toBe(5);
  // Joined without lengths these two would be one.
  expect(id('1', 23, 'x')).not.toBe(id('12', 3, 'x'));
});
