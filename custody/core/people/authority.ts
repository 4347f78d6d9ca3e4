/**
 * Who may do what, derived from the log alone.
 *
 * SECURITY: rights come from signed statements in the log, never from table rows (design 08, T1). This reducer is what the service asks; tables are
 * a cache that is compared with it at start, and a row without its statement has no rights.
 */
import { hash } from 'node:crypto';
import { canonicalBytes } from '../../../shared/canonical.ts';
import { MANAGERS, type Role, type SigningKey } from '../../../shared/domain/people.ts';
import type { Entry } from '../audit/entry.ts';
import {
  envelopeHolds,
  moduleSubject,
  openEnvelope,
  type Act,
  type Envelope,
} from '../audit/statement.ts';

export interface Member {
  id: string;
  role: Role;
  key: SigningKey;
  nameSha256: string;
  enrolledAt: number;
  left: boolean;
}
/** What the log says of a name: it stays when the name is erased. `salt`: 16 bytes. */
export const nameHash = (salt: Uint8Array, name: string): string =>
  hash('sha256', Buffer.concat([salt, Buffer.from(name, 'utf8')]));

export interface Authority {
  members: ReadonlyMap<string, Member>;
  /** The policy in force, once two approved it. */
  policy: { sha256: string; version: number } | undefined;
  /** Module file hashes that two people approved or that were recorded when the module was added, by module id. */
  modules: ReadonlyMap<string, string>;
  /** Nonces of the acts that were counted: an act is good for one entry, so an old one can't be said again. */
  spent: ReadonlySet<string>;
}
export const nobody: Authority = {
  members: new Map(),
  policy: undefined,
  modules: new Map(),
  spent: new Set(),
};

const FOUNDERS = 2;

/** Acts of an entry that count: signed by the member's own key, member enrolled and not gone, distinct keys. */
export const actsThatCount = (
  authority: Authority,
  log: string,
  acts: readonly Envelope[] | undefined,
): { member: Member; act: Act }[] => {
  const counted = new Map<string, { member: Member; act: Act }>();
  for (const envelope of acts ?? []) {
    const opened = openEnvelope(envelope);
    if (opened?.statement.kind !== 'act' || opened.statement.log !== log) continue;
    const member = authority.members.get(opened.statement.person);
    if (member === undefined || member.left || !envelopeHolds(envelope, member.key)) continue;
    counted.set(member.key.sha256, { member, act: opened.statement });
  }
  return [...counted.values()];
};

/** Two managers, each with an act for this very call about this subject; and, where it is known, with this input. */
const twoManagers = (
  authority: Authority,
  entry: Entry,
  channel: string,
  subject: { kind: string; sha256: string },
  input?: unknown,
): boolean =>
  actsThatCount(authority, entry.log, entry.acts).filter(
    ({ member, act }) =>
      MANAGERS.includes(member.role) &&
      act.channel === channel &&
      act.subject?.kind === subject.kind &&
      act.subject.sha256 === subject.sha256 &&
      (input === undefined || act.input_sha256 === hash('sha256', canonicalBytes(input))),
  ).length >= 2;

/** What acts about a person name: SHA-256 of their id as text. */
const aboutPerson = (id: string): { kind: string; sha256: string } => ({
  kind: 'person',
  sha256: hash('sha256', id),
});

const withMember = (authority: Authority, id: string, change: Partial<Member>): Authority => {
  const member = authority.members.get(id);
  if (member === undefined) return authority;
  return { ...authority, members: new Map(authority.members).set(id, { ...member, ...change }) };
};

const noncesOf = (entry: Entry): string[] =>
  (entry.acts ?? []).flatMap((act) => {
    const statement = openEnvelope(act)?.statement;
    return statement?.kind === 'act' ? [statement.nonce] : [];
  });

/** The next authority. An entry whose statements do not hold changes nothing: it has no rights to give. */
export const authorise = (authority: Authority, entry: Entry): Authority => {
  if (entry.outcome !== 'success' || !AUTHORITY_TYPES.some((type) => type === entry.type))
    return authority;
  const nonces = noncesOf(entry);
  if (nonces.some((nonce) => authority.spent.has(nonce))) return authority;
  const next = changed(authority, entry);
  return nonces.length === 0 ? next : { ...next, spent: new Set([...next.spent, ...nonces]) };
};

const changed = (authority: Authority, entry: Entry): Authority => {
  switch (entry.type) {
    case 'person.enrolled': {
      const { person, role, key, name_sha256: nameSha256, statement } = entry.detail;
      const opened = openEnvelope(statement);
      if (opened?.statement.kind !== 'enrolment' || !envelopeHolds(statement, key))
        return authority;
      const said = opened.statement;
      const same =
        said.person === person &&
        said.role === role &&
        said.key.sha256 === key.sha256 &&
        said.name_sha256 === nameSha256 &&
        said.log === entry.log;
      const founding = authority.members.size < FOUNDERS && authority.policy === undefined;
      const known = [...authority.members.values()].some(
        (member) => member.id === person || member.key.sha256 === key.sha256,
      );
      if (!same || known) return authority;
      if (
        !founding &&
        !twoManagers(authority, entry, 'people.enrol', { kind: 'enrolment', sha256: opened.sha256 })
      )
        return authority;
      const member = { id: person, role, key, nameSha256, enrolledAt: entry.seq, left: false };
      return { ...authority, members: new Map(authority.members).set(person, member) };
    }
    case 'person.role_changed':
      return twoManagers(
        authority,
        entry,
        'people.setRole',
        aboutPerson(entry.detail.person),
        entry.detail,
      )
        ? withMember(authority, entry.detail.person, { role: entry.detail.role })
        : authority;
    case 'person.left':
      return twoManagers(
        authority,
        entry,
        'people.remove',
        aboutPerson(entry.detail.person),
        entry.detail,
      )
        ? withMember(authority, entry.detail.person, { left: true })
        : authority;
    case 'policy.changed': {
      const { policy_sha256: sha256, version } = entry.detail;
      return twoManagers(authority, entry, 'policy.approve', { kind: 'policy', sha256 })
        ? { ...authority, policy: { sha256, version } }
        : authority;
    }
    case 'token.module_added':
      // SECURITY: a module that is known gets another file by two managers' approval, not by being added again.
      if (authority.modules.has(entry.detail.module)) return authority;
      // Nor is one let in by fewer, once there is a policy: its code gets the PINs of its tokens.
      if (
        authority.policy !== undefined &&
        !['modules.add', 'tokens.train'].some((channel) =>
          twoManagers(authority, entry, channel, moduleSubject(entry.detail)),
        )
      )
        return authority;
      return {
        ...authority,
        modules: new Map(authority.modules).set(entry.detail.module, entry.detail.sha256),
      };
    case 'token.module_approved': {
      const { module, sha256 } = entry.detail;
      return twoManagers(authority, entry, 'modules.approve', { kind: 'module', sha256 })
        ? { ...authority, modules: new Map(authority.modules).set(module, sha256) }
        : authority;
    }
    default:
      return authority;
  }
};

/** Entry types that {@link authorise} reads: what the store looks for at start. */
export const AUTHORITY_TYPES = [
  'person.enrolled',
  'person.role_changed',
  'person.left',
  'policy.changed',
  'token.module_added',
  'token.module_approved',
] as const;
