/** Enrolling: the person types a passphrase of their own, twice; two managers approve. */
import { Text, TextInput } from '@mantine/core';
import { useRef, useState } from 'react';
import type { Role } from '../../../shared/domain/people.ts';
import { isText } from '../../../shared/text.ts';
import { Act } from '../../app/act.tsx';
import { refreshPeople } from '../../app/desk-store.ts';
import { secret } from '../../bridge/bridge.ts';
import { Facts, PageHead } from '../../ui/messages.tsx';
import { NewPassphrase, type NewPassphraseHandle } from '../../ui/new-passphrase.tsx';
import { go } from '../../app/router.ts';
import { RoleSelect } from './role-select.tsx';
import { TWO_APPROVERS } from '../../app/two-people.ts';
import { isolated } from '../../ui/isolated.ts';

export const Enrol = () => {
  const [name, setName] = useState('');
  const [role, setRole] = useState<Role>('custodian');
  const passphrase = useRef<NewPassphraseHandle>(null);
  const named = isText(name.trim(), 64);
  return (
    <>
      <PageHead title="Enrol a person">
        The person is in the room and types a passphrase of their own. Two administrators or
        officers approve.
      </PageHead>
      <div className="columns">
        <Act
          channel="people.enrol"
          people={TWO_APPROVERS}
          label={named ? `Enrol ${isolated(name.trim())} as ${role}` : 'Enrol a person'}
          disabled={named ? undefined : 'Type the person’s name first.'}
          input={async () => {
            const taken = passphrase.current?.take();
            if (taken?.ok !== true)
              return { ok: false, error: { code: 'input-invalid', message: taken?.message ?? '' } };
            const handle = await secret(taken.value, 'passphrase', 'people.enrol');
            return handle.ok
              ? { ok: true, value: { name: name.trim(), role, passphrase: handle.value } }
              : handle;
          }}
          onDone={({ id }) => {
            void refreshPeople().then(() => {
              go('people', id);
            });
          }}
        >
          <TextInput
            label="Name"
            description="As others know them. It is kept outside the log and may be erased later."
            value={name}
            maxLength={64}
            autoComplete="off"
            error={
              name.trim() === '' || named
                ? undefined
                : 'At most 64 bytes, without control or invisible characters.'
            }
            onChange={(event) => {
              setName(event.currentTarget.value);
            }}
          />
          <RoleSelect label="Role" role={role} onChange={setRole} />
          <NewPassphrase ref={passphrase} />
          <Text fw={600} mt="sm">
            Two approve
          </Text>
        </Act>
        <aside>
          <Facts
            rows={[
              [
                'What happens',
                'The desk makes a signing key for the person and seals it under the passphrase. The person signs their own enrolment with it, and both approvers sign that.',
              ],
              ['What is recorded', 'An id, the role, the key and the signatures. Not the name.'],
              ['What can’t be undone', 'The entry stays. Somebody enrolled by mistake is removed.'],
            ]}
          />
        </aside>
      </div>
    </>
  );
};
