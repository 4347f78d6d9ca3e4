import { z } from 'zod';
import { Claim, Count, Hex64, Time, Uuid } from '../domain/basics.ts';
import { channel } from './channel.ts';
import { Login, Nothing } from './desk.ts';
import { ReadBack } from './ceremonies.ts';

export const AwsAlgorithm = z.enum(['RSAES_OAEP_SHA_1', 'RSAES_OAEP_SHA_256']);
export type AwsAlgorithm = z.infer<typeof AwsAlgorithm>;

export const ExportView = z.strictObject({
  id: Uuid,
  key: Uuid,
  target: z.literal('aws-kms'),
  algorithm: AwsAlgorithm,
  state: z.enum(['REQUESTED', 'PARAMETERS LOADED', 'CONFIRMED', 'WRAPPED', 'EXPIRED']),
  created: Time,
  /** Commands for the connected machine that fetch the parameters. */
  carryIn: z.array(z.string()),
  keyRef: z.string().optional(),
  validTo: Time.optional(),
  remainingMs: Count.optional(),
  wrapping: z.strictObject({ bits: Count, sha256: Hex64, words: z.array(z.string()) }).optional(),
  readBack: ReadBack.optional(),
  blobSha256: Hex64.optional(),
  files: z.array(z.string()),
  claims: z.array(Claim),
});
export type ExportView = z.infer<typeof ExportView>;

export const exportsChannels = {
  /** Checks first what key and token can do, so that a 24-hour import token is never fetched for a method that fails. Runs the self-test on the token. */
  'exports.request': channel(
    'two',
    z.strictObject({
      key: Uuid,
      target: z.literal('aws-kms'),
      algorithm: AwsAlgorithm,
      login: Login,
    }),
    ExportView,
  ),
  'exports.load': channel('proof', z.strictObject({ export: Uuid, grant: Uuid }), ExportView),
  /** Two people compare the wrapping key's fingerprint with an independent source; the second types the requested words. */
  'exports.confirm': channel(
    'two',
    z.strictObject({ export: Uuid, words: z.array(z.string().max(32)).max(8) }),
    ExportView,
  ),
  'exports.wrap': channel(
    'two',
    z.strictObject({ export: Uuid, login: Login, grant: Uuid }),
    ExportView,
  ),
  'exports.list': channel('none', Nothing, z.array(ExportView)),
  'exports.show': channel('none', z.strictObject({ export: Uuid }), ExportView),
} as const;
