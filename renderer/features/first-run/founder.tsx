/** One of the two founders: enrolled without approval, since no one can approve yet. */
import { NativeSelect, Text, TextInput } from '@mantine/core';
import { useRef, useState } from 'react';
import { isText } from '../../../shared/text.ts';
import { Act } from '../../app/act.tsx';
import { refreshPeople } from '../../app/desk-store.ts';
import { secret } from '../../bridge/bridge.ts';
import { NewPassphrase, type NewPassphraseHandle } from '../../ui/new-passphrase.tsx';
import { isolated } from '../../ui/isolated.ts';
import { MANAGERS } from '../../../shared/domain/people.ts';

export const Founder = ({ which }: { which: 'first' | 'second' }) => {
  const [name, setName] = useState('');
  const [role, setRole] = useState<'administrator' | 'officer'>(
    which === 'first' ? 'administrator' : 'officer',
  );
  const passphrase = useRef<NewPassphraseHandle>(null);
  const named = isText(name.trim(), 64);
  return (
    <Act
      channel="people.enrol"
      people={[]}
      label={named ? `Enrol ${isolated(name.trim())}` : `Enrol the ${which} person`}
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
      onDone={() => void refreshPeople()}
    >
      <Text>
        {which === 'first'
          ? 'Each person has a signing key of their own, sealed under a passphrase that only they know. With it they sign every act of theirs.'
          : 'Now the second person. Every important act takes two; these two approve everyone who comes after.'}
      </Text>
      <TextInput
        label="Name"
        value={name}
        maxLength={64}
        autoComplete="off"
        onChange={(event) => {
          setName(event.currentTarget.value);
        }}
      />
      <NativeSelect
        label="Role"
        value={role}
        data={MANAGERS}
        onChange={(event) => {
          setRole(event.currentTarget.value === 'officer' ? 'officer' : 'administrator');
        }}
      />
      <NewPassphrase ref={passphrase} />
    </Act>
  );
};
