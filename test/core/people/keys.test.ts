/** A person's key opens with their passphrase, for them, and is the one they enrolled with. */
import { createPublicKey, randomBytes, verify } from 'node:crypto';
import { beforeAll, describe, expect, test } from 'vitest';
import { preAuthentication } from '../../../custody/core/audit/statement.ts';
import {
  costOf,
  makePersonKey,
  openPersonKey,
  PASSPHRASE_MAX_BYTES,
  type SealedKey,
} from '../../../custody/core/people/keys.ts';

const ADA = '0198c0de-0000-7000-8000-0000000000a1';
const OTTO = '0198c0de-0000-7000-8000-0000000000b2';
const passphrase = () => Buffer.from('correct horse battery');
const payload = Buffer.from('a statement');
type Made = Awaited<ReturnType<typeof makePersonKey>>;

describe('a person’s key', () => {
  let ada: Made, otto: Made;
  beforeAll(async () => {
    ada = await makePersonKey(ADA, passphrase(), 10, randomBytes);
    otto = await makePersonKey(OTTO, passphrase(), 10, randomBytes);
  });
  const holds = (made: Made, signature: Uint8Array): boolean =>
    verify(
      null,
      preAuthentication(payload),
      createPublicKey({ key: Buffer.from(made.key.spki, 'base64'), format: 'der', type: 'spki' }),
      signature,
    );
  const open = (person: string, word: Buffer, blob: SealedKey, made = ada) =>
    openPersonKey(person, word, blob, made.key);

  test('opens with the passphrase and signs what the public half verifies', async () => {
    expect(holds(ada, ada.sign(payload))).toBe(true);
    const sign = await open(ADA, passphrase(), ada.sealed);
    expect(holds(ada, sign(payload))).toBe(true);
    expect(holds(otto, sign(payload))).toBe(false);
  });
  test('differs from everyone’s, though they choose the same passphrase', () => {
    expect(ada.key.sha256).not.toBe(otto.key.sha256);
    expect(Buffer.from(ada.sealed.salt)).not.toEqual(Buffer.from(otto.sealed.salt));
    expect(Buffer.from(ada.sealed.sealed)).not.toEqual(Buffer.from(otto.sealed.sealed));
  });
  for (const word of ['correct horse batterY', 'correct horse battery ', '', 'x'.repeat(300)])
    test(`does not open with another passphrase: ${word.length} characters`, async () => {
      await expect(open(ADA, Buffer.from(word), ada.sealed)).rejects.toMatchObject({
        code: 'act-refused',
      });
    });
  test('does not open for another person: blobs can’t be swapped in the database', async () => {
    await expect(open(OTTO, passphrase(), ada.sealed)).rejects.toMatchObject({
      code: 'act-refused',
    });
    await expect(open(ADA, passphrase(), otto.sealed)).rejects.toMatchObject({
      code: 'act-refused',
    });
  });
  test('is refused when it opens and is not the one in the log', async () => {
    const planted = await makePersonKey(ADA, passphrase(), 10, randomBytes);
    await expect(open(ADA, passphrase(), planted.sealed)).rejects.toMatchObject({
      code: 'store-tampered',
    });
  });
  test('does not open when a bit of it was changed', async () => {
    for (const member of ['salt', 'nonce', 'sealed'] as const) {
      const bytes = Uint8Array.from(ada.sealed[member]);
      bytes[0] = (bytes[0] ?? 0) ^ 1;
      await expect(
        open(ADA, passphrase(), { ...ada.sealed, [member]: bytes }),
      ).rejects.toMatchObject({ code: 'act-refused' });
    }
  });
  test('costs more to open in production, and less when it is somebody’s who was invented', () => {
    expect(costOf('production', false)).toBe(17);
    expect(costOf('rehearsal', false)).toBe(14);
    expect(costOf('rehearsal', true)).toBe(10);
    expect(() => costOf('production', true)).toThrow('A production desk has no invented people');
  });
  test('takes no short passphrase, and none beyond all measure', async () => {
    for (const length of [0, 11, PASSPHRASE_MAX_BYTES + 1])
      await expect(
        makePersonKey(ADA, Buffer.alloc(length, 120), 10, randomBytes),
      ).rejects.toMatchObject({ code: 'input-invalid' });
  });
});
