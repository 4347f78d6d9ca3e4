/**
 * Wrapping a key for its target, inside its token, and putting the package together.
 *
 * SECURITY: the plaintext never enters this computer's memory. A token that can't do what the provider needs is refused, with the reason and the alternatives;
 * the host never wraps a key instead.
 */
import { hash } from 'node:crypto';
import type { ExportView } from '../../../shared/contract/exports.ts';
import type { KeyRecord } from '../../../shared/domain/keys.ts';
import { KeymootError } from '../../../shared/errors.ts';
import { CKM } from '../../../shared/token/cryptoki.ts';
import { VERSION } from '../../build.ts';
import type { Entry } from '../../../shared/log/entries.ts';
import { AWS_OAEP_HASH, requireCurrent, type AwsParameters } from '../../core/wrapping/aws.ts';
import { buildPackage } from '../../core/wrapping/package.ts';
import type { ExportRow } from '../../store/tables/exports.ts';
import { DEADLINES } from '../../tokens/client.ts';
import type { Desk } from '../desk.ts';
import { sameToken } from '../devices.ts';
import { NewFolder } from '../files.ts';
import { specOfKey, requireSameKey, type Login } from '../key-work.ts';
import { reasonOf } from '../reason.ts';
import { byActor, byCall, type Call } from '../router.ts';
import { telling } from '../telling.ts';
import { SELF_TEST, selfTest } from './export-selftest.ts';
import { exportView, parametersOf, requireExport } from './export-view.ts';
import { keyTarget } from './key-facts.ts';

const MANIFEST_MEDIA = 'application/vnd.keymoot.byok-package+json';

const firmwareOf = async (desk: Desk, key: KeyRecord): Promise<string> => {
  const tokens = await desk.devices.with(key.at.module, 'look', (client) =>
    client.call('tokens', {}),
  );
  return tokens.find(({ identity }) => sameToken(identity, key.at.token))?.firmware ?? '';
};

/** The token wraps the key itself. A result without the length that follows from the wrapping key is refused. */
const wrapInside = async (
  desk: Desk,
  key: KeyRecord,
  { wrappingKey, algorithm }: AwsParameters,
  login: Login,
): Promise<Uint8Array> => {
  const [target] = specOfKey(desk, key).targets;
  if (target === undefined) throw new Error('exports: the key has no object');
  const { modulus, exponent, bits } = wrappingKey;
  const { wrapped } = await desk.devices.with(key.at.module, 'act', (client) =>
    client.call('wrapOaep', {
      token: key.at.token,
      pin: login.pin,
      lastTry: login.lastTry,
      hash: AWS_OAEP_HASH[algorithm],
      wrappingKey: { modulus, exponent },
      target,
    }),
  );
  if (wrapped.length !== bits / 8)
    throw new KeymootError(
      'self-test-failed',
      `The token gave ${wrapped.length} bytes, and a key wrapped under this wrapping key has ${bits / 8}. Nothing was written.`,
    );
  return wrapped;
};

export const wrap = async (
  row: ExportRow,
  key: KeyRecord,
  place: string,
  call: Call,
  login: Login,
): Promise<ExportView> => {
  const { desk } = call;
  const parameters = parametersOf(desk, row);
  const { algorithm, wrappingKey } = parameters;
  if (wrappingKey.spkiSha256 !== row.wrappingSpkiSha256)
    throw new KeymootError(
      'store-tampered',
      'The wrapping key is not the one that two people confirmed. Nothing was wrapped. Keep the data folder as evidence.',
    );
  await telling(call, 'Looking at the key in the token.', () => requireSameKey(desk, key, login));
  const shown = await telling(call, SELF_TEST, () => selfTest(desk, key, algorithm, login));
  const testedAt = Date.now();
  const folder = new NewFolder(place);
  const target = keyTarget(key);
  const { token, module } = key.at;
  const detail = {
    key: key.id,
    export: row.id,
    wrapping_spki_sha256: wrappingKey.spkiSha256,
    mechanism: `CKM_RSA_PKCS_OAEP ${AWS_OAEP_HASH[algorithm]}`,
  };
  let intent: Entry | undefined;
  let wrapped, built;
  try {
    [intent] = desk.openIntents(
      [{ type: 'key.wrap', detail, target, tokenSerial: token.serial, ...byCall(call) }],
      DEADLINES.wrapOaep,
    );
    wrapped = await telling(call, 'The token is wrapping the key. This can’t be cancelled.', () =>
      wrapInside(desk, key, parameters, login),
    );
    requireCurrent(parameters.validToMs, Date.now());
    const firmware = await telling(call, 'Putting the package together, and writing it.', () =>
      firmwareOf(desk, key),
    );
    built = buildPackage({
      mode: desk.journal.mode === 'production' ? 'PRODUCTION' : 'REHEARSAL',
      application: `keymoot ${VERSION}`,
      jobId: row.id,
      parameters,
      encryptedKeyMaterial: wrapped,
      expiration: { model: 'KEY_MATERIAL_DOES_NOT_EXPIRE' },
      key: {
        id: key.id,
        label: key.label,
        ...(key.check === undefined ? {} : { check: key.check }),
      },
      device: {
        manufacturer: token.manufacturer,
        model: token.model,
        serial: token.serial,
        firmware,
        moduleSha256: desk.devices.row(module).sha256,
      },
      mechanism: { id: CKM.RSA_PKCS_OAEP, name: 'CKM_RSA_PKCS_OAEP' },
      selfTest: { atMs: testedAt, shown },
      operators: call.people.map(({ id }) => id),
      nowMs: Date.now(),
    });
    for (const { name, bytes, executable } of built.files) folder.write(name, bytes, executable);
    folder.finish();
  } catch (error) {
    folder.drop();
    // Unless the folder was already moved to its place, no complete folder exists, and no wrapped key has left this process.
    const placed = error instanceof KeymootError && error.fields?.['placed'] !== undefined;
    if (intent !== undefined)
      desk.closeIntent(intent.id, [
        {
          type: 'key.wrap',
          outcome: placed ? 'unknown' : 'failure',
          corr: intent.id,
          reason: reasonOf(error),
          detail: { key: key.id, export: row.id },
          target,
          ...byActor(call),
        },
      ]);
    throw error;
  }
  const { manifestSha256 } = built;
  const manifest = built.files.find(({ name }) => name === 'manifest.json')?.bytes;
  const blobSha256 = hash('sha256', wrapped);
  desk.closeIntent(
    intent.id,
    [
      {
        type: 'key.wrap',
        corr: intent.id,
        target,
        tokenSerial: token.serial,
        detail,
        ...byActor(call),
      },
      {
        type: 'byok.package_created',
        detail: {
          export: row.id,
          key: key.id,
          blob_sha256: blobSha256,
          blob_bytes: wrapped.length,
          manifest_sha256: manifestSha256,
        },
        ...(manifest === undefined
          ? {}
          : {
              evidence: [{ sha256: manifestSha256, media: MANIFEST_MEDIA, bytes: manifest.length }],
            }),
        ...byActor(call),
      },
    ],
    () => {
      if (manifest !== undefined) desk.store.evidence.put(MANIFEST_MEDIA, manifest);
    },
  );
  await telling(call, 'Sealing the log.', () => desk.seal());
  return exportView(desk, requireExport(desk, row.id));
};
