import { ROLES, type Role } from '../../../shared/domain/people.ts';
import { capital } from '../../ui/capital.ts';

export const ROLE_WORDS: Readonly<Record<Role, string>> = {
  administrator: 'Manages people, tokens and the policy, and approves keys and exports.',
  officer: 'Shares the administrator’s approvals, so that no one acts alone.',
  operator: 'Runs the work: opens the desk, makes keys and exports together with an approver.',
  custodian: 'Brings a component to a ceremony and takes its seat there.',
  witness: 'Watches a ceremony and signs what was seen.',
  auditor: 'Reads and exports the log.',
};
export const ROLE_CHOICES = ROLES.map((role) => ({
  value: role,
  label: capital(role),
}));
export const isRole = (value: string): value is Role => ROLES.some((role) => role === value);
