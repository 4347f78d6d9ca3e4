/**
 * The ceremony engine: a pure reducer over the log's entries, and the question what may happen next.
 *
 * The screen, the printed script and the audit log are three renderings of one list: the entries that carry this ceremony's id. State is never stored, it
 * is replayed. SECURITY: no entry and so no state ever holds a secret; components live in the holder process, and all this knows is which are held (R9).
 */
import type { CeremonyStatus, Definition, Step } from '../../../shared/domain/ceremonies.ts';
import type { Check } from '../../../shared/domain/keys.ts';
import { KeymootError } from '../../../shared/errors.ts';
import type { Entry } from '../audit/entry.ts';
import { openEnvelope } from '../audit/statement.ts';

export interface StepState {
  step: Step;
  state: 'waiting' | 'open' | 'done' | 'failed';
  attempts: number;
  /** Failures since the last decision; three make an exception (R23). */
  failures: number;
  started: string | undefined;
  ended: string | undefined;
  by: string[];
  observed: string;
}
interface ReceivedComponent {
  index: number;
  person: string;
  check: Check;
  commitment: string;
  serial: string;
}
interface ExceptionRecord {
  number: number;
  step: string;
  expected: string;
  observed: string;
  decision: string;
  substitute?: { person: string; seat: string };
}
export interface Ceremony {
  id: string;
  definitionSha256: string;
  definition: Definition;
  status: CeremonyStatus;
  steps: StepState[];
  components: Map<number, ReceivedComponent>;
  exceptions: ExceptionRecord[];
  /** A check failed for good: nothing goes on until two people decide (R5). */
  undecided: { step: string; expected: string; observed: string } | undefined;
  /** Who sits where now: substitutes included. */
  seats: Map<string, string>;
  agreed: string[];
  disagreed: string[];
  key: string | undefined;
  check: Check | undefined;
  verdict: string | undefined;
  /** An intent on the device has no outcome yet. */
  openIntent: string | undefined;
}

/** Failures of one step after which people must decide instead of trying again (R23). */
const MOST_FAILURES = 3;

export const newCeremony = (
  id: string,
  definitionSha256: string,
  definition: Definition,
): Ceremony => ({
  id,
  definitionSha256,
  definition,
  status: 'ARMED',
  steps: definition.steps.map((step) => ({
    step,
    state: 'waiting',
    attempts: 0,
    failures: 0,
    started: undefined,
    ended: undefined,
    by: [],
    observed: '',
  })),
  components: new Map(),
  exceptions: [],
  undecided: undefined,
  seats: new Map(definition.seats.map(({ seat, person }) => [seat, person])),
  agreed: [],
  disagreed: [],
  key: undefined,
  check: undefined,
  verdict: undefined,
  openIntent: undefined,
});

/** Steps whose failure is a finding about the world, not a slip of the hand: people must decide at once. */
const FINDINGS = new Set(['token.check', 'clock', 'key.verify']);

const signersOf = (entry: Entry): string[] =>
  (entry.acts ?? []).flatMap((act) => openEnvelope(act)?.statement.person ?? []);

const withStep = (
  ceremony: Ceremony,
  id: string,
  change: (step: StepState) => StepState,
): Ceremony => ({
  ...ceremony,
  steps: ceremony.steps.map((step) => (step.step.id === id ? change(step) : step)),
});

const afterStep = (ceremony: Ceremony): CeremonyStatus => {
  if (
    ceremony.status !== 'RUNNING' &&
    ceremony.status !== 'ARMED' &&
    ceremony.status !== 'RECOVERY'
  )
    return ceremony.status;
  const formed = ceremony.steps.some(
    ({ step, state }) => step.kind === 'key.form' && state === 'done',
  );
  return formed ? 'VERIFYING' : 'RUNNING';
};

/** The next state. Entries come from our own log in order, so there is nothing to refuse here: {@link dueStep} and {@link checkStep} refuse before. */
export const reduce = (ceremony: Ceremony, entry: Entry): Ceremony => {
  switch (entry.type) {
    case 'ceremony.step': {
      const { step: id, attempt, observed } = entry.detail;
      if (entry.outcome === 'intent') {
        const opened = withStep(ceremony, id, (step) => ({
          ...step,
          state: 'open',
          attempts: attempt,
          started: step.started ?? entry.time,
          by: signersOf(entry),
        }));
        return {
          ...opened,
          openIntent: entry.id,
          status: ceremony.status === 'ARMED' ? 'RUNNING' : ceremony.status,
        };
      }
      const done = entry.outcome === 'success';
      const ended = withStep(ceremony, id, (step) => ({
        ...step,
        state: done ? 'done' : 'failed',
        attempts: Math.max(step.attempts, attempt),
        failures: done ? 0 : step.failures + 1,
        started: step.started ?? entry.time,
        ended: entry.time,
        by: [...new Set([...step.by, ...signersOf(entry)])],
        observed: observed ?? step.observed,
      }));
      const now = ended.steps.find(({ step }) => step.id === id);
      const final =
        !done &&
        now !== undefined &&
        (FINDINGS.has(now.step.kind) || now.failures >= MOST_FAILURES);
      const next: Ceremony = {
        ...ended,
        openIntent: entry.corr === ceremony.openIntent ? undefined : ceremony.openIntent,
        undecided: final
          ? { step: id, expected: now.step.expected, observed: observed ?? 'the step failed' }
          : ceremony.undecided,
      };
      return { ...next, status: afterStep(next) };
    }
    case 'component.receive': {
      const { index, check, commitment, serial } = entry.detail;
      const person = ceremony.seats.get(`custodian-${index}`) ?? '';
      const received = { index, person, check, commitment, serial };
      return { ...ceremony, components: new Map(ceremony.components).set(index, received) };
    }
    case 'key.import':
      if (entry.outcome === 'success')
        return { ...ceremony, key: entry.detail.key, check: entry.detail.check };
      return ceremony;
    case 'key.destroy':
      return entry.outcome === 'success' && entry.detail.key === ceremony.key
        ? { ...ceremony, key: undefined }
        : ceremony;
    case 'ceremony.exception': {
      const { number, step, expected, observed, decision, substitute: swap } = entry.detail;
      const decided = withStep(ceremony, step, (state) => ({ ...state, failures: 0 }));
      const seats = new Map(ceremony.seats);
      // SECURITY: only whom the approved definition names, at the seat it names (R12).
      const named = ceremony.definition.substitutes.find(
        (one) => one.person === swap?.person && one.seat === swap.seat,
      );
      if (named !== undefined) seats.set(named.seat, named.person);
      return {
        ...decided,
        seats,
        undecided: undefined,
        exceptions: [
          ...ceremony.exceptions,
          {
            ...{ number, step, expected, observed, decision },
            ...(named === undefined
              ? {}
              : { substitute: { person: named.person, seat: named.seat } }),
          },
        ],
      };
    }
    case 'ceremony.pause':
      return { ...ceremony, status: 'PAUSED' };
    case 'ceremony.resume':
      return { ...ceremony, status: afterStep({ ...ceremony, status: 'RUNNING' }) };
    case 'ceremony.agree':
      return { ...ceremony, agreed: [...ceremony.agreed, entry.detail.person] };
    case 'ceremony.disagree':
      return { ...ceremony, disagreed: [...ceremony.disagreed, entry.detail.person] };
    case 'ceremony.abort':
      if (entry.outcome === 'intent')
        return { ...ceremony, status: 'ABORTING', openIntent: undefined };
      return entry.outcome === 'success' ? { ...ceremony, status: 'ABORTED' } : ceremony;
    case 'ceremony.close':
      return { ...ceremony, status: 'CLOSED', verdict: entry.detail.verdict };
    default:
      return ceremony;
  }
};

/** Components that were received before but are not in the holder now: a power cut, a crash. Their custodians enter them again. */
export const missingComponents = (ceremony: Ceremony, held: ReadonlySet<number>): number[] => {
  const formed = ceremony.steps.some(
    ({ step, state }) => step.kind === 'key.form' && state === 'done',
  );
  return formed ? [] : [...ceremony.components.keys()].filter((index) => !held.has(index)).sort();
};

/** The one step that may be done now, or undefined when all are done. */
export const dueStep = (ceremony: Ceremony, held: ReadonlySet<number>): StepState | undefined => {
  const next = ceremony.steps.find(({ state }) => state !== 'done');
  const forming = next?.step.kind === 'key.form' || next?.step.kind === 'component.enter';
  const [missing] = forming ? missingComponents(ceremony, held) : [];
  return missing === undefined
    ? next
    : ceremony.steps.find(
        ({ step }) => step.kind === 'component.enter' && step.component === missing,
      );
};

/** Of those who sit at a step now, substitutes included: who agreed, and who has not spoken yet. A voice of somebody who was replaced stays in the record, and fills no chair. */
export const voices = (
  ceremony: Ceremony,
  { seats }: Step,
): { agreed: string[]; open: string[] } => {
  const seated = seats.map((seat) => ceremony.seats.get(seat) ?? '');
  const spoken = [...ceremony.agreed, ...ceremony.disagreed];
  return {
    agreed: seated.filter((person) => ceremony.agreed.includes(person)),
    open: seated.filter((person) => !spoken.includes(person)),
  };
};

const refuse = (code: KeymootError['code'], message: string, fields?: Record<string, string>) =>
  new KeymootError(code, message, fields === undefined ? {} : { fields });

const FINAL: readonly CeremonyStatus[] = ['CLOSED', 'ABORTED', 'ABORTING'];

/** Refuses everything on a ceremony that has ended or is ending. */
export const checkAlive = (ceremony: Ceremony): void => {
  if (FINAL.includes(ceremony.status))
    throw refuse(
      'state-refused',
      `This ceremony is ${ceremony.status}. Nothing in it can change any more.`,
    );
};

/**
 * May these people do this step now? Gives the attempt's number.
 *
 * `people` are those whose proofs were checked, each counted once by key. Exactly the step's seats must be among them: one too few is no quorum, one too many
 * has no business there. `agree` is spoken one person at a time.
 */
export const checkStep = (
  ceremony: Ceremony,
  stepId: string,
  kind: string,
  people: readonly string[],
  held: ReadonlySet<number>,
): { state: StepState; attempt: number } => {
  checkAlive(ceremony);
  if (ceremony.status === 'PAUSED')
    throw refuse('state-refused', 'This ceremony is paused. Resume it first; nothing was done.');
  if (ceremony.openIntent !== undefined || ceremony.status === 'RECOVERY')
    throw refuse(
      'recovery-needed',
      'The last step was interrupted while the token was at work. Two people settle that first; nothing is repeated blindly.',
    );
  if (ceremony.undecided !== undefined)
    throw refuse(
      'state-refused',
      `Step ${ceremony.undecided.step} failed. Two people decide what to do and record it as an exception, or the ceremony is aborted.`,
      { step: ceremony.undecided.step },
    );
  const due = dueStep(ceremony, held);
  const asked = ceremony.steps.find(({ step }) => step.id === stepId);
  if (asked === undefined)
    throw refuse('step-refused', 'This ceremony has no such step.', { step: stepId });
  if (asked !== due || asked.step.kind !== kind)
    throw refuse(
      'step-refused',
      due === undefined
        ? 'All steps are done. What remains is to close the ceremony.'
        : `Step ${stepId} is not due. Step ${due.step.id} is: ${due.step.text}`,
      { step: stepId, due: due?.step.id ?? '' },
    );
  const seated = asked.step.seats.map((seat) => ceremony.seats.get(seat) ?? '');
  if (kind === 'agree') {
    const [person] = people;
    if (people.length !== 1 || person === undefined || !seated.includes(person))
      throw refuse(
        'act-refused',
        'Each person of this ceremony speaks for themselves, one at a time.',
      );
    if (ceremony.agreed.includes(person) || ceremony.disagreed.includes(person))
      throw refuse('step-refused', 'This person has spoken already. What was said stays.', {
        person,
      });
  } else {
    const missing = seated.filter((person) => !people.includes(person));
    const extra = people.filter((person) => !seated.includes(person));
    if (missing.length > 0)
      throw refuse(
        'act-required',
        `This step needs a proof by each of: ${asked.step.seats.join(', ')}. Nothing was done.`,
        { seats: asked.step.seats.join(' ') },
      );
    if (extra.length > 0)
      throw refuse(
        'act-refused',
        'Somebody proved themselves who has no seat at this step. Nothing was done.',
      );
  }
  return { state: asked, attempt: asked.attempts + 1 };
};

/** Why the ceremony can't be closed yet, or undefined. */
export const checkClose = (ceremony: Ceremony, held: ReadonlySet<number>): void => {
  checkAlive(ceremony);
  if (ceremony.status === 'PAUSED')
    throw refuse('state-refused', 'This ceremony is paused. Resume it first.');
  if (ceremony.undecided !== undefined)
    throw refuse(
      'state-refused',
      'An exception is open. No ceremony closes over an open exception.',
    );
  const due = dueStep(ceremony, held);
  if (due !== undefined)
    throw refuse('step-refused', `Step ${due.step.id} is still to do: ${due.step.text}`, {
      due: due.step.id,
    });
};
