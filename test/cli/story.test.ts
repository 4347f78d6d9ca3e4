/** A small desk's whole story, by the command line alone: real processes, a real SoftHSM, secrets on a descriptor. */
import { createHash, generateKeyPairSync, randomBytes } from 'node:crypto';
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { x924Cmac } from '../../custody/core/checkvalues/check-values.ts';
import { hexToWords } from '../../custody/core/checkvalues/fingerprint.ts';
import { Bench, BUNDLE, type Document, type Secrets } from './keymoot.ts';

const ADA = 'Ada Moreno';
const OTTO = 'Otto Lind';
const CUSTODIANS = ['Cleo Baptiste', 'Chidi Eze', 'Carmen Ruiz'];
const WIM = 'Wim de Boer';
const BY_TWO = ['--by', ADA, '--by', OTTO];

/** Told apart from everything else that may stand in an output. */
const secretOf = (what: string): string =>
  `Zq7-${createHash('sha256').update(what).digest('hex').slice(0, 14)}`;
const passphrase = (name: string): Secrets => ({ [`passphrase ${name}`]: secretOf(name) });
const PIN = { first: '7319-4418', second: '2056-9907' };
const pinOf = (token: string): Secrets => ({
  [`pin first ${token}`]: PIN.first,
  [`pin second ${token}`]: PIN.second,
});
const newToken = (token: string): Secrets => ({
  ...pinOf(token),
  [`so pin first ${token}`]: '8841-3302',
  [`so pin second ${token}`]: '6127-5590',
});
const LOG: Secrets = { 'log pin first': PIN.first, 'log pin second': PIN.second };
const TWO: Secrets = { ...passphrase(ADA), ...passphrase(OTTO) };

/** SoftHSM's, told apart by its serial from another of the same label. */
const ceremonyToken = async (): Promise<string> => {
  const shown = (await bench.json(['tokens'])).flatMap((view: Document) => view.tokens);
  const { identity } = shown.find(
    (token: Document) =>
      token.identity.label === 'ceremony' && token.identity.manufacturer.startsWith('SoftHSM'),
  );
  return `ceremony@${identity.serial}`;
};

const bench = new Bench();
const components = [1, 2, 3].map(() => randomBytes(32));
const sum = components.reduce((a, b) => Buffer.from(a.map((byte, at) => byte ^ (b[at] ?? 0))));

beforeAll(async () => {
  await bench.json(['train', 'softhsm', 'log'], newToken('log'));
  await bench.json(
    ['desk', 'found', '--name', 'cli.example', '--mode', 'rehearsal', '--token', 'log'],
    LOG,
  );
  await bench.json(['people', 'enrol', ADA, '--role', 'administrator'], passphrase(ADA));
  await bench.json(['people', 'enrol', OTTO, '--role', 'officer'], passphrase(OTTO));
  await bench.json(['policy', 'approve', ...BY_TWO], TWO);
  await bench.json(['train', 'softhsm', 'ceremony', ...BY_TWO], {
    ...TWO,
    ...newToken('ceremony'),
  });
});
afterAll(() => {
  bench.remove();
});

/** The command that two people give to generate a key. */
const generating = (label: string, algorithm: string, purpose: string): string[] => [
  ...['keys', 'generate', label, '--token', 'ceremony'],
  ...['--algorithm', algorithm, '--purpose', purpose, ...BY_TWO],
];

describe('a desk by the command line', () => {
  test('is founded, and says so', async () => {
    const { out, code } = await bench.run(['desk', 'status']);
    expect(code).toBe(0);
    expect(out).toMatch(/^state +ready$/m);
    expect(out).toMatch(/^mode +rehearsal$/m);
    expect(out).toContain('cli.example/');
    expect(out).toMatch(/^log +\d+ entries, \d+ sealed/m);
    const people = await bench.run(['people']);
    expect(people.out).toMatch(/Ada Moreno +administrator/);
  });

  test('generates a key with two people, and shows who says what', async () => {
    const args = generating('backup-1', 'aes-256', 'wrap');
    const { code, out, err } = await bench.run(args, { ...LOG, ...TWO, ...pinOf('ceremony') });
    expect(err).toBe('');
    expect(code).toBe(0);
    expect(out).toContain('AES-256 “backup-1” is made.');
    expect(out).toMatch(/^ {2}device /m);
    expect(out).toMatch(/made +\d{4}-\d\d-\d\d \d\d:\d\d UTC/);
    const [key] = await bench.json(['keys', 'list']);
    expect(key).toMatchObject({
      label: 'backup-1',
      algorithm: 'AES-256',
      origin: 'generated',
      state: 'active',
    });
  });

  test('refuses a wrong PIN in the device’s own name, and nothing is made', async () => {
    const args = generating('never', 'AES-128', 'mac');
    const wrong = { 'pin first ceremony': PIN.first, 'pin second ceremony': '0000-0000' };
    const { code, err } = await bench.run(args, { ...LOG, ...TWO, ...wrong });
    expect(code).toBe(1);
    expect(err).toContain('PIN');
    expect(err).toMatch(/pin-wrong \(CKR_PIN_INCORRECT/);
    expect(await bench.json(['keys'])).toHaveLength(1);
  });

  test('names the half of a PIN that was not given', async () => {
    const args = generating('never', 'AES-128', 'mac');
    const missing = await bench.run([...args, '--json'], {
      ...LOG,
      ...TWO,
      'pin first ceremony': PIN.first,
    });
    expect(missing.code).toBe(2);
    expect(missing.error).toMatchObject({
      code: 'input-invalid',
      fields: { 'pin second ceremony': 'missing' },
    });
    const empty = await bench.run([...args, '--json'], {
      ...LOG,
      ...TWO,
      'pin first ceremony': PIN.first,
      'pin second ceremony': '',
    });
    expect(empty.code).toBe(1);
    expect(empty.error?.code).toBe('pin-half-missing');
  });

  test('refuses people it does not know, one person twice, and one where two are needed', async () => {
    const args = ['keys', 'destroy', 'backup-1'];
    const unknown = await bench.run([...args, '--by', ADA, '--by', 'Nobody Here', '--json']);
    expect(unknown.code).toBe(1);
    expect(unknown.error).toMatchObject({
      code: 'person-unknown',
      fields: { person: 'Nobody Here' },
    });
    const twice = await bench.run([...args, '--by', ADA, '--by', ADA, '--json']);
    expect(twice.code).toBe(3);
    expect(twice.error?.code).toBe('two-required');
    const alone = await bench.run([...args, '--by', ADA, '--json']);
    expect(alone.code).toBe(3);
    const wrong = await bench.run([...args, ...BY_TWO, '--json'], {
      label: 'backup-1',
      ...LOG,
      ...pinOf('ceremony'),
      ...passphrase(OTTO),
      [`passphrase ${ADA}`]: 'not hers at all',
    });
    expect(wrong.code).toBe(3);
    expect(wrong.error?.code).toBe('act-refused');
  });

  test('refuses a label that two tokens share, and tells them apart by serial', async () => {
    // SoftHSM's desk token and a library of another configuration with a token of the same name.
    const { path } = (await bench.json(['modules'])).find(
      (module: { family: string }) => module.family === 'softhsm',
    );
    await bench.json(['train', 'nss', 'ceremony', ...BY_TWO], {
      ...TWO,
      ...pinOf('ceremony'),
    });
    const { code, error } = await bench.run(['probe', 'ceremony', '--json']);
    expect(code).toBe(1);
    expect(error?.code).toBe('ambiguous');
    const serial = /“(ceremony@[0-9a-f]{16})”/.exec(error?.message ?? '')?.[1];
    expect(serial).toBeDefined();
    const [sheet] = await bench.json(['probe', serial ?? '']);
    expect(sheet.can).toContainEqual(expect.objectContaining({ algorithm: 'AES-256', can: true }));
    const table = await bench.run(['probe', path]);
    expect(table.out).toMatch(/AES-256 +yes/);
  });

  test('tells that a library was not added yet', async () => {
    const { code, err } = await bench.run(['probe', '/opt/vendor/libhsm.so']);
    expect(code).toBe(1);
    expect(err).toContain('keymoot modules add /opt/vendor/libhsm.so');
  });

  test('runs a ceremony from a drafted definition to its close', async () => {
    for (const name of CUSTODIANS)
      await bench.json(['people', 'enrol', name, '--role', 'custodian', ...BY_TWO], {
        ...TWO,
        ...passphrase(name),
      });
    await bench.json(['people', 'enrol', WIM, '--role', 'witness', ...BY_TWO], {
      ...TWO,
      ...passphrase(WIM),
    });
    const expected = x924Cmac(sum).value;
    const token = await ceremonyToken();
    const seats = [
      ['administrator', ADA],
      ...CUSTODIANS.map((name, at) => [`custodian-${at + 1}`, name]),
      ['witness', WIM],
    ];
    const draft = [
      'ceremony',
      'draft',
      '--template',
      'form-key-from-components',
      '--out',
      'zmk.json',
      '--token',
      token,
    ];
    const drafting = [
      ...draft,
      '--key-label',
      'zmk-1',
      '--expected',
      expected.toUpperCase(),
      ...seats.flatMap(([seat, name]) => ['--seat', `${seat}=${name}`]),
    ];
    // The desk refuses what makes no sense and names it; nothing is written then.
    const refused = await bench.run([...drafting, '--components', '4', '--json']);
    expect(refused.error).toMatchObject({
      code: 'input-invalid',
      fields: { 'seats.custodian-4': expect.stringContaining('nobody') as string },
    });
    expect(existsSync(bench.path('zmk.json'))).toBe(false);
    // What a draft without an expected value says of the formed key claims no comparison.
    const without = drafting.filter(
      (word) => word !== '--expected' && !/^[0-9A-F]{10}$/.test(word),
    );
    const { definition } = await bench.json(
      without.map((word) => (word === 'zmk.json' ? 'unexpected.json' : word)),
    );
    expect(definition).not.toHaveProperty('expected');
    expect(JSON.stringify(definition)).not.toContain('the expected one');
    expect(definition.steps[7].expected).toContain('none is compared here');
    const { sha256, words } = await bench.json(drafting);
    expect((await bench.run(drafting)).err).toContain('file-exists');

    writeFileSync(
      bench.path('drill.json'),
      JSON.stringify({
        'room time': 'now',
        words,
        ...Object.fromEntries(
          components.flatMap((part, at) => [
            [`check ${at + 1}`, x924Cmac(part).value],
            [`serial ${at + 1}`, `E-00${at + 1}`],
          ]),
        ),
        'phrase 8': 'FORM THE KEY',
        'check value': expected,
        'phrase 10': 'THE PAPERS ARE DESTROYED',
        serials: ['E-001', 'E-002', 'E-003'],
        ...Object.fromEntries([ADA, ...CUSTODIANS, WIM].map((name) => [`agree ${name}`, 'yes'])),
      }),
    );
    const times = (name: string, count: number): Secrets => ({
      [`passphrase ${name}`]: Array.from({ length: count }, () => secretOf(name)),
    });
    const { code, out, err } = await bench.run(
      ['ceremony', 'run', 'zmk.json', ...BY_TWO, '--answers', 'drill.json'],
      {
        ...LOG,
        // The command itself, then each step that names their seat, then the close.
        ...times(ADA, 9),
        ...times(OTTO, 1),
        ...times(WIM, 11),
        ...Object.assign({}, ...CUSTODIANS.map((name) => times(name, 4))),
        ...Object.fromEntries(
          components.map((part, at) => [
            `component ${at + 1}`,
            part
              .toString('hex')
              .toUpperCase()
              .replace(/(.{8})(?=.)/g, '$1 '),
          ]),
        ),
        ...pinOf('ceremony'),
      },
    );
    expect(err).toBe('');
    expect(code).toBe(0);
    expect(out).toContain('STEP 11 OF 11');
    expect(out).toContain('THIS CAN’T BE TAKEN BACK');
    expect(out).toMatch(/^state +CLOSED, AGREED$/m);
    const { ceremonies, definitions } = await bench.json(['ceremony', 'list']);
    expect(ceremonies).toMatchObject([{ status: 'CLOSED' }]);
    // Its approvals were for this ceremony; another one on it is approved anew.
    expect(definitions[0]).toMatchObject({ sha256, approvals: [] });
    const { key } = await bench.json(['keys', 'show', 'zmk-1']);
    expect(key.check).toEqual({ method: 'X9.24-CMAC', value: expected });
  }, 120_000);

  test('exports a key for AWS KMS once its wrapping key is confirmed', async () => {
    const made = [
      'keys',
      'generate',
      'for-kms',
      '--token',
      await ceremonyToken(),
      '--algorithm',
      'AES-256',
      '--purpose',
      'encrypt',
      '--extractable',
    ];
    await bench.json([...made, ...BY_TWO], { ...LOG, ...TWO, ...pinOf('ceremony') });
    const asking = ['export', 'aws-kms', '--key', 'for-kms', '--algorithm', 'sha-1', ...BY_TWO];
    const requested = await bench.run(asking, { ...LOG, ...TWO, ...pinOf('ceremony') });
    expect(requested.code).toBe(0);
    expect(requested.out).toContain('aws kms get-parameters-for-import');
    const { publicKey } = generateKeyPairSync('rsa', {
      modulusLength: 4096,
      publicKeyEncoding: { type: 'spki', format: 'der' },
      privateKeyEncoding: { type: 'pkcs8', format: 'der' },
    });
    writeFileSync(
      bench.path('params.json'),
      JSON.stringify({
        KeyId: 'arn:aws:kms:eu-central-1:111122223333:key/0987dcba-09fe-87dc-65ba-ab0987654321',
        ImportToken: randomBytes(1024).toString('base64'),
        PublicKey: publicKey.toString('base64'),
        ParametersValidTo: new Date(Date.now() + 3600_000).toISOString().replace('Z', '000+00:00'),
      }),
    );
    const wrapping = [...asking, '--params', 'params.json', '--out', 'carry-out'];
    const secrets = { ...LOG, ...TWO, ...pinOf('ceremony') };
    const wrong = await bench.run([...wrapping, '--json'], {
      ...secrets,
      words: 'aardvark adroitness aardvark adroitness',
    });
    expect(wrong.code).toBe(3);
    expect(wrong.error?.code).toBe('readback-wrong');
    expect(existsSync(bench.path('carry-out'))).toBe(false);
    const words = hexToWords(createHash('sha256').update(publicKey).digest('hex')).join(' ');
    const { code, out } = await bench.run(wrapping, { ...secrets, words });
    expect(code).toBe(0);
    expect(out).toMatch(/^ {2}[0-9a-f]{4}( [0-9a-f]{4}){7}$/m);
    expect(readdirSync(bench.path('carry-out'))).toContain('EncryptedKeyMaterial.bin');
    expect(await bench.json(['exports'])).toMatchObject([{ state: 'WRAPPED' }]);
  });

  test('exports its log, proves an entry, and the bundle verifies', async () => {
    await bench.json(['audit', 'export', 'bundle', '--by', ADA], { ...LOG, ...passphrase(ADA) });
    await bench.json(['desk', 'trust', '--out', 'trust.json']);
    const verified = await bench.start(
      [BUNDLE, 'verify', 'bundle', '--trust', 'trust.json', '--json'],
      '',
    );
    expect(JSON.parse(verified.out).verdict).toBe('pass');
    expect(verified.code).toBe(0);
    const proof = await bench.run(['prove', '3', '--by', ADA], passphrase(ADA));
    expect(proof.code).toBe(0);
    expect(proof.out).toMatch(
      /^c2sp\.org\/tlog-proof@v1\nindex 3\n(?:[A-Za-z0-9+/]{43}=\n)+\ncli\.example\//,
    );
    expect(proof.out.endsWith(readFileSync(bench.path('bundle/log/checkpoint'), 'utf8'))).toBe(
      true,
    );
    const { entries } = await bench.json(
      ['audit', 'entries', '--from', '0', '--limit', '2', '--by', ADA],
      passphrase(ADA),
    );
    expect(entries[0].entry.type).toBe('log.genesis');
  });

  test('kept every secret out of the list of processes and out of what it printed', () => {
    const everything = [...bench.seen, ...bench.outputs].join('\n');
    const secrets = [
      ...[ADA, OTTO, WIM, ...CUSTODIANS].map(secretOf),
      PIN.first,
      PIN.second,
      ...components.flatMap((part) => [
        part.toString('hex'),
        part.toString('hex').toUpperCase().slice(0, 8),
      ]),
    ];
    expect(bench.seen.size).toBeGreaterThan(3);
    expect([...bench.seen].some((line) => line.includes(' serve '))).toBe(true);
    expect(secrets.filter((secret) => everything.includes(secret))).toEqual([]);
  });
});
