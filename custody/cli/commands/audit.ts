/** `audit`, `prove`, `recovery`: the log for auditors, and interrupted operations. */
import { hash } from 'node:crypto';
import { KeymootError } from '../../../shared/errors.ts';
import { fromHere, writeNew } from '../files.ts';
import { idNamed } from '../names.ts';
import { atDesk } from '../session.ts';
import { clean, facts, fingerprint, hexLines, table, time } from '../show.ts';
import { logFacts } from './desk.ts';

export const state = atDesk(async (desk) => {
  const value = await desk.call('log.state', {});
  return {
    value,
    lines: [
      ...facts([['name', value.origin], ...logFacts(value)]),
      ...(value.keySha256 === undefined
        ? []
        : ['', 'Log key', '', ...fingerprint(value.keySha256)]),
    ],
  };
});

export const seal = atDesk(async (desk) => {
  const [opener] = await desk.by(1);
  await desk.open(opener);
  const value = await desk.call('log.state', {});
  return { value, lines: facts(logFacts(value)) };
});

export const exportLog = atDesk(async (desk) => {
  const people = await desk.by(1);
  const place = fromHere(desk.asked.word(0));
  await desk.prepareToOpen();
  await desk.passphrasesOf(people);
  await desk.open(people[0]);
  const written = await desk.act('log.export', people, async () => ({
    grant: await desk.client.grant('bundle', place),
  }));
  return {
    value: { ...written, folder: place },
    lines: [
      `${written.size} entries in ${written.files} files:`,
      `  ${place}`,
      '',
      ...facts([['root', written.root]]),
      'Log key',
      ...hexLines(written.keySha256),
      '',
      'Check it with a trust file that came on another way:',
      '  keymoot verify DIR --trust FILE',
    ],
  };
});

const MOST_ENTRIES = 500;
const text = (value: unknown): string => (typeof value === 'string' ? value : '');
const actorOf = (value: unknown): string =>
  typeof value === 'object' && value !== null && 'id' in value ? text(value.id) : '';

export const entries = atDesk(async (desk) => {
  const { asked } = desk;
  const people = await desk.by(1);
  const limit = Math.min(
    MOST_ENTRIES,
    Math.max(1, asked.count('--limit', asked.maybe('limit') ?? '50')),
  );
  const asFrom = asked.maybe('from');
  const { size } = await desk.call('log.state', {});
  const from = asFrom === undefined ? Math.max(0, size - limit) : asked.count('--from', asFrom);
  const value = await desk.act('log.entries', people, () => ({ from, limit }));
  const names = new Map((await desk.people()).map(({ id, name }) => [id, name]));
  return {
    value,
    lines: [
      ...table(
        ['entry', 'time', 'type', 'outcome', 'by'],
        value.entries.map(({ seq, entry }) => {
          const actor = actorOf(entry['actor']);
          return [
            String(seq),
            time(text(entry['time'])),
            text(entry['type']),
            text(entry['outcome']),
            names.get(actor) ?? actor,
          ];
        }),
      ),
      '',
      `${value.entries.length} of ${value.size} entries. --from N --limit N shows others, --json all of each.`,
    ],
  };
});

const hexToBase64 = (hex: string): string => Buffer.from(hex, 'hex').toString('base64');

export const prove = atDesk(async (desk) => {
  const { asked } = desk;
  const seq = asked.count('SEQ', asked.word(0));
  const people = await desk.by(1);
  const value = await desk.act('log.proof', people, () => ({ seq }));
  if (value.note === undefined)
    throw new KeymootError(
      'not-found',
      'That entry is not sealed yet, so there is no proof of it.',
    );
  // C2SP tlog-proof: header, index, hashes from the leaf up, an empty line, the checkpoint as it was signed.
  const proof = `c2sp.org/tlog-proof@v1\nindex ${value.seq}\n${value.path.map((node) => `${node}\n`).join('')}\n${value.note}`;
  const out = asked.maybe('out');
  const file = out === undefined ? undefined : writeNew(out, proof);
  return {
    value: {
      ...value,
      leafBase64: hexToBase64(value.leaf),
      proof,
      ...(file === undefined ? {} : { file }),
    },
    lines:
      file === undefined
        ? proof.trimEnd().split('\n')
        : [
            `Proof that entry ${value.seq} is in the log of ${value.size} entries:`,
            `  ${file}`,
            ...facts([['SHA-256', hash('sha256', proof)]]),
          ],
  };
});

export const recovery = atDesk(async (desk) => {
  const value = await desk.call('recovery.list', {});
  return {
    value,
    lines:
      value.length === 0
        ? ['Nothing is unfinished.']
        : [
            ...table(
              ['since', 'what', 'token', 'id'],
              value.map(({ time: since, what, token, intent }) => [
                time(since),
                what,
                token?.token.label ?? '–',
                intent,
              ]),
            ),
            '',
            'The token may or may not have done it. Two people settle it: what is there and as asked is adopted, or it is destroyed.',
            '  keymoot recovery settle ID adopt --by NAME --by NAME',
          ],
  };
});

export const settle = atDesk(async (desk) => {
  const { asked } = desk;
  const open = idNamed(
    await desk.call('recovery.list', {}),
    ({ intent }) => intent,
    asked.word(0),
    'unfinished act',
  );
  const found = asked.choice('what is done with it', asked.word(1), ['adopt', 'destroy']);
  const people = await desk.by(2);
  const label = open.token?.token.label;
  if (label === undefined)
    throw new KeymootError(
      'not-found',
      'That act needs no token to be settled: starting the desk settles it.',
    );
  if (!asked.json) desk.say([`${clean(open.what)}, begun ${time(open.time)}`, '']);
  await desk.prepareToOpen();
  await desk.passphrasesOf(people);
  await desk.pinOf(label);
  await desk.open(people[0]);
  const value = await desk.act('recovery.settle', people, async () => ({
    intent: open.intent,
    login: await desk.login(label, 'recovery.settle'),
    found,
  }));
  return {
    value,
    lines: [
      clean(value.says),
      ...facts([
        ['outcome', value.outcome],
        ['key', value.key],
      ]),
    ],
  };
});
