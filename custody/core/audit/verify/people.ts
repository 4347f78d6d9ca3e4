/** What people signed: whose it is, whether it holds, what they had seen (resources/formats/audit-log.md, section 5). */
import { hash, verify, type KeyObject } from 'node:crypto';
import type { Role, SigningKey } from '../../../../shared/domain/people.ts';
import type { Entry, EntryOf } from '../entry.ts';
import { fromBase64 } from '../note.ts';
import { preAuthentication, type Act, type Enrolment, type Envelope } from '../statement.ts';
import type { Findings, Place } from './findings.ts';
import { Broken, publicKey, readCanonical, type Rule } from './rules.ts';
import { ACT, ENROLMENT } from './table.ts';
import type { Tree } from './tree.ts';

export interface Member {
  role: Role;
  key: SigningKey;
  publicKey: KeyObject;
  left: boolean;
}
/** A statement out of its envelope, its shape judged. */
export interface Opened<T> {
  statement: T;
  payload: Uint8Array;
  keyId: string;
  signature: Uint8Array;
  /** Whether it is that key's signature, when somebody looked before the judge did: see {@link verifyAhead}. */
  ahead?: { publicKey: KeyObject; holds: boolean };
}
/** An act and who is behind it. */
export interface CountedAct {
  statement: Act;
  role: Role;
  keySha256: string;
}

const bytesOf = (base64: string): Buffer => Buffer.from(fromBase64(base64) ?? []);

const open = (envelope: Envelope, rule: Rule): Opened<unknown> => {
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
  const opened = open(envelope, ACT) as Opened<Act>;
  checkHead(scene, index, opened.statement);
  return opened;
};
export const openEnrolment = (
  scene: Scene,
  index: number,
  envelope: Envelope,
): Opened<Enrolment> => {
  const opened = open(envelope, ENROLMENT) as Opened<Enrolment>;
  checkHead(scene, index, opened.statement);
  return opened;
};

const digestOf = ({ alg }: SigningKey): string | null => (alg === 'Ed25519' ? null : 'sha256');

const holds = (opened: Opened<unknown>, key: SigningKey, publicKey: KeyObject): boolean => {
  // SECURITY: what was found of this very signature, under the very key that is asked about.
  if (opened.ahead?.publicKey === publicKey) return opened.ahead.holds;
  try {
    const { payload, signature } = opened;
    return verify(digestOf(key), preAuthentication(payload), publicKey, signature);
  } catch {
    return false; // a signature of no form that this key could have made
  }
};

/** Looks at an act's signature on another thread, so that the judge need not: most of the time that a log takes goes into these. */
export const verifyAhead = (act: Opened<Act>, { key, publicKey }: Member): Promise<void> =>
  new Promise((done) => {
    const { payload, signature } = act;
    verify(digestOf(key), preAuthentication(payload), publicKey, signature, (error, holds) => {
      // After an error nothing is known, and the judge looks for itself.
      if (error === null) act.ahead = { publicKey, holds };
      done();
    });
  });

/** The act, if it counts. `unread`: entries could not be read, so the person may have been enrolled in one of them. */
export const judgeAct = (
  { findings, place }: Scene,
  people: ReadonlyMap<string, Member>,
  act: Opened<Act>,
  unread: boolean,
): CountedAct | undefined => {
  const { person } = act.statement;
  const member = people.get(person);
  if (member === undefined) {
    if (unread)
      findings.doubt('authenticity', `${person} acted, enrolled perhaps in an unread entry`);
    else findings.fail('authenticity', `${person} acted and is not enrolled`, place);
    return undefined;
  }
  if (act.keyId !== member.key.sha256) {
    findings.fail('authenticity', `an act by ${person} names a key that is not theirs`, place);
    return undefined;
  }
  if (!holds(act, member.key, member.publicKey)) {
    findings.fail('authenticity', `the signature of an act by ${person} does not hold`, place);
    return undefined;
  }
  if (member.left) return undefined;
  return { statement: act.statement, role: member.role, keySha256: member.key.sha256 };
};

/** Whether the new person signed this very enrolment with the key that it names. */
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
    key.alg === detail.key.alg &&
    key.spki === detail.key.spki;
  if (!same) {
    const why = `${detail.person} signed another enrolment than the entry says`;
    findings.fail('authenticity', why, place);
    return false;
  }
  const made = publicKey(key.alg, bytesOf(key.spki));
  if (made !== undefined && opened.keyId === key.sha256 && holds(opened, key, made)) return true;
  findings.fail('authenticity', `${person} did not sign their enrolment`, place);
  return false;
};

export const memberOf = ({ role, key }: EntryOf<'person.enrolled'>['detail']): Member => {
  const made = publicKey(key.alg, bytesOf(key.spki));
  if (made === undefined) throw new Broken('the key of an enrolment is none'); // the table refused it before
  return { role, key, publicKey: made, left: false };
};

export const payloadHash = (opened: Opened<Enrolment>): string => hash('sha256', opened.payload);
export type Ceremony = NonNullable<Entry['ceremony']>;
