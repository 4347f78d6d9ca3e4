/**
 * AWS KMS: importing key material into a symmetric key of origin EXTERNAL.
 *
 * Sources, read in November 2026: AWS KMS API Reference, GetParametersForImport and ImportKeyMaterial; AWS KMS Developer Guide, "Importing key material" and
 * "Encrypt key material"; AWS CLI reference, get-parameters-for-import (version 1 prints the time as a number of seconds, version 2 as ISO 8601).
 *
 * The answer does not contain the algorithm; only the request does. So the algorithm comes from the export job, and the file must have been fetched for it: AWS
 * refuses a mix-up without a reason.
 */
import { KeymootError } from '../../../shared/errors.ts';
import type { OaepHash } from '../../../shared/token/protocol.ts';
import { base64Decode } from '../bytes.ts';
import { type FlatValue, parseFlatObject } from './flat-json.ts';
import { type RsaPublicKey, parseRsaSpki } from './spki.ts';

export const AWS_ALGORITHMS = ['RSAES_OAEP_SHA_256', 'RSAES_OAEP_SHA_1'] as const;
export type AwsAlgorithm = (typeof AWS_ALGORITHMS)[number];

/** AWS names the algorithm only; MGF1 uses the same hash and the label is empty (its SDK examples and LocalStack's recorded tests agree). */
export const AWS_OAEP_HASH: Readonly<Record<AwsAlgorithm, OaepHash>> = {
  RSAES_OAEP_SHA_256: 'SHA-256',
  RSAES_OAEP_SHA_1: 'SHA-1',
};

type AwsTargetKeySpec = 'SYMMETRIC_DEFAULT';
/** SYMMETRIC_DEFAULT is AES-256-GCM: 32 raw bytes. */
const AWS_PLAINTEXT_BYTES = 32;

/** Bytes of a params.json, at most. */
export const AWS_PARAMS_MAX = 65_536;
/** Bytes of an import token, at most; the service itself documents 6,144. */
export const AWS_IMPORT_TOKEN_MAX = 8_192;
const VALIDITY_MS = 24 * 60 * 60 * 1000;
const CLOCK_SLACK_MS = 10 * 60 * 1000;

interface AwsKeyArn {
  readonly arn: string;
  readonly partition: 'aws' | 'aws-cn' | 'aws-us-gov';
  readonly region: string;
  /** 12 digits. */
  readonly account: string;
  /** A UUID, or `mrk-` and 32 hex digits for a multi-Region key. */
  readonly keyId: string;
  readonly multiRegion: boolean;
}

export interface AwsParameters {
  readonly provider: 'aws-kms';
  readonly key: AwsKeyArn;
  readonly keyArn: string;
  readonly region: string;
  readonly algorithm: AwsAlgorithm;
  /** Also the MGF1 hash; the label is empty. */
  readonly oaepHash: OaepHash;
  readonly targetKeySpec: AwsTargetKeySpec;
  readonly plaintextBytes: number;
  readonly wrappingKey: RsaPublicKey;
  /** Opaque; 1 to 8,192 bytes. */
  readonly importToken: Uint8Array;
  /** UTC, milliseconds since 1970; the first instant at which the parameters are expired. */
  readonly validToMs: number;
  /** Warnings for people that do not stop the job. */
  readonly warnings: readonly string[];
}

const ARN =
  /^arn:(aws|aws-cn|aws-us-gov):kms:([a-z]{2}(?:-[a-z]{2,12}){1,3}-[1-9][0-9]?):([0-9]{12}):key\/([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}|mrk-[0-9a-f]{32})$/u;

const partitionOf = (region: string): AwsKeyArn['partition'] =>
  region.startsWith('cn-') ? 'aws-cn' : region.startsWith('us-gov-') ? 'aws-us-gov' : 'aws';

/**
 * Parses a key ARN. SECURITY: the grammar has no shell metacharacter, and the import scripts check it again.
 *
 * @returns undefined when the text is not exactly one ARN of a KMS key, or names a region of another partition
 */
export const parseAwsKeyArn = (text: string): AwsKeyArn | undefined => {
  const [, partition, region, account, keyId] = ARN.exec(text) ?? [];
  if (region === undefined || account === undefined || keyId === undefined) return undefined;
  if (partitionOf(region) !== partition) return undefined;
  return {
    arn: text,
    partition: partitionOf(region),
    region,
    account,
    keyId,
    multiRegion: keyId.startsWith('mrk-'),
  };
};

const AGAIN =
  'Nothing was wrapped. Run "aws kms get-parameters-for-import" again with --output json, and bring its output as it is.';

const malformed = (what: string, field?: string, cause?: unknown): KeymootError =>
  new KeymootError('params-malformed', `The AWS parameters were refused: ${what}. ${AGAIN}`, {
    cause,
    ...(field === undefined ? {} : { fields: { [field]: what } }),
  });

const decodeText = (bytes: Uint8Array): string => {
  if (bytes.length === 0) throw malformed('the file is empty');
  if (bytes.length > AWS_PARAMS_MAX)
    throw malformed(`the file has ${bytes.length} bytes, and ${AWS_PARAMS_MAX} is the most`);
  const [a, b, c] = bytes;
  if ((a === 0xff && b === 0xfe) || (a === 0xfe && b === 0xff))
    throw malformed(
      'the file is UTF-16, as Windows PowerShell writes it with ">"; use cmd.exe, PowerShell 7 or "| Out-File -Encoding ascii"',
    );
  if (a === 0xef && b === 0xbb && c === 0xbf)
    throw malformed(
      'the file begins with a byte order mark; save it as UTF-8 without one, or use "| Out-File -Encoding ascii"',
    );
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch (error) {
    throw malformed('the file is not UTF-8 text', undefined, error);
  }
};

const MEMBERS = ['KeyId', 'ImportToken', 'PublicKey', 'ParametersValidTo'] as const;

const members = (text: string): ((name: (typeof MEMBERS)[number]) => FlatValue) => {
  let found: ReadonlyMap<string, FlatValue>;
  try {
    found = parseFlatObject(text);
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    throw malformed(`it is not the JSON that AWS prints: ${error.message}`, undefined, error);
  }
  for (const name of found.keys())
    if (!(MEMBERS as readonly string[]).includes(name))
      throw malformed('it has a member that AWS does not send');
  return (name) => {
    const value = found.get(name);
    if (value === undefined) throw malformed(`${name} is missing`, name);
    return value;
  };
};

const textOf = (value: FlatValue, name: string): string => {
  if (value.type !== 'string') throw malformed(`${name} is a number where text belongs`, name);
  return value.value;
};

const bytesOf = (value: FlatValue, name: string): Uint8Array => {
  try {
    return base64Decode(textOf(value, name), name);
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    throw malformed(error.message, name, error);
  }
};

const ISO =
  /^(\d{4})-(\d\d)-(\d\d)T(\d\d):(\d\d):(\d\d)(?:\.(\d{1,9}))?(?:Z|([+-])(\d\d):(\d\d))$/u;

/** RFC 3339 with an offset, to UTC milliseconds; finer digits are dropped, so the result is never later than the text. */
const isoMs = (text: string): number | undefined => {
  const [, year, month, day, hour, minute, second, fraction, sign, offHour, offMinute] =
    ISO.exec(text) ?? [];
  if (second === undefined) return undefined;
  const fields = [year, month, day, hour, minute, second].map(Number) as [
    number,
    number,
    number,
    number,
    number,
    number,
  ];
  const [y, mo, d, h, mi, s] = fields;
  const whole = Date.UTC(y, mo - 1, d, h, mi, s);
  // Date.UTC turns 31 February into March and 25:00 into the next day: only a time that formats back to the same text is valid.
  if (new Date(whole).toISOString().slice(0, 19) !== text.slice(0, 19)) return undefined;
  const [oh, om] = [Number(offHour ?? 0), Number(offMinute ?? 0)];
  if (oh > 14 || om > 59) return undefined;
  const offset = (oh * 60 + om) * 60_000 * (sign === '-' ? -1 : 1);
  return whole - offset + Number((fraction ?? '').slice(0, 3).padEnd(3, '0'));
};

const EPOCH = /^[1-9][0-9]{8,10}(?:\.[0-9]{1,9})?$/u;

const validTo = (value: FlatValue): number => {
  const name = 'ParametersValidTo';
  const ms =
    value.type === 'string'
      ? isoMs(value.value)
      : EPOCH.test(value.digits)
        ? Math.floor(Number(value.digits) * 1000)
        : undefined;
  if (ms === undefined)
    throw malformed(
      `${name} is neither a time like 2026-01-31T12:00:00+00:00 nor a number of seconds since 1970`,
      name,
    );
  return ms;
};

const utc = (ms: number): string =>
  `${new Date(ms).toISOString().slice(0, 19).replace('T', ' ')} UTC`;

/** "3 hours 5 minutes", rounded down to minutes, for a span that is not negative. */
const span = (ms: number): string => {
  const minutes = Math.floor(ms / 60_000);
  const parts = [
    [Math.floor(minutes / 1440), 'day'],
    [Math.floor(minutes / 60) % 24, 'hour'],
    [minutes % 60, 'minute'],
  ] as const;
  const said = parts.filter(([n]) => n > 0).map(([n, unit]) => `${n} ${unit}${n === 1 ? '' : 's'}`);
  return said.length === 0 ? 'less than a minute' : said.slice(0, 2).join(' ');
};

/**
 * Throws when the parameters have expired: checked on loading, right before wrapping, and when the package is made.
 *
 * @throws KeymootError `params-expired`
 */
export const requireCurrent = (validToMs: number, nowMs: number): void => {
  if (nowMs < validToMs) return;
  throw new KeymootError(
    'params-expired',
    `The AWS parameters expired at ${utc(validToMs)}, ${span(nowMs - validToMs)} ago by this desk's clock. Nothing was wrapped. ` +
      'Fetch new ones with "aws kms get-parameters-for-import"; they hold for 24 hours. If that is not so, this clock is wrong.',
    { fields: { ParametersValidTo: `expired at ${utc(validToMs)}` } },
  );
};

/**
 * Parses the output of `aws kms get-parameters-for-import`.
 *
 * @param bytes the file: strict UTF-8 JSON of at most 64 KiB with exactly KeyId, ImportToken, PublicKey and ParametersValidTo
 * @param request what was requested from AWS: the file does not repeat it
 * @param request.nowMs UTC, milliseconds since 1970
 * @throws KeymootError `params-malformed`, `params-expired`, `wrapping-key-refused`, or `mechanism-unsupported` for a key in China,
 *   where SYMMETRIC_DEFAULT is SM4
 */
export const loadParameters = (
  bytes: Uint8Array,
  request: {
    readonly algorithm: AwsAlgorithm;
    readonly targetKeySpec: AwsTargetKeySpec;
    readonly nowMs: number;
  },
): AwsParameters => {
  const member = members(decodeText(bytes));
  const key = parseAwsKeyArn(textOf(member('KeyId'), 'KeyId'));
  if (key === undefined)
    throw malformed(
      'KeyId is not the ARN of a KMS key, like arn:aws:kms:eu-central-1:111122223333:key/…',
      'KeyId',
    );
  if (key.partition === 'aws-cn')
    throw new KeymootError(
      'mechanism-unsupported',
      'In the China regions SYMMETRIC_DEFAULT is an SM4 key of 16 bytes, which this export does not make. Nothing was wrapped.',
      { fields: { KeyId: 'a key in a China region' } },
    );
  const importToken = bytesOf(member('ImportToken'), 'ImportToken');
  if (importToken.length === 0 || importToken.length > AWS_IMPORT_TOKEN_MAX)
    throw malformed(
      `ImportToken has ${importToken.length} bytes, and 1 to ${AWS_IMPORT_TOKEN_MAX} are expected`,
      'ImportToken',
    );
  const wrappingKey = parseRsaSpki(bytesOf(member('PublicKey'), 'PublicKey'));
  const validToMs = validTo(member('ParametersValidTo'));
  requireCurrent(validToMs, request.nowMs);
  const warnings =
    validToMs - request.nowMs > VALIDITY_MS + CLOCK_SLACK_MS
      ? [
          `the parameters say they hold until ${utc(validToMs)}, which is more than the 24 hours that AWS gives: this desk's clock is behind, or the file was changed`,
        ]
      : [];
  return {
    provider: 'aws-kms',
    key,
    keyArn: key.arn,
    region: key.region,
    algorithm: request.algorithm,
    oaepHash: AWS_OAEP_HASH[request.algorithm],
    targetKeySpec: request.targetKeySpec,
    plaintextBytes: AWS_PLAINTEXT_BYTES,
    wrappingKey,
    importToken,
    validToMs,
    warnings,
  };
};
