/** The process that holds components: what it answers, and that it ends with what it holds. */
import { constants, createPublicKey, generateKeyPairSync, privateDecrypt } from 'node:crypto';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { rsaSpki } from '../../custody/core/wrapping/spki.ts';
import { Holder } from '../../custody/holder/client.ts';

const A = '2b7e151628aed2a6abf7158809cf4f3c';
const B = '000102030405060708090a0b0c0d0e0f';
const CHECKS = { [A]: '7ad386c376', [B]: 'be7ed6ae78' } as const;
const typed = (hex: string): Uint8Array => Uint8Array.from(Buffer.from(hex));

const spkiOf = (modulusLength: number, publicExponent = 65537): Uint8Array =>
  Uint8Array.from(
    generateKeyPairSync('rsa', { modulusLength, publicExponent }).publicKey.export({
      format: 'der',
      type: 'spki',
    }),
  );
/** Its modulus with an exponent of 1: what is sealed to it lies open. */
const exponentOne = (): Uint8Array => {
  const { n = '' } = createPublicKey({
    key: Buffer.from(spkiOf(2048)),
    format: 'der',
    type: 'spki',
  }).export({ format: 'jwk' });
  return rsaSpki(Buffer.from(n, 'base64url'), Uint8Array.of(1));
};

describe('the holder', () => {
  let holder: Holder;
  let ended: Promise<void>;
  beforeEach(() => {
    ended = new Promise((resolve) => {
      holder = new Holder(resolve);
    });
  });
  afterEach(async () => {
    holder.end();
    await ended;
  });
  const begin = () => holder.call('begin', { setId: 'c0de'.repeat(8), count: 2, bytes: 16 });
  const receive = (index: number, hex: typeof A | typeof B) =>
    holder.call('receive', { index, typed: typed(hex), check: CHECKS[hex] });

  test('gives back the sum only sealed to the key it is given, and forgets it', async () => {
    const { publicKey, privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
    const spki = Uint8Array.from(publicKey.export({ format: 'der', type: 'spki' }));
    await begin();
    await receive(1, A);
    await receive(2, B);
    const combined = await holder.call('combine', { spki, bits: 2048, hash: 'SHA-256' });
    expect(combined.check).toEqual({ method: 'X9.24-CMAC', value: 'fd03633fbb' });
    const padding = constants.RSA_PKCS1_OAEP_PADDING;
    const sum = privateDecrypt({ key: privateKey, padding, oaepHash: 'sha256' }, combined.wrapped);
    expect(sum.toString('hex')).toBe('2b7f17152cabd4a1a3fe1f8305c24133');
    await expect(
      holder.call('combine', { spki, bits: 2048, hash: 'SHA-256' }),
    ).rejects.toMatchObject({
      code: 'state-refused',
    });
    await expect(receive(1, A)).rejects.toMatchObject({ code: 'state-refused' });
  });
  const refused: [string, () => Uint8Array, number][] = [
    ['with an exponent of 1', exponentOne, 2048],
    ['with an exponent of 3', () => spkiOf(2048, 3), 2048],
    ['of 1024 bits', () => spkiOf(1024), 1024],
    ['that is shorter than asked for', () => spkiOf(2048), 4096],
    ['that is none', () => new Uint8Array(3), 2048],
  ];
  for (const [what, make, bits] of refused)
    test(`seals nothing to an import key ${what}, and still holds the components`, async () => {
      await begin();
      await receive(1, A);
      await receive(2, B);
      const bad = holder.call('combine', { spki: make(), bits, hash: 'SHA-1' });
      await expect(bad).rejects.toMatchObject({ code: 'key-not-as-asked' });
      const spki = spkiOf(2048);
      const { check } = await holder.call('combine', { spki, bits: 2048, hash: 'SHA-1' });
      expect(check.value).toBe('fd03633fbb');
    });
  test('takes nothing before it has begun, and begins anew empty', async () => {
    await expect(receive(1, A)).rejects.toMatchObject({ code: 'state-refused' });
    await begin();
    await receive(1, A);
    await begin();
    await receive(2, A);
    await expect(
      holder.call('combine', { spki: spkiOf(2048), bits: 2048, hash: 'SHA-1' }),
    ).rejects.toMatchObject({ code: 'component-refused' });
  });
  test('passes on why a component was refused', async () => {
    await begin();
    await receive(1, A);
    const repeated = receive(2, A);
    await expect(repeated).rejects.toMatchObject({
      code: 'component-refused',
      fields: { component: '2' },
    });
  });
  test('answers what it does not know with words, and lives on', async () => {
    await expect(holder.call('constructor' as 'begin', {} as never)).rejects.toMatchObject({
      code: 'channel-unknown',
    });
    await expect(holder.call('begin', { setId: 'x' } as never)).rejects.toMatchObject({
      code: 'message-malformed',
    });
    await begin();
  });
  test('ends with what it holds: nobody waits for it, and nothing is held', async () => {
    await begin();
    holder.held.add(1);
    const waiting = receive(1, A).then(
      () => 'answered',
      (error: unknown) => (error as { code: string }).code,
    );
    holder.end();
    await ended;
    expect(['component-refused', 'answered']).toContain(await waiting);
    expect(holder.alive).toBe(false);
    expect(holder.held.size).toBe(0);
    await expect(begin()).rejects.toMatchObject({ code: 'component-refused' });
  });
});
