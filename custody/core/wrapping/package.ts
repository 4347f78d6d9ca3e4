/**
 * The package for an AWS administrator: the wrapped key, the import token, a manifest and two scripts.
 *
 * The manifest is canonical JSON on one line (resources/formats, the log's profile of RFC 8785), so one package has one hash, and a script without a JSON
 * parser can find its members. It contains no secret and no hash of one: the key is named by a check value with its method.
 */
import { createHash } from 'node:crypto';
import { z } from 'zod';
import { canonicalBytes } from '../../../shared/canonical.ts';
import { CHECK_METHODS } from '../../../shared/domain/keys.ts';
import { KeymootError } from '../../../shared/errors.ts';
import { isText } from '../../../shared/text.ts';
import { OaepHash } from '../../../shared/token/protocol.ts';
import { makeCheck } from '../checkvalues/check-values.ts';
import {
  AWS_ALGORITHMS,
  AWS_IMPORT_TOKEN_MAX,
  AWS_OAEP_HASH,
  type AwsParameters,
  parseAwsKeyArn,
  requireCurrent,
} from './aws.ts';
import { IMPORT_PS1, IMPORT_SH } from './import-scripts.ts';

const PACKAGE_SCHEMA = 'keymoot/byok-package/1';

const text = (maxBytes: number) =>
  z
    .string()
    .refine((value) => isText(value, maxBytes), 'empty, too long or with unseen characters');
/** A device may leave these fields empty. */
const deviceText = z
  .string()
  .refine((value) => value === '' || isText(value, 128), 'not plain text');
const sha256 = z.string().regex(/^[0-9a-f]{64}$/u);
/** UTC to the second, as 2026-01-31T12:00:00Z. */
const utcSecond = z
  .string()
  .regex(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/u)
  .refine((value) => {
    const ms = Date.parse(value);
    return !Number.isNaN(ms) && utcOf(ms) === value;
  }, 'not a moment');
const check = z
  .strictObject({ method: z.enum(CHECK_METHODS), value: z.string() })
  .refine(({ method, value }) => {
    try {
      return makeCheck(method, value).value === value;
    } catch {
      return false; // makeCheck throws only for a malformed value
    }
  }, 'not a check value of its method');

const utcOf = (ms: number): string => `${new Date(ms).toISOString().slice(0, 19)}Z`;

/**
 * manifest.json. Names that the scripts look for (`keyArn`, `region`, `validToSeconds`, `expirationModel`, `materialValidTo`,
 * the two file hashes, `schema`, `provider`) occur once in the whole file.
 */
export const Manifest = z
  .strictObject({
    schema: z.literal(PACKAGE_SCHEMA),
    provider: z.literal('aws-kms'),
    mode: z.enum(['PRODUCTION', 'REHEARSAL']),
    /** Name and version of the program that made the package. */
    application: text(64),
    /** Our id of the export job. */
    jobId: text(64),
    created: utcSecond,
    target: z.strictObject({
      keyArn: z.string().refine((value) => parseAwsKeyArn(value) !== undefined, 'not a key ARN'),
      region: z.string(),
      keySpec: z.literal('SYMMETRIC_DEFAULT'),
      expirationModel: z.enum(['KEY_MATERIAL_DOES_NOT_EXPIRE', 'KEY_MATERIAL_EXPIRES']),
      materialValidTo: utcSecond.optional(),
    }),
    wrapping: z.strictObject({
      algorithm: z.enum(AWS_ALGORITHMS),
      /** OAEP and MGF1 alike; the label is empty. */
      oaepHash: OaepHash,
      keyBits: z.union([z.literal(2048), z.literal(3072), z.literal(4096)]),
      keySpkiSha256: sha256,
      /** When wrapping key and import token expire, and the same in whole seconds since 1970. */
      validTo: utcSecond,
      validToSeconds: z.int().positive(),
      /** Length in bits of an AES key between the wrapping key and the material; 0 where there is none. */
      ephemeralBits: z.literal(0),
    }),
    files: z.strictObject({
      encryptedKeyMaterialBytes: z.int().positive(),
      encryptedKeyMaterialSha256: sha256,
      importTokenBytes: z.int().positive(),
      importTokenSha256: sha256,
    }),
    /** The exported key: our id, its label on the token, and its check value, if the token has one. */
    key: z.strictObject({ id: text(128), label: text(256), check: check.optional() }),
    device: z.strictObject({
      manufacturer: deviceText,
      model: deviceText,
      serial: deviceText,
      firmware: deviceText,
      moduleSha256: sha256,
    }),
    /** The PKCS#11 mechanism really used: its number as 0x and eight hex digits. */
    mechanism: z.strictObject({ id: z.string().regex(/^0x[0-9a-f]{8}$/u), name: text(64) }),
    selfTest: z.strictObject({
      verdict: z.literal('passed'),
      at: utcSecond,
      shown: z.array(text(256)).min(1),
    }),
    operators: z.array(text(128)).min(1),
  })
  .refine(
    ({ target }) =>
      parseAwsKeyArn(target.keyArn)?.region === target.region &&
      (target.materialValidTo !== undefined) ===
        (target.expirationModel === 'KEY_MATERIAL_EXPIRES'),
    'the target contradicts itself',
  )
  .refine(
    ({ wrapping, files }) =>
      AWS_OAEP_HASH[wrapping.algorithm] === wrapping.oaepHash &&
      Date.parse(wrapping.validTo) / 1000 === wrapping.validToSeconds &&
      files.encryptedKeyMaterialBytes * 8 === wrapping.keyBits &&
      files.importTokenBytes <= AWS_IMPORT_TOKEN_MAX,
    'the wrapping contradicts itself',
  );
export type Manifest = z.infer<typeof Manifest>;

export interface PackageInput {
  readonly mode: Manifest['mode'];
  readonly application: string;
  readonly jobId: string;
  readonly parameters: AwsParameters;
  /** What the token wrapped: exactly the wrapping key's length in bytes. */
  readonly encryptedKeyMaterial: Uint8Array;
  /** `materialValidToMs` in UTC milliseconds, in the future and at most 365 days ahead (ImportKeyMaterial, ValidTo). */
  readonly expiration:
    | { readonly model: 'KEY_MATERIAL_DOES_NOT_EXPIRE' }
    | { readonly model: 'KEY_MATERIAL_EXPIRES'; readonly materialValidToMs: number };
  readonly key: Manifest['key'];
  readonly device: Manifest['device'];
  /** The mechanism's number as PKCS#11 has it, 0x9 for CKM_RSA_PKCS_OAEP. */
  readonly mechanism: { readonly id: number; readonly name: string };
  readonly selfTest: { readonly atMs: number; readonly shown: readonly string[] };
  readonly operators: readonly string[];
  /** UTC, milliseconds since 1970. */
  readonly nowMs: number;
}

interface PackageFile {
  readonly name: string;
  readonly bytes: Uint8Array;
  /** Whether the file is executable, on file systems that support it. */
  readonly executable: boolean;
}

interface BuiltPackage {
  readonly manifest: Manifest;
  /** SHA-256 of manifest.json, lower-case hex: what the scripts show and people compare. */
  readonly manifestSha256: string;
  /** In the order of writing; none may exist yet. */
  readonly files: readonly PackageFile[];
}

const sha256Hex = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex');
const YEAR_MS = 365 * 24 * 60 * 60 * 1000;

/**
 * Builds the files of a package. Nothing is written here.
 *
 * @throws KeymootError `params-expired`; `input-invalid` naming the field by its path
 */
export const buildPackage = (input: PackageInput): BuiltPackage => {
  const { parameters, encryptedKeyMaterial, expiration, nowMs } = input;
  requireCurrent(parameters.validToMs, nowMs);
  if (expiration.model === 'KEY_MATERIAL_EXPIRES') {
    const ahead = expiration.materialValidToMs - nowMs;
    if (!(ahead > 0 && ahead <= YEAR_MS))
      throw invalid('target.materialValidTo', 'AWS takes a time from now to 365 days ahead');
  }
  const validToSeconds = Math.floor(parameters.validToMs / 1000);
  const candidate = {
    schema: PACKAGE_SCHEMA,
    provider: parameters.provider,
    mode: input.mode,
    application: input.application,
    jobId: input.jobId,
    created: utcOf(nowMs),
    target: {
      keyArn: parameters.keyArn,
      region: parameters.region,
      keySpec: parameters.targetKeySpec,
      expirationModel: expiration.model,
      ...(expiration.model === 'KEY_MATERIAL_EXPIRES'
        ? { materialValidTo: utcOf(expiration.materialValidToMs) }
        : {}),
    },
    wrapping: {
      algorithm: parameters.algorithm,
      oaepHash: parameters.oaepHash,
      keyBits: parameters.wrappingKey.bits,
      keySpkiSha256: parameters.wrappingKey.spkiSha256,
      validTo: utcOf(validToSeconds * 1000),
      validToSeconds,
      ephemeralBits: 0,
    },
    files: {
      encryptedKeyMaterialBytes: encryptedKeyMaterial.length,
      encryptedKeyMaterialSha256: sha256Hex(encryptedKeyMaterial),
      importTokenBytes: parameters.importToken.length,
      importTokenSha256: sha256Hex(parameters.importToken),
    },
    key: input.key,
    device: input.device,
    mechanism: {
      id: `0x${input.mechanism.id.toString(16).padStart(8, '0')}`,
      name: input.mechanism.name,
    },
    selfTest: { verdict: 'passed', at: utcOf(input.selfTest.atMs), shown: input.selfTest.shown },
    operators: input.operators,
  };
  const parsed = Manifest.safeParse(candidate);
  if (!parsed.success) {
    const [issue] = parsed.error.issues;
    throw invalid(issue?.path.join('.') ?? '', issue?.message ?? 'it does not have its form');
  }
  const manifest = parsed.data;
  const manifestBytes = canonicalBytes(manifest);
  const encode = (script: string): Uint8Array => new TextEncoder().encode(script);
  return {
    manifest,
    manifestSha256: sha256Hex(manifestBytes),
    files: [
      { name: 'EncryptedKeyMaterial.bin', bytes: encryptedKeyMaterial, executable: false },
      { name: 'ImportToken.bin', bytes: parameters.importToken, executable: false },
      { name: 'manifest.json', bytes: manifestBytes, executable: false },
      { name: 'import.sh', bytes: encode(IMPORT_SH), executable: true },
      { name: 'import.ps1', bytes: encode(IMPORT_PS1), executable: false },
    ],
  };
};

const invalid = (path: string, what: string, cause?: unknown): KeymootError =>
  new KeymootError(
    'input-invalid',
    `The package was not made: "${path === '' ? 'manifest' : path}": ${what}`,
    { cause, fields: { [path === '' ? 'manifest' : path]: what } },
  );
