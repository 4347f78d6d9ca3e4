/** Names of seats, states and kinds of steps. */
import type { CeremonyStatus, Seat, StepKind } from '../../../shared/domain/ceremonies.ts';
import type { Role } from '../../../shared/domain/people.ts';
import { capital } from '../../ui/capital.ts';

/** `custodian-2` → “Custodian 2”. */
export const seatName = (seat: Seat): string => {
  const [first = '', number] = seat.split('-');
  const name = capital(first);
  return number === undefined ? name : `${name} ${number}`;
};

/** Roles whose people may take a seat (design 03, R3). */
export const rolesFor = (seat: Seat): readonly Role[] => {
  if (seat.startsWith('custodian-')) return ['custodian'];
  if (seat === 'witness') return ['witness', 'auditor'];
  return [seat as Role];
};

export const STEP_NAMES: Readonly<Record<StepKind, string>> = {
  arrive: 'Everyone takes a seat',
  clock: 'Compare the clocks',
  'definition.read': 'Read the definition back',
  'token.check': 'Check the token',
  'component.enter': 'Enter a component',
  'key.form': 'Form the key',
  'key.verify': 'Compare the check value',
  'envelopes.destroy': 'Destroy the papers',
  agree: 'Everyone speaks',
};
export const stepName = (step: { kind: StepKind; component?: number | undefined }): string =>
  step.component === undefined ? STEP_NAMES[step.kind] : `Enter component ${step.component}`;

export type Shown = CeremonyStatus | 'DRAFT' | 'APPROVED';
export const STATES: Readonly<
  Record<Shown, { shape: string; tone?: 'due' | 'stop'; means: string }>
> = {
  DRAFT: { shape: '○', tone: 'due', means: 'Recorded; waits for approvals.' },
  APPROVED: { shape: '◔', tone: 'due', means: 'Approved; waits to be armed.' },
  ARMED: { shape: '◇', tone: 'due', means: 'Ready; its first step is due.' },
  RUNNING: { shape: '▶', tone: 'due', means: 'Under way.' },
  PAUSED: { shape: '‖', means: 'Paused; nothing happens until it is resumed.' },
  RECOVERY: { shape: '↻', tone: 'stop', means: 'Interrupted at the token; must be settled.' },
  VERIFYING: { shape: '◉', tone: 'due', means: 'The key is in the token; it is being verified.' },
  ABORTING: { shape: '◐', tone: 'stop', means: 'Being aborted; its key must be shown to be gone.' },
  ABORTED: { shape: '✕', means: 'Ended without a key.' },
  CLOSED: { shape: '■', means: 'Done; nothing in it can change.' },
};
