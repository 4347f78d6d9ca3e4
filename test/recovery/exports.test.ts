import {
  existsSync,
  mkdirSync,
  readFileSync,
  readdirSync,
  rmdirSync,
  writeFileSync,
} from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Output } from '../../shared/contract/index.ts';
import { hexToWords } from '../../custody/core/checkvalues/fingerprint.ts';
import { type PlayedAws, openBlob, playAws } from '../../custody/cli/rehearsal/aws.ts';
import {
  BOTH,
  type Cut,
  type Stage,
  TOKEN,
  cutShort,
  entriesOf,
  possible,
  requireAgreement,
  requireVerified,
  setStage,
  until,
  wordsOf,
} from './stage.ts';

describe.skipIf(!possible)('an export, cut short', () => {
  let stage: Stage;
  let aws: PlayedAws;
  let job: string;
  let place: string;
  beforeAll(async () => {
    [stage, aws] = await Promise.all([setStage(), playAws()]);
    const { room, at, folder } = stage;
    place = join(folder, 'package');
    const { key } = await room.call(
      'keys.generate',
      {
        at,
        algorithm: 'AES-256',
        purpose: 'encrypt',
        label: 'for export',
        extractable: true,
        login: await room.login(TOKEN, 'keys.generate'),
      },
      ...BOTH,
    );
    const asked = await room.call(
      'exports.request',
      {
        key: key.id,
        target: 'aws-kms',
        algorithm: 'RSAES_OAEP_SHA_1',
        login: await room.login(TOKEN, 'exports.request'),
      },
      ...BOTH,
    );
    job = asked.id;
    const file = join(folder, 'params.json');
    writeFileSync(file, aws.params);
    const loaded = await room.call(
      'exports.load',
      { export: job, grant: await room.desk.grant('parameters', file) },
      'administrator',
    );
    const spoken = hexToWords(loaded.wrapping?.sha256 ?? '');
    const words = (loaded.readBack?.positions ?? []).map((position) => spoken[position - 1] ?? '');
    await room.call('exports.confirm', { export: job, words }, ...BOTH);
  });
  afterAll(async () => {
    await stage.remove();
  });

  const wrap = async (): Promise<Output<'exports.wrap'>> => {
    const { room } = stage;
    const grant = await room.desk.grant('package', place);
    const login = await room.login(TOKEN, 'exports.wrap');
    return room.call('exports.wrap', { export: job, grant, login }, ...BOTH);
  };
  /** Entries of the same folder whose name begins with this one's. */
  const beside = (path: string): string[] =>
    readdirSync(dirname(path)).filter((name) => name.startsWith(basename(path)));

  for (const cut of [
    { at: 'C_WrapKey', when: 'before', victim: 'service' },
    { at: 'C_WrapKey', when: 'before', skip: 2, victim: 'service' },
    { at: 'C_WrapKey', when: 'after', skip: 2, victim: 'token' },
    { at: 'C_WrapKey', when: 'after', skip: 2, victim: 'power' },
  ] satisfies Cut[])
    test(`${wordsOf(cut)}: no package is left, and the log says that it failed`, async () => {
      const { room } = stage;
      const before = await entriesOf(room);
      expect(await cutShort(stage, cut, wrap)).toHaveProperty('error');
      expect(existsSync(place)).toBe(false);
      const wraps = (await entriesOf(room))
        .slice(before.length)
        .filter(({ type }) => type === 'key.wrap');
      const reason = cut.victim === 'token' ? 'module-crashed' : 'interrupted';
      // The self-test comes first and writes no intent.
      if (cut.skip === undefined) expect(wraps).toEqual([]);
      else
        expect(wraps).toMatchObject([
          { outcome: 'intent' },
          { outcome: reason === 'interrupted' ? 'unknown' : 'failure', reason, corr: wraps[0]?.id },
        ]);
      expect(await room.desk.call('exports.show', { export: job })).toMatchObject({
        state: 'CONFIRMED',
      });
      await requireAgreement(stage);
    });

  test('a place that is taken while the token wraps: nothing is overwritten, and the log says that it failed', async () => {
    const { room, steer } = stage;
    const before = await entriesOf(room);
    steer.forget();
    steer.set('C_WrapKey * hang-before 1000');
    const wrapping = wrap().catch((error: unknown) => error);
    // The first C_WrapKey is the self-test's.
    await until('the key itself is wrapped', () => steer.count('C_WrapKey') === 2);
    mkdirSync(place);
    expect(await wrapping).toMatchObject({ code: 'file-exists' });
    steer.set();
    expect(readdirSync(place)).toEqual([]);
    rmdirSync(place);
    const wraps = (await entriesOf(room))
      .slice(before.length)
      .filter(({ type }) => type === 'key.wrap');
    expect(wraps).toMatchObject([
      { outcome: 'intent' },
      { outcome: 'failure', reason: 'file-exists', corr: wraps[0]?.id },
    ]);
    expect(await room.desk.call('recovery.list', {})).toEqual([]);
    await requireAgreement(stage);
  });

  test('it can be repeated, and nothing of the interrupted tries is left beside the package', async () => {
    const { room } = stage;
    expect((await wrap()).state).toBe('WRAPPED');
    const blob = readFileSync(join(place, 'EncryptedKeyMaterial.bin'));
    const opened = openBlob(aws, blob, 'sha1');
    expect(opened).toHaveLength(32);
    opened?.fill(0);
    expect(beside(place)).toEqual([basename(place)]);
    await requireAgreement(stage);
    expect(await room.desk.call('recovery.list', {})).toEqual([]);
  });

  test('a service killed while it writes the audit bundle leaves none under that name, and can write it again', async () => {
    const { room, folder } = stage;
    const bundle = join(folder, 'bundle');
    const grant = await room.desk.grant('bundle', bundle);
    const exporting = room.call('log.export', { grant }, 'administrator').catch(() => undefined);
    // Polls without a pause; the bundle is written by another process, so this does not delay it.
    const writing = `${basename(bundle)}.writing-`;
    let found = false;
    await new Promise((resolve) => setTimeout(resolve, 1));
    while (!found) {
      const names = readdirSync(folder);
      found = names.some((name) => name.startsWith(writing));
      if (names.includes('bundle')) break;
      if (!found) await new Promise((resolve) => setImmediate(resolve));
    }
    await room.desk.kill();
    await exporting;
    expect(found, 'the kill came while the bundle was being written').toBe(true);
    expect(existsSync(bundle)).toBe(false);
    await room.reopen();
    const again = await room.desk.grant('bundle', bundle);
    await room.call('log.export', { grant: again }, 'administrator');
    expect(beside(bundle)).toEqual(['bundle']);
    await requireVerified(stage);
  });
});
