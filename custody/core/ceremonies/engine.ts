/**
 * The ceremony engine: a pure reducer over the log's entries, and the rules for the next step.
 *
 * The screen, the printed script and the audit log are three renderings of one list: the entries that carry this ceremony's id. State is never stored but
 * derived from the entries. SECURITY: no entry and so no state ever holds a secret; components live in the holder process, and the state knows only which of
 * them are held (R9).
 */
import type { CeremonyStatus } from '../../../shared/domain/ceremonies.ts';
import type { Check } from '../../../shared/domain/keys.ts';
import { KeymootError } from '../../../shared/errors.ts';
import type { Entry } from '../../../shared/log/entries.ts';
import { openEnvelope } from '../audit/statement.ts';
import type { Outline, OutlineStep } from './outline.ts';

export interface StepState<S extends OutlineStep = OutlineStep> {
  step: S;
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
/** The state of one ceremony. `D`: the parsed part of its definition; the desk parses all of it. */
export interface Ceremony<D extends Outline = Outline> {
  id: string;
  definitionSha256: string;
  definition: D;
  /** When it was armed: the entry's time. */
  armed: string;
  status: CeremonyStatus;
  steps: StepState<D['steps'][number]>[];
  components: ReadonlyMap<number, ReceivedComponent>;
  exceptions: ExceptionRecord[];
  /** A check failed for good: the ceremony stops until two people decide (R5). */
  undecided: { step: string; expected: string; observed: string } | undefined;
  /** The person at each seat now, substitutes included. */
  seats: ReadonlyMap<string, string>;
  agreed: string[];
  disagreed: string[];
  /** For each person whose agreement or disagreement counts: the step at which it was given. */
  spoke: ReadonlyMap<string, string>;
  key: string | undefined;
  check: Check | undefined;
  verdict: string | undefined;
  /** An intent on the device has no outcome yet. */
  openIntent: string | undefined;
}

/** Failures of one step after which people must decide instead of trying again (R23). */
const MOST_FAILURES = 3;

export const newCeremony = <D extends Outline>(
  id: string,
  definitionSha256: string,
  definition: D,
  armed = '',
): Ceremony<D> => ({
  id,
  definitionSha256,
  definition,
  armed,
  status: 'ARMED',
  steps: definition.steps.map((step: D['steps'][number]) => ({
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
  spoke: new Map(),
  key: undefined,
  check: undefined,
  verdict: undefined,
  openIntent: undefined,
});

/** Steps whose failure is a finding and not a typing error: people must decide at once. */
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

/**
 * The next state. It refuses nothing: {@link dueStep} and {@link checkStep} refuse before an entry is written, and core/state reports contradictions in a log.
 * @param counts whether enough people agreed to the entry: without them the entry seats no substitute, and its statements count for no person
 */
export const reduce = (ceremony: Ceremony, entry: Entry, counts = true): Ceremony => {
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
          ? {
              step: id,
              expected: now.step.expected ?? '',
              observed: observed ?? 'the step failed',
            }
          : ceremony.undecided,
      };
      return { ...next, status: afterStep(next) };
    }
    case 'component.receive': {
      if (entry.outcome !== 'success') return ceremony;
      const { index, check, commitment, serial } = entry.detail;
      const person = entry.detail.person ?? '';
      const received = { index, person, check, commitment, serial };
      return { ...ceremony, components: new Map(ceremony.components).set(index, received) };
    }
    case 'key.generate':
    case 'key.import':
      if (entry.outcome === 'success')
        return { ...ceremony, key: entry.detail.key, check: entry.detail.check };
      return ceremony;
    case 'key.destroy':
      return entry.outcome === 'success' && entry.detail.key === ceremony.key
        ? { ...ceremony, key: undefined }
        : ceremony;
    case 'ceremony.exception': {
      if (entry.outcome !== 'success') return ceremony;
      const { number, step, expected, observed, decision, substitute: swap } = entry.detail;
      const decided = withStep(ceremony, step, (state) => ({ ...state, failures: 0 }));
      const sits = new Map(ceremony.seats);
      // SECURITY: only a person whom the approved definition names, at the seat that it names (R12).
      const named = ceremony.definition.substitutes.find(
        (one) => counts && one.person === swap?.person && one.seat === swap.seat,
      );
      if (named !== undefined) sits.set(named.seat, named.person);
      return {
        ...decided,
        seats: sits,
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
      if (entry.outcome !== 'success') return ceremony;
      return { ...ceremony, status: 'PAUSED' };
    case 'ceremony.resume':
      if (entry.outcome !== 'success') return ceremony;
      return { ...ceremony, status: afterStep({ ...ceremony, status: 'RUNNING' }) };
    case 'ceremony.agree':
    case 'ceremony.disagree': {
      if (entry.outcome !== 'success') return ceremony;
      const { person } = entry.detail;
      const which = entry.type === 'ceremony.agree' ? 'agreed' : 'disagreed';
      const spoke = new Map(ceremony.spoke);
      if (counts) spoke.set(person, entry.ceremony?.step ?? '');
      return { ...ceremony, [which]: [...ceremony[which], person], spoke };
    }
    case 'ceremony.abort':
      if (entry.outcome === 'intent')
        return { ...ceremony, status: 'ABORTING', openIntent: undefined };
      return entry.outcome === 'success' ? { ...ceremony, status: 'ABORTED' } : ceremony;
    case 'ceremony.close':
      if (entry.outcome !== 'success') return ceremony;
      return { ...ceremony, status: 'CLOSED', verdict: entry.detail.verdict };
    default:
      return ceremony;
  }
};

/** May this step be taken: is every step before it done, and can it still be repeated if it is done itself (resources/formats/audit-log.md, section 13)? */
export const mayBeTaken = ({ steps }: Ceremony, id: string): boolean => {
  const at = steps.findIndex(({ step }) => step.id === id);
  if (at < 0 || steps.slice(0, at).some(({ state }) => state !== 'done')) return false;
  const final = steps.some(({ step, state }) => step.irreversible && state === 'done');
  return steps[at]?.state !== 'done' || !final;
};

/** Components that were received but that the holder has lost, by a power cut or a crash. Their custodians enter them again. */
export const missingComponents = (ceremony: Ceremony, held: ReadonlySet<number>): number[] => {
  const formed = ceremony.steps.some(
    ({ step, state }) => step.kind === 'key.form' && state === 'done',
  );
  return formed ? [] : [...ceremony.components.keys()].filter((index) => !held.has(index)).sort();
};

/** The one step that may be done now, or undefined when all are done. */
export const dueStep = <D extends Outline>(
  ceremony: Ceremony<D>,
  held: ReadonlySet<number>,
): StepState<D['steps'][number]> | undefined => {
  const next = ceremony.steps.find(({ state }) => state !== 'done');
  const forming = next?.step.kind === 'key.form' || next?.step.kind === 'component.enter';
  const [missing] = forming ? missingComponents(ceremony, held) : [];
  return missing === undefined
    ? next
    : ceremony.steps.find(
        ({ step }) => step.kind === 'component.enter' && step.component === missing,
      );
};

/**
 * Of the people at a step now, substitutes included: those who agreed, and those who have not answered yet. What a replaced person said stays in the record but
 * does not count for the step.
 */
export const voices = (
  ceremony: Ceremony,
  { seats }: OutlineStep,
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
 * `people` are those whose proofs were checked, each counted once by key. They must be exactly the people at the step's seats: with fewer there is no quorum,
 * and more are refused. `agree` takes one person at a time.
 */
export const checkStep = <D extends Outline>(
  ceremony: Ceremony<D>,
  stepId: string,
  kind: string,
  people: readonly string[],
  held: ReadonlySet<number>,
): { state: StepState<D['steps'][number]>; attempt: number } => {
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
        : `Step ${stepId} is not due. Step ${due.step.id} is: ${due.step.text ?? ''}`,
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
    throw refuse('step-refused', `Step ${due.step.id} is still to do: ${due.step.text ?? ''}`, {
      due: due.step.id,
    });
};
