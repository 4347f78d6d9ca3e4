/** `desk`, `train`, `policy`: founding a desk. */
import type { DeskState, LogState } from '../../../shared/contract/desk.ts';
import { Mode } from '../../../shared/domain/basics.ts';
import { Policy } from '../../../shared/domain/policy.ts';
import { KeymootError } from '../../../shared/errors.ts';
import type { z } from 'zod';
import { readJson, writeNew } from '../files.ts';
import { tokenNamed } from '../names.ts';
import { atDesk, LOG_TOKEN } from '../session.ts';
import { claimLines, facts, fingerprint, table, time } from '../show.ts';
import { policySentences } from '../../../shared/policy/rules.ts';

export const found = atDesk(async (desk) => {
  const { asked } = desk;
  const name = asked.one('name');
  const mode = asked.choice('--mode', asked.one('mode'), Mode.options);
  const { at } = tokenNamed(await desk.call('tokens.list', {}), asked.one('token'));
  await desk.pinOf(LOG_TOKEN);
  const value = await desk.act('desk.found', [], async () => ({
    name,
    mode,
    at,
    login: await desk.login(LOG_TOKEN, 'desk.found'),
  }));
  return {
    value,
    lines: [
      `The desk is founded: ${value.origin}`,
      '',
      'Fingerprint of the log key. Write it down apart from this computer: it is what an auditor trusts.',
      '',
      ...fingerprint(value.keySha256),
      '',
      'Next, two people are enrolled, each an administrator or officer, and both approve the policy:',
      '  keymoot people enrol NAME --role administrator',
      '  keymoot people enrol NAME --role officer',
      '  keymoot policy approve --by NAME --by NAME',
    ],
  };
});

const STATE_WORDS: Record<z.infer<typeof DeskState>, string> = {
  EMPTY: 'no desk here yet: keymoot desk found',
  FOUNDING: 'being founded: two people enrol and approve the policy',
  READY: 'ready',
};

const SIGNER_WORDS: Record<LogState['signer'], string> = {
  SEALING: 'sealed',
  UNSEALED: 'sealing',
  'NO SIGNER': 'not opened; the log token’s PIN halves open it',
};
export const logFacts = (log: LogState): (readonly [string, string | undefined])[] => [
  [
    'log',
    `${log.size} entries, ${log.sealed} sealed${log.since === undefined ? '' : `, unsealed since ${time(log.since)}`}`,
  ],
  ['root', log.root],
  ['signer', SIGNER_WORDS[log.signer]],
];

export const status = atDesk(async (desk) => {
  const hello = await desk.call('desk.hello', {});
  const value = await desk.call('desk.status', {});
  const here = await Promise.all(value.here.map((id) => desk.nameOf(id)));
  return {
    value,
    lines: [
      ...facts([
        ['state', STATE_WORDS[value.state]],
        ['mode', value.mode],
        ['name', hello.origin],
        ...logFacts(value.log),
        ['log key', value.log.keySha256],
        ['here', here.length === 0 ? undefined : here.join(', ')],
        ['version', `${hello.version} (${hello.build.slice(0, 16)})`],
      ]),
      ...value.warnings.map((warning) => `! ${warning}`),
      ...(value.unfinished.length === 0
        ? []
        : [
            '',
            'Unfinished, to be settled before anything else on that token (keymoot recovery):',
            ...value.unfinished.map(({ what }) => `  ${what}`),
          ]),
    ],
  };
});

export const trust = atDesk(async (desk) => {
  const value = await desk.call('log.trust', {});
  const file = writeNew(desk.asked.one('out'), `${JSON.stringify(value, undefined, 2)}\n`);
  return {
    value: { file, trust: value },
    lines: [
      `Trust file for ${value.log}`,
      `  ${file}`,
      '',
      'Carry it to the auditor on another way than the bundle: a person who can change both can make a false log pass.',
    ],
  };
});

export const train = atDesk(async (desk) => {
  const { asked } = desk;
  const family = asked.choice('the kind of token', asked.word(0), ['softhsm', 'nss']);
  const label = asked.word(1);
  const people = await desk.byUnlessFounding(1);
  await desk.passphrasesOf(people);
  if (family === 'softhsm') await desk.pinOf(label, { isNew: true, what: 'so pin' });
  await desk.pinOf(label, { isNew: true });
  const value = await desk.act('tokens.train', people, async () => ({
    family,
    label,
    userPin: await desk.handles(label, 'tokens.train'),
    ...(family === 'softhsm' ? { soPin: await desk.handles(label, 'tokens.train', 'so pin') } : {}),
  }));
  const { token } = value.at;
  return {
    value,
    lines: [
      `Training token “${token.label}”, serial ${token.serial}`,
      '',
      ...claimLines(value.claims),
    ],
  };
});

const policyLines = (policy: Policy): string[] =>
  facts([
    ['Version', String(policy.version)],
    ...policySentences(policy).map(({ title, sentence }) => [title, sentence] as const),
  ]);

export const policyShow = atDesk(async (desk) => {
  const value = await desk.call('policy.get', {});
  return {
    value,
    lines: [
      value.inForce
        ? `In force, approved by two people. SHA-256 ${value.sha256}`
        : 'Not in force yet: this is what two people are asked to approve.',
      '',
      ...policyLines(value.policy),
    ],
  };
});

export const policyApprove = atDesk(async (desk) => {
  const file = desk.asked.maybe('file');
  const now = await desk.call('policy.get', {});
  if (file === undefined && now.inForce)
    throw new KeymootError(
      'input-invalid',
      'A policy is in force. To change it, give the next one with --file (“keymoot policy show --json” shows the present one). Nothing was done.',
      { fields: { '--file': 'missing' } },
    );
  const policy = file === undefined ? now.policy : readJson(file, Policy);
  const people = await desk.by(2);
  if (!desk.asked.json) desk.say([...policyLines(policy), '']);
  const value = await desk.act('policy.approve', people, () => ({ policy }));
  return {
    value,
    lines: [
      `Policy version ${value.version} is in force. SHA-256 ${value.sha256}`,
      ...(await desk.sealNote()),
    ],
  };
});

export const people = atDesk(async (desk) => {
  const value = await desk.people();
  return {
    value,
    lines:
      value.length === 0
        ? ['Nobody is enrolled yet.']
        : table(
            ['name', 'role', 'key', 'id', ''],
            value.map(({ id, name, role, key, left }) => [
              name,
              role,
              key.sha256.slice(0, 16),
              id,
              left ? 'has left' : '',
            ]),
          ),
  };
});
