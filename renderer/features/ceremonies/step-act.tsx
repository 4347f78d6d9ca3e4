/** The common part of every step: its properties, and its act by everyone whose seat it names. */
import type { ReactNode } from 'react';
import type { CeremonyView, StepInput } from '../../../shared/contract/ceremonies.ts';
import type { Definition, Step } from '../../../shared/domain/ceremonies.ts';
import { Act } from '../../app/act.tsx';
import type { Answer } from '../../bridge/bridge.ts';
import { Acting } from '../../ui/guided.tsx';
import type { Seated } from './data.ts';
import { seatName } from './words.ts';

export interface StepProps {
  view: CeremonyView;
  definition: Definition;
  step: Step;
  seated: readonly Seated[];
  onDone: (view: CeremonyView) => void;
  /** Opens “Exception” or “Pause” from a screen that covers their buttons. */
  interrupt: (how: 'exception' | 'pause') => void;
}

export const invalid = (message: string): Answer<never> => ({
  ok: false,
  error: { code: 'input-invalid', message: `${message} Nothing was done.` },
});
export const given = <T,>(value: T): Answer<T> => ({ ok: true, value });

/** The step's act, by everyone whose seat it names. */
export const StepAct = ({
  view,
  step,
  seated,
  onDone,
  label,
  make,
  children,
}: StepProps & {
  label: string;
  make: () => Promise<Answer<StepInput>> | Answer<StepInput>;
  children?: ReactNode;
}) => (
  <Acting title={`Who acts now: ${step.seats.map(seatName).join(', ')}`}>
    <Act
      channel="ceremonies.step"
      people={step.seats.map((seat) => ({
        title: seatName(seat),
        person: seated.find((taken) => taken.seat === seat)?.person ?? '',
      }))}
      label={label}
      input={async () => {
        const input = await make();
        return input.ok ? given({ ceremony: view.id, step: step.id, input: input.value }) : input;
      }}
      onDone={onDone}
    >
      {children}
    </Act>
  </Acting>
);
