/** The facts on the right: seats and presence, agreement, received components, exceptions. */
import type { CeremonyView } from '../../../shared/contract/ceremonies.ts';
import type { Definition } from '../../../shared/domain/ceremonies.ts';
import { useDesk } from '../../app/desk-store.ts';
import { Meter, Side } from '../../ui/guided.tsx';
import { decisionWords, useNames, type Seated } from './data.ts';
import { seatName } from './words.ts';

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
            {view.exceptions.map(({ number, step, observed, decision, substitute, open }) => (
              <li key={number}>
                <span aria-hidden="true" className={open ? 'stop' : ''}>
                  {open ? '✕' : '✎'}
                </span>
                <span>
                  <span className={open ? 'stop' : ''}>
                    {number}. Step {step}, {open ? 'open' : 'decided'}
                  </span>
                  <small>
                    {open
                      ? observed
                      : `${observed.replace(/\.$/, '')}. ${decisionWords({ decision, substitute }, nameOf)}`}
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
