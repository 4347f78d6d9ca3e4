import {
  constants,
  createPublicKey,
  generateKeyPairSync,
  privateDecrypt,
  publicEncrypt,
  randomBytes,
} from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { TokenIdentity } from '../../shared/domain/tokens.ts';
import { CKO } from '../../shared/token/cryptoki.ts';
import type { KeyReadback, OaepHash, TokenInput } from '../../shared/token/protocol.ts';
import { x924Cmac } from '../../custody/core/checkvalues/check-values.ts';
import { compareReadback, originOf, secretPart } from '../../custody/core/keys/readback.ts';
import { otherThan } from '../../custody/core/keys/same-key.ts';
import { type ImportSpec, importSpec } from '../../custody/core/keys/templates.ts';
import { rsaSpki } from '../../custody/core/wrapping/spki.ts';
import type { TokenClient } from '../../custody/tokens/client.ts';
import { type ThrowAway, USER_PIN, softhsmFolder, softhsmToken } from '../support/softhsm.ts';
import { nssFolder, nssToken } from '../support/nss.ts';
import { generate, leave, newToken, planFor } from './asking.ts';

const HASH = { 'SHA-1': 'sha1', 'SHA-256': 'sha256', 'SHA-384': 'sha384', 'SHA-512': 'sha512' };

const provider = generateKeyPairSync('rsa', { modulusLength: 3072 });
const jwk = provider.publicKey.export({ format: 'jwk' });
const wrappingKey = {
  modulus: Uint8Array.from(Buffer.from(jwk.n ?? '', 'base64url')),
  exponent: Uint8Array.from(Buffer.from(jwk.e ?? '', 'base64url')),
};
const open = (wrapped: Uint8Array, hash: OaepHash): Buffer =>
  privateDecrypt(
    {
      key: provider.privateKey,
      oaepHash: HASH[hash],
      padding: constants.RSA_PKCS1_OAEP_PADDING,
    },
    wrapped,
  );

describe.each([
  {
    name: 'SoftHSM',
    family: 'softhsm',
    hashes: ['SHA-1'],
    folder: softhsmFolder,
    init: softhsmToken,
  },
  {
    name: 'NSS',
    family: 'nss',
    hashes: ['SHA-1', 'SHA-256', 'SHA-384', 'SHA-512'],
    folder: () => nssFolder('Wrap'),
    init: nssToken,
  },
] as const)('keys that move, on $name', ({ name, family, hashes, folder, init }) => {
  let away: ThrowAway;
  let token: TokenIdentity;
  let client: TokenClient;
  beforeAll(async () => {
    ({ away, token, client } = await newToken(folder, init, 'Wrap'));
  });
  afterAll(() => leave(client, away));
  const login = () => ({ token, pin: USER_PIN(), lastTry: false });

  const begin = (bits = 2048) =>
    client.call('importBegin', { ...login(), bits, label: 'import key' });
  const encryptTo = (
    { modulus, exponent }: { modulus: Uint8Array; exponent: Uint8Array },
    hash: OaepHash,
    value: Uint8Array,
  ): Uint8Array => {
    const der = Buffer.from(rsaSpki(modulus, exponent));
    const key = createPublicKey({ key: der, format: 'der', type: 'spki' });
    const padding = constants.RSA_PKCS1_OAEP_PADDING;
    return Uint8Array.from(publicEncrypt({ key, oaepHash: HASH[hash], padding }, value));
  };
  const planned = (purpose: 'encrypt' | 'mac' | 'wrap', extractable = false): ImportSpec =>
    importSpec({
      algorithm: 'AES-256',
      purpose,
      extractable,
      label: 'formed key',
      ckaid: randomBytes(16),
      family,
    });
  const finish = (
    plan: ImportSpec,
    wrapped: Uint8Array,
    hash: OaepHash = 'SHA-1',
  ): Promise<KeyReadback> => {
    const { template, targets, cmac } = plan;
    return client.call('importFinish', { wrapped, hash, template, targets, cmac });
  };
  const everything = () => client.call('list', login());

  test.each(hashes)(
    'an AES key comes in under %s and has the check value it must',
    async (hash) => {
      const value = randomBytes(32);
      const plan = planned('mac');
      const readback = await finish(plan, encryptTo(await begin(), hash, value), hash);
      expect(readback.check).toEqual(x924Cmac(value));
      expect(compareReadback(plan, readback).differences).toEqual([]);
      expect(originOf(secretPart(readback)?.attributes ?? {}, family)).toBe(
        name === 'SoftHSM' ? 'imported' : 'unknown',
      );
      const { byId } = await client.call('find', { ...login(), targets: plan.targets });
      const { attributes } = secretPart(readback) ?? expect.unreachable();
      const known = { bits: 256, check: x924Cmac(value), attributes };
      expect(otherThan(known, byId)).toBeUndefined();
      expect(otherThan({ ...known, check: x924Cmac(randomBytes(32)) }, byId)).toBeDefined();
      // The import key is gone with the request.
      expect((await everything()).filter(({ label }) => label === 'import key')).toEqual([]);
    },
  );

  test('an imported key that may not sign shows no check value, but its session twin does', async () => {
    const value = randomBytes(32);
    const plan = planned('wrap');
    const alone = await finish(plan, encryptTo(await begin(), 'SHA-1', value));
    expect(alone.check).toBeUndefined();
    const before = await everything();
    const { template, targets, cmac } = planned('wrap');
    const wrapped = encryptTo(await begin(), 'SHA-1', value);
    const input = { wrapped, hash: 'SHA-1', template, targets, cmac, twin: true } as const;
    const readback = await client.call('importFinish', input);
    expect(readback).toMatchObject({ check: x924Cmac(value), twin: true });
    expect(secretPart(readback)?.attributes['CKA_SIGN']).toBe(false);
    expect(await everything()).toHaveLength(before.length + 1);
  });

  test('an import that can not be opened leaves no key and nobody logged in', async () => {
    const before = (await everything()).length;
    await begin();
    await expect(finish(planned('mac'), randomBytes(256))).rejects.toMatchObject({
      fields: { device: expect.stringMatching(/^CKR_.* from C_UnwrapKey$/u) as string },
    });
    expect(await everything()).toHaveLength(before);
    await expect(finish(planned('mac'), randomBytes(256))).rejects.toMatchObject({
      code: 'state-refused',
    });
  });

  test('an import that is not finished is given up by the next request', async () => {
    const key = await begin();
    await everything();
    await expect(
      finish(planned('mac'), encryptTo(key, 'SHA-1', randomBytes(32))),
    ).rejects.toMatchObject({ code: 'state-refused' });
  });

  const wrap = (input: Pick<TokenInput<'wrapOaep'>, 'hash' | 'target' | 'known'>) =>
    client.call('wrapOaep', { ...login(), wrappingKey, ...input });

  test.each(hashes)('a key goes out under %s and opens outside to the same key', async (hash) => {
    const asked = planFor(family, 'AES-256', 'mac', true);
    const made = await generate(client, token, asked);
    const [target] = asked.targets;
    const { wrapped, attributes } = await wrap({ hash, ...(target ? { target } : {}) });
    expect(wrapped).toHaveLength(384);
    expect(attributes['CKA_EXTRACTABLE']).toBe(true);
    expect(x924Cmac(open(wrapped, hash))).toEqual(made.check);
    expect(
      (await everything()).some(({ objectClass, label }) => objectClass === 2 && label === ''),
    ).toBe(false);
  });

  test('the self-test wraps a value that we know', async () => {
    const known = randomBytes(32);
    const hash = hashes.at(-1) ?? 'SHA-1';
    const { wrapped } = await wrap({ hash, known: Uint8Array.from(known) });
    expect(open(wrapped, hash).equals(known)).toBe(true);
    expect(() => open(wrapped, hash === 'SHA-1' ? 'SHA-256' : 'SHA-1')).toThrow();
  });

  // NSS wraps a key that it says is not extractable.
  test('a key that is not extractable is not wrapped, whatever the module would do', async () => {
    const asked = planFor(family, 'AES-256', 'mac', false);
    await generate(client, token, asked);
    const [target] = asked.targets;
    await expect(wrap({ hash: 'SHA-1', ...(target ? { target } : {}) })).rejects.toMatchObject({
      code: 'policy-refused',
    });
  });

  test('a key that is not there is not found, and nothing is wrapped instead', async () => {
    const target = { objectClass: CKO.SECRET_KEY, ckaid: randomBytes(16) };
    await expect(wrap({ hash: 'SHA-1', target })).rejects.toMatchObject({ code: 'not-found' });
  });

  if (name === 'SoftHSM')
    test('SHA-256, which this module does not do, is refused and not replaced by SHA-1', async () => {
      await expect(wrap({ hash: 'SHA-256', known: randomBytes(32) })).rejects.toMatchObject({
        code: 'mechanism-unsupported',
        fields: { device: 'CKR_ARGUMENTS_BAD from C_WrapKey' },
      });
    });
});
