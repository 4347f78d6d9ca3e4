/** Reading the log needs somebody in the room: who arrives proves it once. */
import { NativeSelect, Title, Text } from '@mantine/core';
import { useState } from 'react';
import { Act } from '../../app/act.tsx';
import { refreshPeople, refreshStatus, useDesk } from '../../app/desk-store.ts';

export const Arrive = () => {
  const people = useDesk((desk) => desk.people).filter(({ left }) => !left);
  const [chosen, setChosen] = useState('');
  const person = people.find(({ id }) => id === chosen) ?? people[0];
  if (person === undefined) return null;
  return (
    <section className="notice" aria-labelledby="arrive-title" style={{ maxWidth: '46em' }}>
      <Title order={2} size="h4" id="arrive-title">
        Nobody is here to read the log
      </Title>
      <Text mb="md">
        The log is shown while at least one enrolled person is in the room. Arriving is recorded in
        the log; it is not an approval of anything.
      </Text>
      <Act
        channel="presence.arrive"
        people={[{ title: 'Proof by', person: person.id }]}
        label={`${person.name} arrives`}
        input={() => ({ ok: true, value: { person: person.id } })}
        onDone={() => {
          void Promise.all([refreshStatus(), refreshPeople()]);
        }}
      >
        <NativeSelect
          label="Who arrives"
          value={person.id}
          data={people.map(({ id, name, role }) => ({ value: id, label: `${name}, ${role}` }))}
          onChange={(event) => {
            setChosen(event.currentTarget.value);
          }}
        />
      </Act>
    </section>
  );
};
