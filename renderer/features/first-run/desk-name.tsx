import { TextInput } from '@mantine/core';

export const DeskName = ({
  name,
  onChange,
}: {
  name: string;
  onChange: (name: string) => void;
}) => (
  <TextInput
    label="Name of this desk"
    description="Lower-case letters, digits, dots and hyphens. It stands under every seal."
    value={name}
    maxLength={64}
    spellCheck={false}
    onChange={(event) => {
      onChange(event.currentTarget.value.toLowerCase());
    }}
  />
);
