/** The state of an export: its row, its loaded parameters, and the view of both for people. */
import { hash } from 'node:crypto';
import type { AwsAlgorithm, ExportView } from '../../../shared/contract/exports.ts';
import { KeymootError } from '../../../shared/errors.ts';
import { hexToWords } from '../../core/checkvalues/fingerprint.ts';
import { loadParameters, type AwsParameters } from '../../core/wrapping/aws.ts';
import type { ExportRow } from '../../store/tables/exports.ts';
import type { Desk } from '../desk.ts';

const PACKAGE_FILES = [
  'EncryptedKeyMaterial.bin',
  'ImportToken.bin',
  'manifest.json',
  'import.sh',
  'import.ps1',
];

/** The name under which random words are drawn for comparing the wrapping key. */
export const readBackOf = (id: string): string => `export/${id}`;

export const requireExport = (desk: Desk, id: string): ExportRow => {
  const row = desk.store.exports.get(id);
  if (row === undefined)
    throw new KeymootError('not-found', 'This desk has no such export. Nothing was done.');
  return row;
};

/** The loaded parameters, checked again like any input from outside, since the table is not trusted. */
export const parametersOf = (desk: Desk, row: ExportRow, nowMs = Date.now()): AwsParameters => {
  const bytes =
    row.parametersSha256 === undefined ? undefined : desk.store.evidence.get(row.parametersSha256);
  if (bytes === undefined)
    throw new KeymootError(
      'state-refused',
      'The provider’s parameters have not been loaded yet. Nothing was done.',
    );
  if (hash('sha256', bytes) !== row.parametersSha256)
    throw new KeymootError(
      'store-tampered',
      'The parameters in the database are not the ones that were loaded. Nothing was wrapped. Keep the data folder as evidence.',
    );
  return loadParameters(bytes, {
    algorithm: row.algorithm as AwsAlgorithm,
    targetKeySpec: 'SYMMETRIC_DEFAULT',
    nowMs,
  });
};

const carryIn = (algorithm: string): string[] => [
  '# On the connected machine, with rights to the KMS key. Set KEY to its ARN.',
  'KEY=arn:aws:kms:REGION:ACCOUNT:key/ID',
  `aws kms get-parameters-for-import --key-id "$KEY" --wrapping-algorithm ${algorithm} --wrapping-key-spec RSA_4096 --output json > params.json`,
  '# Then bring params.json here. It holds for 24 hours.',
];

export const exportView = (desk: Desk, row: ExportRow): ExportView => {
  const spki = row.wrappingSpkiSha256;
  const expires = row.validTo === undefined ? undefined : Date.parse(row.validTo);
  const expired = expires !== undefined && expires <= Date.now() && row.state !== 'WRAPPED';
  const parameters =
    row.parametersSha256 === undefined || expired
      ? undefined
      : parametersOf(desk, row, Math.min(Date.now(), (expires ?? 0) - 1));
  const bits = parameters?.wrappingKey.bits ?? 0;
  return {
    id: row.id,
    key: row.key,
    target: 'aws-kms',
    algorithm: row.algorithm as AwsAlgorithm,
    state: expired ? 'EXPIRED' : row.state,
    created: row.created,
    carryIn: row.state === 'REQUESTED' ? carryIn(row.algorithm) : [],
    ...(row.keyRef === undefined ? {} : { keyRef: row.keyRef }),
    ...(row.validTo === undefined ? {} : { validTo: row.validTo }),
    ...(expires === undefined ? {} : { remainingMs: Math.max(0, expires - Date.now()) }),
    ...(spki === undefined ? {} : { wrapping: { bits, sha256: spki, words: hexToWords(spki) } }),
    ...(row.state !== 'PARAMETERS LOADED' || expired
      ? {}
      : {
          readBack: {
            of: 'the wrapping key’s fingerprint',
            positions: desk.readBacks.positions(readBackOf(row.id)),
          },
        }),
    ...(row.blobSha256 === undefined ? {} : { blobSha256: row.blobSha256 }),
    files: row.state === 'WRAPPED' ? PACKAGE_FILES : [],
    claims: [
      ...(parameters?.warnings ?? []).map((claim) => ({ says: 'desk' as const, claim })),
      {
        says: 'desk',
        claim:
          'The token passed the self-test for this method: a known value was wrapped and opened again.',
      },
      ...(row.state === 'WRAPPED'
        ? [
            {
              says: 'desk' as const,
              claim:
                'The token was asked to wrap the key inside, by C_WrapKey, and answered with one of the right length.',
            },
            {
              says: 'desk' as const,
              claim: 'AWS gives no proof of an imported AES key; what could be checked before was.',
            },
          ]
        : []),
    ],
  };
};
