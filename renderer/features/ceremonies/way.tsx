/** The list of a ceremony's steps on the left, and the bar above it that stays visible. */
import type { CeremonyView } from '../../../shared/contract/ceremonies.ts';
import type { Definition } from '../../../shared/domain/ceremonies.ts';
import { StateMark } from '../../ui/guided.tsx';
import { STATES, stepName } from './words.ts';
import { isolated } from '../../ui/isolated.ts';

type StepView = CeremonyView['steps'][number];

const SHAPES: Readonly<Record<StepView['state'], string>> = {
  waiting: '○',
  due: '▸',
  open: '◐',
  done: '✓',
  failed: '✕',
};
export const clock = (time: string): string => `${time.slice(11, 19)} UTC`;
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
      // A received component that is no longer held after an interruption.
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
        Token {isolated(token.label)}, serial <span className="mono">{token.serial}</span>
      </span>
    </>
  );
};
