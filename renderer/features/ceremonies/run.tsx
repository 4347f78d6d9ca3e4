/** A ceremony under way: the steps, the one instruction, the people. All of it is asked from the service, so a reload stands at the same step. */
import { Button, Text } from '@mantine/core';
import { useState, type ReactNode } from 'react';
import type { CeremonyView } from '../../../shared/contract/ceremonies.ts';
import type { Definition } from '../../../shared/domain/ceremonies.ts';
import { Act } from '../../app/act.tsx';
import { useDesk } from '../../app/desk-store.ts';
import { Acting, Guided, Instruction, Meter, Side, StateMark } from '../../ui/guided.tsx';
import { decisionWords, seatsNow, useNames, type Seated } from './data.ts';
import { StepInputs } from './inputs.tsx';
import {
  AbortForm,
  ExceptionForm,
  Interruptions,
  ResumeForm,
  useSeatedPeople,
  type Interruption,
  type OfCeremony,
} from './interruptions.tsx';
import { seatName, STATES, stepName } from './words.ts';

type StepView = CeremonyView['steps'][number];

const SHAPES: Readonly<Record<StepView['state'], string>> = {
  waiting: '○',
  due: '▸',
  open: '◐',
  done: '✓',
  failed: '✕',
};
const clock = (time: string): string => `${time.slice(11, 19)} UTC`;
const stateWords = ({ state, attempts, ended }: StepView): string => {
  switch (state) {
    case 'waiting':
      return attempts > 0 ? `attempt ${attempts} failed` : '';
    case 'due':
      return attempts > 0 ? `due now, attempt ${attempts + 1}` : 'due now';
    case 'open':
      return 'interrupted at the token';
    case 'done':
      return ended === undefined ? 'done' : `done ${clock(ended)}`;
    case 'failed':
      return `failed${ended === undefined ? '' : ` ${clock(ended)}`}`;
  }
};

export const Way = ({ view }: { view: CeremonyView }) => (
  <ol className="steps">
    {view.steps.map((step) => {
      const due = step.step.id === view.due;
      // A component that was received, and is not held any more after an interruption.
      const again = due && step.state === 'done';
      return (
        <li
          key={step.step.id}
          data-state={again ? 'due' : step.state}
          aria-current={due ? 'step' : undefined}
        >
          <span aria-hidden="true">{SHAPES[again ? 'due' : step.state]}</span>
          <span className="what">
            {step.step.id}. {stepName(step.step)}
            <small>{again ? 'due again, after an interruption' : stateWords(step)}</small>
          </span>
        </li>
      );
    })}
  </ol>
);

export const Bar = ({ view, definition }: { view: CeremonyView; definition: Definition }) => {
  const reading = view.readBack !== undefined;
  const { token } = definition.at;
  return (
    <>
      <b>{view.title}</b>
      <StateMark {...STATES[view.status]} word={view.status} />
      <span>
        {reading ? (
          'Words hidden while they are read back'
        ) : (
          <>
            Words <span className="spoken">{view.words.slice(0, 4).join(' ')} …</span>
          </>
        )}
      </span>
      <span>
        Token {token.label}, serial <span className="mono">{token.serial}</span>
      </span>
    </>
  );
};

export const PeopleFacts = ({
  view,
  definition,
  seated,
}: {
  view: CeremonyView;
  definition: Definition;
  seated: readonly Seated[];
}) => {
  const nameOf = useNames();
  const here = useDesk((desk) => desk.status?.here);
  const due = view.steps.find(({ step }) => step.id === view.due)?.step;
  const count = definition.components.count;
  const { length: of } = seated;
  return (
    <>
      <Side title="People on their seats">
        <ul>
          {seated.map(({ seat, person, substitute }) => {
            const present = here?.includes(person) === true;
            const said = view.agreed.includes(person)
              ? ', agrees'
              : view.disagreed.includes(person)
                ? ', does not agree'
                : due?.seats.includes(seat) === true
                  ? ', acts now'
                  : '';
            return (
              <li key={seat}>
                <span aria-hidden="true">{present ? '●' : '○'}</span>
                <span>
                  {nameOf(person)}
                  <small>
                    {seatName(seat)}
                    {substitute ? ', substitute' : ''}, {present ? 'here' : 'not here'}
                    {said}
                  </small>
                </span>
              </li>
            );
          })}
        </ul>
      </Side>
      <Side title="Agreed">
        <Meter
          yes={view.agreed.length}
          no={view.disagreed.length}
          of={of}
          label={`${view.agreed.length} of ${of} agree, ${view.disagreed.length} do not`}
        />
        {view.agreed.length} of {of}
        {view.disagreed.length === 0 ? '' : `; ${view.disagreed.length} do not agree`}
      </Side>
      <Side title="Components">
        <ul>
          {Array.from({ length: count }, (_, at) => {
            const index = at + 1;
            const received = view.components.find((component) => component.index === index);
            const again = view.again.includes(index);
            return (
              <li key={index}>
                <span aria-hidden="true">{again ? '↻' : received === undefined ? '○' : '✓'}</span>
                <span>
                  Component {index}
                  <small className={again ? 'stop' : ''}>
                    {received === undefined
                      ? 'not received'
                      : again
                        ? 'to be entered again'
                        : due?.kind === 'envelopes.destroy'
                          ? 'received'
                          : `received, envelope ${received.serial}`}
                  </small>
                </span>
              </li>
            );
          })}
        </ul>
      </Side>
      <Side title="Exceptions">
        {view.exceptions.length === 0 ? (
          '0 exceptions'
        ) : (
          <ul>
            {view.exceptions.map(({ number, step, observed, decision, open }) => (
              <li key={number}>
                <span aria-hidden="true" className={open ? 'stop' : ''}>
                  {open ? '✕' : '✎'}
                </span>
                <span>
                  <span className={open ? 'stop' : ''}>
                    {number}. Step {step}, {open ? 'open' : 'decided'}
                  </span>
                  <small>
                    {open ? observed : `${observed}. ${decisionWords(decision, nameOf)}`}
                  </small>
                </span>
              </li>
            ))}
          </ul>
        )}
      </Side>
    </>
  );
};

const Close = ({ view, seated, onDone }: OfCeremony) => {
  const { picker, people } = useSeatedPeople(['First person', 'Second person'], seated, [
    'administrator',
    'witness',
  ]);
  return (
    <Acting title="Who closes it: two people of this ceremony">
      {picker}
      <div style={{ height: 16 }} />
      <Act
        channel="ceremonies.close"
        people={people}
        label="Close the ceremony"
        input={() => ({ ok: true, value: { ceremony: view.id } })}
        onDone={onDone}
      />
    </Acting>
  );
};

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
          <Button component="a" href={`#/tokens/recovery/${intent.intent}`}>
            Settle it with the token
          </Button>
        )}
      </p>
    </>
  );
};

/** What came of the step before, so that nobody wonders whether it counted. */
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

export const Run = ({
  view,
  definition,
  onDone,
}: {
  view: CeremonyView;
  definition: Definition;
  onDone: (view: CeremonyView) => void;
}) => {
  const [which, setWhich] = useState<Interruption>();
  const nameOf = useNames();
  const seated = seatsNow(definition, view);
  const of: OfCeremony = { view, definition, seated, onDone };
  const due = view.steps.find(({ step }) => step.id === view.due)?.step;
  const open = view.exceptions.find((exception) => exception.open);

  let centre: ReactNode;
  if (view.status === 'RECOVERY') centre = <Recovery definition={definition} />;
  else if (view.status === 'ABORTING')
    centre = (
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
  else if (view.status === 'PAUSED')
    centre = (
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
  else if (open !== undefined)
    centre = (
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
  else if (due === undefined)
    centre = (
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
  else
    centre = (
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
          nameOf={nameOf}
          interrupt={setWhich}
        />
      </>
    );

  return (
    <Guided
      bar={<Bar view={view} definition={definition} />}
      way={<Way view={view} />}
      facts={<PeopleFacts view={view} definition={definition} seated={seated} />}
    >
      {centre}
      <div className="controls no-print">
        <Button
          variant="default"
          onClick={() => {
            setWhich('exception');
          }}
        >
          Exception
        </Button>
        <Button
          variant="default"
          onClick={() => {
            setWhich('pause');
          }}
        >
          Pause
        </Button>
        <Button
          component="a"
          href={`#/ceremonies/definition/${view.definitionSha256}`}
          variant="subtle"
        >
          Read the definition
        </Button>
        <Button
          className="apart"
          variant="default"
          style={{ color: 'var(--keymoot-stop)' }}
          onClick={() => {
            setWhich('abort');
          }}
        >
          Abort …
        </Button>
      </div>
      <Interruptions
        {...of}
        which={which}
        onClose={() => {
          setWhich(undefined);
        }}
      />
    </Guided>
  );
};
