/** People and the policy as the log records them. */
import type { Entry } from '../../../shared/log/entries.ts';
import { keyIn } from '../audit/reading.ts';
import type { Follow } from './follow.ts';
import type { Member, State } from './state.ts';

const change = (state: State, id: string, to: Partial<Member>): void => {
  const member = state.members.get(id);
  if (member !== undefined) state.members.set(id, { ...member, ...to });
};

/** Removes the approvals of a person who leaves: approvals count only from people who still belong to the desk at the arming. */
const forgetApprovals = (state: State, person: string): void => {
  for (const [sha256, by] of [...state.approvals.entries()])
    state.approvals.set(sha256, new Map([...by].filter(([, who]) => who !== person)));
};

/** How many people found a desk. */
export const FOUNDERS = 2;

export const followPeople: Follow = (state, entry: Entry, { lacking, say }) => {
  if (entry.outcome !== 'success') return;
  switch (entry.type) {
    case 'person.enrolled': {
      const { person, role, key, name_sha256: nameSha256 } = entry.detail;
      for (const member of state.members)
        if (member.key.sha256 === key.sha256) say('it enrols a key that somebody has already');
      state.members.set(person, {
        id: person,
        role,
        key,
        publicKey: keyIn(key),
        nameSha256,
        enrolledAt: entry.seq,
        left: false,
      });
      return;
    }
    case 'person.role_changed':
      change(state, entry.detail.person, { role: entry.detail.role });
      return;
    case 'person.left':
      change(state, entry.detail.person, { left: true });
      forgetApprovals(state, entry.detail.person);
      return;
    case 'policy.changed': {
      const { version, policy_sha256: sha256 } = entry.detail;
      const before = state.facts.policy?.version ?? 0;
      if (version !== before + 1)
        say(`it puts version ${version} of the policy in force after version ${before}`);
      state.know({ policy: { sha256, version, approvals: state.documents.approvals(sha256) } });
      if (!lacking) state.know({ policyAgreed: true });
      return;
    }
    default:
  }
};
