import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { p11Check } from '../../custody/core/checkvalues/check-values.ts';
import { hexToWords } from '../../custody/core/checkvalues/fingerprint.ts';
import { Room } from '../../custody/cli/rehearsal/room.ts';
import type { AwsAlgorithm } from '../../shared/contract/exports.ts';
import type { KeyRecord } from '../../shared/domain/keys.ts';

/** Everything on the provider's side by openssl: making the wrapping key, and opening the package. None of our code runs on that side. */
const openssl = (...args: string[]): Buffer =>
  execFileSync('openssl', args, { stdio: ['ignore', 'pipe', 'pipe'] });

describe('an AWS package, opened by openssl with a throw-away key of its own', () => {
  let folder: string;
  let room: Room;
  let serial = 0;

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'keymoot-openssl-'));
    room = await Room.enter(join(folder, 'desk'));
    await room.found('openssl.keymoot.local');
    await room.train('softhsm', 'ceremony', 'administrator', 'officer');
    await room.train('nss', 'export', 'administrator', 'officer');
  });
  afterAll(async () => {
    await room.desk.stop();
    rmSync(folder, { recursive: true, force: true });
  });

  const makeKey = async (token: string): Promise<KeyRecord> => {
    const { key } = await room.call(
      'keys.generate',
      {
        at: room.token(token),
        algorithm: 'AES-256',
        purpose: 'encrypt',
        label: `for openssl ${++serial}`,
        extractable: true,
        login: await room.login(token, 'keys.generate'),
      },
      'administrator',
      'officer',
    );
    return key;
  };

  /** Carries a key out under a fresh wrapping key and gives back what openssl finds inside. */
  const carryOut = async (
    key: KeyRecord,
    token: string,
    algorithm: AwsAlgorithm,
    bits: number,
  ): Promise<Buffer> => {
    const place = join(folder, `job-${++serial}`);
    const pem = `${place}.pem`;
    openssl('genpkey', '-algorithm', 'RSA', '-pkeyopt', `rsa_keygen_bits:${bits}`, '-out', pem);
    const spki = openssl('pkey', '-in', pem, '-pubout', '-outform', 'DER');
    const params = {
      KeyId: 'arn:aws:kms:eu-central-1:111122223333:key/0987dcba-09fe-87dc-65ba-ab0987654321',
      ImportToken: Buffer.from('an opaque import token').toString('base64'),
      PublicKey: spki.toString('base64'),
      ParametersValidTo: new Date(Date.now() + 3600_000).toISOString(),
    };
    writeFileSync(`${place}.json`, JSON.stringify(params));
    const job = await room.call(
      'exports.request',
      {
        key: key.id,
        target: 'aws-kms',
        algorithm,
        login: await room.login(token, 'exports.request'),
      },
      'administrator',
      'officer',
    );
    const loaded = await room.call(
      'exports.load',
      { export: job.id, grant: await room.desk.grant('parameters', `${place}.json`) },
      'administrator',
    );
    const spoken = hexToWords(loaded.wrapping?.sha256 ?? '');
    const words = (loaded.readBack?.positions ?? []).map((position) => spoken[position - 1] ?? '');
    await room.call('exports.confirm', { export: job.id, words }, 'administrator', 'officer');
    await room.call(
      'exports.wrap',
      {
        export: job.id,
        login: await room.login(token, 'exports.wrap'),
        grant: await room.desk.grant('package', place),
      },
      'administrator',
      'officer',
    );
    expect(readFileSync(join(place, 'ImportToken.bin'), 'utf8')).toBe('an opaque import token');
    const hash = algorithm === 'RSAES_OAEP_SHA_1' ? 'sha1' : 'sha256';
    const options = ['rsa_padding_mode:oaep', `rsa_oaep_md:${hash}`, `rsa_mgf1_md:${hash}`];
    return openssl(
      'pkeyutl',
      '-decrypt',
      '-inkey',
      pem,
      '-in',
      join(place, 'EncryptedKeyMaterial.bin'),
      ...options.flatMap((option) => ['-pkeyopt', option]),
    );
  };

  it('holds the very key whose check value SoftHSM shows, with OAEP and SHA-1', async () => {
    const key = await makeKey('ceremony');
    const inside = await carryOut(key, 'ceremony', 'RSAES_OAEP_SHA_1', 2048);
    expect(inside).toHaveLength(32);
    expect(p11Check(inside)).toEqual(key.check);
  });

  it('holds the same key each time under different wrapping keys, with OAEP and SHA-256 on NSS', async () => {
    const key = await makeKey('export');
    const first = await carryOut(key, 'export', 'RSAES_OAEP_SHA_256', 3072);
    const second = await carryOut(key, 'export', 'RSAES_OAEP_SHA_1', 4096);
    expect(first).toHaveLength(32);
    expect(second.equals(first)).toBe(true);
  });

  it('is refused with SHA-256 on SoftHSM, with the reason and what would do', async () => {
    const key = await makeKey('ceremony');
    const refused = room.call(
      'exports.request',
      {
        key: key.id,
        target: 'aws-kms',
        algorithm: 'RSAES_OAEP_SHA_256',
        login: await room.login('ceremony', 'exports.request'),
      },
      'administrator',
      'officer',
    );
    await expect(refused).rejects.toMatchObject({
      code: 'mechanism-unsupported',
      fields: {
        alternative: 'RSAES_OAEP_SHA_1',
        device: expect.stringContaining('CKR_ARGUMENTS_BAD') as string,
      },
    });
  });
});
