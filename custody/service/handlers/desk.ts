/** The desk itself: hello, founding, opening and locking, secrets, files. */
import { hash, randomBytes } from 'node:crypto';
import type { Output } from '../../../shared/contract/index.ts';
import { KeymootError } from '../../../shared/errors.ts';
import { BUILD, VERSION } from '../../build.ts';
import { base64 } from '../../core/audit/note.ts';
import { hexToWords } from '../../core/checkvalues/fingerprint.ts';
import { compareReadback, secretPart } from '../../core/keys/readback.ts';
import { spkiOf } from '../../core/keys/spki.ts';
import { generateSpec } from '../../core/keys/templates.ts';
import type { NewEntry } from '../../core/audit/entry.ts';
import type { LogKey } from '../signer.ts';
import type { Desk } from '../desk.ts';
import { surroundings } from '../surroundings.ts';
import { uuidv7 } from '../ids.ts';
import { moduleAdded } from '../module-facts.ts';
import { byCall, type Part } from '../router.ts';
import { logAttributes } from './key-facts.ts';

const warningsOf = (desk: Desk): string[] => [
  ...surroundings(),
  ...(desk.journal.mode === 'rehearsal'
    ? ['This is a rehearsal: nothing made here is for production.']
    : []),
];

/**
 * The data that a face needs to draw its frame and to seal secrets. Available even before the log is judged: the state then comes from the index, and if the
 * judge refuses the desk, every other call is still refused.
 */
export const hello = (desk: Desk, judged = true): Output<'desk.hello'> => {
  const { mode, origin, seemsReady } = desk.journal;
  return {
    protocol: 1,
    version: VERSION,
    build: BUILD,
    epoch: desk.epoch,
    publicKey: desk.secrets.publicKey,
    state: !judged && desk.state === 'FOUNDING' && seemsReady ? 'READY' : desk.state,
    ...(mode === undefined ? {} : { mode }),
    ...(origin === undefined ? {} : { origin }),
  };
};

export const deskHandlers: Part<'desk' | 'secrets' | 'files'> = {
  'desk.hello': { reads: true, run: (_input, { desk }) => hello(desk) },
  'desk.status': {
    reads: true,
    run: (_input, { desk }) => ({
      state: desk.state,
      ...(desk.journal.mode === undefined ? {} : { mode: desk.journal.mode }),
      log: desk.signer.state(),
      unfinished: desk.interrupted(),
      here: [...desk.here],
      warnings: warningsOf(desk),
    }),
  },
  'desk.found': {
    run: async ({ name, mode, at, login }, { desk, channel }) => {
      if (desk.state !== 'EMPTY')
        throw new KeymootError(
          'desk-exists',
          'There is a desk in this data folder already. Nothing was changed.',
        );
      const row = desk.devices.row(at.module);
      if (mode === 'production' && row.training)
        throw new KeymootError(
          'policy-refused',
          'A training token can’t seal a production log. Nothing was made. Choose a real token, or found a rehearsal desk.',
        );
      const pin = desk.takePin(login, channel);
      try {
        const installation = uuidv7();
        const origin = `${name}/${installation}${mode === 'rehearsal' ? '/rehearsal' : ''}`;
        const ckaid = randomBytes(16);
        const spec = generateSpec({
          algorithm: 'P-256',
          purpose: 'sign',
          extractable: false,
          label: `keymoot-log-${installation.slice(-12)}`,
          ckaid,
          family: row.family,
        });
        const made = await desk.devices.with(at.module, 'act', (client) =>
          client.call('generate', {
            token: at.token,
            pin,
            lastTry: login.lastTry,
            mechanism: spec.mechanism,
            ...(spec.publicKey ? { publicKey: spec.publicKey } : {}),
            ...(spec.privateKey ? { privateKey: spec.privateKey } : {}),
            targets: spec.targets,
            label: spec.request.label,
            cmac: false,
          }),
        );
        const { differences } = compareReadback(spec, made);
        const spki = spkiOf(made);
        const secret = secretPart(made);
        if (differences.length > 0 || spki === undefined || secret === undefined)
          throw new KeymootError(
            'key-not-as-asked',
            `The token made another key than a log key needs: ${differences.map(({ what }) => what).join(', ') || 'it does not show it'}. No desk was founded.`,
          );
        const key: LogKey = {
          at,
          ckaid: ckaid.toString('hex'),
          spki: base64(spki),
          sha256: hash('sha256', spki),
        };
        const modules: NewEntry[] = desk.store.modules.all().map(moduleAdded);
        desk.journal.record(
          [
            {
              type: 'log.genesis',
              tokenSerial: at.token.serial,
              detail: {
                installation,
                mode,
                key: { alg: 'ECDSA-P256', spki: key.spki, sha256: key.sha256 },
                token: at.token,
                attributes: logAttributes(secret.attributes),
              },
            },
            ...modules,
          ],
          {
            beside: () => {
              desk.store.meta.set('origin', origin);
              desk.store.meta.set('mode', mode);
              desk.store.meta.set('installation', installation);
              desk.store.meta.set('log_key', JSON.stringify(key));
            },
          },
        );
        await desk.signer.open(key, pin, login.lastTry);
        await desk.mustSeal();
        desk.emit('desk.changed', { state: desk.state });
        return { origin, keySha256: key.sha256, words: hexToWords(key.sha256) };
      } finally {
        pin.first.fill(0);
        pin.second.fill(0);
      }
    },
  },
  'desk.open': {
    run: async ({ login }, call) => {
      const { desk, channel } = call;
      const key = desk.signer.key;
      if (key === undefined)
        throw new KeymootError('desk-missing', 'There is no desk here yet. Found one first.');
      const pin = desk.takePin(login, channel);
      try {
        await desk.signer.open(key, pin, login.lastTry);
      } catch (error) {
        if (error instanceof KeymootError && error.code.startsWith('pin-'))
          desk.journal.record([
            {
              type: 'session.login_failed',
              outcome: 'failure',
              reason: error.code,
              detail: { what: 'token', token: key.at.token },
              ...byCall(call),
            },
          ]);
        throw error;
      } finally {
        pin.first.fill(0);
        pin.second.fill(0);
      }
      const { unsealed } = desk.signer.state();
      const since = desk.signer.since;
      if (unsealed > 0 && since !== undefined)
        desk.journal.record([
          { type: 'log.checkpoint', detail: { entries: unsealed, since }, ...byCall(call) },
        ]);
      await desk.mustSeal();
      return desk.signer.state();
    },
  },
  'desk.lock': {
    run: async (_input, { desk }) => {
      if (desk.signer.ready) await desk.mustSeal();
      desk.signer.close('The desk was locked.');
      desk.here.clear();
      desk.secrets.dropAll();
      return desk.signer.state();
    },
  },
  'secrets.put': {
    reads: true,
    run: ({ binding, box }, { desk }) => ({ handle: desk.secrets.put(binding, box) }),
  },
  'files.grant': {
    reads: true,
    run: ({ purpose, path }, { desk }) => desk.grant(purpose, path),
  },
};
