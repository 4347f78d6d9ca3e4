/** How many people an entry needs: the table of resources/formats/audit-log.md, section 12, row by row. */
import { hash } from 'node:crypto';
import type { Role } from '../../../../shared/domain/people.ts';
import type { Entry, EntryType } from '../entry.ts';
import type { Subject } from '../statement.ts';
import type { Ceremony, CountedAct } from './people.ts';

/** Distinct keys wanted among the acts that fit. */
interface Need {
  count: 1 | 2;
  what: string;
  fits: (act: CountedAct) => boolean;
}

const MANAGERS: readonly Role[] = ['administrator', 'officer'];
const APPROVERS: readonly Role[] = ['administrator', 'officer', 'operator'];

const by =
  (roles: readonly Role[]) =>
  (act: CountedAct): boolean =>
    roles.includes(act.role);
const on =
  (kind: Subject['kind'], sha256: string) =>
  ({ statement: { subject } }: CountedAct): boolean =>
    subject?.kind === kind && subject.sha256 === sha256;
const inCeremony = ({ statement }: CountedAct): boolean => statement.ceremony !== undefined;
const all =
  (...tests: ((act: CountedAct) => boolean)[]) =>
  (act: CountedAct): boolean =>
    tests.every((test) => test(act));
const any = (): boolean => true;

/** The rows: types that may need somebody. */
export const ASKS: ReadonlySet<EntryType> = new Set([
  'person.enrolled',
  'person.role_changed',
  'person.left',
  'policy.changed',
  'key.generate',
  'key.import',
  'key.wrap',
  'key.destroy',
  'ceremony.approve',
  'ceremony.arm',
  'ceremony.agree',
  'ceremony.disagree',
  'ceremony.step',
  'ceremony.abort',
  'ceremony.exception',
  'ceremony.pause',
  'ceremony.resume',
  'ceremony.close',
  'byok.requested',
  'byok.parameters_confirmed',
  'token.module_approved',
]);

const needs = (entry: Entry, enrolmentSha256: string | undefined): Need[] => {
  const { type, detail, outcome } = entry;
  switch (type) {
    case 'person.enrolled': {
      if (enrolmentSha256 === undefined) return [];
      const fits = all(by(MANAGERS), on('enrolment', enrolmentSha256));
      return [{ count: 2, what: 'administrators or officers agree to this enrolment', fits }];
    }
    case 'person.role_changed':
    case 'person.left': {
      const fits = all(by(MANAGERS), on('person', hash('sha256', detail.person)));
      return [{ count: 2, what: 'administrators or officers agree about this person', fits }];
    }
    case 'policy.changed': {
      const fits = on('policy', detail.policy_sha256);
      return [{ count: 2, what: 'people agree to this policy', fits }];
    }
    case 'key.generate':
    case 'key.wrap':
    case 'key.destroy':
    case 'key.import':
      return outcome === 'intent' ? [{ count: 2, what: 'people agree', fits: any }] : [];
    case 'ceremony.approve': {
      const fits = all(by(APPROVERS), on('definition', detail.definition_sha256));
      return [{ count: 1, what: 'people who may approve this definition', fits }];
    }
    case 'ceremony.arm':
      return [{ count: 1, what: 'people agree', fits: any }];
    case 'ceremony.agree':
    case 'ceremony.disagree': {
      const own = ({ statement }: CountedAct): boolean => statement.person === detail.person;
      return [
        { count: 1, what: 'acts by that person in the ceremony', fits: all(inCeremony, own) },
      ];
    }
    case 'ceremony.step': {
      const covered = entry.corr !== undefined; // by the acts of the intent
      if (outcome !== 'intent' && (outcome !== 'success' || covered)) return [];
      const fits = ({ statement }: CountedAct): boolean => statement.ceremony?.step === detail.step;
      return [{ count: 1, what: 'people act on this step', fits }];
    }
    case 'ceremony.abort':
    case 'ceremony.exception':
    case 'ceremony.pause':
    case 'ceremony.resume':
    case 'ceremony.close':
      return [{ count: 1, what: 'people act in the ceremony', fits: inCeremony }];
    case 'byok.requested': {
      const fits = on('key', hash('sha256', detail.key));
      return [{ count: 2, what: 'people ask for this key to leave', fits }];
    }
    case 'byok.parameters_confirmed': {
      const fits = on('export', detail.wrapping_spki_sha256);
      return [{ count: 2, what: 'people confirm this wrapping key', fits }];
    }
    case 'token.module_approved': {
      const fits = on('module', detail.sha256);
      return [{ count: 2, what: 'people approve this module', fits }];
    }
    default:
      return [];
  }
};

/** An act that names a ceremony must name the entry's; a step only where both name one. */
const sameCeremony = (act: CountedAct, of: Ceremony | undefined): boolean => {
  const named = act.statement.ceremony;
  if (named === undefined) return true;
  if (named.id !== of?.id || named.definition_sha256 !== of.definition_sha256) return false;
  return named.step === undefined || of.step === undefined || named.step === of.step;
};

export class Quorum {
  /** Keys behind the approvals of each definition. */
  readonly #approvals = new Map<string, Set<string>>();

  /** What an entry lacks, in words. `enrolmentSha256`: of a later enrolment's statement, which others must agree to. */
  judge(entry: Entry, acts: readonly CountedAct[], enrolmentSha256: string | undefined): string[] {
    const valid = acts.filter((act) => sameCeremony(act, entry.ceremony));
    const short: string[] = [];
    for (const { count, what, fits } of needs(entry, enrolmentSha256)) {
      const keys = new Set(valid.filter(fits).map(({ keySha256 }) => keySha256));
      if (keys.size < count) short.push(`${keys.size} of ${count} ${what}`);
      if (entry.type === 'ceremony.approve' && entry.outcome === 'success')
        this.#approved(entry.detail.definition_sha256, keys);
    }
    if (entry.type === 'ceremony.arm') {
      const approvals = this.#approvals.get(entry.detail.definition_sha256)?.size ?? 0;
      if (approvals < 2) short.push(`${approvals} of 2 approvals of its definition`);
    }
    if (entry.type.startsWith('key.') && entry.outcome === 'success' && entry.corr === undefined)
      short.push('it closes no intent, so nobody agreed to it');
    return short;
  }

  #approved(definition: string, keys: ReadonlySet<string>): void {
    const before = this.#approvals.get(definition) ?? new Set();
    this.#approvals.set(definition, new Set([...before, ...keys]));
  }
}
