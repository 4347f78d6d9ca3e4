/** A definition: its words, its full text, its approvals; approving, arming, printing. */
import { Button, Stack, Text, Title } from '@mantine/core';
import type { DefinitionView } from '../../../shared/contract/ceremonies.ts';
import { Act } from '../../app/act.tsx';
import { useDesk } from '../../app/desk-store.ts';
import { go } from '../../app/router.ts';
import { print } from '../../bridge/bridge.ts';
import { Acting, ReadAloud, Side, StateMark } from '../../ui/guided.tsx';
import { Empty, ErrorBox, PageHead } from '../../ui/messages.tsx';
import { Fingerprint, Time } from '../../ui/text.tsx';
import { useCeremonies, useDefinitions, useNames } from './data.ts';
import { DefinitionFacts, Script, Seats } from './script.tsx';
import { STATES } from './words.ts';
import { isolated } from '../../ui/isolated.ts';
import { STAFF } from '../../../shared/domain/people.ts';

const Approve = ({
  view,
  onDone,
}: {
  view: DefinitionView;
  onDone: (view: DefinitionView) => void;
}) => {
  const people = useDesk((desk) => desk.people);
  const able = people.filter(
    ({ id, role, left }) => !left && STAFF.includes(role) && !view.approvals.includes(id),
  );
  if (able.length === 0)
    return (
      <Text c="dimmed">
        Everybody who may approve has done so. Another administrator, officer or operator is needed;{' '}
        <a href="#/people/enrol">enrol one</a>.
      </Text>
    );
  return (
    <Stack gap="sm">
      <Text size="sm">
        Each approver alone: read the text on paper, compare its words with the ones above, then
        approve.
      </Text>
      <Act
        channel="ceremonies.approve"
        people={[{ title: 'Who approves now', among: able }]}
        label="Approve this definition"
        input={() => ({ ok: true, value: { definitionSha256: view.sha256 } })}
        onDone={onDone}
      />
    </Stack>
  );
};

export const DefinitionPage = ({ sha256 }: { sha256: string }) => {
  const definitions = useDefinitions();
  const ceremonies = useCeremonies();
  const hello = useDesk((desk) => desk.hello);
  const signer = useDesk((desk) => desk.status?.log.signer);
  const nameOf = useNames();
  const { value: all } = definitions;
  if (all === undefined) return <ErrorBox error={definitions.error} />;
  const view = all.find((known) => known.sha256 === sha256);
  if (view === undefined)
    return (
      <Empty title="No such definition" action={<a href="#/ceremonies">All ceremonies</a>}>
        This desk knows no definition with that id.
      </Empty>
    );
  const { definition, approvals, needed } = view;
  const enough = approvals.length >= needed;
  const state = enough ? 'APPROVED' : 'DRAFT';
  const runs = ceremonies.value?.filter((run) => run.definitionSha256 === sha256) ?? [];
  const changed = (next: DefinitionView) => {
    definitions.set(all.map((known) => (known.sha256 === sha256 ? next : known)));
  };

  return (
    <div className="columns">
      <div>
        <PageHead
          title={view.title}
          actions={
            <Button variant="default" onClick={() => void print()}>
              Print the script
            </Button>
          }
        >
          {isolated(definition.key.label)}, on token {isolated(definition.at.token.label)}. Recorded{' '}
          <Time at={view.defined} />.
        </PageHead>
        <p className="print-only">
          {definition.mode.toUpperCase()}. Keymoot {hello?.version}, build{' '}
          <span className="mono">{hello?.build.slice(0, 16)}</span>. Desk {definition.log}.
        </p>
        <ReadAloud title="This definition’s words. They change if one letter of it does.">
          <Fingerprint hex={sha256} />
        </ReadAloud>
        {enough ? null : (
          <Acting title="Approve">
            <Approve view={view} onDone={changed} />
          </Acting>
        )}
        {!enough || runs.length > 0 ? null : (
          <Acting title="Arm the ceremony">
            <Text size="sm" mb="sm" maw="46em">
              Arming draws the ceremony’s id. From then on its first step is due, and everything in
              the room is recorded.
            </Text>
            <Act
              channel="ceremonies.arm"
              people={[{ title: 'Armed by', roles: STAFF }]}
              label="Arm the ceremony"
              disabled={
                signer === 'NO SIGNER'
                  ? 'The log can’t be sealed now. Open the desk on the Overview first.'
                  : undefined
              }
              input={() => ({ ok: true, value: { definitionSha256: sha256 } })}
              onDone={({ id }) => {
                go('ceremonies', id);
              }}
            />
          </Acting>
        )}
        <Title order={2} size="h4" mt="xl" mb="xs">
          Who sits where
        </Title>
        <Seats definition={definition} />
        <Title order={2} size="h4" mt="xl" mb="sm">
          What happens, step by step
        </Title>
        <Script definition={definition} />
      </div>
      <aside>
        <Side title="State">
          <StateMark {...STATES[state]} word={state} />
          <Text size="sm" c="dimmed">
            {STATES[state].means}
          </Text>
        </Side>
        <Side title={`Approvals: ${approvals.length} of ${needed}, counted by signatures`}>
          <ul>
            {approvals.map((person) => (
              <li key={person}>
                <span aria-hidden="true">✎</span> {nameOf(person)}
              </li>
            ))}
            {Array.from({ length: Math.max(0, needed - approvals.length) }, (_, at) => (
              <li key={at}>
                <span aria-hidden="true">○</span>
                <span>still missing</span>
              </li>
            ))}
          </ul>
        </Side>
        {runs.length === 0 ? null : (
          <Side title="Ceremonies held by it">
            <ul>
              {runs.map(({ id, status, opened }) => (
                <li key={id} style={{ display: 'block' }}>
                  <a href={`#/ceremonies/${id}`}>
                    <Time at={opened} />
                  </a>
                  , {status}
                </li>
              ))}
            </ul>
          </Side>
        )}
        <div style={{ marginTop: 22 }}>
          <DefinitionFacts definition={definition} />
        </div>
      </aside>
    </div>
  );
};
