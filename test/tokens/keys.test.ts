import { createPublicKey, randomBytes, verify } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { TokenIdentity } from '../../shared/domain/tokens.ts';
import { ALGORITHMS } from '../../shared/domain/keys.ts';
import type { KeyReadback } from '../../shared/token/protocol.ts';
import {
  claimsOf,
  compareReadback,
  neverLeft,
  originOf,
  secretPart,
} from '../../custody/core/keys/readback.ts';
import { otherThan } from '../../custody/core/keys/same-key.ts';
import { spkiOf } from '../../custody/core/keys/spki.ts';
import {
  ALGORITHM_TABLE,
  purposesOf,
  type GenerateSpec,
} from '../../custody/core/keys/templates.ts';
import { TokenClient } from '../../custody/tokens/client.ts';
import { type ThrowAway, USER_PIN, softhsmFolder, softhsmToken } from '../support/softhsm.ts';
import { nssFolder, nssToken } from '../support/nss.ts';
import { generate, leave, newToken, planFor } from './asking.ts';

const cases = ALGORITHMS.flatMap((algorithm) =>
  purposesOf(algorithm)
    // RSA-4096 may take seconds; one purpose of it shows what there is to see.
    .filter((purpose) => algorithm !== 'RSA-4096' || purpose === 'sign')
    .map((purpose) => [algorithm, purpose] as const),
);

describe.each([
  { name: 'SoftHSM', family: 'softhsm', folder: softhsmFolder, init: softhsmToken },
  { name: 'NSS', family: 'nss', folder: () => nssFolder('Training'), init: nssToken },
] as const)('keys on $name', ({ name, family, folder, init }) => {
  let away: ThrowAway;
  let token: TokenIdentity;
  let client: TokenClient;
  beforeAll(async () => {
    ({ away, token, client } = await newToken(folder, init, 'Training'));
  });
  afterAll(() => leave(client, away));

  const login = () => ({ token, pin: USER_PIN(), lastTry: false });
  const all: { asked: GenerateSpec; readback: KeyReadback }[] = [];

  test.each(cases)('%s for %s is made and read back as asked', async (algorithm, purpose) => {
    const asked = planFor(family, algorithm, purpose);
    const made = generate(client, token, asked);
    if (name === 'NSS' && algorithm === 'Ed25519') {
      await expect(made).rejects.toMatchObject({
        code: 'mechanism-unsupported',
        fields: { device: 'CKR_MECHANISM_INVALID from C_GenerateKeyPair' },
      });
      return;
    }
    const readback = await made;
    all.push({ asked, readback });
    const { differences, notOffered } = compareReadback(asked, readback);
    expect(differences).toEqual([]);
    expect(notOffered).toEqual(
      name === 'NSS' && algorithm.startsWith('RSA') ? ['public key: CKA_MODULUS_BITS'] : [],
    );
    const spki = spkiOf(readback);
    if (spki) {
      const key = createPublicKey({ key: Buffer.from(spki), format: 'der', type: 'spki' });
      expect(key.asymmetricKeyType).toBe(
        { rsa: 'rsa', ec: 'ec', edwards: 'ed25519', aes: '' }[ALGORITHM_TABLE[algorithm].kind],
      );
    }
    const method = readback.check?.method;
    if (purpose === 'mac') expect(method).toBe('X9.24-CMAC');
    else if (algorithm.startsWith('AES'))
      expect(method).toBe(name === 'SoftHSM' ? 'P11-CHECK' : undefined);
  });

  test('each of them is known again by a process that comes later, and is not taken for another', async () => {
    const later = await TokenClient.start(away.options);
    try {
      let last: KeyReadback | undefined;
      for (const { asked, readback } of all) {
        const spki = spkiOf(readback);
        const key = {
          bits: ALGORITHM_TABLE[asked.request.algorithm].bits,
          ...(readback.check === undefined ? {} : { check: readback.check }),
          ...(spki === undefined ? {} : { spki: Buffer.from(spki).toString('base64') }),
          attributes: secretPart(readback)?.attributes ?? {},
        };
        const { byId } = await later.call('find', { ...login(), targets: asked.targets });
        expect([asked.request.label, otherThan(key, byId)]).toEqual([
          asked.request.label,
          undefined,
        ]);
        if (last !== undefined && spki !== undefined) expect(otherThan(key, last)).toBeDefined();
        last = byId;
      }
    } finally {
      await later.close();
    }
  });

  test('what a module says of a fresh key is claimed, and no more', async () => {
    const asked = planFor(family, 'AES-256', 'mac');
    const readback = await generate(client, token, asked);
    const attributes = secretPart(readback)?.attributes ?? {};
    // NSS loses CKA_LOCAL on token objects, so nothing is claimed from its being false.
    expect(originOf(attributes, family)).toBe(name === 'SoftHSM' ? 'generated' : 'unknown');
    expect(neverLeft(attributes)).toBe(name === 'SoftHSM');
    const claims = claimsOf(attributes, readback.check, family);
    expect(claims.every(({ says }) => says === 'device')).toBe(true);
    expect(claims.some(({ claim }) => claim.includes('never been outside'))).toBe(
      name === 'SoftHSM',
    );
  });

  test('a key is found by its planned id, with its check value, and its label is counted', async () => {
    const asked = planFor(family, 'AES-256', 'mac');
    const made = await generate(client, token, asked);
    const { byId, sameLabel } = await client.call('find', {
      ...login(),
      targets: asked.targets,
      label: asked.request.label,
    });
    expect(byId).toEqual(made);
    expect(sameLabel).toBeGreaterThanOrEqual(1);
    const other = await client.call('find', {
      ...login(),
      targets: [{ objectClass: 4, ckaid: randomBytes(16) }],
      label: 'nobody has this label',
    });
    expect(other).toEqual({ byId: { objects: [] }, sameLabel: 0 });
  });

  // NSS replaces the older key without a word when an id is used twice.
  test('a planned id that is taken is refused, and the key that has it stays', async () => {
    const asked = planFor(family, 'AES-256', 'mac');
    const made = await generate(client, token, asked);
    await expect(generate(client, token, asked)).rejects.toMatchObject({ code: 'label-taken' });
    const { byId } = await client.call('find', { ...login(), targets: asked.targets });
    expect(byId.check).toEqual(made.check);
    expect(byId.objects).toHaveLength(1);
  });

  test('a destroyed key is gone for a new process too', async () => {
    const asked = planFor(family, 'P-256', 'sign');
    await generate(client, token, asked);
    const { targets } = asked;
    expect(await client.call('destroy', { ...login(), targets })).toEqual({ destroyed: 2 });
    const fresh = await TokenClient.start(away.options);
    try {
      const { byId } = await fresh.call('find', { ...login(), targets });
      expect(byId.objects).toEqual([]);
    } finally {
      await fresh.close();
    }
  });

  test('without a PIN only the public view is listed', async () => {
    const asked = planFor(family, 'P-256', 'sign');
    await generate(client, token, asked);
    const open = await client.call('list', { token, lastTry: false });
    const everything = await client.call('list', { ...login() });
    expect(everything.length).toBeGreaterThan(open.length);
    if (name === 'SoftHSM') expect(open.every(({ objectClass }) => objectClass === 2)).toBe(true);
    const id = Buffer.from(asked.request.ckaid).toString('hex');
    expect(everything.filter(({ ckaid }) => ckaid === id).map(({ label }) => label)).toEqual([
      'P-256 for sign',
      'P-256 for sign',
    ]);
  });

  test('a mechanism that is not one of ours never reaches the library', async () => {
    const asked = planFor(family, 'AES-256', 'mac');
    await expect(
      generate(client, token, { ...asked, mechanism: 0x80000001 }),
    ).rejects.toMatchObject({ code: 'mechanism-unsupported' });
  });

  test('the signer stays logged in, and its signatures verify', async () => {
    const asked = planFor(family, 'P-256', 'sign');
    const made = await generate(client, token, asked);
    const signer = await TokenClient.start(away.options);
    try {
      const readback = await signer.call('signerOpen', { ...login(), targets: asked.targets });
      expect(readback).toEqual(made);
      const spki = Buffer.from(spkiOf(readback) ?? []);
      const key = createPublicKey({ key: spki, format: 'der', type: 'spki' });
      for (let i = 0; i < 5; i += 1) {
        const data = randomBytes(100);
        const digest = new Uint8Array(await crypto.subtle.digest('SHA-256', data));
        const signature = await signer.call('signerSign', { digest });
        expect(signature).toHaveLength(64);
        const form = { key, dsaEncoding: 'ieee-p1363' } as const;
        expect(verify('sha256', data, form, signature)).toBe(true);
      }
      await expect(signer.call('signerSign', { digest: new Uint8Array(20) })).rejects.toMatchObject(
        { code: 'input-invalid' },
      );
      // While it is open, another login in the same process is refused, whatever its PIN.
      await expect(
        signer.call('find', { ...login(), targets: asked.targets }),
      ).rejects.toMatchObject({ code: 'already-logged-in' });
    } finally {
      await signer.close();
    }
  });
});
