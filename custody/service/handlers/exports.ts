/** Exports: methods offered by the abilities of key and token, wrapped inside the token, checked before and after (design 04). */
import { hash } from 'node:crypto';
import { canonicalBytes } from '../../../shared/canonical.ts';
import type { AwsAlgorithm } from '../../../shared/contract/exports.ts';
import type { KeyRecord } from '../../../shared/domain/keys.ts';
import { KeymootError } from '../../../shared/errors.ts';
import { AWS_PARAMS_MAX, loadParameters } from '../../core/wrapping/aws.ts';
import type { ExportRow } from '../../store/tables/exports.ts';
import type { Desk } from '../desk.ts';
import { readBounded } from '../files.ts';
import { uuidv7 } from '../ids.ts';
import { typedRight } from '../read-back.ts';
import { PARAMETERS } from '../../core/state/exports.ts';
import { byCall, requireRole, type Part } from '../router.ts';
import { telling } from '../telling.ts';
import { SELF_TEST, selfTest } from './export-selftest.ts';
import { exportView, readBackOf, requireExport } from './export-view.ts';
import { wrap } from './export-wrap.ts';
import { keyTarget, requireKey } from './key-facts.ts';
import { STAFF } from '../../../shared/domain/people.ts';

const PARAMETERS_MEDIA = 'application/vnd.keymoot.aws-parameters+json';
const SHEET_MEDIA = 'application/vnd.keymoot.self-test+json';

const checkKey = (desk: Desk, key: KeyRecord, algorithm: string): void => {
  const refuse = (message: string, rule: string) =>
    new KeymootError('policy-refused', `${message} Nothing was done.`, { fields: { rule } });
  desk.requireAllowed('targets', { target: 'aws-kms' }, 'Nothing was done.');
  if (key.state !== 'active')
    throw refuse(`The key is ${key.state}, and only an active key is exported.`, 'state');
  if (key.algorithm !== 'AES-256')
    throw refuse(
      `AWS takes ${algorithm} for a symmetric key of 256 bits; this one is ${key.algorithm}.`,
      'algorithm',
    );
  if (!key.extractable)
    throw refuse(
      'The key was made so that it can’t leave its token, not even wrapped. A key for export is made with that purpose from the start.',
      'extractable',
    );
};

/** Marks a job whose parameters have run out, once, in log and table. */
const expire = (desk: Desk, row: ExportRow): void => {
  if (row.state === 'EXPIRED' || row.state === 'WRAPPED') return;
  desk.journal.record([{ type: 'byok.expired', detail: { export: row.id } }]);
};

export const exportsHandlers: Part<'exports'> = {
  'exports.request': {
    run: async ({ key: keyId, algorithm, login }, call) => {
      const { desk, channel } = call;
      desk.requireReady();
      desk.signer.require();
      requireRole(call, STAFF, 'Requesting exports');
      const key = requireKey(desk, keyId);
      checkKey(desk, key, algorithm);
      desk.requireSettled(key.at);
      const shown = await desk.withPin(login, channel, (pin) =>
        telling(call, SELF_TEST, () =>
          selfTest(desk, key, algorithm, { pin, lastTry: login.lastTry }),
        ),
      );
      const sheet = canonicalBytes({
        v: 1,
        test: 'wrap a known key and open it',
        algorithm,
        shown,
      });
      const sheetSha256 = hash('sha256', sheet);
      const id = uuidv7();
      desk.journal.record(
        [
          {
            type: 'byok.requested',
            detail: { export: id, key: keyId, target: 'aws-kms', algorithm },
            target: keyTarget(key),
            tokenSerial: key.at.token.serial,
            ...byCall(call),
          },
          {
            type: 'token.probed',
            tokenSerial: key.at.token.serial,
            detail: { module: key.at.module, token: key.at.token, sheet_sha256: sheetSha256 },
            evidence: [{ sha256: sheetSha256, media: SHEET_MEDIA, bytes: sheet.length }],
            ...byCall(call),
          },
        ],
        {
          beside: () => {
            desk.store.evidence.put(SHEET_MEDIA, sheet);
          },
        },
      );
      return exportView(desk, requireExport(desk, id));
    },
  },
  'exports.load': {
    run: async ({ export: id, grant }, call) => {
      const { desk } = call;
      desk.requireReady();
      requireRole(call, STAFF, 'Loading parameters');
      const path = desk.takeGrant(grant, 'parameters');
      const row = requireExport(desk, id);
      if (row.state === 'WRAPPED')
        throw new KeymootError(
          'state-refused',
          'This export is done. Nothing was changed. Request a new one.',
        );
      const bytes = readBounded(path, AWS_PARAMS_MAX);
      const parameters = loadParameters(bytes, {
        algorithm: row.algorithm as AwsAlgorithm,
        targetKeySpec: 'SYMMETRIC_DEFAULT',
        nowMs: Date.now(),
      });
      desk.requireAllowed(
        'wrappingBits',
        { bits: parameters.wrappingKey.bits },
        'It was not taken. Fetch parameters with a stronger one.',
      );
      const parametersSha256 = hash('sha256', bytes);
      desk.journal.record(
        [
          {
            type: 'byok.parameters_loaded',
            detail: {
              export: id,
              target: 'aws-kms',
              key_ref: parameters.keyArn,
              algorithm: row.algorithm,
              wrapping_spki_sha256: parameters.wrappingKey.spkiSha256,
              wrapping_bits: parameters.wrappingKey.bits,
              valid_to: new Date(parameters.validToMs).toISOString(),
              files: [
                { role: PARAMETERS, sha256: parametersSha256 },
                { role: 'import-token', sha256: hash('sha256', parameters.importToken) },
              ],
            },
            ...byCall(call),
          },
        ],
        {
          beside: () => {
            desk.store.evidence.put(PARAMETERS_MEDIA, bytes);
          },
        },
      );
      desk.readBacks.forget(readBackOf(id));
      await desk.seal();
      return exportView(desk, requireExport(desk, id));
    },
  },
  'exports.confirm': {
    run: async ({ export: id, words }, call) => {
      const { desk } = call;
      requireRole(call, STAFF, 'Confirming a wrapping key');
      const row = requireExport(desk, id);
      const { wrappingSpkiSha256: sha256, state } = row;
      if (state !== 'PARAMETERS LOADED' || sha256 === undefined)
        throw new KeymootError(
          'state-refused',
          'There is no wrapping key to confirm in this export. Nothing was done.',
        );
      const right = typedRight(sha256, desk.readBacks.positions(readBackOf(id)), words);
      desk.readBacks.forget(readBackOf(id));
      desk.journal.record([
        {
          type: 'byok.parameters_confirmed',
          ...(right ? {} : { outcome: 'failure', reason: 'readback-wrong' }),
          detail: { export: id, wrapping_spki_sha256: sha256 },
          ...byCall(call),
        },
      ]);
      await desk.seal();
      if (!right)
        throw new KeymootError(
          'readback-wrong',
          'The words typed are not the ones of this wrapping key. Compare with the fingerprint you read on the other way; other words are asked for now. If they still differ, the key was exchanged: stop.',
        );
      return exportView(desk, requireExport(desk, id));
    },
  },
  'exports.wrap': {
    run: async ({ export: id, login, grant }, call) => {
      const { desk, channel } = call;
      desk.requireReady();
      desk.signer.require();
      requireRole(call, STAFF, 'Wrapping keys');
      const place = desk.takeGrant(grant, 'package');
      const row = requireExport(desk, id);
      if (row.state !== 'CONFIRMED')
        throw new KeymootError(
          'state-refused',
          row.state === 'WRAPPED'
            ? 'This export is done. Nothing was changed. Request a new one.'
            : 'The wrapping key’s fingerprint has not been confirmed by two people yet.',
        );
      const key = requireKey(desk, row.key);
      checkKey(desk, key, row.algorithm);
      desk.requireSettled(key.at);
      if (row.validTo !== undefined && Date.parse(row.validTo) <= Date.now()) expire(desk, row);
      return desk.withPin(login, channel, (pin) =>
        wrap(row, key, place, call, { pin, lastTry: login.lastTry }),
      );
    },
  },
  'exports.list': {
    reads: true,
    run: (_input, { desk }) => desk.store.exports.all().map((row) => exportView(desk, row)),
  },
  'exports.show': {
    reads: true,
    run: ({ export: id }, { desk }) => exportView(desk, requireExport(desk, id)),
  },
};
