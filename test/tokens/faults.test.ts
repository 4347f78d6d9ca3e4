import { constants, createPublicKey, publicEncrypt, randomBytes } from 'node:crypto';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { setTimeout as wait } from 'node:timers/promises';
import type { TokenIdentity } from '../../shared/domain/tokens.ts';
import { compareReadback } from '../../custody/core/keys/readback.ts';
import { importSpec } from '../../custody/core/keys/templates.ts';
import { rsaSpki } from '../../custody/core/wrapping/spki.ts';
import { TokenClient, type TokenClientOptions } from '../../custody/tokens/client.ts';
import { checkLibrary, hashFile } from '../../custody/tokens/header.ts';
import { type Control, type Faults, buildFaults, compiler, control } from '../faults/build.ts';
import {
  SO_PIN,
  type ThrowAway,
  USER_PIN,
  softhsmFolder,
  softhsmLibrary,
  softhsmToken,
} from '../support/softhsm.ts';
import { generate, planFor } from './asking.ts';

const possible =
  compiler() !== undefined && softhsmLibrary() !== undefined && process.platform !== 'win32';
if (!possible)
  console.warn('SKIPPED: the misbehaving modules need a C compiler and SoftHSM, and not Windows');

describe.skipIf(!possible)('a module that misbehaves', () => {
  let faults: Faults;
  let away: ThrowAway;
  let token: TokenIdentity;
  let steer: Control;
  let options: TokenClientOptions;
  let client: TokenClient;

  beforeAll(async () => {
    faults = buildFaults();
    away = await softhsmFolder();
    token = await softhsmToken(away.options, 'Faults');
    steer = control(away.folder, away.options.path);
    options = {
      path: faults.faulty,
      sha256: await hashFile(faults.faulty),
      family: 'other',
      env: { ...away.options.env, ...steer.env },
    };
  });
  afterAll(() => {
    away.remove();
  });
  beforeEach(async (context) => {
    steer.set();
    steer.forget();
    client = await TokenClient.start(options);
    context.onTestFinished(() => client.close());
  });

  const login = () => ({ token, pin: USER_PIN(), lastTry: false });
  const list = () => client.call('list', login());
  /** With an id of its own each time: keys of other tests lie on the same token. */
  const aes = () => planFor('softhsm', 'AES-256', 'mac');
  const make = (asked = aes()) => generate(client, token, asked);
  const wrapKnown = () =>
    client.call('wrapOaep', {
      ...login(),
      hash: 'SHA-1',
      wrappingKey: { modulus: new Uint8Array(256).fill(0xc3), exponent: Uint8Array.of(1, 0, 1) },
      known: new Uint8Array(32),
    });
  const start = async (path: string, openDeadlineMs?: number) =>
    TokenClient.start({
      path,
      sha256: await hashFile(path),
      family: 'other',
      ...(openDeadlineMs === undefined ? {} : { openDeadlineMs }),
    });

  test('one that hangs when it starts is given up', async () => {
    await expect(start(faults.hangInit, 1500)).rejects.toMatchObject({
      code: 'module-hung',
      message: expect.stringContaining('did not answer "open" for 1.5 s') as string,
    });
  });

  test('one that crashes when it starts is reported with its signal', async () => {
    await expect(start(faults.crashInit)).rejects.toMatchObject({
      code: 'module-crashed',
      fields: { signal: 'SIGSEGV' },
    });
  });

  test('one that gives no list of functions takes its own process down, and nothing else', async () => {
    await expect(start(faults.lying)).rejects.toMatchObject({ code: 'module-crashed' });
  });

  test('one whose own libraries are missing says which', async () => {
    await expect(start(faults.missingDep)).rejects.toMatchObject({
      code: 'module-dependency',
      message: expect.stringContaining('keymootgone') as string,
    });
  });

  test('a library that is not PKCS#11 is told from one that is broken', async () => {
    await expect(start(faults.notPkcs11)).rejects.toMatchObject({ code: 'module-not-pkcs11' });
  });

  test('a library for 32 bits and a text file are refused before they are loaded', () => {
    expect(() => checkLibrary(faults.elf32)).toThrow(/32-bit module, and this is a 64-bit/u);
    expect(() => checkLibrary(faults.notALibrary)).toThrow(/not a shared library/u);
  });

  test('a hang in the middle of a call ends at the deadline', async () => {
    steer.set('C_GenerateKey * hang-before');
    const asked = { ...planFor('softhsm', 'AES-256', 'mac'), deadlineMs: 300 };
    await expect(generate(client, token, asked)).rejects.toMatchObject({ code: 'module-hung' });
    expect(client.alive).toBe(false);
  });

  const begin = () => client.call('importBegin', { ...login(), bits: 2048, label: 'import key' });
  const importLies: [string, string, RegExp][] = [
    ['that can be read', 'C_GetAttributeValue * attr 0x103 00', /CKA_SENSITIVE is false/],
    ['that can be wrapped out', 'C_GetAttributeValue * attr 0x162 01', /CKA_EXTRACTABLE is true/],
    ['that may decrypt', 'C_GetAttributeValue * attr 0x105 01', /CKA_DECRYPT is true/],
    ['that may sign', 'C_GetAttributeValue * attr 0x108 01', /CKA_SIGN is true/],
    ['that may not unwrap', 'C_GetAttributeValue * attr 0x107 00', /CKA_UNWRAP is false/],
    ['that stays on the token', 'C_GenerateKeyPair * template 0x1 01', /CKA_TOKEN is true/],
    ['with an exponent of 1', 'C_GetAttributeValue * attr 0x122 000001', /exponent is another/],
    ['that is shorter', 'C_GenerateKeyPair * substitute 1024', /has not 2048 bits/],
  ];
  for (const [what, lie, why] of importLies)
    test(`an import key ${what} is not used, and is gone`, async () => {
      steer.set(lie);
      const error: unknown = await begin().catch((reason: unknown) => reason);
      expect(error).toMatchObject({ code: 'key-not-as-asked' });
      expect((error as Error).message).toMatch(why);
      steer.set();
      expect((await list()).filter(({ label }) => label === 'import key')).toEqual([]);
    });
  test('an import key whose private half has another modulus is not used', async () => {
    await begin();
    // What is read last of the good one is the private half's modulus.
    const last = steer.count('C_GetAttributeValue');
    await list();
    steer.forget();
    await client.close();
    client = await TokenClient.start(options);
    steer.set(`C_GetAttributeValue ${last} attr 0x120 ${'c3'.repeat(256)}`);
    await expect(begin()).rejects.toThrow(/halves are not of one pair/);
  });

  test('a crash after the key was made is said to leave the outcome unknown, and the key is found', async () => {
    steer.set('C_GenerateKey * crash-after');
    const asked = planFor('softhsm', 'AES-256', 'mac');
    await expect(generate(client, token, asked)).rejects.toMatchObject({
      code: 'module-crashed',
      message: expect.stringContaining('not known') as string,
    });
    steer.set();
    const fresh = await TokenClient.start(options);
    try {
      const { byId } = await fresh.call('find', { ...login(), targets: asked.targets });
      expect(compareReadback(asked, byId).differences).toEqual([]);
    } finally {
      await fresh.close();
    }
  });

  test('a token that is pulled out in the middle is gone, and the next request says it is missing', async () => {
    steer.set('C_GenerateKey 1 remove');
    const asked = planFor('softhsm', 'AES-256', 'mac');
    await expect(generate(client, token, asked)).rejects.toMatchObject({
      code: 'token-removed',
      fields: { device: 'CKR_DEVICE_REMOVED from C_GenerateKey' },
    });
    await expect(list()).rejects.toMatchObject({ code: 'token-missing' });
  });

  test('a signer whose token was pulled out says so, however often it is asked', async () => {
    const asked = planFor('softhsm', 'P-256', 'sign');
    await generate(client, token, asked);
    await client.call('signerOpen', { ...login(), targets: asked.targets });
    await client.call('signerSign', { digest: new Uint8Array(32) });
    steer.set('C_Sign 2 remove');
    for (let i = 0; i < 3; i += 1)
      await expect(client.call('signerSign', { digest: new Uint8Array(32) })).rejects.toMatchObject(
        { code: 'token-removed' },
      );
  });

  test('CKR_SESSION_HANDLE_INVALID means removed only when the token is no longer to be found', async () => {
    steer.set('C_FindObjectsInit * return 0xb3');
    await expect(list()).rejects.toMatchObject({
      code: 'module-failed',
      fields: { device: 'CKR_SESSION_HANDLE_INVALID from C_FindObjects' },
    });
    steer.set('C_FindObjectsInit * return 0xb3', 'C_FindObjectsInit * remove');
    await expect(list()).rejects.toMatchObject({ code: 'token-removed' });
  });

  test('already logged in is an error, and the login is not used', async () => {
    steer.set('C_Login * return 0x100');
    await expect(list()).rejects.toMatchObject({ code: 'already-logged-in' });
    expect(steer.count('C_FindObjects')).toBe(0);
  });

  test('a locked PIN is told from a wrong one, and neither is tried twice', async () => {
    steer.set('C_Login * return 0xa4');
    await expect(list()).rejects.toMatchObject({ code: 'pin-locked' });
    expect(steer.count('C_Login')).toBe(1);
  });

  test('a wrong PIN is told also when the token then says nothing more of itself', async () => {
    // The first two answers are for finding the token.
    steer.set('C_Login * return 0xa0', 'C_GetTokenInfo 3 return 0x30');
    await expect(list()).rejects.toMatchObject({
      code: 'pin-wrong',
      message: 'The PIN is wrong.',
    });
  });

  test('a full token says that nothing was made', async () => {
    steer.set('C_GenerateKey * return 0x31');
    await expect(make()).rejects.toMatchObject({ code: 'token-full' });
  });

  test('a refused template is shown with the names of what was asked', async () => {
    steer.set('C_GenerateKey * return 0xd1');
    await expect(make()).rejects.toMatchObject({
      code: 'token-failed',
      fields: {
        device: 'CKR_TEMPLATE_INCONSISTENT from C_GenerateKey',
        attributes: expect.stringContaining('CKA_SENSITIVE') as string,
      },
    });
  });

  test('a code of the vendor’s own is shown by its number', async () => {
    steer.set('C_GenerateKey * return 0x80000042');
    await expect(make()).rejects.toMatchObject({
      code: 'module-failed',
      fields: { device: 'CKR_0x80000042 from C_GenerateKey' },
    });
  });

  test('after every failure the user is logged out and the session closed', async () => {
    for (const fault of ['C_GenerateKey * return 0x5', 'C_FindObjects * return 0x30']) {
      steer.set(fault);
      steer.forget();
      await expect(make()).rejects.toThrow();
      const calls = steer.calls();
      expect(calls.indexOf('C_Logout')).toBeGreaterThan(calls.indexOf('C_Login'));
      expect(steer.count('C_CloseSession')).toBe(steer.count('C_OpenSession'));
    }
    steer.set();
    expect(await list()).toBeDefined();
  });

  test('a logout that fails is followed by the end of all sessions', async () => {
    steer.set('C_Logout 1 return 0x5');
    await list();
    expect(steer.count('C_CloseAllSessions')).toBe(1);
    await expect(list()).resolves.toBeDefined();
  });

  test('a key of another size than asked is a difference', async () => {
    steer.set('C_GenerateKey * substitute 16');
    const asked = aes();
    const { differences } = compareReadback(asked, await make(asked));
    expect(differences).toEqual([
      { what: 'secret key: CKA_VALUE_LEN', asked: '32', observed: '16' },
    ]);
  });

  test('a key that is extractable although it was not to be is a difference', async () => {
    steer.set('C_GenerateKey * template 0x162 01');
    const asked = aes();
    const { differences } = compareReadback(asked, await make(asked));
    expect(differences).toEqual([
      { what: 'secret key: CKA_EXTRACTABLE', asked: 'false', observed: 'true' },
    ]);
  });

  test('a wrapping key that the token holds differently is not wrapped to', async () => {
    steer.set('C_GetAttributeValue * attr 0x122 010003');
    await expect(wrapKnown()).rejects.toMatchObject({ code: 'key-not-as-asked' });
    expect(steer.count('C_WrapKey')).toBe(0);
  });

  test('a wrapped key of another length than its key is a lie', async () => {
    steer.set('C_WrapKey * garbage -1');
    await expect(wrapKnown()).rejects.toMatchObject({ code: 'module-lied' });
  });

  test('a check value of zeros is none', async () => {
    steer.set('C_GetAttributeValue * attr 0x90 000000');
    const readback = await generate(client, token, planFor('softhsm', 'AES-256', 'encrypt'));
    expect(readback.check).toBeUndefined();
  });

  test('numbers that the device does not know are left out', async () => {
    steer.set('C_GetAttributeValue * attr 0x166 ffffffffffffffff');
    const readback = await make();
    expect(readback.objects[0]?.attributes).not.toHaveProperty('CKA_KEY_GEN_MECHANISM');
  });

  test('a hostile label is shown without its control characters', async () => {
    steer.set(
      `C_GetAttributeValue * attr 0x3 ${Buffer.from('a\u001b[2Jb is label').toString('hex')}`,
    );
    const readback = await make();
    expect(readback.objects[0]?.label).toBe('a\ufffd[2Jb is label');
  });

  test('a failure while reading back says that there is a key', async () => {
    steer.set('C_GetAttributeValue * return 0x30');
    await expect(make()).rejects.toMatchObject({
      code: 'token-failed',
      message: expect.stringContaining('The key is there') as string,
    });
  });

  test('a process that lost its parent finishes the call that runs, and then ends', async () => {
    steer.set('C_GenerateKey * hang-before 600');
    const asked = aes();
    const call = make(asked).catch((error: unknown) => error);
    await wait(200);
    // What a parent's death looks like from the child's side.
    process.kill(client.pid, 'SIGTERM');
    await client.exited;
    await call;
    steer.set();
    const fresh = await TokenClient.start(options);
    try {
      const { byId } = await fresh.call('find', { ...login(), targets: asked.targets });
      expect(byId.objects).toHaveLength(1);
    } finally {
      await fresh.close();
    }
  });

  test('a token that makes no session twin still has the imported key, without a check value', async () => {
    const { modulus, exponent } = await client.call('importBegin', {
      ...login(),
      bits: 2048,
      label: 'import key',
    });
    const der = Buffer.from(rsaSpki(modulus, exponent));
    const key = createPublicKey({ key: der, format: 'der', type: 'spki' });
    const padding = constants.RSA_PKCS1_OAEP_PADDING;
    const wrapped = publicEncrypt({ key, oaepHash: 'sha1', padding }, randomBytes(32));
    const plan = importSpec({
      algorithm: 'AES-256',
      purpose: 'wrap',
      extractable: false,
      label: 'alone',
      ckaid: randomBytes(16),
      family: 'softhsm',
    });
    steer.set('C_UnwrapKey 2 return 0xd1');
    const { template, targets, cmac } = plan;
    const input = { wrapped, hash: 'SHA-1', template, targets, cmac, twin: true } as const;
    const readback = await client.call('importFinish', input);
    expect(compareReadback(plan, readback).differences).toEqual([]);
    expect(readback.check).toBeUndefined();
    expect(readback.twin).toBeUndefined();
  });

  test('initialising that fails at the user PIN is an error', async () => {
    steer.set('C_InitPIN * return 0xa1');
    await expect(
      client.call('initToken', { label: 'Half', soPin: SO_PIN(), userPin: USER_PIN() }),
    ).rejects.toMatchObject({ code: 'pin-form' });
  });
});
