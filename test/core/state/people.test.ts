/** Who belongs to a desk and which policy is in force, as the log tells it; and that what was only meant, or failed, changes neither. */
import { generateKeyPairSync, hash } from 'node:crypto';
import { beforeEach, describe, expect, test } from 'vitest';
import type { Role } from '../../../shared/domain/people.ts';
import type { Entry, EntryOf } from '../../../shared/log/entries.ts';
import { acts, hex, Told, uuid } from './told.ts';

type Enrolled = EntryOf<'person.enrolled'>['detail'];
const newKey = (): Enrolled['key'] => {
  const spki = generateKeyPairSync('ed25519').publicKey.export({ format: 'der', type: 'spki' });
  return { alg: 'Ed25519', spki: spki.toString('base64'), sha256: hash('sha256', spki) };
};
const envelope = {} as Enrolled['statement'];
const enrolment = (n: number, role: Role, key = newKey()): Enrolled => ({
  ...{ person: uuid(n), role, key, name_sha256: hex('a'), statement: envelope },
});
const DEFINITION = hex('d');

describe('people in the log', () => {
  let told: Told;
  beforeEach(() => {
    told = new Told({ definition: () => undefined, approvals: () => 3 });
    told.tell('person.enrolled', enrolment(1, 'administrator'));
    told.tell('person.enrolled', enrolment(2, 'officer'));
  });
  const roles = () => [...told.state.members].map(({ id, role, left }) => [id, role, left]);
  const founders = [
    [uuid(1), 'administrator', false],
    [uuid(2), 'officer', false],
  ];

  test('belong to the desk with the key and role of their enrolment', () => {
    expect(roles()).toEqual(founders);
    const key = newKey();
    told.tell('person.enrolled', enrolment(3, 'custodian', key));
    expect(told.state.members.get(uuid(3))).toMatchObject({ key, enrolledAt: 2, left: false });
  });
  test('are not two under one key', () => {
    const [first] = told.state.members;
    expect(told.tell('person.enrolled', enrolment(3, 'custodian', first?.key))).toEqual([
      'it enrols a key that somebody has already',
    ]);
  });
  test('change their role, and leave for good', () => {
    told.tell('person.role_changed', { person: uuid(2), role: 'auditor' });
    told.tell('person.left', { person: uuid(1) });
    expect(roles()).toEqual([
      [uuid(1), 'administrator', true],
      [uuid(2), 'auditor', false],
    ]);
  });
  test('take their approvals with them when they leave', () => {
    const approve = (person: string) =>
      told.tell(
        'ceremony.approve',
        { definition_sha256: DEFINITION },
        {},
        {
          acts: acts('ceremonies.approve', [person, 'officer']),
        },
      );
    approve(uuid(1));
    approve(uuid(2));
    expect([...(told.state.approvals.get(DEFINITION)?.values() ?? [])]).toEqual([uuid(1), uuid(2)]);
    told.tell('person.left', { person: uuid(1) });
    expect([...(told.state.approvals.get(DEFINITION)?.values() ?? [])]).toEqual([uuid(2)]);
  });
  test('approve by their own act in that call, as people who work with keys', () => {
    const approve = (channel: string, role: Role) =>
      told.tell(
        'ceremony.approve',
        { definition_sha256: DEFINITION },
        {},
        {
          acts: acts(channel, [uuid(1), role]),
        },
      );
    approve('ceremonies.define', 'officer');
    approve('ceremonies.approve', 'witness');
    expect(told.state.approvals.get(DEFINITION)?.size).toBe(0);
    approve('ceremonies.approve', 'operator');
    approve('ceremonies.approve', 'operator');
    expect(told.state.approvals.get(DEFINITION)?.size).toBe(1);
  });
  test('put policies in force one after another', () => {
    const policy = (version: number, more: Partial<Entry> = {}, lacking = false) =>
      told.tell('policy.changed', { version, policy_sha256: hex(`${version}`) }, more, { lacking });
    expect(policy(2, { outcome: 'failure' })).toEqual([]);
    expect(told.state.facts.policy).toBeUndefined();
    expect(policy(1, {}, true)).toEqual([]);
    expect(told.state.facts).toMatchObject({ policyAgreed: false });
    expect(policy(2)).toEqual([]);
    expect(told.state.facts).toMatchObject({
      policy: { version: 2, sha256: hex('2'), approvals: 3 },
      policyAgreed: true,
    });
    expect(policy(2)).toEqual(['it puts version 2 of the policy in force after version 2']);
  });
  test('are as they were after what failed, or was only meant', () => {
    const { facts } = told.state;
    for (const outcome of ['failure', 'intent', 'unknown'] as const) {
      told.tell('person.enrolled', enrolment(3, 'officer'), { outcome });
      told.tell('person.role_changed', { person: uuid(2), role: 'auditor' }, { outcome });
      told.tell('person.left', { person: uuid(1) }, { outcome });
      told.tell('policy.changed', { version: 1, policy_sha256: hex('1') }, { outcome });
    }
    expect(roles()).toEqual(founders);
    expect(told.state.facts.policy).toEqual(facts.policy);
  });
  test('are as they were when the changes of a transaction are dropped', () => {
    told.state.begin();
    told.tell('person.enrolled', enrolment(3, 'officer'));
    told.tell('person.left', { person: uuid(1) });
    told.tell('policy.changed', { version: 1, policy_sha256: hex('1') });
    expect(roles()).not.toEqual(founders);
    told.state.drop();
    expect(roles()).toEqual(founders);
    expect(told.state.facts.policy).toBeUndefined();
  });
});
