/** Tokens: listed, watched, queried for their mechanisms and objects. */
import type { Algorithm } from '../../../shared/domain/keys.ts';
import { ALGORITHMS } from '../../../shared/domain/keys.ts';
import { KeymootError } from '../../../shared/errors.ts';
import { CKM } from '../../../shared/token/cryptoki.ts';
import type { PinHalves } from '../../../shared/token/protocol.ts';
import type { Part } from '../router.ts';
import { lookAt } from './modules.ts';
import { train } from './training.ts';

const GENERATES: Readonly<Record<string, readonly Algorithm[]>> = {
  [CKM.AES_KEY_GEN]: ['AES-128', 'AES-192', 'AES-256'],
  [CKM.RSA_PKCS_KEY_PAIR_GEN]: ['RSA-2048', 'RSA-3072', 'RSA-4096'],
  [CKM.EC_KEY_PAIR_GEN]: ['P-256', 'P-384', 'P-521'],
  [CKM.EC_EDWARDS_KEY_PAIR_GEN]: ['Ed25519'],
};

export const tokensHandlers: Part<'tokens'> = {
  'tokens.list': {
    reads: true,
    run: (_input, { desk }) =>
      Promise.all(
        desk.store.modules.all().map(async (row) => {
          const seen = await desk.watch.look(row);
          if (seen === undefined) return lookAt(desk, row);
          return { module: await desk.devices.record(row), ...seen };
        }),
      ),
  },
  'tokens.watch': {
    reads: true,
    run: ({ on }, { desk }) => {
      if (on) desk.watch.start();
      else desk.watch.stop();
      return {};
    },
  },
  'tokens.train': { run: train },
  'tokens.can': {
    reads: true,
    run: async ({ at }, { desk }) => {
      const mechanisms = await desk.devices.with(at.module, 'look', (client) =>
        client.call('mechanisms', { token: at.token }),
      );
      const able = new Set(mechanisms.flatMap((mechanism) => GENERATES[mechanism] ?? []));
      return ALGORITHMS.map((algorithm) => ({
        algorithm,
        can: able.has(algorithm),
        why: able.has(algorithm)
          ? 'The token lists the mechanism; it is proven when a key is made and read back.'
          : 'The token does not list a mechanism that makes this kind of key.',
      }));
    },
  },
  'tokens.objects': {
    reads: true,
    run: async ({ at, login }, { desk, channel, people }) => {
      // SECURITY: everyone present may look; a wrong PIN costs a try, so a login needs the proof of a named person.
      if (login !== undefined && people.length === 0)
        throw new KeymootError(
          'act-required',
          'Logging in to a token needs a fresh proof by a named person. Nothing was done.',
        );
      const list = (pin?: PinHalves) =>
        desk.devices.with(at.module, pin === undefined ? 'look' : 'act', (client) =>
          client.call('list', {
            token: at.token,
            ...(pin === undefined ? {} : { pin }),
            lastTry: login?.lastTry ?? false,
          }),
        );
      const objects = login === undefined ? await list() : await desk.withPin(login, channel, list);
      return { token: at.token, publicView: login === undefined, objects };
    },
  },
};
