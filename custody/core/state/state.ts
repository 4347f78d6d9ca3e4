/**
 * The state that follows from a log: people, policy, modules, keys, ceremonies and exports (resources/formats/audit-log.md, sections 12 and 13).
 *
 * State is derived here and nowhere else. The desk keeps it in memory, changes it in the transaction that writes an entry, and compares its tables with it at
 * start; the in-product verifier derives it from a bundle. SECURITY: rights come from entries whose signatures were judged, never from a table row (design 08,
 * T1).
 */
import type { KeyObject } from 'node:crypto';
import type { Role, SigningKey } from '../../../shared/domain/people.ts';
import type { Entry } from '../../../shared/log/entries.ts';
import type { Infer } from '../../../shared/log/rules.ts';
import type { keyState, token } from '../../../shared/log/shapes.ts';
import type { KeyDetail } from '../../../shared/log/types/keys.ts';
import type { Ceremony } from '../ceremonies/engine.ts';
import type { Outline } from '../ceremonies/outline.ts';
import { Kept } from './kept.ts';

export type KeyState = Infer<typeof keyState>;
export type Token = Infer<typeof token>;

export interface Member {
  id: string;
  role: Role;
  key: SigningKey;
  publicKey: KeyObject;
  nameSha256: string;
  /** The sequence number of the enrolment. */
  enrolledAt: number;
  left: boolean;
}
export interface PolicyInForce {
  sha256: string;
  version: number;
  /** Approvals that a definition needs; undefined when the document is missing. */
  approvals: number | undefined;
}
export interface ModuleFact {
  id: string;
  path: string;
  /** The hash of the library file that two people admitted or approved last. */
  sha256: string;
  family: string;
  label: string;
  settingsSha256: string;
}
export interface KeyFact {
  id: string;
  made: KeyDetail;
  state: KeyState;
  /** The state before the key was reported as not found. */
  before?: KeyState;
  ceremony: string | undefined;
  /** The time of the entry that made it. */
  created: string;
}
export interface DefinitionFact {
  sha256: string;
  title: string;
  defined: string;
}
export interface ExportFact {
  id: string;
  key: string;
  target: string;
  algorithm: string;
  state: 'REQUESTED' | 'PARAMETERS LOADED' | 'CONFIRMED' | 'WRAPPED' | 'EXPIRED';
  created: string;
  parametersSha256: string | undefined;
  wrappingSpkiSha256: string | undefined;
  keyRef: string | undefined;
  validTo: string | undefined;
  blobSha256: string | undefined;
  manifestSha256: string | undefined;
  /** While its wrapping key is confirmed: the sequence number of the entry that did it, and whether a wrap that began after that succeeded. */
  confirmed: { at: number; wrapped: boolean } | undefined;
}
export interface EnvelopeFact {
  serial: string;
  ceremony: string | undefined;
  component: number;
  person: string;
  state: string;
}

export interface Facts {
  /** The last success of `policy.changed`. */
  policy: PolicyInForce | undefined;
  /** Whether one of them had its full quorum: from then on two people are required. */
  policyAgreed: boolean;
  /** Time of the last entry, ms since 1970. */
  time: number;
  /** CKA_ID of the log key, as `log.genesis` has it. */
  logKeyId: unknown;
  /** The sealed size at the last start of a service. */
  sealed: number;
}

/** Evidence that state depends on. */
export interface Documents {
  /** The parsed definition; undefined when it is missing or malformed. */
  definition: (sha256: string) => Outline | undefined;
  /** The number of approvals that a policy asks for; undefined when it is missing or malformed. */
  approvals: (policySha256: string) => number | undefined;
}

export class State {
  readonly members = new Kept<Member>();
  readonly modules = new Kept<ModuleFact>();
  /** By {@link tokenId}: whether two people signed when its PIN was set last. */
  readonly twoAtInit = new Kept<boolean>();
  readonly keys = new Kept<KeyFact>();
  /** Ids of living keys by token and CKA_ID. One of several on a token when it was moved onto another. */
  readonly living = new Kept<ReadonlySet<string>>();
  readonly definitions = new Kept<DefinitionFact>();
  /** People who approved a definition since it was last armed, by key: definition → key hash → person. */
  readonly approvals = new Kept<ReadonlyMap<string, string>>();
  readonly ceremonies = new Kept<Ceremony>();
  readonly exports = new Kept<ExportFact>();
  readonly envelopes = new Kept<EnvelopeFact>();
  /** Intents without an outcome, by the id of their entry. */
  readonly intents = new Kept<Entry>();
  readonly #facts = new Kept<Facts>();
  readonly documents: Documents;

  constructor(documents: Documents) {
    this.documents = documents;
  }

  get facts(): Facts {
    return (
      this.#facts.get('') ?? {
        policy: undefined,
        policyAgreed: false,
        time: 0,
        logKeyId: undefined,
        sealed: 0,
      }
    );
  }
  know(change: Partial<Facts>): void {
    this.#facts.set('', { ...this.facts, ...change });
  }
  definition(sha256: string): Outline | undefined {
    return this.documents.definition(sha256);
  }

  #all(): readonly Kept<unknown>[] {
    return [
      this.members,
      this.modules,
      this.twoAtInit,
      this.keys,
      this.living,
      this.definitions,
      this.approvals,
      this.ceremonies,
      this.exports,
      this.envelopes,
      this.intents,
      this.#facts,
    ] as readonly Kept<unknown>[];
  }
  /** Begins a transaction: changes can be rolled back until they are kept. */
  begin(): void {
    for (const each of this.#all()) each.begin();
  }
  keep(): void {
    for (const each of this.#all()) each.keep();
  }
  drop(): void {
    for (const each of this.#all()) each.drop();
  }
}

/** Members that identify a key, where an entry has them; the entry of a made key repeats those of its intent. */
export const IDENTITY = [
  'algorithm',
  'label',
  'purpose',
  'extractable',
  'ckaid',
  'module',
  'token',
] as const;

/** A text that identifies one token behind one module; an entry need not name either. */
export const tokenId = (module: string | undefined, token: Token | undefined): string =>
  JSON.stringify([module, token?.manufacturer, token?.model, token?.serial, token?.label]);

/** Whether it has not been destroyed. */
export const isLiving = ({ state }: KeyFact): boolean =>
  state !== 'destroyed' && state !== 'destroyed-compromised';
