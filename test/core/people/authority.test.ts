/** Who may do what follows from signed statements alone: entries built by hand, as an attacker would build them too. */
import { hash, randomBytes, randomUUID } from 'node:crypto';
import { beforeAll, describe, expect, test } from 'vitest';
import { canonicalBytes } from '../../../shared/canonical.ts';
import type { Role } from '../../../shared/domain/people.ts';
import type { Entry, EntryType } from '../../../custody/core/audit/entry.ts';
import {
  envelope,
  moduleSubject,
  statementBytes,
  type Act,
  type Envelope,
} from '../../../custody/core/audit/statement.ts';
import {
  actsThatCount,
  authorise,
  nobody,
  type Authority,
} from '../../../custody/core/people/authority.ts';
import { makePersonKey } from '../../../custody/core/people/keys.ts';

const LOG = 'unit.example/0198c0de-0000-7000-8000-000000000001/rehearsal';
const HEAD = { size: 0, root: Buffer.alloc(32).toString('base64') };
const TIME = '2026-01-02T03:04:05.678Z';
const sha = (text: string) => hash('sha256', text);

interface Somebody {
  id: string;
  role: Role;
  key: Awaited<ReturnType<typeof makePersonKey>>['key'];
  sign: (payload: Uint8Array) => Uint8Array;
}
const somebody = async (role: Role): Promise<Somebody> => {
  const id = randomUUID();
  const made = await makePersonKey(id, Buffer.from('a long passphrase'), 10, randomBytes);
  return { id, role, key: made.key, sign: made.sign };
};

const sealed = (by: Somebody, payload: Uint8Array): Envelope =>
  envelope(payload, by.key.sha256, by.sign(payload));
const act = (
  by: Somebody,
  channel: string,
  input: unknown,
  subject?: Act['subject'],
  more: Partial<Act> = {},
): Envelope =>
  sealed(
    by,
    statementBytes({
      v: 1,
      kind: 'act',
      log: LOG,
      person: by.id,
      head: HEAD,
      time: TIME,
      channel,
      input_sha256: hash('sha256', canonicalBytes(input)),
      ...(subject === undefined ? {} : { subject }),
      nonce: randomBytes(16).toString('hex'),
      ...more,
    }),
  );

let seq = 0;
const entry = (
  type: EntryType,
  detail: unknown,
  acts: Envelope[] = [],
  more: Partial<Entry> = {},
): Entry =>
  ({
    v: 1,
    log: LOG,
    seq: seq++,
    id: randomUUID(),
    time: TIME,
    type,
    outcome: 'success',
    actor: { id: 'desk', role: 'desk', auth: 'none' },
    where: { host: 'unit' },
    app: { version: '0' },
    detail,
    ...(acts.length === 0 ? {} : { acts }),
    ...more,
  }) as Entry;

const statementOf = (of: Somebody, role = of.role, by = of) =>
  statementBytes({
    v: 1,
    kind: 'enrolment',
    log: LOG,
    person: of.id,
    head: HEAD,
    time: TIME,
    role,
    key: by.key,
    name_sha256: sha('name'),
  });
const enrolment = (
  of: Somebody,
  acts: Somebody[] = [],
  change: Record<string, unknown> = {},
): Entry => {
  const payload = statementOf(of);
  const subject = { kind: 'enrolment', sha256: hash('sha256', payload) } as const;
  return entry(
    'person.enrolled',
    {
      person: of.id,
      role: of.role,
      key: of.key,
      name_sha256: sha('name'),
      statement: sealed(of, payload),
      ...change,
    },
    acts.map((by) => act(by, 'people.enrol', {}, subject)),
  );
};
const POLICY = sha('policy');
const policy = (...by: Somebody[]): Entry =>
  entry(
    'policy.changed',
    { version: 1, policy_sha256: POLICY },
    by.map((one) => act(one, 'policy.approve', {}, { kind: 'policy', sha256: POLICY })),
  );

describe('authority', () => {
  let ada: Somebody, otto: Somebody, cleo: Somebody, eve: Somebody;
  let founded: Authority;
  beforeAll(async () => {
    ada = await somebody('administrator');
    otto = await somebody('officer');
    cleo = await somebody('custodian');
    eve = await somebody('administrator');
    founded = [
      enrolment(ada),
      enrolment(otto),
      policy(ada, otto),
      enrolment(cleo, [ada, otto]),
    ].reduce(authorise, nobody);
  });
  const unchanged = (next: Entry, before = founded) => {
    const { members, policy: inForce, modules } = authorise(before, next);
    expect({ members, inForce, modules }).toEqual({
      members: before.members,
      inForce: before.policy,
      modules: before.modules,
    });
  };

  test('begins with two founders, each on their own word, and a policy of both', () => {
    expect([...founded.members.values()].map(({ id, role }) => [id, role])).toEqual([
      [ada.id, 'administrator'],
      [otto.id, 'officer'],
      [cleo.id, 'custodian'],
    ]);
    expect(founded.policy).toEqual({ sha256: POLICY, version: 1 });
  });
  test('enrols no third founder, and nobody later without two managers', () => {
    const two = [enrolment(ada), enrolment(otto)].reduce(authorise, nobody);
    unchanged(enrolment(eve), two);
    unchanged(enrolment(eve));
    unchanged(enrolment(eve, [ada]));
    unchanged(enrolment(eve, [ada, ada]));
    unchanged(enrolment(eve, [ada, cleo]));
    unchanged(enrolment(eve, [ada, eve]));
    expect(authorise(founded, enrolment(eve, [ada, otto])).members.has(eve.id)).toBe(true);
  });
  test('takes nobody’s enrolment but by their own key, in the words they signed', () => {
    unchanged(enrolment(eve, [ada, otto], { role: 'officer' }));
    unchanged(enrolment(eve, [ada, otto], { person: randomUUID() }));
    unchanged(enrolment(eve, [ada, otto], { name_sha256: sha('another') }));
    unchanged(enrolment(eve, [ada, otto], { key: cleo.key }));
    unchanged(enrolment(eve, [ada, otto], { statement: sealed(ada, statementOf(eve)) }));
    unchanged(enrolment(ada, [ada, otto]));
  });
  test('gives one key no second name', () => {
    const twin: Somebody = { ...cleo, id: randomUUID() };
    unchanged(enrolment(twin, [ada, otto]));
  });
  test('counts an act only when its signature holds, its signer is known and has not left, and the log is this one', () => {
    const good = act(ada, 'x', {});
    const count = (...acts: Envelope[]) => actsThatCount(founded, LOG, acts).length;
    expect(count(good, act(otto, 'x', {}))).toBe(2);
    expect(count(good, good)).toBe(1);
    expect(count(good, act(ada, 'x', {}))).toBe(1);
    expect(count(act(eve, 'x', {}))).toBe(0);
    expect(count(act(ada, 'x', {}, undefined, { person: otto.id }))).toBe(0);
    expect(count(act(ada, 'x', {}, undefined, { log: 'unit.example/other' }))).toBe(0);
    expect(count({ ...good, payload: act(ada, 'y', {}).payload })).toBe(0);
    expect(
      count({
        ...good,
        signatures: [{ keyid: otto.key.sha256, sig: good.signatures[0]?.sig ?? '' }],
      }),
    ).toBe(0);
    expect(count({ ...good, payload: 'bm90IEpTT04=' })).toBe(0);
    expect(actsThatCount(founded, LOG, undefined)).toEqual([]);
    const left = authorise(founded, leaving(otto, [ada, otto]));
    expect(actsThatCount(left, LOG, [act(otto, 'x', {})])).toEqual([]);
  });
  const about = (of: Somebody) => ({ kind: 'person', sha256: sha(of.id) }) as const;
  const leaving = (of: Somebody, by: Somebody[]) => {
    const detail = { person: of.id, why: 'moved' };
    return entry(
      'person.left',
      detail,
      by.map((one) => act(one, 'people.remove', detail, about(of))),
    );
  };
  const role = (
    of: Somebody,
    to: Role,
    by: Somebody[],
    signed: unknown = { person: of.id, role: to },
    channel = 'people.setRole',
  ) =>
    entry(
      'person.role_changed',
      { person: of.id, role: to },
      by.map((one) => act(one, channel, signed, about(of))),
    );

  test('changes a role on two managers’ acts for this person, this role and this call', () => {
    expect(authorise(founded, role(cleo, 'operator', [ada, otto])).members.get(cleo.id)?.role).toBe(
      'operator',
    );
    unchanged(role(cleo, 'officer', [ada]));
    unchanged(role(cleo, 'officer', [ada, cleo]));
    unchanged(role(cleo, 'officer', [ada, otto], { person: cleo.id, role: 'witness' }));
    unchanged(
      role(cleo, 'officer', [ada, otto], { person: cleo.id, role: 'officer' }, 'people.remove'),
    );
    const other = role(ada, 'officer', [ada, otto]);
    unchanged({ ...other, detail: { person: cleo.id, role: 'officer' } } as Entry);
  });
  test('counts an act once: the same ones, written down again, give nothing', () => {
    const promotion = role(cleo, 'officer', [ada, otto]);
    const promoted = authorise(founded, promotion);
    const demoted = authorise(promoted, role(cleo, 'custodian', [ada, otto]));
    expect(demoted.members.get(cleo.id)?.role).toBe('custodian');
    unchanged({ ...promotion, seq: seq++, id: randomUUID() }, demoted);
    const first = policy(ada, otto);
    const later = [
      first,
      entry(
        'policy.changed',
        { version: 2, policy_sha256: sha('2') },
        [ada, otto].map((one) =>
          act(one, 'policy.approve', {}, { kind: 'policy', sha256: sha('2') }),
        ),
      ),
    ].reduce(authorise, founded);
    expect(later.policy?.version).toBe(2);
    unchanged({ ...first, seq: seq++ }, later);
  });
  test('lets people go on two acts, and their word with them', () => {
    const left = authorise(founded, leaving(cleo, [ada, otto]));
    expect(left.members.get(cleo.id)?.left).toBe(true);
    unchanged(leaving(cleo, [ada]));
    unchanged(leaving(cleo, [cleo, ada]));
    const without = authorise(founded, leaving(otto, [ada, otto]));
    unchanged(role(cleo, 'officer', [ada, otto]), without);
  });
  test('takes a policy from two managers who name it', () => {
    const other = sha('other');
    const detail = { version: 2, policy_sha256: other };
    const by = (...acts: Envelope[]) => entry('policy.changed', detail, acts);
    const named = (one: Somebody, sha256 = other) =>
      act(one, 'policy.approve', {}, { kind: 'policy', sha256 });
    expect(authorise(founded, by(named(ada), named(otto))).policy).toEqual({
      sha256: other,
      version: 2,
    });
    unchanged(by());
    unchanged(by(named(ada), named(ada)));
    unchanged(by(named(ada), named(cleo)));
    unchanged(by(named(ada), named(otto, POLICY)));
    unchanged(by(named(ada), act(otto, 'policy.approve', {})));
  });
  test('knows a module by the hash it was added with, until two managers approve another', () => {
    const module = randomUUID();
    const facts = { path: '/x', sha256: sha('1'), family: 'other', label: 'x' };
    const detail = { module, ...facts, settings_sha256: sha('settings') };
    const add = (what: typeof detail, ...by: Somebody[]) =>
      entry(
        'token.module_added',
        what,
        by.map((one) => act(one, 'modules.add', {}, moduleSubject(detail))),
      );
    unchanged(add(detail));
    unchanged(add(detail, ada));
    unchanged(add(detail, ada, cleo));
    unchanged(add({ ...detail, path: '/y' }, ada, otto));
    const founding = authorise(nobody, add(detail));
    expect(founding.modules.get(module)).toBe(sha('1'));
    const added = authorise(founded, add(detail, ada, otto));
    expect(added.modules.get(module)).toBe(sha('1'));
    const again = add({ ...detail, sha256: sha('2') }, ada, otto);
    expect(authorise(added, again).modules.get(module)).toBe(sha('1'));
    const approve = (...by: Somebody[]) =>
      entry(
        'token.module_approved',
        { module, sha256: sha('2') },
        by.map((one) => act(one, 'modules.approve', {}, { kind: 'module', sha256: sha('2') })),
      );
    unchanged(approve(ada), added);
    unchanged(approve(ada, cleo), added);
    expect(authorise(added, approve(ada, otto)).modules.get(module)).toBe(sha('2'));
    unchanged(entry('token.module_changed', { module, sha256: sha('3') }), added);
  });
  test('learns nothing from what failed or was only meant', () => {
    for (const outcome of ['failure', 'intent', 'unknown'] as const)
      unchanged({ ...role(cleo, 'officer', [ada, otto]), outcome });
  });
});
