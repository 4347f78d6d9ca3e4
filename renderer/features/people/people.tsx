/** The people of the desk: their keys, roles and presence. */
import { Stack, Text, Title } from '@mantine/core';
import { Arrival, Departure } from '../../app/arrive.tsx';
import { useDesk } from '../../app/desk-store.ts';
import { GoButton } from '../../app/go-button.tsx';
import { List } from '../../ui/list.tsx';
import { Facts, PageHead } from '../../ui/messages.tsx';
import { Quiet } from '../../ui/quiet.tsx';
import { Short } from '../../ui/text.tsx';
import { Enrol } from './enrol.tsx';
import { PersonPage } from './person-page.tsx';
import { MANAGERS } from '../../../shared/domain/people.ts';
import { isolated } from '../../ui/isolated.ts';

export const help = [
  'Everyone who acts at this desk is enrolled by name, in one role, with a signing key of their own. The key is sealed under their passphrase; nobody else can use it, and the desk can’t either.',
  'Roles: administrators and officers manage people and the policy and approve keys. Operators run the work. Custodians bring components to ceremonies. Witnesses watch and sign what they saw. Auditors read and export the log.',
  'Being here means that somebody proved they are in the room and may read. It is not an act: each important act asks the named person for their passphrase again, for that one thing.',
  'Enrolling, changing a role and removing somebody take fresh proofs by two different administrators or officers. Each of them signs; the signatures stand in the log.',
  'A passphrase can’t be recovered or reset. Who forgot theirs is removed and enrolled anew, with another key.',
  'Removing somebody takes their rights and nothing else. What they signed stays, and so does their key’s fingerprint.',
] as const;

const Presence = () => {
  const people = useDesk((desk) => desk.people).filter(({ left }) => !left);
  const here = people.filter((person) => person.here);
  const away = people.filter((person) => !person.here);
  return (
    <Quiet>
      <section aria-labelledby="here-title">
        <Title order={2} size="h4" id="here-title" mb="xs">
          In the room
        </Title>
        {here.length === 0 ? <Text c="dimmed">Nobody.</Text> : null}
        <Stack gap={8}>
          {here.map((person) => (
            <Departure key={person.id} person={person} />
          ))}
        </Stack>
      </section>
      {away.length === 0 ? null : (
        <section aria-labelledby="arrive-title" style={{ marginTop: 24 }}>
          <Title order={2} size="h4" id="arrive-title" mb="xs">
            Arriving
          </Title>
          <Arrival among={away} />
        </section>
      )}
    </Quiet>
  );
};

const PeopleList = () => {
  const people = useDesk((desk) => desk.people);
  const enrolled = people.filter(({ left }) => !left);
  const gone = people.filter(({ left }) => left);
  return (
    <>
      <PageHead
        title="People"
        actions={<GoButton to={['people', 'enrol']}>Enrol a person</GoButton>}
      >
        Who may do what here, and who is in the room.
      </PageHead>
      <div className="columns">
        <div style={{ minWidth: 0, overflowX: 'auto' }}>
          {people.length === 0 ? (
            <Text maw="44em">
              Nobody is enrolled. The first two people are enrolled while the desk is founded. Each
              needs a passphrase that only they know.
            </Text>
          ) : (
            <List
              label="People"
              heads={['Name', 'Role', 'Key’s fingerprint', 'State']}
              rows={[...enrolled, ...gone].map(({ id, name, role, key, here, left }) => ({
                key: id,
                leads: true,
                cells: [
                  <a href={`#/people/${id}`}>{name}</a>,
                  role,
                  <Short
                    value={key.sha256}
                    keep={6}
                    label={`fingerprint of ${isolated(name)}’s key`}
                  />,
                  <span style={{ whiteSpace: 'nowrap' }}>
                    {left ? '✕ left' : here ? '● here' : '○ not here'}
                  </span>,
                ],
              }))}
            />
          )}
        </div>
        <aside>
          <Facts
            rows={[
              ['Enrolled', String(enrolled.length)],
              [
                'May manage people and policy',
                String(enrolled.filter(({ role }) => MANAGERS.includes(role)).length),
              ],
              ['Left', String(gone.length)],
            ]}
          />
          <div style={{ marginTop: 24 }}>
            <Presence />
          </div>
        </aside>
      </div>
    </>
  );
};

export const Screen = ({ route }: { route: readonly string[] }) => {
  const [page = ''] = route;
  if (page === 'enrol') return <Enrol />;
  return page === '' ? <PeopleList /> : <PersonPage key={page} id={page} />;
};
