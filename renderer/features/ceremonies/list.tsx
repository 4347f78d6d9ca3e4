/** Every ceremony, open ones first, and every definition that waits for approval. */
import { Text } from '@mantine/core';
import { GoButton } from '../../app/go-button.tsx';
import { StateMark } from '../../ui/guided.tsx';
import { List } from '../../ui/list.tsx';
import { Empty, ErrorBox, PageHead } from '../../ui/messages.tsx';
import { Time } from '../../ui/text.tsx';
import { useCeremonies, useDefinitions } from './data.ts';
import { STATES, stepName, type Shown } from './words.ts';

interface Row {
  key: string;
  to: readonly string[];
  state: Shown;
  title: string;
  detail: string;
  opened: string;
  due: string;
}
const ORDER: readonly Shown[] = [
  'RECOVERY',
  'ABORTING',
  'RUNNING',
  'VERIFYING',
  'ARMED',
  'PAUSED',
  'APPROVED',
  'DRAFT',
  'CLOSED',
  'ABORTED',
];

const Begin = () => (
  <>
    <GoButton variant="default" to={['ceremonies', 'bring']}>
      Bring a definition
    </GoButton>
    <GoButton to={['ceremonies', 'draft']}>Draft a ceremony</GoButton>
  </>
);

export const CeremonyList = () => {
  const ceremonies = useCeremonies();
  const definitions = useDefinitions();
  if (ceremonies.value === undefined || definitions.value === undefined)
    return (
      <>
        <PageHead title="Ceremonies" />
        <ErrorBox error={ceremonies.error ?? definitions.error} />
      </>
    );
  const armed = new Set(ceremonies.value.map(({ definitionSha256 }) => definitionSha256));
  const labels = new Map(
    definitions.value.map(({ sha256, definition }) => [sha256, definition.key.label]),
  );
  const rows: Row[] = [
    ...ceremonies.value.map((view): Row => {
      const due = view.steps.find(({ step }) => step.id === view.due);
      const over = view.status === 'CLOSED' || view.status === 'ABORTED';
      return {
        key: view.id,
        to: [view.id],
        state: view.status,
        title: view.title,
        detail: labels.get(view.definitionSha256) ?? '',
        opened: view.opened,
        due: over
          ? (view.verdict ?? '')
          : view.status === 'RECOVERY'
            ? 'Settle what was interrupted'
            : view.status === 'ABORTING'
              ? 'Show that the key is gone'
              : due === undefined
                ? 'Close it'
                : `Step ${due.step.id}: ${stepName(due.step)}`,
      };
    }),
    ...definitions.value
      .filter(({ sha256 }) => !armed.has(sha256))
      .map(({ sha256, title, defined, approvals, needed, definition }): Row => {
        const missing = Math.max(0, needed - approvals.length);
        return {
          key: sha256,
          to: ['definition', sha256],
          state: missing === 0 ? 'APPROVED' : 'DRAFT',
          title,
          detail: definition.key.label,
          opened: defined,
          due:
            missing === 0
              ? 'Arm it'
              : `${missing} of ${needed} approvals ${missing === 1 ? 'is' : 'are'} missing`,
        };
      }),
  ].sort(
    (a, b) => ORDER.indexOf(a.state) - ORDER.indexOf(b.state) || (a.opened < b.opened ? 1 : -1),
  );

  return (
    <>
      <PageHead title="Ceremonies" actions={rows.length === 0 ? undefined : <Begin />}>
        What several people do together with a key, by a text they agreed on before.
      </PageHead>
      <ErrorBox error={ceremonies.error} />
      {rows.length === 0 ? (
        <Empty
          title="No ceremony has been written yet"
          action={
            <div style={{ display: 'flex', gap: 10 }}>
              <Begin />
            </div>
          }
        >
          In a ceremony, custodians bring the parts of a key in sealed envelopes, and the desk forms
          the key from them inside a token. It starts with a definition: which key, which token, who
          sits where, and every step in words. Two people approve that text, and then the room
          follows it. You need a token, an administrator, a witness and a custodian for each
          component, three as a rule; in the room later, their envelopes and the sender’s letter
          with the key’s check value.
        </Empty>
      ) : (
        <List
          label="Ceremonies and definitions"
          heads={['State', 'Title', 'Due', 'Opened']}
          rows={rows.map(({ key, to, state, title, detail, opened, due }) => ({
            key,
            leads: true,
            cells: [
              <StateMark {...STATES[state]} word={state} />,
              <>
                <a href={`#/ceremonies/${to.join('/')}`}>{title}</a>
                <Text size="sm" c="dimmed" className="mono">
                  {detail}
                </Text>
              </>,
              due,
              <Time at={opened} />,
            ],
          }))}
        />
      )}
    </>
  );
};
