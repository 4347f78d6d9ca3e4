import { spawn } from 'node:child_process';
import { constants, createPrivateKey, privateDecrypt, randomBytes } from 'node:crypto';
import {
  closeSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readFileSync,
  readdirSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { packEnvelopes } from '../../custody/cli/rehearsal/ceremony.ts';
import { CAST } from '../../custody/cli/rehearsal/room.ts';
import { filesUnder } from '../recovery/stage.ts';
import { ENDED_LATE } from '../support/ended-late.ts';
import { softhsmLibrary } from '../support/softhsm.ts';
import type { Plan } from './canary-play.ts';

const possible = softhsmLibrary() !== undefined && process.platform === 'linux';
if (!possible) console.warn('SKIPPED: planting canaries needs SoftHSM and the /proc of Linux');

const canary = (what: string): string => `${what}-${randomBytes(9).toString('hex')}`;

/** Base64 texts to search for `bytes` at any place: three alignments, without the digits that neighbouring bytes influence. */
const base64Cores = (bytes: Buffer): Buffer[] =>
  [0, 1, 2].map((shift) => {
    const digits = Buffer.concat([Buffer.alloc(shift), bytes]).toString('base64');
    const from = Math.ceil((shift * 8) / 6);
    const whole = Math.floor(((shift + bytes.length) * 8) / 6);
    return Buffer.from(digits.slice(from, whole));
  });
const utf16 = (text: string): Buffer[] => {
  const little = Buffer.from(text, 'utf16le');
  return [little, Buffer.from(little).swap16()];
};
/** Every encoding in which a secret could have been written. */
const spellings = (secret: Buffer): Buffer[] => {
  const lower = secret.toString('hex');
  const upper = lower.toUpperCase();
  const grouped = upper.replace(/(.{8})(?=.)/gu, '$1 ');
  const url = base64Cores(secret).map((core) =>
    Buffer.from(core.toString().replaceAll('+', '-').replaceAll('/', '_')),
  );
  const texts = [lower, upper, grouped, grouped.toLowerCase()];
  const plain = secret.toString('utf8');
  const isText = Buffer.from(plain).equals(secret) && /^[\x20-\x7e]+$/u.test(plain);
  return [
    secret,
    ...base64Cores(secret),
    ...url,
    ...texts.map((text) => Buffer.from(text)),
    ...texts.flatMap(utf16),
    ...texts.flatMap((text) => base64Cores(Buffer.from(text))),
    ...(isText ? utf16(plain) : []),
    // An array of numbers, as careless JSON has it.
    Buffer.from([...secret].join(',')),
  ];
};

describe.skipIf(!possible)('secrets that were typed', () => {
  let root: string;
  let plan: Plan;
  let secrets: [string, Buffer][];
  let exitCode: number | null;
  let started: number;

  beforeAll(async () => {
    root = mkdtempSync(join(tmpdir(), 'keymoot-canary-'));
    const folders = ['out', 'tmp', 'home', 'cwd'].map((name) => join(root, name));
    for (const folder of folders) mkdirSync(folder);
    const [out = '', tmp = '', home = '', cwd = ''] = folders;
    const pair = (what: string): [string, string] => [canary(`${what}L`), canary(`${what}R`)];
    const pins = (what: string) => ({ user: pair(`${what}U`), so: pair(`${what}S`) });
    plan = {
      folder: join(root, 'desk'),
      out,
      pins: { log: pins('log'), keys: pins('key') },
      passphrases: Object.fromEntries(CAST.map(([name]) => [name, canary('phrase')])),
      envelopes: packEnvelopes(32),
    };
    const parts = plan.envelopes.components.map(({ hex }) =>
      Buffer.from(hex.replaceAll(' ', ''), 'hex'),
    );
    const sum = Buffer.alloc(32);
    for (const part of parts)
      for (let i = 0; i < 32; i += 1) sum[i] = (sum[i] ?? 0) ^ (part[i] ?? 0);
    secrets = [
      ...Object.entries(plan.pins).flatMap(([label, { user, so }]) =>
        [...user, ...so].map((half): [string, Buffer] => [
          `PIN half of ${label}`,
          Buffer.from(half),
        ]),
      ),
      ...Object.entries(plan.passphrases).map(([name, text]): [string, Buffer] => [
        `passphrase of ${name}`,
        Buffer.from(text),
      ]),
      ...parts.map((part, i): [string, Buffer] => [`component ${i + 1}`, part]),
      ['the sum of the components', sum],
    ];
    started = Date.now();
    const printed = openSync(join(root, 'stdout'), 'w');
    const complained = openSync(join(root, 'stderr'), 'w');
    const child = spawn(process.execPath, [join(import.meta.dirname, 'canary-play.ts')], {
      cwd,
      env: { ...process.env, TMPDIR: tmp, HOME: home, NODE_NO_WARNINGS: '1' },
      stdio: ['pipe', printed, complained],
      ...ENDED_LATE,
    });
    child.stdin?.end(JSON.stringify(plan));
    exitCode = await new Promise((resolve) => child.once('exit', resolve));
    closeSync(printed);
    closeSync(complained);
  });
  afterAll(() => {
    rmSync(root, { recursive: true, force: true });
  });

  /** The simulated provider's private key, which opens the exported key. */
  const exported = (): Buffer => {
    const last = readFileSync(join(root, 'stdout'), 'utf8').trim().split('\n').at(-1) ?? '{}';
    const { aws = '' } = JSON.parse(last) as { aws?: string };
    const padding = constants.RSA_PKCS1_OAEP_PADDING;
    const key = createPrivateKey(aws);
    const blob = readFileSync(join(plan.out, 'package', 'EncryptedKeyMaterial.bin'));
    return privateDecrypt({ key, padding, oaepHash: 'sha1' }, blob);
  };
  /** Regular files, newer than the start, in places where programs leave files. */
  const strayFiles = (): string[] =>
    [...new Set([tmpdir(), '/tmp', '/var/tmp', '/dev/shm', process.cwd()])].flatMap((folder) =>
      existsSync(folder)
        ? readdirSync(folder, { withFileTypes: true })
            .filter((entry) => entry.isFile())
            .map((entry) => join(folder, entry.name))
            .filter((path) => {
              const stat = statSync(path, { throwIfNoEntry: false });
              return stat !== undefined && stat.mtimeMs >= started && stat.size < 512 * 1024 * 1024;
            })
        : [],
    );
  /** Such files may belong to other programs: one may be deleted by now, or be unreadable for us. */
  const contentOf = (file: string): Buffer => {
    try {
      return readFileSync(file);
    } catch (error) {
      if (file.startsWith(root)) throw error;
      return Buffer.alloc(0);
    }
  };
  const findings = (files: readonly string[], wanted: readonly [string, Buffer][]): string[] => {
    const patterns = wanted.flatMap(([name, secret]) =>
      spellings(secret).map((bytes, at) => ({ name: `${name}, spelling ${at}`, bytes })),
    );
    return files.flatMap((file) => {
      const bytes = contentOf(file);
      return patterns
        .filter((pattern) => bytes.includes(pattern.bytes))
        .map(({ name }) => `${name} in ${file}`);
    });
  };

  test('went all the way: a desk, keys, a ceremony, two violent ends, a package and a bundle', () => {
    const complaints = readFileSync(join(root, 'stderr'), 'utf8');
    expect({ exitCode, complaints }).toMatchObject({ exitCode: 0 });
    expect(readdirSync(plan.out).sort()).toEqual(['bundle', 'package', 'params.json']);
    expect(filesUnder(plan.folder).length).toBeGreaterThan(5);
  });

  test('the search finds each spelling where it is planted', () => {
    const trap = join(root, 'trap');
    const [text, bytes] = [secrets[0], secrets.at(-1)];
    for (const [name, secret] of [text, bytes].filter((pair) => pair !== undefined))
      for (const [at, spelling] of spellings(secret).entries()) {
        writeFileSync(trap, Buffer.concat([randomBytes(97), spelling, randomBytes(50)]));
        expect(findings([trap], [[name, secret]])).toContain(`${name}, spelling ${at} in ${trap}`);
        for (const shift of [0, 1, 2]) {
          const held = Buffer.concat([randomBytes(shift), secret, randomBytes(5)]);
          writeFileSync(trap, held.toString('base64'));
          expect(findings([trap], [[name, secret]])).not.toEqual([]);
        }
      }
    rmSync(trap);
  });

  test('are in no file of the desk, no package, no bundle, no output, no temporary file and no core', () => {
    const files = filesUnder(root);
    expect(files.filter((path) => /(?:^|\/)core(?:\.\d+)?$/u.test(path))).toEqual([]);
    expect(findings([...files, ...strayFiles()], secrets)).toEqual([]);
  });

  test('nor is the key that was exported, nor one of the keys of the people', () => {
    const value = exported();
    expect(value).toHaveLength(32);
    const files = filesUnder(root);
    expect(findings(files, [['the exported key', value]])).toEqual([]);
    value.fill(0);
    const stored = files
      .filter((path) => /desk\.sqlite/u.test(path))
      .map((path) => readFileSync(path));
    // The first bytes of an unsealed Ed25519 key (RFC 8410 section 7).
    const prefix = Buffer.from('302e020100300506032b657004220420', 'hex');
    expect(stored.some((bytes) => bytes.includes(prefix))).toBe(false);
  });
});
