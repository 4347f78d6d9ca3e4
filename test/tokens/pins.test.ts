import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { TokenIdentity } from '../../shared/domain/tokens.ts';
import type { PinHalves } from '../../shared/token/protocol.ts';
import { TokenClient } from '../../custody/tokens/client.ts';
import {
  type ThrowAway,
  USER_PIN,
  halves,
  softhsmFolder,
  softhsmToken,
} from '../support/softhsm.ts';
import { nssFolder, nssToken } from '../support/nss.ts';
import { generate, leave, newToken, planFor } from './asking.ts';

describe.each([
  { name: 'SoftHSM', family: 'softhsm', folder: softhsmFolder, init: softhsmToken },
  { name: 'NSS', family: 'nss', folder: () => nssFolder('Pins'), init: nssToken },
] as const)('logging in to $name', ({ name, family, folder, init }) => {
  let away: ThrowAway;
  let token: TokenIdentity;
  let client: TokenClient;
  beforeAll(async () => {
    ({ away, token, client } = await newToken(folder, init, 'Pins'));
  });
  afterAll(() => leave(client, away));

  const list = (pin: PinHalves) => client.call('list', { token, pin, lastTry: false });

  test('two right halves in the order of their seats are let in', async () => {
    expect(await list(USER_PIN())).toEqual([]);
  });

  test('the same halves in the other order are a wrong PIN', async () => {
    const { first, second } = USER_PIN();
    await expect(list({ first: second, second: first })).rejects.toMatchObject({
      code: 'pin-wrong',
    });
  });

  test('a wrong PIN says what the token says about tries, and keeps the device’s own words', async () => {
    await expect(list(halves('left-12', 'wrong'))).rejects.toMatchObject({
      code: 'pin-wrong',
      message: expect.stringContaining('does not say how many tries are left') as string,
      fields: { device: 'CKR_PIN_INCORRECT from C_Login' },
    });
    const state = (await client.call('tokens', {})).find(
      ({ identity }) => identity.label === 'Pins',
    );
    expect(state?.userPin).toBe(name === 'SoftHSM' ? 'count-low' : 'unknown');
  });

  test('one half alone is refused before the token is asked', async () => {
    for (const pin of [halves('left-12right-34', ''), halves('', 'left-12right-34')])
      await expect(list(pin)).rejects.toMatchObject({ code: 'pin-half-missing' });
  });

  test('control characters, byte order marks and broken UTF-8 are refused before the token is asked', async () => {
    const broken = { first: Uint8Array.of(0x31, 0xff), second: Uint8Array.of(0x32) };
    for (const pin of [broken, halves('left\u0000', 'right'), halves('\ufeffleft', 'right')])
      await expect(list(pin)).rejects.toMatchObject({ code: 'pin-form' });
  });

  test('a length that the token does not take is refused before it is asked', async () => {
    await expect(list(halves('x'.repeat(300), 'y'.repeat(300)))).rejects.toMatchObject({
      code: 'pin-form',
      message: expect.stringContaining('No try was used') as string,
    });
    if (name === 'SoftHSM')
      await expect(list(halves('a', 'b'))).rejects.toMatchObject({ code: 'pin-form' });
  });

  // The attack: a second C_Login answers CKR_USER_ALREADY_LOGGED_IN without looking at its PIN.
  test('while the process is logged in, a wrong PIN is not taken for a right one', async () => {
    const asked = planFor(family, 'P-256', 'sign');
    await generate(client, token, asked);
    const signer = await TokenClient.start(away.options);
    try {
      await signer.call('signerOpen', {
        token,
        pin: USER_PIN(),
        lastTry: false,
        targets: asked.targets,
      });
      await expect(
        signer.call('list', { token, pin: halves('quite', 'wrong'), lastTry: false }),
      ).rejects.toMatchObject({
        code: 'already-logged-in',
        fields: { device: 'CKR_USER_ALREADY_LOGGED_IN from C_Login' },
      });
      // The refusal did not log the signer out.
      await expect(signer.call('signerSign', { digest: new Uint8Array(32) })).resolves.toHaveLength(
        64,
      );
    } finally {
      await signer.close();
    }
  });

  test('after a request nobody is logged in any more', async () => {
    await list(USER_PIN());
    const open = await client.call('list', { token, lastTry: false });
    expect(open.every(({ objectClass }) => objectClass === 2)).toBe(true);
    await expect(list(halves('quite', 'wrong'))).rejects.toMatchObject({ code: 'pin-wrong' });
  });

  test('with `wipe`, PIN buffers are cleared once they are sent', async () => {
    const pin = USER_PIN();
    const answer = client.call('list', { token, pin, lastTry: false }, { wipe: true });
    await answer;
    expect([...pin.first, ...pin.second].every((byte) => byte === 0)).toBe(true);
  });

  test('a token that is not there is named, not replaced by another', async () => {
    const other = { ...token, serial: '0123456789abcdef' };
    await expect(
      client.call('list', { token: other, pin: USER_PIN(), lastTry: false }),
    ).rejects.toMatchObject({ code: 'token-missing' });
  });
});

test('two tokens with one label are told apart by serial', async () => {
  const away = await softhsmFolder();
  try {
    const one = await softhsmToken(away.options, 'Twin');
    const two = await softhsmToken(away.options, 'Twin');
    expect(one.serial).not.toBe(two.serial);
    const client = await TokenClient.start(away.options);
    try {
      const login = { pin: USER_PIN(), lastTry: false };
      await generate(client, one, planFor('softhsm', 'AES-256', 'mac'));
      expect(await client.call('list', { token: one, ...login, pin: USER_PIN() })).toHaveLength(1);
      expect(await client.call('list', { token: two, ...login, pin: USER_PIN() })).toHaveLength(0);
    } finally {
      await client.close();
    }
  } finally {
    away.remove();
  }
});
