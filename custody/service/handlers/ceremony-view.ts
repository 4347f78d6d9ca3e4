/** The views of definitions and ceremonies for people. */
import type { CeremonyView, DefinitionView } from '../../../shared/contract/ceremonies.ts';
import type { Claim } from '../../../shared/domain/basics.ts';
import { KeymootError } from '../../../shared/errors.ts';
import { dueStep, missingComponents, voices } from '../../core/ceremonies/engine.ts';
import { hexToWords } from '../../core/checkvalues/fingerprint.ts';
import { claimsOf } from '../../core/keys/readback.ts';
import type { DeskCeremony } from '../ceremony-room.ts';
import type { Desk } from '../desk.ts';

export const definitionView = (desk: Desk, sha256: string): DefinitionView => {
  const row = desk.store.ceremonies.definitions().find((known) => known.sha256 === sha256);
  if (row === undefined)
    throw new KeymootError('not-found', 'This desk knows no such definition. Nothing was done.');
  return {
    sha256,
    words: hexToWords(sha256),
    title: row.title,
    defined: row.defined,
    // SECURITY: counted from signatures in the log, never from rows.
    approvals: [...(desk.journal.state.approvals.get(sha256)?.values() ?? [])],
    needed: desk.policy().approvals,
    definition: desk.ceremonies.definition(sha256),
  };
};

const readBackOf = (desk: Desk, ceremony: DeskCeremony): CeremonyView['readBack'] => {
  const due = dueStep(ceremony, desk.ceremonies.held(ceremony.id));
  if (due?.step.kind !== 'definition.read') return undefined;
  return {
    of: 'the definition’s words',
    positions: desk.readBacks.positions(`${ceremony.id}/definition`),
  };
};

/** The people at the ceremony's seats now, and how many of them agreed. */
const agreement = (ceremony: DeskCeremony): Claim[] => {
  if (ceremony.agreed.length === 0) return [];
  const step = ceremony.definition.steps.find(({ kind }) => kind === 'agree');
  const agreed = step === undefined ? [] : voices(ceremony, step).agreed;
  return [
    {
      says: 'person',
      claim: `${agreed.length} of ${step?.seats.length ?? 0} people signed that they agree.`,
    },
  ];
};

export const ceremonyView = (desk: Desk, id: string): CeremonyView => {
  const ceremony = desk.ceremonies.get(id);
  const held = desk.ceremonies.held(id);
  const due = ['CLOSED', 'ABORTED', 'ABORTING'].includes(ceremony.status)
    ? undefined
    : dueStep(ceremony, held);
  const readBack = readBackOf(desk, ceremony);
  const key = ceremony.key === undefined ? undefined : desk.store.keys.get(ceremony.key);
  const family = desk.store.modules.get(ceremony.definition.at.module)?.family ?? 'other';
  return {
    id,
    definitionSha256: ceremony.definitionSha256,
    title: ceremony.definition.title,
    status: ceremony.status,
    words: hexToWords(ceremony.definitionSha256),
    steps: ceremony.steps.map(({ step, state, attempts, started, ended, by, observed }) => ({
      step,
      state: state !== 'done' && step.id === due?.step.id && state !== 'open' ? 'due' : state,
      attempts,
      ...(started === undefined ? {} : { started }),
      ...(ended === undefined ? {} : { ended }),
      by,
      observed,
    })),
    seats: [...ceremony.seats].map(([seat, person]) => ({ seat, person })),
    ...(due === undefined ? {} : { due: due.step.id }),
    held: [...held].sort((a, b) => a - b),
    again: missingComponents(ceremony, held),
    components: [...ceremony.components.values()],
    exceptions: [
      ...ceremony.exceptions.map((exception) => ({ ...exception, open: false })),
      ...(ceremony.undecided === undefined
        ? []
        : [
            {
              number: ceremony.exceptions.length + 1,
              ...ceremony.undecided,
              decision: '',
              open: true,
            },
          ]),
    ],
    agreed: ceremony.agreed,
    disagreed: ceremony.disagreed,
    ...(readBack === undefined ? {} : { readBack }),
    ...(ceremony.key === undefined ? {} : { key: ceremony.key }),
    // R23: neither this view nor the key's shows the check value before the witness has typed it from the letter. Only the people who approved a definition
    // with an expected value know that value already.
    ...(ceremony.check === undefined ||
    ceremony.steps.some(({ step, state }) => step.kind === 'key.verify' && state !== 'done')
      ? {}
      : { check: ceremony.check }),
    ...(ceremony.verdict === undefined ? {} : { verdict: ceremony.verdict }),
    claims: [
      ...(key === undefined
        ? []
        : [
            ...claimsOf(key.attributes, undefined, family),
            {
              says: 'desk' as const,
              claim:
                'Formed by grade C: the components were added up in a short-lived process on this computer and unwrapped into the token.',
            },
          ]),
      ...agreement(ceremony),
    ],
  };
};
