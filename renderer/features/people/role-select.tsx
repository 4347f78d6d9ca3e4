/** A choice of roles, each with its rights. */
import { NativeSelect } from '@mantine/core';
import type { Role } from '../../../shared/domain/people.ts';
import { isRole, ROLE_CHOICES, ROLE_WORDS } from './roles.ts';

export const RoleSelect = ({
  label,
  role,
  onChange,
}: {
  label: string;
  role: Role;
  onChange: (role: Role) => void;
}) => (
  <NativeSelect
    label={label}
    description={ROLE_WORDS[role]}
    inputWrapperOrder={['label', 'input', 'description']}
    value={role}
    data={ROLE_CHOICES}
    onChange={({ currentTarget: { value } }) => {
      if (isRole(value)) onChange(value);
    }}
  />
);
