/** The entries of every step, done or failed. */
import type { StepInput } from '../../../shared/contract/ceremonies.ts';
import type { KeymootError } from '../../../shared/errors.ts';
import type { Step } from '../../../shared/domain/ceremonies.ts';
import type { StepSaid } from '../../../shared/log/shapes.ts';
import type { NewEntry } from '../../core/audit/entry.ts';
import type { StepState } from '../../core/ceremonies/engine.ts';
import type { DeskCeremony as Ceremony } from '../ceremony-room.ts';
import { byCall, type Call } from '../router.ts';

export interface Due {
  state: StepState<Step>;
  attempt: number;
  /** The text typed at the step, if it is public and well-formed. SECURITY: never text that could contain a component typed into the wrong field. */
  input?: StepSaid;
}
export type Of<K extends StepInput['kind']> = Extract<StepInput, { kind: K }>;

export const stepMember = (ceremony: Ceremony, { state }: Due) => ({
  ceremony: { id: ceremony.id, definition_sha256: ceremony.definitionSha256, step: state.step.id },
});

export const entryOf = (
  ceremony: Ceremony,
  due: Due,
  call: Call,
  outcome: 'success' | 'failure',
  observed: string,
): NewEntry => ({
  type: 'ceremony.step',
  outcome,
  detail: {
    step: due.state.step.id,
    attempt: due.attempt,
    kind: due.state.step.kind,
    ...(due.input === undefined ? {} : { input: due.input }),
    observed,
  },
  ...stepMember(ceremony, due),
  ...byCall(call),
});

export const succeed = (
  ceremony: Ceremony,
  due: Due,
  call: Call,
  observed: string,
  also: NewEntry[] = [],
): void => {
  call.desk.journal.record([...also, entryOf(ceremony, due, call, 'success', observed)]);
};
/** Records the failed check, then refuses: a failed check must not be only a message on the screen (R5). */
export const fail = (
  ceremony: Ceremony,
  due: Due,
  call: Call,
  observed: string,
  error: KeymootError,
): never => {
  call.desk.journal.record([entryOf(ceremony, due, call, 'failure', observed)]);
  throw error;
};
