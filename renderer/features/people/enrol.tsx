/** Enrolling: the person types a passphrase of their own, twice; two managers approve. */
import { Text, TextInput } from '@mantine/core';
import { useRef, useState } from 'react';
import type { Role } from '../../../shared/domain/people.ts';
import { isText } from '../../../shared/text.ts';
import { Act } from '../../app/act.tsx';
import { refreshPeople } from '../../app/desk-store.ts';
import { secret } from '../../bridge/bridge.ts';
import { Facts, PageHead } from '../../ui/messages.tsx';
import { SecretField, type SecretHandle } from '../../ui/secret-field.tsx';
import { go } from '../../app/router.ts';
import { RoleSelect } from './role-select.tsx';
import { TWO_MANAGERS } from './roles.ts';

const LEAST_BYTES = 12;

/** Takes both fields and compares them as bytes; what isn't given on is zeroed here. */
const takeEqual = (
  first: SecretHandle | null,
  second: SecretHandle | null,
): { ok: true; value: Uint8Array } | { ok: false; message: string } => {
  const one = first?.take() ?? new Uint8Array();
  const two = second?.take() ?? new Uint8Array();
  const equal = one.length === two.length && one.every((byte, at) => byte === two[at]);
  const length = one.length;
  two.fill(0);
  if (equal && length >= LEAST_BYTES) return { ok: true, value: one };
  one.fill(0);
  return {
    ok: false,
    message: equal
      ? `The passphrase has fewer than ${LEAST_BYTES} characters. Nobody was enrolled. Choose several words, and type them twice.`
      : 'The two passphrases are not the same. Nobody was enrolled. Type both again.',
  };
};

export const Enrol = () => {
  const [name, setName] = useState('');
  const [role, setRole] = useState<Role>('custodian');
  const first = useRef<SecretHandle>(null);
  const second = useRef<SecretHandle>(null);
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
          people={TWO_MANAGERS}
          label={named ? `Enrol ${name.trim()} as ${role}` : 'Enrol a person'}
          disabled={named ? undefined : 'Type the person’s name first.'}
          input={async () => {
            const taken = takeEqual(first.current, second.current);
            if (!taken.ok)
              return { ok: false, error: { code: 'input-invalid', message: taken.message } };
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
          <SecretField
            label="New passphrase, typed by the person"
            description={`${LEAST_BYTES} characters or more; six words that belong to no saying are good. It can’t be recovered.`}
            ref={first}
          />
          <SecretField label="The same passphrase again" ref={second} />
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
