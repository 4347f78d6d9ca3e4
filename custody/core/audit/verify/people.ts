/**
 * Statements that people signed: the signer, the signature, the subject, the log's head that the signer had seen (resources/formats/audit-log.md, section 5).
 */
import { verify, type KeyObject } from 'node:crypto';
import { sameData } from '../../../../shared/canonical.ts';
import type { SigningKey } from '../../../../shared/domain/people.ts';
import type { Entry, EntryOf } from '../../../../shared/log/entries.ts';
import type { Rule } from '../../../../shared/log/rules.ts';
import type { Envelope } from '../../../../shared/log/shapes.ts';
import {
  actRule,
  enrolmentRule,
  type Act,
  type Enrolment,
  type Subject,
} from '../../../../shared/log/statement.ts';
import type { CountedAct } from '../../state/follow.ts';
import type { Member, State } from '../../state/state.ts';
import { fromBase64 } from '../note.ts';
import { Broken, keyIn, readCanonical } from '../reading.ts';
import { digestOf, preAuthentication } from '../statement.ts';
import type { Findings, Place } from './findings.ts';
import type { Tree } from './tree.ts';

/** A statement out of its envelope, its shape judged. */
export interface Opened<T> {
  statement: T;
  payload: Uint8Array;
  keyId: string;
  signature: Uint8Array;
  /** The result of verifying it ahead of the judge, and under which key: see {@link verifyAhead}. */
  ahead?: { publicKey: KeyObject; holds: boolean };
}

const bytesOf = (base64: string): Buffer => Buffer.from(fromBase64(base64) ?? []);

const open = <T>(envelope: Envelope, rule: Rule<T>): Opened<T> => {
  const payload = bytesOf(envelope.payload);
  const [line] = envelope.signatures;
  try {
    return {
      statement: readCanonical(payload, rule),
      payload,
      keyId: line?.keyid ?? '',
      signature: bytesOf(line?.sig ?? ''),
    };
  } catch (error) {
    throw error instanceof Broken ? new Broken(`in a statement: ${error.message}`) : error;
  }
};

export interface Scene {
  origin: string | null;
  tree: Tree;
  findings: Findings;
  place: Place;
}

const checkHead = (scene: Scene, index: number, statement: Act | Enrolment): void => {
  const { origin, tree, findings, place } = scene;
  if (origin !== null && statement.log !== origin)
    throw new Broken('a statement is about another log');
  const { size, root } = statement.head;
  if (size > index) throw new Broken('a statement names a head that was still to come');
  if (tree.root(size) !== root)
    findings.fail('integrity', `a statement names another root for size ${size}`, place);
};

export const openAct = (scene: Scene, index: number, envelope: Envelope): Opened<Act> => {
  const opened = open(envelope, actRule);
  checkHead(scene, index, opened.statement);
  return opened;
};
export const openEnrolment = (
  scene: Scene,
  index: number,
  envelope: Envelope,
): Opened<Enrolment> => {
  const opened = open(envelope, enrolmentRule);
  checkHead(scene, index, opened.statement);
  return opened;
};

const holds = (opened: Opened<unknown>, key: SigningKey, publicKey: KeyObject): boolean => {
  // SECURITY: a result found earlier counts only for this same signature and this same key.
  if (opened.ahead?.publicKey === publicKey) return opened.ahead.holds;
  try {
    const { payload, signature } = opened;
    return verify(digestOf(key), preAuthentication(payload), publicKey, signature);
  } catch {
    return false; // not in the form of this key's signatures
  }
};

/** Verifies an act's signature on another thread in advance: signatures take most of the time that a log takes. */
export const verifyAhead = (act: Opened<Act>, { key, publicKey }: Member): Promise<void> =>
  new Promise((done) => {
    const { payload, signature } = act;
    verify(digestOf(key), preAuthentication(payload), publicKey, signature, (error, holds) => {
      // After an error there is no result, and the judge verifies the signature itself.
      if (error === null) act.ahead = { publicKey, holds };
      done();
    });
  });

/**
 * The act, if it counts for the quorum. `subject`: of the entry that carries it. `unread`: entries could not be read, so the person may have been enrolled in
 * one of them.
 */
export const judgeAct = (
  { findings, place }: Scene,
  { members }: State,
  { subject: agreed, entry }: { subject: Subject; entry: Entry },
  act: Opened<Act>,
  unread: boolean,
): CountedAct | undefined => {
  const { person, subject, ceremony } = act.statement;
  const member = members.get(person);
  if (member === undefined && unread) {
    findings.doubt('authenticity', `${person} acted, enrolled perhaps in an unread entry`);
    return undefined;
  }
  const wrong = (): string | undefined => {
    if (member === undefined) return `${person} acted and is not enrolled`;
    if (act.keyId !== member.key.sha256)
      return `an act by ${person} names a key that is not theirs`;
    if (!holds(act, member.key, member.publicKey))
      return `the signature of an act by ${person} does not hold`;
    return sameData(subject, agreed) && sameData(ceremony, entry.ceremony)
      ? undefined
      : `${person} signed something else than this entry says`;
  };
  const why = wrong();
  if (why !== undefined) findings.fail('authenticity', why, place);
  if (why !== undefined || member === undefined || member.left) return undefined;
  return { statement: act.statement, role: member.role, keySha256: member.key.sha256 };
};

/** Whether the new person signed this enrolment with the key that it names. */
export const judgeEnrolment = (
  { findings, place }: Scene,
  { detail }: EntryOf<'person.enrolled'>,
  opened: Opened<Enrolment>,
): boolean => {
  const { person, role, key, name_sha256 } = opened.statement;
  const same =
    person === detail.person &&
    role === detail.role &&
    name_sha256 === detail.name_sha256 &&
    sameData(key, detail.key);
  if (!same) {
    const why = `${detail.person} signed another enrolment than the entry says`;
    findings.fail('authenticity', why, place);
    return false;
  }
  if (opened.keyId === key.sha256 && holds(opened, key, keyIn(key))) return true;
  findings.fail('authenticity', `${person} did not sign their enrolment`, place);
  return false;
};
