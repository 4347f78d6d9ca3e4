/**
 * What an entry asks of people: the table of resources/formats/audit-log.md, section 12, row by row.
 *
 * SECURITY: the one judge of this in the program. The desk asks it about its own log when it opens, an auditor about a bundle.
 */
import { hash } from 'node:crypto';
import type { ChannelName } from '../../../../shared/contract/index.ts';
import type { Role } from '../../../../shared/domain/people.ts';
import type { Entry, EntryOf, EntryType } from '../entry.ts';
import { moduleSubject, type Subject } from '../statement.ts';
import type { CountedAct } from './people.ts';
import { seatingIn, type Seating } from './seating.ts';

type Test = (act: CountedAct) => boolean;

/** Distinct keys wanted among the acts that fit. */
interface Need {
  count: number;
  what: string;
  fits: readonly Test[];
}

const MANAGERS: readonly Role[] = ['administrator', 'officer'];
const APPROVERS: readonly Role[] = ['administrator', 'officer', 'operator'];

/** The rows: types that may need somebody, and the calls by which people ask for such an entry. */
const CHANNELS = {
  'person.enrolled': ['people.enrol'],
  'person.role_changed': ['people.setRole'],
  'person.left': ['people.remove'],
  'policy.changed': ['policy.approve'],
  'token.module_added': ['modules.add', 'tokens.train'],
  'token.module_approved': ['modules.approve'],
  'key.generate': ['keys.generate'],
  'key.import': ['ceremonies.step'],
  'key.wrap': ['exports.wrap'],
  'key.destroy': ['keys.destroy', 'ceremonies.abort'],
  'component.receive': [],
  'component.destroy': [],
  'ceremony.define': ['ceremonies.define'],
  'ceremony.approve': ['ceremonies.approve'],
  'ceremony.arm': ['ceremonies.arm'],
  'ceremony.step': ['ceremonies.step'],
  'ceremony.agree': ['ceremonies.step'],
  'ceremony.disagree': ['ceremonies.step'],
  'ceremony.exception': ['ceremonies.exception'],
  'ceremony.pause': ['ceremonies.pause'],
  'ceremony.resume': ['ceremonies.resume'],
  'ceremony.abort': ['ceremonies.abort'],
  'ceremony.close': ['ceremonies.close'],
  'byok.requested': ['exports.request'],
  'byok.parameters_loaded': ['exports.load'],
  'byok.parameters_confirmed': ['exports.confirm'],
} as const satisfies Partial<Record<EntryType, readonly ChannelName[]>>;
const channelsOf: Partial<Record<EntryType, readonly string[]>> = CHANNELS;
export const ASKS: ReadonlySet<EntryType> = new Set(Object.keys(CHANNELS) as EntryType[]);

/** What belongs to a ceremony and to nothing else, once it is armed. */
const isOfCeremony = (type: EntryType): boolean =>
  /^(?:ceremony|component)\./.test(type) && !/^ceremony\.(?:define|approve|arm)$/.test(type);

const by =
  (roles: readonly Role[]): Test =>
  ({ role }) =>
    roles.includes(role);
const on =
  (kind: Subject['kind'], sha256: string): Test =>
  ({ statement: { subject } }) =>
    subject?.kind === kind && subject.sha256 === sha256;
const of =
  (people: readonly string[]): Test =>
  ({ statement: { person } }) =>
    people.includes(person);

interface Ceremony {
  definition: string;
  seating: Seating;
}

export class Quorum {
  readonly #definition: (sha256: string) => Uint8Array | undefined;
  /** Keys behind the approvals of each definition since a ceremony on it was last armed. */
  readonly #approvals = new Map<string, Set<string>>();
  readonly #ceremonies = new Map<string, Ceremony>();
  /** Two people have put a policy in force. */
  #policy = false;

  /** @param definition the bytes that hash to this, if they are at hand */
  constructor(definition: (sha256: string) => Uint8Array | undefined) {
    this.#definition = definition;
  }

  /** What an entry lacks, in words. `enrolmentSha256`: of a later enrolment's statement, which others must agree to. */
  judge(entry: Entry, acts: readonly CountedAct[], enrolmentSha256: string | undefined): string[] {
    const channels = channelsOf[entry.type];
    if (channels === undefined) return [];
    const armed = this.#ceremonyOf(entry);
    if (typeof armed === 'string') return [armed];
    const mayCount = acts.filter(
      (act) => channels.includes(act.statement.channel) && namesCeremony(act, entry),
    );
    const short: string[] = [];
    const covered = entry.corr !== undefined; // by the acts of its intent
    for (const { count, what, fits } of covered
      ? []
      : this.#needs(entry, armed?.seating, enrolmentSha256)) {
      const fitting = mayCount.filter((act) => fits.every((test) => test(act)));
      const keys = new Set(fitting.map(({ keySha256 }) => keySha256));
      if (keys.size < count) short.push(`${keys.size} of ${count} ${what}`);
      if (entry.type === 'ceremony.approve' && entry.outcome === 'success')
        this.#approved(entry.detail.definition_sha256, keys);
    }
    if (entry.type.startsWith('key.') && entry.outcome !== 'intent' && !covered)
      short.push('it closes no intent, so nobody agreed to it');
    if (entry.type === 'ceremony.arm' && !covered) short.push(...this.#arm(entry));
    if (entry.outcome === 'success' && short.length === 0) {
      if (entry.type === 'policy.changed') this.#policy = true;
      if (entry.type === 'ceremony.exception') armed?.seating.sit(entry.detail.substitute);
    }
    return short;
  }

  /** The ceremony that an entry is of, nothing if it is of none, or what is wrong with that. */
  #ceremonyOf({ type, ceremony: named }: Entry): Ceremony | string | undefined {
    if (type === 'ceremony.arm' || (named === undefined && !isOfCeremony(type))) return undefined;
    const armed = named === undefined ? undefined : this.#ceremonies.get(named.id);
    return armed?.definition === named?.definition_sha256 && armed !== undefined
      ? armed
      : 'it is of no ceremony that was armed';
  }

  #approved(definition: string, keys: ReadonlySet<string>): void {
    const before = this.#approvals.get(definition) ?? new Set();
    this.#approvals.set(definition, new Set([...before, ...keys]));
  }

  /** Uses the approvals up: they were for this ceremony. */
  #arm({ detail, ceremony }: EntryOf<'ceremony.arm'>): string[] {
    const { definition_sha256: definition } = detail;
    const short: string[] = [];
    const approvals = this.#approvals.get(definition)?.size ?? 0;
    this.#approvals.delete(definition);
    if (approvals < 2) short.push(`${approvals} of 2 approvals of its definition`);
    if (ceremony?.definition_sha256 !== definition) return [...short, 'it arms another definition'];
    if (this.#ceremonies.has(ceremony.id)) return [...short, 'it was armed before'];
    const bytes = this.#definition(definition);
    const seating = bytes === undefined ? undefined : seatingIn(bytes);
    if (seating === undefined)
      short.push('nobody can say who sits in it: its definition is not there');
    else this.#ceremonies.set(ceremony.id, { definition, seating });
    return short;
  }

  #needs(entry: Entry, seating: Seating | undefined, enrolmentSha256: string | undefined): Need[] {
    const { type, detail, outcome } = entry;
    switch (type) {
      case 'person.enrolled':
        return enrolmentSha256 === undefined
          ? []
          : two(
              'administrators or officers agree to this enrolment',
              by(MANAGERS),
              on('enrolment', enrolmentSha256),
            );
      case 'person.role_changed':
      case 'person.left':
        return two(
          'administrators or officers agree about this person',
          by(MANAGERS),
          on('person', hash('sha256', detail.person)),
        );
      case 'policy.changed':
        return two(
          'administrators or officers agree to this policy',
          by(MANAGERS),
          on('policy', detail.policy_sha256),
        );
      case 'token.module_added': {
        // While the desk is being founded there is nobody yet who could be asked.
        if (!this.#policy) return [];
        const { kind, sha256 } = moduleSubject(detail);
        return two('administrators or officers let this module in', by(MANAGERS), on(kind, sha256));
      }
      case 'token.module_approved':
        return two(
          'administrators or officers approve this module',
          by(MANAGERS),
          on('module', detail.sha256),
        );
      case 'key.generate':
      case 'key.wrap':
      case 'key.destroy':
      case 'key.import':
        return outcome === 'intent' ? two('people agree') : [];
      case 'ceremony.define':
        return one('people define it', by(APPROVERS), on('definition', detail.definition_sha256));
      case 'ceremony.approve':
        return one(
          'people who may approve this definition',
          by(APPROVERS),
          on('definition', detail.definition_sha256),
        );
      case 'ceremony.arm':
        return one('people arm it', by(APPROVERS), on('definition', detail.definition_sha256));
      case 'ceremony.step':
        return stepNeeds(detail.step, seating);
      case 'ceremony.agree':
      case 'ceremony.disagree':
        return one(
          'acts by that person, seated in the ceremony',
          of([detail.person]),
          of(seating?.people ?? []),
        );
      case 'ceremony.pause':
      case 'ceremony.resume':
      case 'ceremony.abort':
        return one('people of the ceremony agree', of(seating?.people ?? []));
      case 'ceremony.exception':
      case 'ceremony.close':
        return two('people of the ceremony agree', of(seating?.people ?? []));
      case 'byok.requested':
        return two('people ask for this key to leave', on('key', hash('sha256', detail.key)));
      case 'byok.parameters_loaded':
        return one('people load these parameters');
      case 'byok.parameters_confirmed':
        return two('people confirm this wrapping key', on('export', detail.wrapping_spki_sha256));
      default:
        return [];
    }
  }
}

const least =
  (count: number) =>
  (what: string, ...fits: Test[]): Need[] => [{ count, what, fits }];
const one = least(1);
const two = least(2);

/** Everyone who sits at the step; of the step at which each speaks for themselves, whoever spoke last. */
const stepNeeds = (step: string, seating: Seating | undefined): Need[] => {
  const at = seating?.at(step);
  if (at === undefined)
    return [{ count: 1, what: 'people at a step of its definition', fits: [() => false] }];
  const onStep: Test = ({ statement }) => statement.ceremony?.step === step;
  return least(at.kind === 'agree' ? 1 : at.seats)(
    'people who sit at this step',
    onStep,
    of(at.people),
  );
};

/** An act names the entry's ceremony; a step only where both name one. Who arms a ceremony can't know its id yet. */
const namesCeremony = ({ statement: { ceremony: named } }: CountedAct, entry: Entry): boolean => {
  const own = entry.type === 'ceremony.arm' ? undefined : entry.ceremony;
  if (named === undefined || own === undefined) return named === own;
  if (named.id !== own.id || named.definition_sha256 !== own.definition_sha256) return false;
  return named.step === undefined || own.step === undefined || named.step === own.step;
};
