import { execFileSync, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { loadParameters } from '../../../custody/core/wrapping/aws.ts';
import { IMPORT_PS1, IMPORT_SH } from '../../../custody/core/wrapping/import-scripts.ts';
import { sealOaep } from '../../../custody/core/wrapping/oaep.ts';
import {
  Manifest,
  type PackageInput,
  buildPackage,
} from '../../../custody/core/wrapping/package.ts';
import { parseCanonical } from '../../../shared/canonical.ts';
import { KeymootError } from '../../../shared/errors.ts';
import { ARN, pair3072, paramsJson } from './aws-params.ts';

const nowMs = Date.now();
const at = (ms: number) => `${new Date(ms).toISOString().slice(0, 19)}Z`;
const parametersUntil = (validToMs: number, now: number) =>
  loadParameters(paramsJson({ ParametersValidTo: at(validToMs) }), {
    algorithm: 'RSAES_OAEP_SHA_256',
    targetKeySpec: 'SYMMETRIC_DEFAULT',
    nowMs: now,
  });
const blob = sealOaep(pair3072.spki, new Uint8Array(32).fill(9), 'SHA-256');

const input = (changes: Partial<PackageInput> = {}): PackageInput => ({
  mode: 'REHEARSAL',
  application: 'keymoot 0.1.0',
  jobId: 'job-1',
  parameters: parametersUntil(nowMs + 3_600_000, nowMs),
  encryptedKeyMaterial: blob,
  expiration: { model: 'KEY_MATERIAL_DOES_NOT_EXPIRE' },
  key: {
    id: '00112233445566778899aabbccddeeff',
    label: 'Payments "keyArn": "$(id)" – Ä',
    check: { method: 'X9.24-CMAC', value: 'aabbccddee' },
  },
  device: {
    manufacturer: 'SoftHSM project',
    model: 'SoftHSM v2',
    serial: '0123456789abcdef',
    firmware: '2.6',
    moduleSha256: 'ab'.repeat(32),
  },
  mechanism: { id: 9, name: 'CKM_RSA_PKCS_OAEP' },
  selfTest: { atMs: nowMs, shown: ['opens with OAEP SHA-256'] },
  operators: ['p-1', 'p-2'],
  nowMs,
  ...changes,
});
const sha256 = (bytes: Uint8Array) => createHash('sha256').update(bytes).digest('hex');

describe('a package', () => {
  const { files, manifest, manifestSha256 } = buildPackage(input());
  const file = (name: string) => files.find((entry) => entry.name === name)?.bytes as Uint8Array;

  it('has its five files', () => {
    expect(files.map(({ name, executable }) => [name, executable])).toEqual([
      ['EncryptedKeyMaterial.bin', false],
      ['ImportToken.bin', false],
      ['manifest.json', false],
      ['import.sh', true],
      ['import.ps1', false],
    ]);
    expect(file('EncryptedKeyMaterial.bin')).toEqual(blob);
    expect(file('ImportToken.bin')).toEqual(new Uint8Array(1200).fill(7));
  });

  it('describes them in a canonical manifest', () => {
    expect(parseCanonical(file('manifest.json'))).toEqual(manifest);
    expect(manifestSha256).toBe(sha256(file('manifest.json')));
    expect(manifest).toMatchObject({
      schema: 'keymoot/byok-package/1',
      target: { keyArn: ARN, region: 'eu-central-1', keySpec: 'SYMMETRIC_DEFAULT' },
      wrapping: { algorithm: 'RSAES_OAEP_SHA_256', oaepHash: 'SHA-256', keyBits: 3072 },
      files: { encryptedKeyMaterialBytes: 384, encryptedKeyMaterialSha256: sha256(blob) },
      mechanism: { id: '0x00000009', name: 'CKM_RSA_PKCS_OAEP' },
    });
    expect(buildPackage(input())).toEqual({ files, manifest, manifestSha256 });
  });

  it('has the same scripts whatever is in it', () => {
    const other = buildPackage(input({ jobId: 'job-2', mode: 'PRODUCTION' }));
    expect(other.files.slice(3)).toEqual(files.slice(3));
  });

  it('is refused when it contradicts itself, naming the field', () => {
    const refusal = (changes: Partial<PackageInput>): string => {
      try {
        buildPackage(input(changes));
      } catch (error) {
        expect(error).toBeInstanceOf(KeymootError);
        const { code, fields } = error as KeymootError;
        return `${code} ${Object.keys(fields ?? {}).join()}`;
      }
      return 'made';
    };
    expect(refusal({ encryptedKeyMaterial: blob.subarray(1) })).toBe('input-invalid manifest');
    expect(refusal({ jobId: '' })).toBe('input-invalid jobId');
    expect(refusal({ operators: [] })).toBe('input-invalid operators');
    expect(refusal({ key: { ...input().key, label: 'a\u202eb' } })).toBe('input-invalid key.label');
    expect(
      refusal({ key: { ...input().key, check: { method: 'X9.24-CMAC', value: 'aabb' } } }),
    ).toBe('input-invalid key.check');
    const year = 365 * 86_400_000;
    for (const materialValidToMs of [nowMs, nowMs + year + 1000, Number.NaN])
      expect(refusal({ expiration: { model: 'KEY_MATERIAL_EXPIRES', materialValidToMs } })).toBe(
        'input-invalid target.materialValidTo',
      );
    expect(refusal({ nowMs: nowMs + 3_600_001 })).toBe('params-expired ParametersValidTo');
  });

  it('has no manifest that says more, or contradicts itself', () => {
    expect(Manifest.safeParse(manifest).success).toBe(true);
    const { target, files: described } = manifest;
    for (const change of [
      { extra: 1 },
      { target: { ...target, region: 'us-east-1' } },
      { files: { ...described, encryptedKeyMaterialBytes: 256 } },
    ])
      expect(Manifest.safeParse({ ...manifest, ...change }).success).toBe(false);
  });
});

/** A package on disk, and an `aws` that writes its arguments down and answers like KMS. */
const roots: string[] = [];
afterAll(() => {
  for (const root of roots) rmSync(root, { recursive: true, force: true });
});

const unpack = (changes: Partial<PackageInput> = {}) => {
  const root = mkdtempSync(join(tmpdir(), 'keymoot-package-'));
  roots.push(root);
  const folder = join(root, 'a folder; with $(touch owned) "signs"');
  const bin = join(root, 'bin');
  mkdirSync(folder);
  mkdirSync(bin);
  for (const { name, bytes, executable } of buildPackage(input(changes)).files)
    writeFileSync(join(folder, name), bytes, { flag: 'wx', mode: executable ? 0o755 : 0o644 });
  const describeAnswer = {
    KeyMetadata: {
      Arn: ARN,
      Origin: 'EXTERNAL',
      KeyState: 'Enabled',
      ExpirationModel: 'KEY_MATERIAL_DOES_NOT_EXPIRE',
    },
  };
  writeFileSync(join(root, 'describe.json'), JSON.stringify(describeAnswer, null, 4));
  writeFileSync(
    join(bin, 'aws'),
    `#!/bin/sh
printf '%s\\n' "$#" "$@" >> '${root}/calls'
test ! -e '${root}/fail' || { echo 'An error occurred (InvalidCiphertextException)' >&2; exit 254; }
case "$2" in
  import-key-material) test ! -e '${root}/lost' || exit 255; echo '{}' ;;
  describe-key) cat '${root}/describe.json' ;;
esac
`,
  );
  chmodSync(join(bin, 'aws'), 0o755);
  const run = (args: string[], stdin = '') => {
    const done = spawnSync('bash', [join(folder, 'import.sh'), ...args], {
      cwd: root,
      input: stdin,
      encoding: 'utf8',
      env: { ...process.env, PATH: `${bin}:${process.env.PATH ?? ''}` },
    });
    const calls = existsSync(join(root, 'calls')) ? readFileSync(join(root, 'calls'), 'utf8') : '';
    return {
      status: done.status,
      out: done.stdout,
      err: done.stderr,
      calls: calls.split('\n').slice(0, -1),
    };
  };
  /** Rewrites the manifest as text, as an attacker would, or re-sealed with matching hashes. */
  const tamper = (edit: (text: string) => string) => {
    const path = join(folder, 'manifest.json');
    const before = readFileSync(path, 'utf8');
    const after = edit(before);
    expect(after).not.toBe(before);
    writeFileSync(path, after);
  };
  return { root, folder, run, tamper };
};

const importCall = (extra: string[] = []) => {
  const args = [
    'kms',
    'import-key-material',
    '--region',
    'eu-central-1',
    '--key-id',
    ARN,
    '--encrypted-key-material',
    'fileb://EncryptedKeyMaterial.bin',
    '--import-token',
    'fileb://ImportToken.bin',
    '--expiration-model',
    extra.length === 0 ? 'KEY_MATERIAL_DOES_NOT_EXPIRE' : 'KEY_MATERIAL_EXPIRES',
    ...extra,
    '--output',
    'json',
  ];
  return [String(args.length), ...args];
};
const describeCall = [
  '8',
  'kms',
  'describe-key',
  '--region',
  'eu-central-1',
  '--key-id',
  ARN,
  '--output',
  'json',
];

describe('import.sh', () => {
  it('is good bash, ASCII only, and holds nothing of any package', () => {
    execFileSync('bash', ['-n'], { input: IMPORT_SH });
    expect(IMPORT_SH).toMatch(/^[\x00-\x7f]*$/u);
    expect(IMPORT_SH).not.toContain('\r');
    expect(IMPORT_SH).not.toContain(ARN);
    expect(IMPORT_SH).not.toMatch(/\beval\b/u);
  });

  it('imports after the word IMPORT, shows the command, verifies, and keeps both answers', () => {
    const { folder, run } = unpack();
    const { status, out, calls } = run([], 'IMPORT\n');
    expect(out).toContain(`aws kms import-key-material --region eu-central-1 --key-id ${ARN}`);
    expect(out).toContain('VERIFIED');
    expect(out).toContain('not that it is the right key');
    expect(status).toBe(0);
    expect(calls).toEqual([...importCall(), ...describeCall]);
    const answers = readdirSync(folder).filter((name) =>
      /^(describe|import)-key.*\.json$/u.test(name),
    );
    expect(answers.length).toBe(2);
  });

  it('shows the hash of the manifest that the desk shows', () => {
    const { folder, run } = unpack();
    expect(run(['--check']).out).toContain(sha256(readFileSync(join(folder, 'manifest.json'))));
  });

  it('sends nothing without the word, nor with --check, nor when used wrongly', () => {
    const { run } = unpack();
    for (const typed of ['', '\n', 'import\n', 'yes\n']) {
      const { status, err, calls } = run([], typed);
      expect([status, calls]).toEqual([1, []]);
      expect(err).toContain('nothing was sent');
    }
    expect(run(['--check'])).toMatchObject({ status: 0, calls: [] });
    for (const wrong of [['--help'], ['--yes', '--check'], ['x y']])
      expect(run(wrong)).toMatchObject({ status: 2, calls: [] });
  });

  it('asks again with --verify without importing', () => {
    expect(unpack().run(['--verify'])).toMatchObject({ status: 0, calls: describeCall });
  });

  it('keeps every answer, however soon it is asked again', () => {
    const { folder, run } = unpack();
    for (let times = 1; times <= 3; times++) {
      expect(run(['--verify']).status).toBe(0);
      expect(readdirSync(folder).filter((name) => name.startsWith('describe-key-'))).toHaveLength(
        times,
      );
    }
  });

  it('passes the date on when the material is to expire', () => {
    const materialValidToMs = Date.now() + 86_400_000;
    const { run, root } = unpack({
      expiration: { model: 'KEY_MATERIAL_EXPIRES', materialValidToMs },
    });
    const described = readFileSync(join(root, 'describe.json'), 'utf8');
    writeFileSync(join(root, 'describe.json'), described.replace('DOES_NOT_EXPIRE', 'EXPIRES'));
    const { status, calls } = run(['--yes']);
    expect(status).toBe(0);
    expect(calls).toEqual([...importCall(['--valid-to', at(materialValidToMs)]), ...describeCall]);
  });

  it('claims nothing about the key in AWS when the import ends otherwise, and does not verify', () => {
    const { root, run } = unpack();
    writeFileSync(join(root, 'fail'), '');
    const { status, err, calls } = run(['--yes']);
    expect(status).toBe(1);
    expect(err).toContain('InvalidCiphertextException');
    expect(err).toContain('NOT CONFIRMED: AWS did not confirm the import; its words are above.');
    expect(err).toContain('with --verify before anything is repeated');
    expect(err).not.toMatch(/refused|as it was/iu);
    expect(calls).toEqual(importCall());
  });

  it('tells an import whose answer was lost from one that AWS describes', () => {
    const { root, run } = unpack();
    writeFileSync(join(root, 'lost'), '');
    expect(run(['--yes']).err).toContain('NOT CONFIRMED: AWS did not confirm the import');
    expect(run(['--verify']).out).toContain('VERIFIED');
    writeFileSync(join(root, 'fail'), '');
    const { status, err } = run(['--verify']);
    expect(status).toBe(1);
    expect(err).toContain('NOT CONFIRMED: AWS did not describe the key');
  });

  it('does not call it verified when AWS describes another state, origin, key or model', () => {
    for (const [from, to] of [
      ['Enabled', 'PendingImport'],
      ['EXTERNAL', 'AWS_KMS'],
      ['111122223333', '999922223333'],
      ['DOES_NOT_EXPIRE', 'EXPIRES'],
    ] as const) {
      const { root, run } = unpack();
      const path = join(root, 'describe.json');
      writeFileSync(path, readFileSync(path, 'utf8').replace(from, to));
      const { status, out, err } = run(['--verify']);
      expect(status).toBe(1);
      expect(out).not.toContain('VERIFIED');
      expect(err).toContain('NOT CONFIRMED: AWS describes the key otherwise than expected');
    }
  });

  it('refuses expired parameters before calling aws, but still verifies', () => {
    const past = nowMs - 7_200_000;
    const { run } = unpack({ nowMs: past - 1000, parameters: parametersUntil(past, past - 1000) });
    const { status, err, calls } = run(['--yes']);
    expect([status, calls]).toEqual([1, []]);
    expect(err).toMatch(/expired 1[12][0-9] minutes ago/u);
    expect(run(['--verify']).status).toBe(0);
  });

  it('refuses files that are not the described ones, or missing', () => {
    for (const name of ['EncryptedKeyMaterial.bin', 'ImportToken.bin']) {
      const { folder, run } = unpack();
      const path = join(folder, name);
      const bytes = readFileSync(path);
      bytes[0] = (bytes[0] as number) ^ 1;
      writeFileSync(path, bytes);
      const changed = run(['--yes']);
      expect([changed.status, changed.calls]).toEqual([1, []]);
      expect(changed.err).toContain(`${name} is not the file`);
      rmSync(path);
      expect(run(['--yes']).err).toContain(`${name} is missing`);
    }
  });

  it.each([
    ['a command in the ARN', (text: string) => text.replace(ARN, '$(touch x)')],
    ['a command behind the ARN', (text: string) => text.replace(ARN, `${ARN}$(touch x)`)],
    [
      'a command in back-quotes',
      (text: string) => text.replace('111122223333:key', '`touch x`:key'),
    ],
    ['an option for an ARN', (text: string) => text.replace(ARN, '--endpoint-url=http://x')],
    ['a quote in the ARN', (text: string) => text.replace(ARN, `${ARN}\\" --debug \\"`)],
    ['a line break in the ARN', (text: string) => text.replace(ARN, `${ARN}\ntouch x`)],
    ['dashes for a key id', (text: string) => text.replace(/key\/[^"]*/u, `key/${'-'.repeat(36)}`)],
    ['a command in the region', (text: string) => text.replace('"eu-central-1"', '"$(touch x)"')],
    ['another region', (text: string) => text.replace('"eu-central-1"', '"us-east-1"')],
    [
      'a second ARN',
      (text: string) => text.replace('{', `{"keyArn":"${ARN.replace('1111', '9999')}",`),
    ],
    [
      'an ARN in an escaped name',
      (text: string) => text.replace('{', `{"a\\"keyArn":"${ARN.replace('1111', '9999')}",`),
    ],
    ['no ARN', (text: string) => text.replace('"keyArn"', '"keyarn"')],
    [
      'a command in the time',
      (text: string) => text.replace(/"validToSeconds":\d+/u, '"validToSeconds":a[$(touch x)]'),
    ],
    [
      'a time that is an octal',
      (text: string) => text.replace(/"validToSeconds":\d+/u, '"validToSeconds":0777777777'),
    ],
    [
      'another expiration model',
      (text: string) =>
        text.replace('KEY_MATERIAL_DOES_NOT_EXPIRE', 'KEY_MATERIAL_EXPIRES --debug'),
    ],
    [
      'a path for a hash',
      (text: string) =>
        text.replace(/"importTokenSha256":"[^"]*"/u, '"importTokenSha256":"../../x"'),
    ],
    ['another schema', (text: string) => text.replace('byok-package/1', 'byok-package/2')],
    ['another provider', (text: string) => text.replace('"aws-kms"', '"gcp-kms"')],
    ['a manifest of a megabyte', (text: string) => text + ' '.repeat(1_048_576)],
    ['nothing at all', () => ''],
  ])('refuses a manifest with %s, runs nothing of it and never calls aws', (_, edit) => {
    const { root, folder, run, tamper } = unpack();
    tamper(edit);
    for (const args of [['--yes'], ['--check'], ['--verify']]) {
      const { status, err, calls } = run(args, 'IMPORT\n');
      expect([status, calls]).toEqual([1, []]);
      expect(err).toContain('REFUSED:');
    }
    for (const place of [root, folder, process.cwd()])
      for (const name of ['x', 'owned']) expect(existsSync(join(place, name))).toBe(false);
  });

  it('refuses a date with a command in it when the material is to expire', () => {
    const materialValidToMs = Date.now() + 86_400_000;
    const { run, tamper, folder } = unpack({
      expiration: { model: 'KEY_MATERIAL_EXPIRES', materialValidToMs },
    });
    tamper((text) => text.replace(/"materialValidTo":"[^"]*"/u, '"materialValidTo":"$(touch x)"'));
    expect(run(['--yes'])).toMatchObject({ status: 1, calls: [] });
    expect(existsSync(join(folder, 'x'))).toBe(false);
  });
});

describe('import.ps1', () => {
  it('is ASCII, holds nothing of any package and evaluates nothing', () => {
    expect(IMPORT_PS1).toMatch(/^[\x00-\x7f]*$/u);
    expect(IMPORT_PS1).not.toContain(ARN);
    expect(IMPORT_PS1).not.toMatch(/Invoke-Expression|\biex\b|ScriptBlock|`/iu);
  });

  it('holds every value against the same grammar and makes the same call as import.sh', () => {
    for (const name of [
      'schema',
      'provider',
      'keyArn',
      'region',
      'validToSeconds',
      'expirationModel',
      'encryptedKeyMaterialSha256',
      'importTokenSha256',
      'materialValidTo',
    ])
      expect(IMPORT_PS1).toContain(`Read-Member '${name}'`);
    for (const part of importCall()
      .slice(1)
      .filter((arg) => !['eu-central-1', ARN, 'KEY_MATERIAL_DOES_NOT_EXPIRE'].includes(arg)))
      expect(IMPORT_PS1).toContain(part);
    for (const check of [
      'Get-FileHash',
      'ToUnixTimeSeconds',
      '-ne 1) { Stop-Import',
      "-cne 'IMPORT'",
    ])
      expect(IMPORT_PS1).toContain(check);
  });

  it('says the same as import.sh when AWS does not confirm', () => {
    const said = (script: string): string[] =>
      [...script.matchAll(/["'](AWS (?:did|describes)[^"']*?)["']/gu)].map(([, text = '']) =>
        text.replace('-Verify', '--verify').replace(/ \(.*$|; see .*$/u, ''),
      );
    expect(said(IMPORT_PS1).sort()).toEqual(said(IMPORT_SH).sort());
    expect(said(IMPORT_PS1)).toHaveLength(3);
  });

  it('closes every bracket that it opens', () => {
    const code = IMPORT_PS1.replace(/#.*$/gmu, '').replace(/'[^'\n]*'/gu, '');
    for (const [open, close] of ['()', '{}', '[]'].map((pair) => pair.split('')))
      expect(code.split(open as string).length).toBe(code.split(close as string).length);
  });
});
