/** The one instruction of a running ceremony: the due step, or why none is due. */
import { Text } from '@mantine/core';
import type { CeremonyView } from '../../../shared/contract/ceremonies.ts';
import type { Definition } from '../../../shared/domain/ceremonies.ts';
import { Act } from '../../app/act.tsx';
import { useDesk } from '../../app/desk-store.ts';
import { GoButton } from '../../app/go-button.tsx';
import { Acting, Instruction } from '../../ui/guided.tsx';
import { StepInputs } from './inputs.tsx';
import {
  AbortForm,
  ExceptionForm,
  ResumeForm,
  seatedPeople,
  type Interruption,
  type OfCeremony,
} from './interruptions.tsx';
import { clock } from './way.tsx';

const Close = ({ view, seated, onDone }: OfCeremony) => (
  <Acting title="Who closes it: two people of this ceremony">
    <Act
      channel="ceremonies.close"
      people={seatedPeople(['First person', 'Second person'], seated)}
      label="Close the ceremony"
      input={() => ({ ok: true, value: { ceremony: view.id } })}
      onDone={onDone}
    />
  </Acting>
);

const Recovery = ({ definition }: { definition: Definition }) => {
  const unfinished = useDesk((desk) => desk.status?.unfinished);
  const { serial, label } = definition.at.token;
  const intent = unfinished?.find(
    ({ type, token }) =>
      type === 'key.import' && token?.token.serial === serial && token.token.label === label,
  );
  return (
    <>
      <Instruction of="recovery">
        The last step was interrupted while the token was at work.
      </Instruction>
      <p className="expectation">
        Whether the token holds the key is not known yet. Everything recorded before is safe, and
        nothing is repeated by itself: two people look at the token first, and then take over what
        it made or destroy it.
      </p>
      <p style={{ marginTop: 24 }}>
        {intent === undefined ? (
          <a href="#/overview">The Overview says what is to be settled</a>
        ) : (
          <GoButton to={['tokens', 'recovery', intent.intent]}>Settle it with the token</GoButton>
        )}
      </p>
    </>
  );
};

/** The result of the previous step, so that it is clear whether it counted. */
const Before = ({ view }: { view: CeremonyView }) => {
  const last = view.steps
    .filter((step) => step.state === 'done' && step.ended !== undefined)
    .sort((a, b) => ((a.ended ?? '') < (b.ended ?? '') ? -1 : 1))
    .at(-1);
  return (
    <p className="outcome" role="status">
      {last === undefined
        ? 'Nothing has been done yet.'
        : `✓ Step ${last.step.id}, ${clock(last.ended ?? '')}: ${last.observed}.`}
    </p>
  );
};

export const Centre = ({
  interrupt,
  ...of
}: OfCeremony & { interrupt: (how: Interruption) => void }) => {
  const { view, definition } = of;
  const due = view.steps.find(({ step }) => step.id === view.due)?.step;
  const open = view.exceptions.find((exception) => exception.open);

  if (view.status === 'RECOVERY') return <Recovery definition={definition} />;
  if (view.status === 'ABORTING')
    return (
      <>
        <Instruction of="aborting">
          This ceremony is being aborted. Its key must be destroyed and shown to be gone.
        </Instruction>
        <p className="expectation">
          <b>Expected</b> The token holds no object of this ceremony any more.
        </p>
        <Acting title="Who acts now: two people of this ceremony">
          <AbortForm {...of} />
        </Acting>
      </>
    );
  if (view.status === 'PAUSED')
    return (
      <>
        <Instruction of="paused">
          This ceremony is paused. Nothing happens until it is resumed.
        </Instruction>
        <p className="expectation">
          {due === undefined ? 'All steps are done.' : `Then step ${due.id} is due: ${due.text}`}
        </p>
        <Acting title="Who resumes it">
          <ResumeForm {...of} />
        </Acting>
      </>
    );
  if (open !== undefined)
    return (
      <>
        <Instruction of={`exception ${open.number}`}>
          Step {open.step} failed. Two people decide what is done about it.
        </Instruction>
        <p className="expectation">
          <b>Expected</b> {open.expected}
        </p>
        <p className="expectation">
          <b>Observed</b> {open.observed}
        </p>
        <p className="expectation">
          Nothing else was changed. The step can be done again after the decision is recorded; or
          the ceremony is paused, or aborted.
        </p>
        <Acting title={`Exception ${open.number}`}>
          <ExceptionForm {...of} />
        </Acting>
      </>
    );
  if (due === undefined)
    return (
      <>
        <Before view={view} />
        <Instruction of="close">All steps are done. Two people close the ceremony.</Instruction>
        <p className="expectation">
          <b>Expected</b> The record ends with its verdict, {view.exceptions.length}{' '}
          {view.exceptions.length === 1 ? 'exception' : 'exceptions'}, and nothing in it can change.
        </p>
        <Close {...of} />
      </>
    );
  return (
    <>
      <Before view={view} />
      <Text size="sm" c="dimmed" mb={4}>
        Step {due.id} of {view.steps.length}
        {due.irreversible ? '. This step can’t be undone by another one' : ''}
      </Text>
      <Instruction of={due.id}>{due.text}</Instruction>
      <p className="expectation">
        <b>Expected</b> {due.expected}
      </p>
      {due.irreversible ? (
        <p className="expectation">
          <b>If it goes wrong</b> {due.undo}
        </p>
      ) : null}
      <StepInputs
        key={`${due.id} ${view.again.includes(due.component ?? 0) ? 'again' : ''}`}
        {...of}
        step={due}
        interrupt={interrupt}
      />
    </>
  );
};
