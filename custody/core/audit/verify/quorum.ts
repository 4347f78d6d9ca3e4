/**
 * Whether enough people agreed to an entry (resources/formats/audit-log.md, section 12). The people that a type needs are in its declaration (shared/log).
 *
 * SECURITY: the one judge of this in the program. The desk uses it for its own log when it opens and before it writes, an auditor for a bundle.
 */
import { MANAGERS, STAFF } from '../../../../shared/domain/people.ts';
import type { Ask } from '../../../../shared/log/declaration.ts';
import { declarationOf, type Entry, type EntryOf } from '../../../../shared/log/entries.ts';
import { POLICY_RULES } from '../../../../shared/policy/rules.ts';
import type { Ceremony } from '../../ceremonies/engine.ts';
import type { CountedAct } from '../../state/follow.ts';
import { FOUNDERS } from '../../state/people.ts';
import type { State } from '../../state/state.ts';

/** Approvals that a definition needs at least, whatever the policy says. */
const LEAST_APPROVALS = 2;

const keysOf = (acts: readonly CountedAct[]): number =>
  new Set(acts.map(({ keySha256 }) => keySha256)).size;

/** The people at the step that an entry names, one for each seat; undefined when there is no such step. */
const atStep = (ceremony: Ceremony, step: string | undefined): string[] | undefined => {
  const found = ceremony.steps.find((one) => one.step.id === step);
  if (found === undefined) return undefined;
  return [...new Set(found.step.seats)].map((seat) => ceremony.seats.get(seat) ?? '');
};

/** Compares wanted and found acts; a message when there are too few. */
const short = (found: number, wanted: number, what: string): string | undefined =>
  found >= wanted ? undefined : `${found} of ${wanted} ${what}`;

const WHO = {
  managers: 'administrators or officers',
  staff: 'people who work with keys',
  seated: 'people of the ceremony',
  'seated-or-managers': 'people of the ceremony, or administrators or officers',
} as const;

const lacksAsk = (
  ask: Ask,
  entry: Entry,
  acts: readonly CountedAct[],
  ceremony: Ceremony | undefined,
  state: State,
): string | undefined => {
  const fitting = acts.filter(({ statement }) => ask.channels.includes(statement.channel));
  const seated = [...(ceremony?.seats.values() ?? [])];
  const isSeated = ({ statement }: CountedAct): boolean => seated.includes(statement.person);
  switch (ask.by) {
    case 'managers':
    case 'staff': {
      const roles = ask.by === 'managers' ? MANAGERS : STAFF;
      const by = fitting.filter(({ role }) => roles.includes(role));
      return short(keysOf(by), ask.count, `${WHO[ask.by]} agree`);
    }
    case 'seated':
      return short(keysOf(fitting.filter(isSeated)), ask.count, `${WHO[ask.by]} agree`);
    case 'seated-or-managers': {
      const by = fitting.filter((act) => isSeated(act) || MANAGERS.includes(act.role));
      return short(keysOf(by), ask.count, `${WHO[ask.by]} agree`);
    }
    case 'step': {
      const step = entry.ceremony?.step;
      const sitting = ceremony === undefined ? undefined : atStep(ceremony, step);
      if (ceremony === undefined || sitting === undefined) return 'it names no step of a ceremony';
      const here = new Set(fitting.map(({ statement }) => statement.person));
      const counted = sitting.filter(
        (person) => here.has(person) || ceremony.spoke.get(person) === step,
      );
      const keys = new Set(counted.map((person) => state.members.get(person)?.key.sha256));
      const some = fitting.length > 0 ? keys.size : 0;
      return short(some, sitting.length, 'people who sit at this step');
    }
    case 'named': {
      const named = 'person' in entry.detail ? entry.detail.person : undefined;
      const sitting = ceremony === undefined ? [] : (atStep(ceremony, entry.ceremony?.step) ?? []);
      const by = fitting.filter(
        ({ statement }) => statement.person === named && sitting.includes(statement.person),
      );
      return short(keysOf(by), 1, 'acts by that person, seated at the step');
    }
  }
};

/** While a desk is being founded there are no members yet who could agree. */
const needsNobodyYet = ({ type }: Entry, state: State): boolean =>
  (type === 'person.enrolled' && state.members.size < FOUNDERS) ||
  (type === 'token.module_added' && !state.facts.policyAgreed);

const RECOVERED: Ask = { channels: ['recovery.settle'], by: 'managers', count: 2 };
const isRecovered = ({ detail }: Entry): boolean =>
  'recovered' in detail && detail.recovered === true;

/** The approvals that an arming lacks beside its own act. Arming consumes them: they were given for this one ceremony. */
const lacksApprovals = (
  { detail, ceremony }: EntryOf<'ceremony.arm'>,
  { approvals, ceremonies, documents, facts }: State,
): string[] => {
  const { definition_sha256: sha256 } = detail;
  const asked = facts.policy?.approvals;
  const wanted = Math.max(LEAST_APPROVALS, asked ?? 0);
  return [
    POLICY_RULES.approvals.refuses(wanted, { approvals: approvals.get(sha256)?.size ?? 0 }),
    facts.policy !== undefined && asked === undefined
      ? 'the policy that says how many must approve is not there'
      : undefined,
    ceremony?.definition_sha256 === sha256 ? undefined : 'it arms another definition',
    ceremony !== undefined && ceremonies.has(ceremony.id) ? 'it was armed before' : undefined,
    documents.definition(sha256) === undefined
      ? 'who sits in it can’t be told: its definition is not there'
      : undefined,
  ].flatMap((why) => why ?? []);
};

/** What an entry lacks, as messages; an empty list when enough people agreed. `state`: before the entry. */
export const lacks = (entry: Entry, acts: readonly CountedAct[], state: State): string[] => {
  const { type, ceremony: named, corr, outcome } = entry;
  const { inside, outside, intent } = declarationOf(type);
  const asks = named === undefined ? outside : inside;
  if (asks === 'never')
    return [named === undefined ? 'it is of no ceremony' : 'no ceremony makes such an entry'];
  const ceremony = named === undefined ? undefined : state.ceremonies.get(named.id);
  if (type === 'ceremony.arm' && corr === undefined) {
    const own = acts.filter(({ role }) => STAFF.includes(role));
    const armed = own.some(({ statement }) => statement.channel === 'ceremonies.arm');
    return [
      ...(armed ? [] : ['0 of 1 people who work with keys agree']),
      ...lacksApprovals(entry, state),
    ];
  }
  if (named !== undefined && ceremony?.definitionSha256 !== named.definition_sha256)
    return ['it is of no ceremony that was armed'];
  if (corr !== undefined) {
    const why = isRecovered(entry) ? lacksAsk(RECOVERED, entry, acts, ceremony, state) : undefined;
    return why === undefined ? [] : [why];
  }
  if (intent && outcome !== 'intent') return ['it closes no intent, so nobody agreed to it'];
  if (asks === 'nobody' || needsNobodyYet(entry, state)) return [];
  const found = asks.map((ask) => lacksAsk(ask, entry, acts, ceremony, state));
  const [first] = found;
  return found.includes(undefined) || first === undefined ? [] : [first];
};
