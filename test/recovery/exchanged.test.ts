/**
 * A holder of the PIN puts another object under a key's id. A call, or the settling of an interrupted one, must not destroy it in place of the key; the finding
 * is logged, and nothing is left half done.
 */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Algorithm, KeyRecord, Purpose } from '../../shared/domain/keys.ts';
import { generateSpec } from '../../custody/core/keys/templates.ts';
import type { TokenClient, TokenClientOptions } from '../../custody/tokens/client.ts';
import { hashFile } from '../../custody/tokens/header.ts';
import { refusedAs } from '../support/desk.ts';
import { softhsmLibrary } from '../support/softhsm.ts';
import { withToken } from '../support/with-token.ts';
import {
  BOTH,
  TOKEN,
  type Stage,
  cutShort,
  entriesOf,
  possible,
  requireAgreement,
  setStage,
  settle,
} from './stage.ts';

interface Kind {
  algorithm: Algorithm;
  purpose: Purpose;
}

describe.skipIf(!possible)('another object under a key’s id', () => {
  let stage: Stage;
  beforeAll(async () => {
    stage = await setStage();
  });
  afterAll(async () => {
    await stage.remove();
  });

  const generate = async (label: string, kind: Kind): Promise<KeyRecord> => {
    const { room, at } = stage;
    const login = await room.login(TOKEN, 'keys.generate');
    return (await room.call('keys.generate', { at, ...kind, label, login }, ...BOTH)).key;
  };
  const destroy = async ({ id, label }: KeyRecord) => {
    const { room } = stage;
    const login = await room.login(TOKEN, 'keys.destroy');
    return room.call('keys.destroy', { key: id, typed: label, login }, ...BOTH);
  };
  const stateOf = async ({ id }: KeyRecord) =>
    (await stage.room.desk.call('keys.show', { key: id })).key.state;
  const objectsOf = async ({ ckaid }: KeyRecord): Promise<number> => {
    const { room, at } = stage;
    const login = await room.login(TOKEN, 'tokens.objects');
    const { objects } = await room.call('tokens.objects', { at, login }, 'administrator');
    return objects.filter((object) => object.ckaid === ckaid).length;
  };

  /** Uses the token with another program: its own PIN, no desk. */
  const aside = async (key: KeyRecord, as: Kind | undefined) => {
    const path = softhsmLibrary() ?? '';
    const { first, second } = stage.room.pins.get(TOKEN) ?? expect.unreachable();
    const login = () => ({
      token: key.at.token,
      pin: { first: Uint8Array.from(first), second: Uint8Array.from(second) },
      lastTry: false,
    });
    const planFor = (kind: Kind) =>
      generateSpec({
        ...kind,
        ...{ extractable: false, label: key.label, ckaid: Buffer.from(key.ckaid, 'hex') },
        family: 'softhsm',
      });
    const options: TokenClientOptions = {
      ...{ path, sha256: await hashFile(path), family: 'softhsm' },
      env: { SOFTHSM2_CONF: stage.softhsmConf },
    };
    await withToken(options, async (client: TokenClient) => {
      await client.call('destroy', { ...login(), targets: planFor(key).targets });
      if (as === undefined) return;
      const { mechanism, secret, publicKey, privateKey, targets, cmac } = planFor(as);
      await client.call('generate', {
        ...{ ...login(), mechanism, targets, label: key.label, cmac },
        ...(secret ? { secret } : {}),
        ...(publicKey ? { publicKey } : {}),
        ...(privateKey ? { privateKey } : {}),
      });
    });
  };

  const cases: [string, Kind, Kind, RegExp][] = [
    [
      'an AES key that may sign, for one of the same kind',
      { algorithm: 'AES-256', purpose: 'mac' },
      { algorithm: 'AES-256', purpose: 'mac' },
      /check value is another/,
    ],
    [
      'a pair for another on its curve',
      { algorithm: 'P-256', purpose: 'sign' },
      { algorithm: 'P-256', purpose: 'sign' },
      /public key is another/,
    ],
  ];
  for (const [what, kind, other, why] of cases)
    test(`is not destroyed: ${what}`, async () => {
      const { room } = stage;
      const key = await generate(what.slice(0, 60), kind);
      await aside(key, other);
      const [before, there] = [(await entriesOf(room)).length, await objectsOf(key)];
      expect((await refusedAs('key-not-as-asked', destroy(key))).message).toMatch(why);
      expect(await objectsOf(key)).toBe(there);
      expect(await stateOf(key)).toBe('active');
      const [intent, outcome, ...more] = (await entriesOf(room))
        .slice(before)
        .filter(({ type }) => type.startsWith('key.'));
      expect(intent).toMatchObject({ type: 'key.destroy', outcome: 'intent' });
      expect(outcome).toMatchObject({
        ...{ type: 'key.destroy', outcome: 'failure', reason: 'key-not-as-asked' },
        ...{ corr: intent?.id, detail: { key: key.id, objects: 0 } },
      });
      expect(more).toEqual([]);
      await requireAgreement(stage);
      // Without the foreign object, nothing of the key is left.
      await aside(key, undefined);
      await destroy(key);
      expect(await stateOf(key)).toBe('destroyed');
    });

  test('is not destroyed when a destruction that was interrupted is settled', async () => {
    const { room } = stage;
    const kind: Kind = { algorithm: 'AES-256', purpose: 'mac' };
    const key = await generate('interrupted', kind);
    const at = 'C_DestroyObject';
    await cutShort(stage, { at, when: 'after', looked: true, victim: 'power' }, () => destroy(key));
    const [open] = await room.desk.call('recovery.list', {});
    await aside(key, kind);
    await refusedAs('key-not-as-asked', settle(stage, open?.intent ?? '', 'destroy'));
    expect(await objectsOf(key)).toBe(1);
    expect(await room.desk.call('recovery.list', {})).toEqual([]);
    expect(await stateOf(key)).toBe('active');
    const told = (await entriesOf(room)).find(({ corr }) => corr === open?.intent);
    expect(told).toMatchObject({ outcome: 'failure', reason: 'key-not-as-asked' });
    await requireAgreement(stage);
  });
});
