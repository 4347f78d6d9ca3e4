/** One person: key, role, presence; changing the role, and removing the person. */
import { Text, TextInput, Title } from '@mantine/core';
import { useState, type ReactNode } from 'react';
import type { Person, Role } from '../../../shared/domain/people.ts';
import { isText } from '../../../shared/text.ts';
import { Act } from '../../app/act.tsx';
import { Arrival, Departure, presenceChanged } from '../../app/arrive.tsx';
import { useDesk } from '../../app/desk-store.ts';
import { GoButton } from '../../app/go-button.tsx';
import { Facts, PageHead } from '../../ui/messages.tsx';
import { Quiet } from '../../ui/quiet.tsx';
import { Says } from '../../ui/says.tsx';
import { Fingerprint, Short } from '../../ui/text.tsx';
import { RoleSelect } from './role-select.tsx';
import { TWO_APPROVERS } from '../../app/two-people.ts';
import { MANAGERS } from '../../../shared/domain/people.ts';
import { ROLE_WORDS } from './roles.ts';
import { isolated } from '../../ui/isolated.ts';

const ChangeRole = ({ person }: { person: Person }) => {
  const [role, setRole] = useState<Role>(person.role);
  return (
    <Act
      channel="people.setRole"
      people={TWO_APPROVERS}
      label={role === person.role ? 'Change the role' : `Make ${isolated(person.name)} ${role}`}
      disabled={
        role === person.role
          ? `${isolated(person.name)} is ${role} already. Choose another role.`
          : undefined
      }
      input={() => ({ ok: true, value: { person: person.id, role } })}
      onDone={presenceChanged}
    >
      <RoleSelect label="Role from now on" role={role} onChange={setRole} />
    </Act>
  );
};

const Remove = ({ person }: { person: Person }) => {
  const [typed, setTyped] = useState('');
  const [why, setWhy] = useState('');
  const remaining = useDesk((desk) => desk.people).filter(
    ({ id, role, left }) => !left && id !== person.id && MANAGERS.includes(role),
  ).length;
  return (
    <Act
      channel="people.remove"
      people={TWO_APPROVERS}
      label={`Remove ${isolated(person.name)}`}
      danger
      disabled={
        remaining < 2
          ? 'Two administrators or officers must remain, or nobody could approve anything. Enrol another first.'
          : typed !== person.name
            ? 'Type the name exactly as it stands above.'
            : !isText(why, 256)
              ? 'Say why, in at most 256 bytes.'
              : undefined
      }
      input={() => ({ ok: true, value: { person: person.id, why } })}
      onDone={presenceChanged}
    >
      <TextInput
        label={`Type the name: ${isolated(person.name)}`}
        value={typed}
        autoComplete="off"
        maxLength={64}
        onChange={(event) => {
          setTyped(event.currentTarget.value);
        }}
      />
      <TextInput
        label="Why"
        description="Recorded in the log, where it stays. Names nobody needs to know don’t belong here."
        value={why}
        autoComplete="off"
        maxLength={256}
        onChange={(event) => {
          setWhy(event.currentTarget.value);
        }}
      />
    </Act>
  );
};

const PresenceOf = ({ person }: { person: Person }) => (
  <Quiet>{person.here ? <Departure person={person} /> : <Arrival among={[person]} />}</Quiet>
);

/** A rarely used act, folded until opened. */
const Folded = ({ title, children }: { title: string; children: ReactNode }) => {
  const [open, setOpen] = useState(false);
  return (
    <details
      open={open}
      onToggle={(event) => {
        setOpen(event.currentTarget.open);
      }}
      style={{ marginTop: 16, borderTop: '1px solid var(--keymoot-line)', paddingTop: 12 }}
    >
      <summary style={{ cursor: 'pointer', fontWeight: 600 }}>{title}</summary>
      {open ? <div style={{ marginTop: 14 }}>{children}</div> : null}
    </details>
  );
};

export const PersonPage = ({ id }: { id: string }) => {
  const person = useDesk((desk) => desk.people).find((known) => known.id === id);
  const actions = (
    <GoButton variant="default" to={['people']}>
      All people
    </GoButton>
  );
  if (person === undefined)
    return (
      <>
        <PageHead title="People" actions={actions} />
        <Text maw="44em">
          Nobody of that id is enrolled here. The list of people has everyone who is or was enrolled
          at this desk.
        </Text>
      </>
    );
  return (
    <>
      <PageHead title={person.name} actions={actions}>
        {person.left
          ? 'Has left this desk. What they signed stays as it is.'
          : ROLE_WORDS[person.role]}
      </PageHead>
      <div className="columns">
        <div style={{ minWidth: 0 }}>
          <Title order={2} size="h4" mb={4}>
            Signing key
          </Title>
          <Text maw="44em" mb="sm">
            {person.key.alg}. The fingerprint, SHA-256 of the public key, is how others tell that a
            signature is theirs. <Says who="person" />
          </Text>
          <Fingerprint hex={person.key.sha256} />
          {person.left ? null : (
            <>
              <section style={{ marginTop: 28 }}>
                <Title order={2} size="h4" mb="xs">
                  {person.here ? 'In the room' : 'Not in the room'}
                </Title>
                <PresenceOf person={person} />
              </section>
              <div style={{ marginTop: 28 }}>
                <Folded title="Change the role">
                  <Quiet>
                    <ChangeRole key={person.role} person={person} />
                  </Quiet>
                </Folded>
                <Folded title="Remove this person">
                  <Text maw="44em" mb="md">
                    They can do nothing here any more, and this can’t be taken back: coming back
                    means a new enrolment with a new key.
                  </Text>
                  <Remove person={person} />
                </Folded>
              </div>
            </>
          )}
        </div>
        <aside>
          <Facts
            rows={[
              ['Role', person.role],
              ['State', person.left ? '✕ left' : person.here ? '● here' : '○ not here'],
              ['Id in the log', <Short value={person.id} label="id" />],
              ['Key', <Short value={person.key.sha256} label="key’s fingerprint" />],
              ['Public key', <Short value={person.key.spki} label="public key" />],
            ]}
          />
        </aside>
      </div>
    </>
  );
};
