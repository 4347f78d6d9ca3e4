/**
 * Exports: built from what key and token can, wrapped inside the token, proven before and after (design 04).
 *
 * SECURITY: the plaintext never enters this computer's memory. Where the token can't do what the provider needs, it is said with the reason and what would do;
 * nothing is ever wrapped on the host instead.
 */
import { generateKeyPairSync, hash, randomBytes, randomInt } from 'node:crypto';
import { canonicalBytes } from '../../../shared/canonical.ts';
import type { AwsAlgorithm, ExportView } from '../../../shared/contract/exports.ts';
import { KeymootError } from '../../../shared/errors.ts';
import type { KeyRecord } from '../../../shared/domain/keys.ts';
import { CKM } from '../../../shared/token/cryptoki.ts';
import { VERSION } from '../../build.ts';
import { actsThatCount } from '../../core/people/authority.ts';
import { hexToWords } from '../../core/checkvalues/fingerprint.ts';
import { generatePlan } from '../../core/keys/templates.ts';
import {
  AWS_OAEP_HASH,
  AWS_PARAMS_MAX,
  loadParameters,
  requireCurrent,
  type AwsParameters,
} from '../../core/wrapping/aws.ts';
import { buildPackage } from '../../core/wrapping/package.ts';
import { judgeOaep, requirePassed } from '../../core/wrapping/selftest.ts';
import { parseRsaSpki } from '../../core/wrapping/spki.ts';
import type { ExportRow } from '../../store/tables/exports.ts';
import type { Desk } from '../desk.ts';
import { sameToken } from '../devices.ts';
import { NewFolder, readBounded } from '../files.ts';
import { uuidv7 } from '../ids.ts';
import { reasonOf, type Opened } from '../key-work.ts';
import { byActor, byCall, requireRole, type Call, type Part } from '../router.ts';
import { requireKey } from './keys.ts';
import { keyTarget } from './key-facts.ts';

const READ_BACK_WORDS = 4;
const PARAMETERS_MEDIA = 'application/vnd.keymoot.aws-parameters+json';
const SHEET_MEDIA = 'application/vnd.keymoot.self-test+json';
const MANIFEST_MEDIA = 'application/vnd.keymoot.byok-package+json';
export const PACKAGE_FILES = [
  'EncryptedKeyMaterial.bin',
  'ImportToken.bin',
  'manifest.json',
  'import.sh',
  'import.ps1',
];

const requireExport = (desk: Desk, id: string): ExportRow => {
  const row = desk.store.exports.get(id);
  if (row === undefined) throw new KeymootError('not-found', 'This desk has no such export.');
  return row;
};

/** The parameters as they were loaded, checked again as if they came from outside: the table is not trusted either. */
const parametersOf = (desk: Desk, row: ExportRow, nowMs = Date.now()): AwsParameters => {
  const bytes =
    row.parametersSha256 === undefined ? undefined : desk.store.evidence.get(row.parametersSha256);
  if (bytes === undefined)
    throw new KeymootError('state-refused', 'The provider’s parameters have not been loaded yet.');
  if (hash('sha256', bytes) !== row.parametersSha256)
    throw new KeymootError(
      'store-tampered',
      'The parameters in the database are not the ones that were loaded.',
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

const exportView = (desk: Desk, row: ExportRow): ExportView => {
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
    ...(row.readback === undefined
      ? {}
      : { readBack: { of: 'the wrapping key’s fingerprint', positions: row.readback } }),
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
              says: 'device' as const,
              claim: 'The key was wrapped inside the token, by C_WrapKey.',
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

const positions = (): number[] => {
  const drawn = new Set<number>();
  while (drawn.size < READ_BACK_WORDS) drawn.add(randomInt(32) + 1);
  return [...drawn].sort((a, b) => a - b);
};

const OAEP_WORDS = 'RSA-OAEP and';

/**
 * Wraps a throw-away key whose value is known under a throw-away key pair made here, and opens it: what the token really does, not what it lists (design 04, 3.4).
 * @param bits of the wrapping key that the real wrap will use
 */
const selfTest = async (
  desk: Desk,
  key: KeyRecord,
  algorithm: AwsAlgorithm,
  opened: Opened,
): Promise<readonly string[]> => {
  const { privateKey, publicKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
  const spki = publicKey.export({ format: 'der', type: 'spki' });
  const { modulus, exponent } = parseRsaSpki(spki);
  const known = randomBytes(32);
  const hashName = AWS_OAEP_HASH[algorithm];
  try {
    const { wrapped } = await desk.devices.with(key.at.module, 'act', (client) =>
      client.call('wrapOaep', {
        token: key.at.token,
        pin: opened.pin,
        lastTry: opened.lastTry,
        hash: hashName,
        wrappingKey: { modulus, exponent },
        known,
      }),
    );
    const verdict = judgeOaep({
      blob: wrapped,
      privateKey: privateKey.export({ format: 'der', type: 'pkcs8' }),
      hash: hashName,
      plaintext: known,
    });
    requirePassed(verdict, `${OAEP_WORDS} ${hashName} on token “${key.at.token.label}”`);
    return verdict.ok ? verdict.shown : [];
  } catch (error) {
    if (!(error instanceof KeymootError) || error.code !== 'mechanism-unsupported') throw error;
    const other = algorithm === 'RSAES_OAEP_SHA_256' ? 'RSAES_OAEP_SHA_1' : 'RSAES_OAEP_SHA_256';
    throw new KeymootError(
      'mechanism-unsupported',
      `This token can’t wrap with ${OAEP_WORDS} ${hashName} (${reasonOf(error)}), so ${algorithm} is not possible with it. Nothing was wrapped. ` +
        `Ask AWS for ${other} instead, or use a token that does ${hashName}: NSS does, SoftHSM does SHA-1 only.`,
      {
        cause: error,
        fields: { algorithm, alternative: other, device: error.fields?.device ?? '' },
      },
    );
  } finally {
    known.fill(0);
  }
};

const checkKey = (desk: Desk, key: KeyRecord, algorithm: string): void => {
  const refuse = (message: string, rule: string) =>
    new KeymootError('policy-refused', `${message} Nothing was done.`, { fields: { rule } });
  if (!desk.policy().targets.includes('aws-kms'))
    throw refuse('The policy does not allow exports to AWS KMS.', 'targets');
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

const firmwareOf = async (desk: Desk, key: KeyRecord): Promise<string> => {
  const tokens = await desk.devices.with(key.at.module, 'look', (client) =>
    client.call('tokens', {}),
  );
  return tokens.find(({ identity }) => sameToken(identity, key.at.token))?.firmware ?? '';
};

/** SECURITY: that two people confirmed this wrapping key for this job is counted from their signatures in the log, not from a row. */
const requireConfirmed = (desk: Desk, row: ExportRow): void => {
  for (const { seq } of desk.store.log.ofTypes(['byok.parameters_confirmed'])) {
    const entry = desk.journal.entry(seq);
    if (entry.type !== 'byok.parameters_confirmed' || entry.detail.export !== row.id) continue;
    if (
      entry.detail.wrapping_spki_sha256 !== row.wrappingSpkiSha256 ||
      !desk.store.log.recheckLeaf(seq)
    )
      continue;
    const acts = actsThatCount(desk.journal.authority, entry.log, entry.acts).filter(
      ({ act }) => act.subject?.kind === 'export' && act.subject.sha256 === row.wrappingSpkiSha256,
    );
    if (acts.length >= 2) return;
  }
  throw new KeymootError(
    'state-refused',
    'The wrapping key’s fingerprint has not been confirmed by two people: the log has no such signatures.',
  );
};

const wrap = async (
  row: ExportRow,
  key: KeyRecord,
  place: string,
  call: Call,
  opened: Opened,
): Promise<ExportView> => {
  const { desk } = call;
  const parameters = parametersOf(desk, row);
  const algorithm = row.algorithm as AwsAlgorithm;
  const { wrappingKey } = parameters;
  if (wrappingKey.spkiSha256 !== row.wrappingSpkiSha256)
    throw new KeymootError(
      'store-tampered',
      'The wrapping key is not the one that two people confirmed.',
    );
  requireConfirmed(desk, row);
  const shown = await selfTest(desk, key, algorithm, opened);
  const testedAt = Date.now();
  const folder = new NewFolder(place);
  try {
    const target = keyTarget(key);
    const serial = key.at.token.serial;
    const mechanism = `CKM_RSA_PKCS_OAEP ${AWS_OAEP_HASH[algorithm]}`;
    const intent = desk.openIntent(
      {
        type: 'key.wrap',
        detail: {
          key: key.id,
          export: row.id,
          wrapping_spki_sha256: wrappingKey.spkiSha256,
          mechanism,
        },
        target,
        tokenSerial: serial,
        ...byCall(call),
      },
      { what: `wrapping “${key.label}” for AWS KMS` },
      15_000,
    );
    let wrapped;
    try {
      const plan = generatePlan({
        algorithm: key.algorithm,
        purpose: key.purpose,
        extractable: key.extractable,
        label: key.label,
        ckaid: Buffer.from(key.ckaid, 'hex'),
        family: desk.devices.row(key.at.module).family,
      });
      const [objectTarget] = plan.targets;
      if (objectTarget === undefined) throw new Error('exports: the key has no object');
      ({ wrapped } = await desk.devices.with(key.at.module, 'act', (client) =>
        client.call('wrapOaep', {
          token: key.at.token,
          pin: opened.pin,
          lastTry: opened.lastTry,
          hash: AWS_OAEP_HASH[algorithm],
          wrappingKey: { modulus: wrappingKey.modulus, exponent: wrappingKey.exponent },
          target: objectTarget,
        }),
      ));
      if (wrapped.length !== wrappingKey.bits / 8)
        throw new KeymootError(
          'self-test-failed',
          `The token gave ${wrapped.length} bytes, and a key wrapped under this wrapping key has ${wrappingKey.bits / 8}. Nothing was written.`,
        );
    } catch (error) {
      desk.closeIntent(intent.id, [
        {
          type: 'key.wrap',
          outcome: 'failure',
          corr: intent.id,
          reason: reasonOf(error),
          detail: { key: key.id, export: row.id },
          target,
          ...byActor(call),
        },
      ]);
      throw error;
    }
    requireCurrent(parameters.validToMs, Date.now());
    const { token, module } = key.at;
    const firmware = await firmwareOf(desk, key);
    const built = buildPackage({
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
    const manifest = built.files.find(({ name }) => name === 'manifest.json');
    const blobSha256 = hash('sha256', wrapped);
    folder.finish();
    desk.closeIntent(
      intent.id,
      [
        {
          type: 'key.wrap',
          corr: intent.id,
          target,
          tokenSerial: serial,
          detail: {
            key: key.id,
            export: row.id,
            wrapping_spki_sha256: wrappingKey.spkiSha256,
            mechanism,
          },
          ...byActor(call),
        },
        {
          type: 'byok.package_created',
          detail: {
            export: row.id,
            key: key.id,
            blob_sha256: blobSha256,
            blob_bytes: wrapped.length,
            manifest_sha256: built.manifestSha256,
          },
          ...(manifest === undefined
            ? {}
            : {
                evidence: [
                  {
                    sha256: built.manifestSha256,
                    media: MANIFEST_MEDIA,
                    bytes: manifest.bytes.length,
                  },
                ],
              }),
          ...byActor(call),
        },
      ],
      () => {
        if (manifest !== undefined) desk.store.evidence.put(MANIFEST_MEDIA, manifest.bytes);
        desk.store.exports.put({
          ...row,
          state: 'WRAPPED',
          blobSha256,
          manifestSha256: built.manifestSha256,
        });
      },
    );
    await desk.seal();
    return exportView(desk, requireExport(desk, row.id));
  } catch (error) {
    folder.drop();
    throw error;
  }
};

/** Marks a job whose parameters have run out, once, in log and table. */
const expire = (desk: Desk, row: ExportRow): void => {
  if (row.state === 'EXPIRED' || row.state === 'WRAPPED') return;
  desk.journal.record([{ type: 'byok.expired', outcome: 'failure', detail: { export: row.id } }], {
    apply: () => {
      desk.store.exports.put({ ...row, state: 'EXPIRED' });
    },
  });
};

export const exportsHandlers: Part<'exports'> = {
  'exports.request': {
    run: async ({ key: keyId, algorithm, login }, call) => {
      const { desk, channel } = call;
      desk.requireReady();
      desk.signer.require();
      requireRole(call, ['administrator', 'officer', 'operator'], 'Requesting exports');
      const key = requireKey(desk, keyId);
      checkKey(desk, key, algorithm);
      desk.requireSettled(key.at);
      const shown = await desk.withPin(login, channel, (pin) =>
        selfTest(desk, key, algorithm, { pin, lastTry: login.lastTry }),
      );
      const sheet = canonicalBytes({
        v: 1,
        test: 'wrap a known key and open it',
        algorithm,
        shown,
      });
      const sheetSha256 = hash('sha256', sheet);
      const row: ExportRow = {
        id: uuidv7(),
        key: keyId,
        target: 'aws-kms',
        algorithm,
        state: 'REQUESTED',
        created: new Date().toISOString(),
      };
      desk.journal.record(
        [
          {
            type: 'token.probed',
            tokenSerial: key.at.token.serial,
            detail: { module: key.at.module, token: key.at.token, sheet_sha256: sheetSha256 },
            evidence: [{ sha256: sheetSha256, media: SHEET_MEDIA, bytes: sheet.length }],
            ...byCall(call),
          },
        ],
        {
          apply: () => {
            desk.store.evidence.put(SHEET_MEDIA, sheet);
            desk.store.exports.put(row);
          },
        },
      );
      return exportView(desk, row);
    },
  },
  'exports.load': {
    run: async ({ export: id, grant }, call) => {
      const { desk } = call;
      desk.requireReady();
      requireRole(call, ['administrator', 'officer', 'operator'], 'Loading parameters');
      const path = desk.takeGrant(grant, 'parameters');
      const row = requireExport(desk, id);
      if (row.state === 'WRAPPED')
        throw new KeymootError('state-refused', 'This export is done. Request a new one.');
      const bytes = readBounded(path, AWS_PARAMS_MAX);
      const parameters = loadParameters(bytes, {
        algorithm: row.algorithm as AwsAlgorithm,
        targetKeySpec: 'SYMMETRIC_DEFAULT',
        nowMs: Date.now(),
      });
      const policy = desk.policy();
      if (parameters.wrappingKey.bits < policy.wrappingBits)
        throw new KeymootError(
          'wrapping-key-refused',
          `The wrapping key has ${parameters.wrappingKey.bits} bits, and the policy asks for ${policy.wrappingBits}. Fetch parameters with a stronger one.`,
          { fields: { rule: 'wrappingBits' } },
        );
      const parametersSha256 = hash('sha256', bytes);
      const next: ExportRow = {
        ...row,
        state: 'PARAMETERS LOADED',
        parametersSha256,
        wrappingSpkiSha256: parameters.wrappingKey.spkiSha256,
        keyRef: parameters.keyArn,
        validTo: new Date(parameters.validToMs).toISOString(),
        readback: positions(),
      };
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
              token_sha256: hash('sha256', parameters.importToken),
              parameters_sha256: parametersSha256,
            },
            ...byCall(call),
          },
        ],
        {
          apply: () => {
            desk.store.evidence.put(PARAMETERS_MEDIA, bytes);
            desk.store.exports.put(next);
          },
        },
      );
      await desk.seal();
      return exportView(desk, next);
    },
  },
  'exports.confirm': {
    about: ({ export: id }, { desk }) => {
      const sha256 = desk.store.exports.get(id)?.wrappingSpkiSha256;
      return sha256 === undefined ? {} : { subject: { kind: 'export', sha256 } };
    },
    run: async ({ export: id, words }, call) => {
      const { desk } = call;
      requireRole(call, ['administrator', 'officer', 'operator'], 'Confirming a wrapping key');
      const row = requireExport(desk, id);
      const { wrappingSpkiSha256: sha256, readback, state } = row;
      if (state !== 'PARAMETERS LOADED' || sha256 === undefined || readback === undefined)
        throw new KeymootError(
          'state-refused',
          'There is no wrapping key to confirm in this export.',
        );
      const spoken = hexToWords(sha256);
      const right =
        words.length === readback.length &&
        readback.every(
          (position, at) => spoken[position - 1]?.toLowerCase() === words[at]?.trim().toLowerCase(),
        );
      if (!right) {
        desk.store.commit(() => {
          desk.store.exports.put({ ...row, readback: positions() });
        });
        throw new KeymootError(
          'readback-wrong',
          'The words typed are not the ones of this wrapping key. Compare with the fingerprint you read on the other way; other words are asked for now. If they still differ, the key was exchanged: stop.',
        );
      }
      const next: ExportRow = { ...row, state: 'CONFIRMED' };
      delete next.readback;
      desk.journal.record(
        [
          {
            type: 'byok.parameters_confirmed',
            detail: { export: id, wrapping_spki_sha256: sha256 },
            ...byCall(call),
          },
        ],
        {
          apply: () => {
            desk.store.exports.put(next);
          },
        },
      );
      await desk.seal();
      return exportView(desk, next);
    },
  },
  'exports.wrap': {
    run: async ({ export: id, login, grant }, call) => {
      const { desk, channel } = call;
      desk.requireReady();
      desk.signer.require();
      requireRole(call, ['administrator', 'officer', 'operator'], 'Wrapping keys');
      const place = desk.takeGrant(grant, 'package');
      const row = requireExport(desk, id);
      if (row.state !== 'CONFIRMED')
        throw new KeymootError(
          'state-refused',
          row.state === 'WRAPPED'
            ? 'This export is done. Request a new one.'
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
