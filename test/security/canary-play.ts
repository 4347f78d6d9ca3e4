/**
 * The whole workflow with secrets chosen by the test, in a process of its own, so that the output of all processes can be captured and searched.
 *
 * Standard input: {@link Plan} as JSON. It prints no secret itself, only the service's output, passed through, and one line at the end.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { json } from 'node:stream/consumers';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Definition } from '../../shared/domain/ceremonies.ts';
import type { Role } from '../../shared/domain/people.ts';
import { hexToWords } from '../../custody/core/checkvalues/fingerprint.ts';
import { playAws } from '../../custody/cli/rehearsal/aws.ts';
import {
  type Envelopes,
  defineAndApprove,
  draftDefinition,
  playStep,
} from '../../custody/cli/rehearsal/ceremony.ts';
import { CAST, Room } from '../../custody/cli/rehearsal/room.ts';

export interface Plan {
  folder: string;
  out: string;
  /** First and second half of the user's and the officer's PIN, by token. */
  pins: Record<string, { user: [string, string]; so: [string, string] }>;
  /** By person. */
  passphrases: Record<string, string>;
  envelopes: Envelopes;
}

const utf8 = (text: string): Uint8Array => new TextEncoder().encode(text);

const plan = (await json(process.stdin)) as Plan;
const { folder, out, pins, passphrases, envelopes } = plan;
const room = await Room.enter(folder, { KEYMOOT_DEVELOPER: '1' });

const train = async (label: string, ...names: string[]): Promise<void> => {
  const { user, so } = pins[label] ?? { user: ['', ''], so: ['', ''] };
  room.pins.set(label, { first: utf8(user[0]), second: utf8(user[1]) });
  const channel = 'tokens.train';
  const { at } = await room.call(
    channel,
    {
      family: 'softhsm',
      label,
      userPin: await room.desk.pin(utf8(user[0]), utf8(user[1]), channel),
      soPin: await room.desk.pin(utf8(so[0]), utf8(so[1]), channel),
    },
    ...names,
  );
  room.tokens.set(label, at);
};
const enrol = async (name: string, role: Role, ...names: string[]): Promise<void> => {
  const passphrase = utf8(passphrases[name] ?? '');
  const channel = 'people.enrol';
  const handle = await room.desk.secret(Uint8Array.from(passphrase), {
    purpose: 'passphrase',
    channel,
  });
  const { id } = await room.call(channel, { name, role, passphrase: handle }, ...names);
  room.players.push({ id, name, role, passphrase });
};
const BOTH = ['administrator', 'officer'] as const;

await train('log');
const at = room.token('log');
const login = await room.login('log', 'desk.found');
await room.desk.call('desk.found', { name: 'canary.example', mode: 'rehearsal', at, login });
const [first, second, ...others] = CAST;
await enrol(...first);
await enrol(...second);
const { policy } = await room.desk.call('policy.get', {});
await room.call('policy.approve', { policy }, ...BOTH);
for (const [name, role] of others) await enrol(name, role, ...BOTH);
await train('keys', 'administrator', 'officer');

const { key } = await room.call(
  'keys.generate',
  {
    at: room.token('keys'),
    algorithm: 'AES-256',
    purpose: 'encrypt',
    label: 'exported',
    extractable: true,
    login: await room.login('keys', 'keys.generate'),
  },
  ...BOTH,
);

// Mistyped secrets, and secrets in the wrong field, must not leak either.
const tokenPins = pins['keys']?.user ?? ['', ''];
await room
  .call(
    'keys.generate',
    {
      at: room.token('keys'),
      algorithm: 'AES-256',
      purpose: 'encrypt',
      label: 'refused',
      login: await room.desk.pin(utf8(tokenPins[1]), utf8(tokenPins[0]), 'keys.generate'),
    },
    ...BOTH,
  )
  .then(
    () => process.exit(3),
    () => undefined,
  );
const [administrator] = room.players;
await room.desk
  .call('log.seal', {}, [
    { person: administrator?.id ?? '', passphrase: utf8(passphrases['Otto Lind'] ?? '') },
  ])
  .then(
    () => process.exit(4),
    () => undefined,
  );

const arm = async (label: string): Promise<{ definition: Definition; id: string }> => {
  const definition = await draftDefinition(
    room,
    room.token('keys'),
    'AES-256',
    label,
    envelopes.expected,
  );
  const { sha256 } = await defineAndApprove(room, definition);
  const view = await room.call('ceremonies.arm', { definitionSha256: sha256 }, 'administrator');
  return { definition, id: view.id };
};
const playTo = async (
  { definition, id }: Awaited<ReturnType<typeof arm>>,
  kind: string,
): Promise<void> => {
  let view = await room.desk.call('ceremonies.show', { ceremony: id });
  const due = () => view.steps.find(({ step }) => step.id === view.due)?.step.kind ?? 'none';
  while (due() !== kind) view = await playStep(room, view, definition, envelopes, 'keys');
};

const childrenOf = (pid: number): number[] =>
  readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').split(' ').filter(Boolean).map(Number);
/**
 * Whether a token process is past its login: SoftHSM rewrites the token's file at each login, and a process that is killed at that moment destroys the token.
 * An RSA-4096 key takes far more processor time than all that comes before it.
 */
const isGenerating = (pid: number): boolean => {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    const [user = 0] = stat
      .slice(stat.lastIndexOf(')') + 2)
      .split(' ')
      .slice(11)
      .map(Number);
    return (
      readFileSync(`/proc/${pid}/cmdline`, 'utf8').startsWith('keymoot token') && user >= TICKS
    );
  } catch {
    return false; // it ended
  }
};
/** In units of 10 ms: a token process that has only opened a library has used fewer than ten. */
const TICKS = 25;

// Two kills with PINs and components in memory: by SIGKILL, and by SIGABRT, which would leave a core.
const formed = await arm('formed');
for (const signal of ['SIGKILL', 'SIGABRT'] as const) {
  await playTo(formed, 'key.form');
  const generating = room
    .call(
      'keys.generate',
      {
        at: room.token('keys'),
        algorithm: 'RSA-4096',
        purpose: 'sign',
        label: `ended by ${signal}`,
        login: await room.login('keys', 'keys.generate'),
      },
      ...BOTH,
    )
    .catch(() => undefined);
  const act = { answered: false };
  void generating.then(() => (act.answered = true));
  while (!act.answered && !childrenOf(room.desk.pid).some(isGenerating)) await sleep(5);
  for (const pid of childrenOf(room.desk.pid)) process.kill(pid, signal);
  await room.desk.kill(signal);
  await generating;
  await room.reopen({ KEYMOOT_DEVELOPER: '1' });
  for (const { intent } of await room.desk.call('recovery.list', {}))
    await room.call(
      'recovery.settle',
      { intent, found: 'destroy', login: await room.login('keys', 'recovery.settle') },
      ...BOTH,
    );
}
await playTo(formed, 'none');
await room.call('ceremonies.close', { ceremony: formed.id }, 'administrator', 'witness');

const job = await room.call(
  'exports.request',
  {
    key: key.id,
    target: 'aws-kms',
    algorithm: 'RSAES_OAEP_SHA_1',
    login: await room.login('keys', 'exports.request'),
  },
  ...BOTH,
);
const aws = await playAws();
const params = join(out, 'params.json');
writeFileSync(params, aws.params);
const loaded = await room.call(
  'exports.load',
  { export: job.id, grant: await room.desk.grant('parameters', params) },
  'administrator',
);
const spoken = hexToWords(loaded.wrapping?.sha256 ?? '');
const words = (loaded.readBack?.positions ?? []).map((position) => spoken[position - 1] ?? '');
await room.call('exports.confirm', { export: job.id, words }, ...BOTH);
await room.call(
  'exports.wrap',
  {
    export: job.id,
    grant: await room.desk.grant('package', join(out, 'package')),
    login: await room.login('keys', 'exports.wrap'),
  },
  ...BOTH,
);
await room.call(
  'log.export',
  { grant: await room.desk.grant('bundle', join(out, 'bundle')) },
  'administrator',
);
await room.desk.call('desk.lock', {});
await room.desk.stop();
process.stdout.write(
  `${JSON.stringify({ done: true, aws: aws.privateKey.export({ format: 'pem', type: 'pkcs8' }) })}\n`,
);
