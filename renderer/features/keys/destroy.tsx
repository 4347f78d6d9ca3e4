/** Destroying a key: its form opens by a button and needs the typed label and two people. */
import { Button, Text, Title } from '@mantine/core';
import { useState } from 'react';
import type { KeySummary } from '../../../shared/domain/keys.ts';
import { Act } from '../../app/act.tsx';
import { LoginFields, useLogin } from '../../app/login.tsx';
import { refreshKeys } from '../../app/desk-store.ts';
import { Phrase } from '../../ui/phrase.tsx';
import { isolated } from '../../ui/isolated.ts';
import { TWO_MANAGERS } from '../../app/two-people.ts';

export const Destroy = ({ record: { id, label, at } }: { record: KeySummary }) => {
  const [destroying, setDestroying] = useState(false);
  const [typed, setTyped] = useState('');
  const login = useLogin(at);
  return (
    <section style={{ marginTop: 40, borderTop: '1px solid var(--keymoot-line)', paddingTop: 20 }}>
      {destroying ? (
        <>
          <Title order={2} size="h4" mb="xs">
            Destroy this key
          </Title>
          <Text mb="md">
            It can’t be taken back. Copies that left the token, if there are any, are not reached by
            this.
          </Text>
          <Act
            channel="keys.destroy"
            danger
            people={TWO_MANAGERS}
            label={`Destroy “${isolated(label)}”`}
            disabled={typed === label ? undefined : 'Type the key’s label exactly.'}
            input={async () => {
              const halves = await login.take('keys.destroy');
              return halves.ok
                ? { ok: true, value: { key: id, typed, login: halves.value } }
                : halves;
            }}
            onDone={() => {
              setDestroying(false);
              void refreshKeys();
            }}
          >
            <Phrase phrase={label} typed={typed} onChange={setTyped} />
            <LoginFields of={`PIN of token “${isolated(at.token.label)}”`} login={login} />
          </Act>
        </>
      ) : (
        <Button
          variant="subtle"
          color="red"
          onClick={() => {
            setDestroying(true);
          }}
        >
          Destroy this key
        </Button>
      )}
    </section>
  );
};
