/** People, presence and the policy: every change a signed statement in the log. */
import { hash, randomBytes } from 'node:crypto';
import { canonicalBytes } from '../../../shared/canonical.ts';
import type { Input } from '../../../shared/contract/index.ts';
import { MANAGERS, type Person } from '../../../shared/domain/people.ts';
import { KeymootError } from '../../../shared/errors.ts';
import { base64 } from '../../core/audit/note.ts';
import { envelope, statementBytes } from '../../core/audit/statement.ts';
import { nameHash } from '../../core/people/names.ts';
import { costOf, makePersonKey } from '../../core/people/keys.ts';
import type { Desk } from '../desk.ts';
import { uuidv7 } from '../ids.ts';
import { byCall, requireRole, type Call, type Part } from '../router.ts';

const personView = (desk: Desk, id: string): Person => {
  const member = desk.journal.state.members.get(id);
  if (member === undefined)
    throw new KeymootError('person-unknown', 'No such person is enrolled. Nothing was done.');
  const name = desk.store.people.names().get(id) ?? '(name erased)';
  return {
    id,
    name,
    role: member.role,
    key: member.key,
    here: desk.here.has(id),
    left: member.left,
  };
};

/** Two people who can approve must stay, or no approval would be possible any more. */
const requireManagersBeside = (desk: Desk, person: string): void => {
  const managers = [...desk.journal.state.members].filter(
    (member) =>
      !member.left && member.id !== person && MANAGERS.some((role) => role === member.role),
  );
  if (managers.length < 2)
    throw new KeymootError(
      'policy-refused',
      'Two administrators or officers must remain, or nobody could approve anything any more. Nothing was changed. Enrol another first.',
    );
};

interface Enrolling {
  person: string;
  made: Awaited<ReturnType<typeof makePersonKey>>;
  salt: Uint8Array;
  nameSha256: string;
  payload: Uint8Array;
}

const checkEnrolment = ({ name, role }: Input<'people.enrol'>, desk: Desk): void => {
  const { journal } = desk;
  if (desk.state === 'EMPTY')
    throw new KeymootError('desk-missing', 'There is no desk here yet. Found one first.');
  if (desk.state === 'FOUNDING') {
    if (journal.state.members.size >= 2)
      throw new KeymootError(
        'desk-not-ready',
        'Two people are enrolled. They approve the policy before anyone else is enrolled. Nobody was enrolled.',
      );
    if (!MANAGERS.some((manager) => manager === role))
      throw new KeymootError(
        'role-refused',
        'The two founders are administrators or officers: they approve everything that follows. Nobody was enrolled.',
      );
  }
  const names = [...desk.store.people.names().values()];
  if (names.some((known) => known.normalize('NFKC') === name.normalize('NFKC')))
    throw new KeymootError(
      'ambiguous',
      'Somebody of that name is enrolled already. Nobody was enrolled. Choose a name that tells them apart.',
    );
};

/** Makes the person's key and the statement that it will sign. */
const prepareEnrolment = async (
  input: Input<'people.enrol'>,
  { desk, channel }: Call,
): Promise<Enrolling> => {
  checkEnrolment(input, desk);
  const { origin = '', mode = 'rehearsal' } = desk.journal;
  const cost = costOf(mode, input.invented ?? false);
  const person = uuidv7();
  const passphrase = desk.secrets.take(input.passphrase, { purpose: 'passphrase', channel });
  let made;
  try {
    made = await makePersonKey(person, passphrase, cost, randomBytes);
  } finally {
    passphrase.fill(0);
  }
  const salt = randomBytes(16);
  const nameSha256 = nameHash(salt, input.name);
  const payload = statementBytes({
    v: 1,
    kind: 'enrolment',
    log: origin,
    person,
    head: { size: desk.store.log.size, root: base64(desk.store.log.root) },
    time: new Date().toISOString(),
    role: input.role,
    key: made.key,
    name_sha256: nameSha256,
  });
  return { person, made, salt, nameSha256, payload };
};

export const peopleHandlers: Part<'people' | 'presence' | 'policy'> = {
  'people.list': {
    reads: true,
    run: (_input, { desk }) =>
      [...desk.journal.state.members].map(({ id }) => personView(desk, id)),
  },
  'people.enrol': {
    run: async (input, call) => {
      const { desk } = call;
      const { name, role } = input;
      const founding = desk.state === 'FOUNDING';
      if (!founding) requireRole(call, MANAGERS, 'Enrolling people');
      const { person, made, salt, nameSha256, payload } = await prepareEnrolment(input, call);
      const statement = envelope(payload, made.key.sha256, made.sign(payload));
      desk.journal.record(
        [
          {
            type: 'person.enrolled',
            detail: { person, role, key: made.key, name_sha256: nameSha256, statement },
            ...(founding ? {} : byCall(call)),
          },
        ],
        {
          beside: () => {
            desk.store.people.keepApart(person, made.sealed, { salt, name });
          },
        },
      );
      await desk.seal();
      return personView(desk, person);
    },
  },
  'people.setRole': {
    run: async ({ person, role }, call) => {
      requireRole(call, MANAGERS, 'Changing roles');
      if (personView(call.desk, person).left)
        throw new KeymootError(
          'state-refused',
          'This person has left. Nothing was changed. Enrol them again.',
        );
      if (!MANAGERS.some((manager) => manager === role)) requireManagersBeside(call.desk, person);
      call.desk.journal.record([
        { type: 'person.role_changed', detail: { person, role }, ...byCall(call) },
      ]);
      await call.desk.seal();
      return personView(call.desk, person);
    },
  },
  'people.remove': {
    run: async ({ person, why }, call) => {
      requireRole(call, MANAGERS, 'Removing people');
      const { left } = personView(call.desk, person);
      if (left)
        throw new KeymootError(
          'state-refused',
          'This person has left already. Nothing was changed.',
        );
      requireManagersBeside(call.desk, person);
      call.desk.journal.record([{ type: 'person.left', detail: { person, why }, ...byCall(call) }]);
      call.desk.here.delete(person);
      await call.desk.seal();
      return {};
    },
  },
  'presence.arrive': {
    run: ({ person }, call) => {
      const { desk } = call;
      if (call.people.length !== 1 || call.people[0]?.id !== person)
        throw new KeymootError(
          'act-refused',
          'Each person arrives with their own proof. Nothing was done.',
        );
      desk.here.add(person);
      desk.journal.record([{ type: 'session.login', detail: { person }, ...byCall(call) }]);
      return [...desk.here];
    },
  },
  'presence.leave': {
    run: ({ person }, { desk }) => {
      if (desk.here.delete(person))
        desk.journal.record([{ type: 'session.logout', detail: { person } }]);
      return [...desk.here];
    },
  },
  'policy.get': {
    reads: true,
    run: (_input, { desk }) => ({
      inForce: desk.journal.state.facts.policy !== undefined,
      version: desk.journal.state.facts.policy?.version ?? 0,
      sha256: desk.policySha256(),
      policy: desk.policy(),
    }),
  },
  'policy.approve': {
    run: async ({ policy }, call) => {
      const { desk } = call;
      requireRole(call, MANAGERS, 'Approving the policy');
      const version = (desk.journal.state.facts.policy?.version ?? 0) + 1;
      if (policy.version !== version)
        throw new KeymootError('input-invalid', `The next policy has version ${version}.`, {
          fields: { 'policy.version': `must be ${version}` },
        });
      if (policy.components.least > policy.components.most)
        throw new KeymootError(
          'input-invalid',
          'The policy asks for more components than it allows. Nothing was changed.',
          { fields: { 'policy.components.least': 'is more than most' } },
        );
      const bytes = canonicalBytes(policy);
      const sha256 = hash('sha256', bytes);
      desk.journal.record(
        [
          {
            type: 'policy.changed',
            detail: { version, policy_sha256: sha256 },
            evidence: [
              { sha256, media: 'application/vnd.keymoot.policy+json', bytes: bytes.length },
            ],
            ...byCall(call),
          },
        ],
        {
          beside: () => {
            desk.store.evidence.put('application/vnd.keymoot.policy+json', bytes);
          },
        },
      );
      await desk.seal();
      desk.emit('desk.changed', { state: desk.state });
      return { version, sha256 };
    },
  },
};
