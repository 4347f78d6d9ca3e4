/** Exports that must not happen: keys in quarantine, files that are not the provider's, unconfirmed wrapping keys, wrong PINs. */
import { execFileSync } from 'node:child_process';
import { generateKeyPairSync } from 'node:crypto';
import {
  closeSync,
  existsSync,
  ftruncateSync,
  mkdirSync,
  openSync,
  readdirSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import type { ExportView } from '../../shared/contract/exports.ts';
import type { KeyRecord } from '../../shared/domain/keys.ts';
import type { ErrorCode } from '../../shared/errors.ts';
import { playAws } from '../../custody/cli/rehearsal/aws.ts';
import { hexToWords } from '../../custody/core/checkvalues/fingerprint.ts';
import { generateSpec } from '../../custody/core/keys/templates.ts';
import type { TokenClientOptions } from '../../custody/tokens/client.ts';
import { hashFile } from '../../custody/tokens/header.ts';
import { softhsmLibrary } from '../support/softhsm.ts';
import { withToken } from '../support/with-token.ts';
import { ADA, CLEO, OTTO, TestDesk, newLabel, possible, refusedAs } from '../support/desk.ts';

/** Makes this process's disk fail once a package is in this place. */
const disk = vi.hoisted(() => ({ failsAfter: '' }));
vi.mock('node:fs', async (original) => {
  const fs = await original<typeof import('node:fs')>();
  const fsyncSync = (descriptor: number): void => {
    if (disk.failsAfter !== '' && fs.existsSync(disk.failsAfter))
      throw Object.assign(new Error('EIO: i/o error, fsync'), { code: 'EIO' });
    fs.fsyncSync(descriptor);
  };
  return { ...fs, fsyncSync };
});

const der = (bits: number): Buffer =>
  generateKeyPairSync('rsa', { modulusLength: bits }).publicKey.export({
    format: 'der',
    type: 'spki',
  });
const ARN = 'arn:aws:kms:eu-central-1:111122223333:key/0987dcba-09fe-87dc-65ba-ab0987654321';

describe.skipIf(!possible)('exports', () => {
  let desk: TestDesk;
  let key: KeyRecord;
  let good: Record<string, string>;
  beforeAll(async () => {
    desk = await TestDesk.found();
    key = await desk.generate('leaves', { extractable: true });
    good = JSON.parse((await playAws(2048)).params) as Record<string, string>;
  });
  afterAll(() => desk.remove());

  const request = async (of: string, ...names: string[]) =>
    desk.call(
      'exports.request',
      {
        key: of,
        target: 'aws-kms',
        algorithm: 'RSAES_OAEP_SHA_1',
        login: await desk.room.login('work', 'exports.request'),
      },
      ...names,
    );
  const load = async (job: string, path: string) =>
    desk.call(
      'exports.load',
      { export: job, grant: await desk.room.desk.grant('parameters', path) },
      ADA,
    );
  const file = (name: string, bytes: string | Buffer): string => {
    const path = join(desk.home, name);
    writeFileSync(path, bytes);
    return path;
  };
  const params = (change: Record<string, unknown> = {}): string =>
    JSON.stringify({ ...good, ...change });
  const words = (view: ExportView): string[] => {
    const spoken = hexToWords(view.wrapping?.sha256 ?? '');
    return (view.readBack?.positions ?? []).map((position) => spoken[position - 1] ?? '');
  };
  const confirmed = async (): Promise<ExportView> => {
    const { id } = await request(key.id, ADA, OTTO);
    const loaded = await load(id, file(`${newLabel('params')}.json`, params()));
    return desk.call('exports.confirm', { export: id, words: words(loaded) }, ADA, OTTO);
  };
  const wrap = async (job: string, place: string, ...names: string[]) =>
    desk.call(
      'exports.wrap',
      {
        export: job,
        grant: await desk.room.desk.grant('package', place),
        login: await desk.room.login('work', 'exports.wrap'),
      },
      ...names,
    );

  describe('of a key that may not leave', () => {
    test('refuses one made to stay, one of another size, one that is not known', async () => {
      const stays = await desk.generate(newLabel());
      const rule = async (of: string) =>
        (await desk.unchanged('policy-refused', () => request(of, ADA, OTTO))).fields?.['rule'];
      expect(await rule(stays.id)).toBe('extractable');
      expect(
        await rule(
          (await desk.generate(newLabel(), { algorithm: 'AES-128', extractable: true })).id,
        ),
      ).toBe('algorithm');
      await desk.unchanged('not-found', () => request(desk.person(ADA), ADA, OTTO));
      await desk.unchanged('policy-refused', () =>
        desk.generate(newLabel(), { purpose: 'wrap', extractable: true }),
      );
    });
    test('refuses one in quarantine, and one that was destroyed', async () => {
      const { view } = await desk.arm('9');
      const refused = await desk.unchanged('policy-refused', () =>
        request(view.key ?? '', ADA, OTTO),
      );
      expect(refused.fields?.['rule']).toBe('state');
      expect(refused.message).toContain('quarantine');
      const gone = await desk.generate(newLabel(), { extractable: true });
      await desk.call(
        'keys.destroy',
        { key: gone.id, typed: gone.label, login: await desk.room.login('work', 'keys.destroy') },
        ADA,
        OTTO,
      );
      await desk.unchanged('policy-refused', () => request(gone.id, ADA, OTTO));
    });
    test('refuses one person, the same twice, and people of other roles', async () => {
      await desk.unchanged('two-required', () => request(key.id, ADA));
      await desk.unchanged('two-required', () => request(key.id, ADA, ADA));
      await desk.unchanged('role-refused', () => request(key.id, ADA, CLEO));
    });
    test('says which algorithm this token can’t do, and which it can', async () => {
      const refused = await desk.unchanged('mechanism-unsupported', async () =>
        desk.call(
          'exports.request',
          {
            key: key.id,
            target: 'aws-kms',
            algorithm: 'RSAES_OAEP_SHA_256',
            login: await desk.room.login('work', 'exports.request'),
          },
          ADA,
          OTTO,
        ),
      );
      expect(refused.fields).toMatchObject({ alternative: 'RSAES_OAEP_SHA_1' });
    });
  });

  describe('with parameters that are not the provider’s', () => {
    let job: string;
    beforeAll(async () => {
      job = (await request(key.id, ADA, OTTO)).id;
    });
    const text = new Date(Date.now() - 60_000).toISOString();
    const bad: [string, ErrorCode, () => string | Buffer][] = [
      ['have expired', 'params-expired', () => params({ ParametersValidTo: text })],
      ['are cut short', 'params-malformed', () => params().slice(0, -20)],
      ['are empty', 'params-malformed', () => ''],
      ['are not JSON', 'params-malformed', () => 'An error occurred (AccessDenied)'],
      ['have data after them', 'params-malformed', () => `${params()}{}`],
      [
        'have a member twice',
        'params-malformed',
        () => `${params().slice(0, -1)},"KeyId":"${ARN}"}`,
      ],
      ['have a member too many', 'params-malformed', () => params({ Extra: 'x' })],
      ['lack a member', 'params-malformed', () => params({ PublicKey: undefined })],
      [
        'have a prototype for a member',
        'params-malformed',
        () => `${params().slice(0, -1)},"__proto__":"x"}`,
      ],
      ['are UTF-16', 'params-malformed', () => Buffer.from(`\ufeff${params()}`, 'utf16le')],
      [
        'have an ARN with shell characters',
        'params-malformed',
        () => params({ KeyId: `${ARN}";$(reboot)` }),
      ],
      [
        'have an ARN of an alias',
        'params-malformed',
        () => params({ KeyId: 'arn:aws:kms:eu-central-1:111122223333:alias/x' }),
      ],
      ['have an ARN with a line break', 'params-malformed', () => params({ KeyId: `${ARN}\n` })],
      [
        'have a wrapping key of 1024 bits',
        'wrapping-key-refused',
        () => params({ PublicKey: der(1024).toString('base64') }),
      ],
      [
        'have an elliptic wrapping key',
        'wrapping-key-refused',
        () =>
          params({
            PublicKey: generateKeyPairSync('ec', { namedCurve: 'P-256' })
              .publicKey.export({ format: 'der', type: 'spki' })
              .toString('base64'),
          }),
      ],
      [
        'have a wrapping key with data after it',
        'wrapping-key-refused',
        () =>
          params({
            PublicKey: Buffer.concat([
              Buffer.from(good['PublicKey'] ?? '', 'base64'),
              Buffer.of(0),
            ]).toString('base64'),
          }),
      ],
      [
        'have a wrapping key cut short',
        'wrapping-key-refused',
        () =>
          params({
            PublicKey: Buffer.from(good['PublicKey'] ?? '', 'base64')
              .subarray(0, -3)
              .toString('base64'),
          }),
      ],
      [
        'have a wrapping key that is not base64',
        'params-malformed',
        () => params({ PublicKey: '*' }),
      ],
    ];
    for (const [what, code, bytes] of bad)
      test(`refuses parameters that ${what}`, () =>
        desk.unchanged(code, () => load(job, file(`${newLabel('bad')}.json`, bytes()))));

    test('refuses what is no file: a folder, a pipe, a link, nothing', async () => {
      const folder = join(desk.home, 'folder');
      mkdirSync(folder);
      const pipe = join(desk.home, 'pipe');
      execFileSync('mkfifo', [pipe]);
      const link = join(desk.home, 'link.json');
      symlinkSync(file('real.json', params()), link);
      for (const path of [
        folder,
        pipe,
        link,
        join(desk.home, 'nothing.json'),
        '/dev/zero',
        `${join(desk.home, 'real.json')}/x`,
        'a\0b',
      ])
        await desk.unchanged('file-unreadable', () => load(job, path));
    });
    test('does not read a file of five gigabytes', async () => {
      const path = join(desk.home, 'large.json');
      const descriptor = openSync(path, 'w');
      ftruncateSync(descriptor, 5 * 1024 ** 3);
      closeSync(descriptor);
      const started = performance.now();
      await desk.unchanged('file-too-large', () => load(job, path));
      expect(performance.now() - started).toBeLessThan(5_000);
    });
    test('takes a chosen file once, and for what it was chosen', async () => {
      const path = file('once.json', params({ KeyId: 'x' }));
      const grant = await desk.room.desk.grant('parameters', path);
      await desk.unchanged('params-malformed', () =>
        desk.call('exports.load', { export: job, grant }, ADA),
      );
      await desk.unchanged('grant-unknown', () =>
        desk.call('exports.load', { export: job, grant }, ADA),
      );
      const other = await desk.room.desk.grant('module', path);
      await desk.unchanged('grant-unknown', () =>
        desk.call('exports.load', { export: job, grant: other }, ADA),
      );
    });
    test('takes good ones afterwards', async () => {
      expect((await load(job, file('good.json', params()))).state).toBe('PARAMETERS LOADED');
    });
  });

  describe('whose wrapping key nobody confirmed', () => {
    test('wraps nothing before two different people read its words', async () => {
      const { id } = await request(key.id, ADA, OTTO);
      const place = join(desk.home, newLabel('package'));
      await desk.unchanged('state-refused', () => wrap(id, place, ADA, OTTO));
      await desk.unchanged('state-refused', () =>
        desk.call('exports.confirm', { export: id, words: [] }, ADA, OTTO),
      );
      const loaded = await load(id, file(`${newLabel('params')}.json`, params()));
      await desk.unchanged('two-required', () =>
        desk.call('exports.confirm', { export: id, words: words(loaded) }, ADA),
      );
      await desk.unchanged('two-required', () =>
        desk.call('exports.confirm', { export: id, words: words(loaded) }, OTTO, OTTO),
      );
      await desk.unchanged('role-refused', () =>
        desk.call('exports.confirm', { export: id, words: words(loaded) }, ADA, CLEO),
      );
      const size = await desk.logSize();
      for (const wrong of [['a', 'b', 'c', 'd'], []])
        await refusedAs(
          'readback-wrong',
          desk.call('exports.confirm', { export: id, words: wrong }, ADA, OTTO),
        );
      // Wrong words are the sign of an exchanged wrapping key: the log records them with the person who typed, and the key stays unconfirmed.
      const written = await desk.entries(size);
      expect(
        written.map(({ type, outcome, reason, acts }) => [
          type,
          outcome,
          reason,
          (acts as unknown[]).length,
        ]),
      ).toEqual([
        ['byok.parameters_confirmed', 'failure', 'readback-wrong', 2],
        ['byok.parameters_confirmed', 'failure', 'readback-wrong', 2],
      ]);
      expect((await desk.call('exports.show', { export: id })).state).toBe('PARAMETERS LOADED');
      await desk.unchanged('state-refused', () => wrap(id, place, ADA, OTTO));
      expect(existsSync(place)).toBe(false);
    });
    test('asks again after other parameters were loaded', async () => {
      const { id } = await confirmed();
      expect((await load(id, file(`${newLabel('params')}.json`, params()))).state).toBe(
        'PARAMETERS LOADED',
      );
      await desk.unchanged('state-refused', () =>
        wrap(id, join(desk.home, newLabel('package')), ADA, OTTO),
      );
    });
  });

  test('wraps nothing when the token holds another key under the same id', async () => {
    const twin = await desk.generate(newLabel('exchanged'), { extractable: true });
    const { id } = await request(twin.id, ADA, OTTO);
    const loaded = await load(id, file(`${newLabel('params')}.json`, params()));
    await desk.call('exports.confirm', { export: id, words: words(loaded) }, ADA, OTTO);
    const path = softhsmLibrary() ?? '';
    const plan = generateSpec({
      ...{ algorithm: 'AES-256', purpose: 'encrypt', extractable: true, label: twin.label },
      ...{ ckaid: Buffer.from(twin.ckaid, 'hex'), family: 'softhsm' },
    });
    const { first, second } = desk.room.pins.get('work') ?? expect.unreachable();
    const pin = () => ({ first: Uint8Array.from(first), second: Uint8Array.from(second) });
    const login = () => ({ token: twin.at.token, pin: pin(), lastTry: false });
    const options: TokenClientOptions = {
      ...{ path, sha256: await hashFile(path), family: 'softhsm' },
      env: { SOFTHSM2_CONF: join(desk.data, 'training', 'softhsm', 'softhsm2.conf') },
    };
    await withToken(options, async (client) => {
      const { mechanism, secret = [], targets, cmac } = plan;
      await client.call('destroy', { ...login(), targets });
      const made = { mechanism, secret, targets, label: twin.label, cmac };
      await client.call('generate', { ...login(), ...made });
    });
    const place = join(desk.home, newLabel('package'));
    await desk.unchanged('key-not-as-asked', () => wrap(id, place, ADA, OTTO));
    expect(existsSync(place)).toBe(false);
  });

  describe('to a place', () => {
    test('overwrites nothing, and leaves nothing half written', async () => {
      const { id } = await confirmed();
      const taken = join(desk.home, 'taken');
      mkdirSync(taken);
      await refusedAs('file-exists', wrap(id, taken, ADA, OTTO));
      await refusedAs('file-exists', wrap(id, file('taken.txt', 'mine'), ADA, OTTO));
      await refusedAs(
        'file-not-written',
        wrap(id, join(desk.home, 'no', 'such', 'place'), ADA, OTTO),
      );
      expect(readdirSync(taken)).toEqual([]);
      await desk.unchanged('two-required', () => wrap(id, join(desk.home, 'p'), ADA));
      const wrong = await desk.unchanged('pin-wrong', async () =>
        desk.call(
          'exports.wrap',
          {
            export: id,
            grant: await desk.room.desk.grant('package', join(desk.home, 'p')),
            login: await desk.pin('0000', '0000', 'exports.wrap'),
          },
          ADA,
          OTTO,
        ),
      );
      expect(wrong.fields?.['device']).toContain('CKR_PIN_INCORRECT');
      expect(
        readdirSync(desk.home).filter((name) => name.includes('.writing-') || name === 'p'),
      ).toEqual([]);

      expect((await wrap(id, join(desk.home, 'p'), ADA, OTTO)).state).toBe('WRAPPED');
      await desk.unchanged('state-refused', () => wrap(id, join(desk.home, 'q'), ADA, OTTO));
      await desk.unchanged('state-refused', () =>
        load(id, file(`${newLabel('params')}.json`, params())),
      );
    });
    test('says that it does not know, when the package is there and the disk did not confirm it', async () => {
      const { id } = await confirmed();
      const place = join(desk.home, newLabel('unconfirmed'));
      await desk.room.desk.stop();
      const inside = await desk.inside();
      try {
        await inside.call('desk.open', { login: inside.login('log', 'desk.open') }, ADA);
        const { grant } = await inside.call('files.grant', { purpose: 'package', path: place });
        disk.failsAfter = place;
        const error = await refusedAs(
          'file-not-written',
          inside.call(
            'exports.wrap',
            { export: id, grant, login: inside.login('work', 'exports.wrap') },
            ADA,
            OTTO,
          ),
        );
        expect(error.message).toContain('is in its place');
      } finally {
        disk.failsAfter = '';
        inside.desk.close();
        await desk.room.reopen();
      }
      expect(existsSync(join(place, 'EncryptedKeyMaterial.bin'))).toBe(true);
      const last = (await desk.entries()).findLast(({ type }) => type === 'key.wrap');
      expect(last).toMatchObject({ outcome: 'unknown', detail: { export: id } });
      expect(await desk.room.desk.call('recovery.list', {})).toEqual([]);
    });
    test('is refused once the parameters ran out, and stays to be seen when it was done in time', async () => {
      const late = await confirmed();
      const done = await confirmed();
      await wrap(done.id, join(desk.home, newLabel('package')), ADA, OTTO);
      await desk.room.desk.stop();
      vi.useFakeTimers({ toFake: ['Date'], now: Date.now() + 25 * 3600_000 });
      const inside = await desk.inside();
      try {
        await inside.call('desk.open', { login: inside.login('log', 'desk.open') }, ADA);
        const { grant } = await inside.call('files.grant', {
          purpose: 'package',
          path: join(desk.home, 'late'),
        });
        await refusedAs(
          'params-expired',
          inside.call(
            'exports.wrap',
            { export: late.id, grant, login: inside.login('work', 'exports.wrap') },
            ADA,
            OTTO,
          ),
        );
        const states = new Map(
          (await inside.call('exports.list', {})).map(({ id, state }) => [id, state]),
        );
        expect(states.get(late.id)).toBe('EXPIRED');
        expect(states.get(done.id)).toBe('WRAPPED');
        expect(existsSync(join(desk.home, 'late'))).toBe(false);
      } finally {
        inside.desk.close();
        vi.useRealTimers();
        await desk.room.reopen();
      }
    });
  });
});
