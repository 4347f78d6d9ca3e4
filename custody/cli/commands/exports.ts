/** `export aws-kms` and `exports`: a request first, then the wrap inside the token, under a wrapping key that two people confirmed. */
import { AwsAlgorithm, type ExportView } from '../../../shared/contract/exports.ts';
import type { KeyRecord } from '../../../shared/domain/keys.ts';
import type { Person } from '../../../shared/domain/people.ts';
import { KeymootError } from '../../../shared/errors.ts';
import { fromHere } from '../files.ts';
import { idNamed, keyNamed } from '../names.ts';
import { atDesk, type Session } from '../session.ts';
import { claimLines, clean, duration, facts, fingerprint, table, time } from '../show.ts';
import { wordsAt } from '../words.ts';

const ALGORITHMS: Readonly<Record<string, AwsAlgorithm>> = {
  'sha-1': 'RSAES_OAEP_SHA_1',
  'sha-256': 'RSAES_OAEP_SHA_256',
};

const request = async (
  desk: Session,
  people: readonly Person[],
  key: KeyRecord,
  algorithm: AwsAlgorithm,
): Promise<ExportView> => {
  const { label } = key.at.token;
  return desk.act('exports.request', people, async () => ({
    key: key.id,
    target: 'aws-kms',
    algorithm,
    login: await desk.login(label, 'exports.request'),
  }));
};

const exportFacts = (job: ExportView, key: string): string[] =>
  facts([
    ['export', job.id],
    ['key', key],
    ['method', job.algorithm],
    ['state', job.state],
    ['for KMS key', job.keyRef],
    [
      'parameters valid to',
      job.validTo === undefined
        ? undefined
        : `${time(job.validTo)}${job.remainingMs === undefined ? '' : `, ${duration(job.remainingMs)} left`}`,
    ],
    ['blob SHA-256', job.blobSha256],
    ['files', job.files.length === 0 ? undefined : job.files.join(', ')],
  ]);

const OPEN_STATES: readonly ExportView['state'][] = ['REQUESTED', 'PARAMETERS LOADED', 'CONFIRMED'];

/** The export whose parameters were fetched: the named one, else the latest open one of this key and method. */
const openExport = async (
  desk: Session,
  key: KeyRecord,
  algorithm: AwsAlgorithm,
): Promise<ExportView | undefined> => {
  const all = await desk.call('exports.list', {});
  const named = desk.asked.maybe('export');
  if (named !== undefined) return idNamed(all, ({ id }) => id, named, 'export');
  return all
    .filter(
      (job) => job.key === key.id && job.algorithm === algorithm && OPEN_STATES.includes(job.state),
    )
    .sort((a, b) => (a.created < b.created ? 1 : -1))[0];
};

/** Shows the wrapping key and asks the second person for some of its words, until they are right; a script has one try. */
const confirm = async (
  desk: Session,
  people: readonly [Person, Person],
  loaded: ExportView,
): Promise<ExportView> => {
  let job = loaded;
  const { wrapping } = job;
  if (wrapping === undefined)
    throw new KeymootError('state-refused', 'The export has no wrapping key yet.');
  const [first, second] = people;
  desk.say([
    `Wrapping key: RSA-${wrapping.bits}, for ${clean(job.keyRef ?? '')}`,
    '',
    ...fingerprint(wrapping.sha256),
    '',
    `${clean(first.name)} reads this aloud. ${clean(second.name)} compares it with the fingerprint that came on another way, and types the words asked for from there.`,
    '',
  ]);
  for (;;) {
    const { positions = [] } = job.readBack ?? {};
    const typed = await desk.ask.answer('words', `Words ${positions.join(', ')}`);
    const words = wordsAt(typed, positions);
    try {
      return await desk.act('exports.confirm', people, () => ({ export: job.id, words }));
    } catch (error) {
      if (!(error instanceof KeymootError) || error.code !== 'readback-wrong' || desk.ask.scripted)
        throw error;
      desk.say([clean(error.message), '']);
      job = await desk.call('exports.show', { export: job.id });
    }
  }
};

export const awsKms = atDesk(async (desk) => {
  const { asked } = desk;
  const key = keyNamed(await desk.call('keys.list', {}), asked.one('key'));
  const given = asked.one('algorithm');
  const algorithm =
    ALGORITHMS[given.toLowerCase()] ?? asked.choice('--algorithm', given, AwsAlgorithm.options);
  const params = asked.maybe('params');
  const out = params === undefined ? undefined : fromHere(asked.one('out'));
  const people = await desk.by(2);
  const [first, second] = people as [Person, Person, ...Person[]];
  const { label } = key.at.token;
  await desk.prepareToOpen();
  await desk.passphrasesOf(params === undefined ? people : [first]);
  await desk.pinOf(label);
  await desk.open(first);

  if (params === undefined || out === undefined) {
    const value = await request(desk, people, key, algorithm);
    return {
      value,
      lines: [
        'The token passed its self-test for this method. Fetch the parameters now:',
        '',
        ...value.carryIn.map((line) => `  ${line}`),
        '',
        ...exportFacts(value, `“${clean(key.label)}”`),
        '',
        'Then, here:',
        `  keymoot export aws-kms --key ${key.id} --algorithm ${algorithm} --params params.json --out DIR --by NAME --by NAME`,
      ],
    };
  }
  const job =
    (await openExport(desk, key, algorithm)) ?? (await request(desk, people, key, algorithm));
  const loaded = await desk.act('exports.load', [first], async () => ({
    export: job.id,
    grant: await desk.client.grant('parameters', fromHere(params)),
  }));
  await confirm(desk, [first, second], loaded);
  const value = await desk.act('exports.wrap', people, async () => ({
    export: job.id,
    grant: await desk.client.grant('package', out),
    login: await desk.login(label, 'exports.wrap'),
  }));
  return {
    value: { ...value, folder: out },
    lines: [
      'Wrapped inside the token. Carry this folder out; its scripts import it:',
      `  ${out}`,
      '',
      ...exportFacts(value, `“${clean(key.label)}”`),
      '',
      'Who says so',
      ...claimLines(value.claims),
    ],
  };
});

export const list = atDesk(async (desk) => {
  const value = await desk.call('exports.list', {});
  const keys = await desk.call('keys.list', {});
  const labelOf = (id: string): string => keys.find((key) => key.id === id)?.label ?? id;
  return {
    value,
    lines:
      value.length === 0
        ? ['Nothing was exported yet.']
        : table(
            ['key', 'to', 'method', 'state', 'asked', 'id'],
            value.map((job) => [
              labelOf(job.key),
              job.target,
              job.algorithm,
              job.state,
              time(job.created),
              job.id,
            ]),
          ),
  };
});
