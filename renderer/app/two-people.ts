/** Two people, each with a field of their own, in either order. */
import { MANAGERS, type Role, STAFF } from '../../shared/domain/people.ts';
import type { ActPerson } from './act.tsx';

const two = (roles: readonly Role[], what: string): readonly ActPerson[] => [
  { title: `First ${what}`, roles },
  { title: `Second ${what}`, roles },
];

export const TWO_STAFF = two(STAFF, 'person');
export const TWO_MANAGERS = two(MANAGERS, 'person');
/** For changes that are only approved, not carried out: people and policy. */
export const TWO_APPROVERS = two(MANAGERS, 'approver');
