/** `keys`: listed, shown, generated, destroyed. */
import type { KeyView } from '../../../shared/contract/keys.ts';
import { Algorithm, Purpose } from '../../../shared/domain/keys.ts';
import { keyNamed, tokenNamed } from '../names.ts';
import { atDesk } from '../session.ts';
import { checkText, claimLines, clean, facts, fingerprint, markOf, table, time } from '../show.ts';

export const list = atDesk(async (desk) => {
  const value = await desk.call('keys.list', {});
  return {
    value,
    lines:
      value.length === 0
        ? ['This desk has no key yet.']
        : table(
            ['label', 'kind', 'for', 'state', 'origin', 'token', 'check or fingerprint', 'made'],
            value.map((key) => [
              key.label,
              key.algorithm,
              key.purpose,
              key.state,
              key.origin,
              key.at.token.label,
              markOf(key),
              time(key.created),
            ]),
          ),
  };
});

const keyLines = ({ key, claims }: KeyView): string[] => [
  ...facts([
    ['label', key.label],
    ['kind', `${key.algorithm}, ${key.bits} bits`],
    ['for', key.purpose],
    ['state', key.state],
    ['origin', key.origin],
    ['may leave wrapped', key.extractable ? 'yes' : 'no'],
    ['token', `“${key.at.token.label}”, serial ${key.at.token.serial}`],
    [
      'check value',
      key.state === 'quarantine' ? 'shown once it was compared' : checkText(key.check),
    ],
    ['ceremony', key.ceremony],
    ['made', time(key.created)],
    ['id', key.id],
    ['id on the token', key.ckaid],
  ]),
  ...(key.spkiSha256 === undefined
    ? []
    : ['', 'Fingerprint (SHA-256 of the public key)', '', ...fingerprint(key.spkiSha256)]),
  '',
  'Who says so',
  ...claimLines(claims),
];

export const show = atDesk(async (desk) => {
  const { id } = keyNamed(await desk.call('keys.list', {}), desk.asked.word(0));
  const view = await desk.call('keys.show', { key: id });
  const life = await desk.call('keys.life', { key: id });
  return {
    value: { ...view, life },
    lines: [
      ...keyLines(view),
      '',
      'Its life',
      ...table(
        ['entry', 'time', 'what', 'outcome'],
        life.map(({ seq, time: at, type, outcome, recovered }) => [
          String(seq),
          time(at),
          type,
          recovered ? `${outcome}, settled after an interruption` : outcome,
        ]),
      ),
    ],
  };
});

export const generate = atDesk(async (desk) => {
  const { asked } = desk;
  const label = asked.word(0);
  const algorithm = asked.choice('--algorithm', asked.one('algorithm'), Algorithm.options);
  const purpose = asked.choice('--purpose', asked.one('purpose'), Purpose.options);
  const extractable = asked.flag('extractable');
  const { at } = tokenNamed(await desk.call('tokens.list', {}), asked.one('token'));
  const people = await desk.by(2);
  await desk.prepareToOpen();
  await desk.passphrasesOf(people);
  await desk.pinOf(at.token.label);
  await desk.open(people[0]);
  const value = await desk.act('keys.generate', people, async () => ({
    at,
    algorithm,
    purpose,
    label,
    extractable,
    login: await desk.login(at.token.label, 'keys.generate'),
  }));
  return { value, lines: [`${algorithm} “${clean(label)}” is made.`, '', ...keyLines(value)] };
});

export const destroy = atDesk(async (desk) => {
  const key = keyNamed(await desk.call('keys.list', {}), desk.asked.word(0));
  const people = await desk.by(2);
  const { label: token } = key.at.token;
  if (!desk.asked.json)
    desk.say([
      `${key.algorithm} “${clean(key.label)}” on token “${clean(token)}”, ${markOf(key)}, id ${key.id}.`,
      'Destroying it can’t be undone. What only this key opens stays closed for ever.',
      '',
    ]);
  const typed = await desk.ask.answer('label', 'Type the key’s label to destroy it');
  await desk.prepareToOpen();
  await desk.passphrasesOf(people);
  await desk.pinOf(token);
  await desk.open(people[0]);
  const value = await desk.act('keys.destroy', people, async () => ({
    key: key.id,
    typed,
    login: await desk.login(token, 'keys.destroy'),
  }));
  return {
    value,
    lines: [
      `${value.algorithm} “${clean(value.label)}” is destroyed. That it is gone was checked from a new process.`,
    ],
  };
});
