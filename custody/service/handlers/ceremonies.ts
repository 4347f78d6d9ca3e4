/** Ceremonies: definitions and approvals, arming, steps, exceptions, pause, abort, closing. The engine decides what may happen; this makes it happen. */
import { hash, randomBytes } from 'node:crypto';
import type { CeremonyView, DefinitionView } from '../../../shared/contract/ceremonies.ts';
import type { Input } from '../../../shared/contract/index.ts';
import { KeymootError } from '../../../shared/errors.ts';
import { actsThatCount } from '../../core/people/authority.ts';
import {
  definitionBytes,
  definitionId,
  mayTake,
  problemsOf,
} from '../../core/ceremonies/definition.ts';
import {
  AGREE_OBSERVED,
  checkAlive,
  checkClose,
  checkStep,
  dueStep,
  missingComponents,
  type Ceremony,
} from '../../core/ceremonies/engine.ts';
import { hexToWords } from '../../core/checkvalues/fingerprint.ts';
import type { Desk } from '../desk.ts';
import { destroyKey } from './keys.ts';
import { byCall, requireRole, type About, type Call, type Part } from '../router.ts';
import { claimsOf } from '../../core/keys/readback.ts';
import { runStep } from './ceremony-steps.ts';

const MEDIA = 'application/vnd.keymoot.definition+json';
const READ_BACK_WORDS = 4;

/** Who approved a definition: counted from signatures in the log, never from rows. */
const approvalsOf = (desk: Desk, sha256: string): string[] => {
  const approved = new Map<string, string>();
  for (const { seq } of desk.store.log.ofTypes(['ceremony.approve'])) {
    const entry = desk.journal.entry(seq);
    if (entry.type !== 'ceremony.approve' || entry.detail.definition_sha256 !== sha256) continue;
    if (!desk.store.log.recheckLeaf(seq)) continue;
    for (const { member, act } of actsThatCount(desk.journal.authority, entry.log, entry.acts))
      if (act.subject?.kind === 'definition' && act.subject.sha256 === sha256)
        approved.set(member.key.sha256, member.id);
  }
  return [...approved.values()];
};

const definitionView = (desk: Desk, sha256: string): DefinitionView => {
  const row = desk.store.ceremonies.definitions().find((known) => known.sha256 === sha256);
  if (row === undefined) throw new KeymootError('not-found', 'This desk knows no such definition.');
  return {
    sha256,
    words: hexToWords(sha256),
    title: row.title,
    defined: row.defined,
    approvals: approvalsOf(desk, sha256),
    needed: desk.policy().approvals,
    definition: desk.ceremonies.definition(sha256),
  };
};

const readBackOf = (desk: Desk, ceremony: Ceremony): CeremonyView['readBack'] => {
  const due = dueStep(ceremony, desk.ceremonies.held(ceremony.id));
  if (due?.step.kind !== 'definition.read') return undefined;
  return {
    of: 'the definition’s words',
    positions: desk.ceremonies.readBack(`${ceremony.id}/definition`, 32, READ_BACK_WORDS),
  };
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
    // R23: the key's check value is not shown before the witness has typed it from the letter.
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
      ...(ceremony.agreed.length > 0
        ? [
            {
              says: 'person' as const,
              claim: `${ceremony.agreed.length} of ${ceremony.definition.seats.length} people signed that they agree.`,
            },
          ]
        : []),
    ],
  };
};

const about = (desk: Desk, id: string, step?: string): About => {
  const { definitionSha256 } = desk.ceremonies.get(id);
  return {
    ceremony: { id, definition_sha256: definitionSha256, ...(step === undefined ? {} : { step }) },
  };
};
export const ceremonyMember = (ceremony: Ceremony, step?: string) => ({
  ceremony: {
    id: ceremony.id,
    definition_sha256: ceremony.definitionSha256,
    ...(step === undefined ? {} : { step }),
  },
});

/** Only people of the ceremony have a say in it. */
const requireSeated = (ceremony: Ceremony, call: Call): void => {
  const seated = new Set(ceremony.seats.values());
  if (call.people.some(({ id }) => !seated.has(id)))
    throw new KeymootError(
      'act-refused',
      'Somebody proved themselves who has no seat in this ceremony. Nothing was done.',
    );
};

const approve = async (input: Input<'ceremonies.approve'>, call: Call): Promise<DefinitionView> => {
  const { desk } = call;
  desk.requireReady();
  requireRole(call, ['administrator', 'officer', 'operator'], 'Approving definitions');
  const { definitionSha256: sha256 } = input;
  const view = definitionView(desk, sha256);
  const [person] = call.people;
  if (call.people.length !== 1 || person === undefined)
    throw new KeymootError('act-refused', 'Each approver approves for themselves.');
  if (view.approvals.includes(person.id))
    throw new KeymootError(
      'act-refused',
      'This person has approved this definition already. Another one is needed.',
    );
  desk.journal.record([
    { type: 'ceremony.approve', detail: { definition_sha256: sha256 }, ...byCall(call) },
  ]);
  await desk.seal();
  return definitionView(desk, sha256);
};

const arm = async (sha256: string, call: Call): Promise<CeremonyView> => {
  const { desk } = call;
  desk.requireReady();
  desk.signer.require();
  requireRole(call, ['administrator', 'officer', 'operator'], 'Arming a ceremony');
  const view = definitionView(desk, sha256);
  if (view.approvals.length < view.needed)
    throw new KeymootError(
      'two-required',
      `This definition has ${view.approvals.length} of ${view.needed} approvals, counted by signatures. It can’t be armed yet.`,
    );
  const problems = problemsHere(desk, view.definition);
  if (Object.keys(problems).length > 0)
    throw new KeymootError(
      'input-invalid',
      'The definition does not fit this desk any more. Define it again.',
      { fields: problems },
    );
  desk.requireSettled(view.definition.at);
  const id = randomBytes(16).toString('hex');
  desk.journal.record(
    [
      {
        type: 'ceremony.arm',
        detail: { definition_sha256: sha256 },
        ceremony: { id, definition_sha256: sha256 },
        ...byCall(call),
      },
    ],
    {
      apply: ([entry]) => {
        desk.store.ceremonies.open({
          id,
          definitionSha256: sha256,
          status: 'ARMED',
          opened: entry?.time ?? '',
        });
      },
    },
  );
  await desk.seal();
  return ceremonyView(desk, id);
};

const problemsHere = (
  desk: Desk,
  definition: DefinitionView['definition'],
): Record<string, string> => {
  const problems = problemsOf(definition, {
    log: desk.journal.origin ?? '',
    mode: desk.journal.mode ?? '',
    policySha256: desk.policySha256(),
    policy: desk.policy(),
    roleOf: (person) => {
      const member = desk.journal.authority.members.get(person);
      return member === undefined || member.left ? undefined : member.role;
    },
  });
  if (desk.store.modules.get(definition.at.module) === undefined)
    problems['at.module'] = 'is not known at this desk';
  return problems;
};

const abort = async (
  { ceremony: id, because, login }: Input<'ceremonies.abort'>,
  call: Call,
): Promise<CeremonyView> => {
  const { desk, channel } = call;
  const ceremony = desk.ceremonies.get(id);
  requireSeated(ceremony, call);
  if (['CLOSED', 'ABORTED'].includes(ceremony.status)) checkAlive(ceremony);
  if (ceremony.openIntent !== undefined && ceremony.status !== 'ABORTING')
    throw new KeymootError(
      'recovery-needed',
      'The token’s part was interrupted. Settle it under Recovery, then abort.',
    );
  desk.ceremonies.endHolder(id);
  const member = ceremonyMember(ceremony);
  const key = ceremony.key === undefined ? undefined : desk.store.keys.get(ceremony.key);
  const serials = [...ceremony.components.values()].map(({ serial }) => serial);
  const voidSerials = () => {
    for (const { serial, index, person } of ceremony.components.values())
      desk.store.ceremonies.putEnvelope({
        serial,
        ceremony: id,
        component: index,
        person,
        state: 'VOID',
      });
  };
  const begun = ceremony.status === 'ABORTING' ? abortIntent(desk, id) : undefined;
  if (key === undefined || key.state === 'destroyed') {
    desk.journal.record(
      [
        {
          type: 'ceremony.abort',
          ...(begun === undefined ? {} : { corr: begun }),
          detail: { because, gone: true, objects: 0 },
          ...member,
          ...byCall(call),
        },
      ],
      { apply: voidSerials },
    );
    await desk.seal();
    return ceremonyView(desk, id);
  }
  if (call.people.length < 2)
    throw new KeymootError(
      'two-required',
      'The ceremony’s key is in the token and is destroyed by aborting, so two people of the ceremony prove themselves. Nothing was done.',
    );
  // R11: ABORTING lasts until the quarantined key is shown to be gone; the device may be away for now.
  if (ceremony.status !== 'ABORTING')
    desk.journal.record([
      {
        type: 'ceremony.abort',
        outcome: 'intent',
        detail: { because },
        ...member,
        ...byCall(call),
      },
    ]);
  if (login === undefined)
    throw new KeymootError(
      'pin-half-missing',
      'The ceremony is being aborted. Its key is in the token and must be destroyed: abort again with both PIN halves.',
      { fields: { serials: serials.join(' ') } },
    );
  desk.signer.require();
  desk.requireSettled(key.at);
  await desk.withPin(login, channel, async (pin) => {
    const objects = await destroyKey(key, call, { pin, lastTry: login.lastTry }, member);
    const intent = abortIntent(desk, id);
    desk.journal.record(
      [
        {
          type: 'ceremony.abort',
          ...(intent === undefined ? {} : { corr: intent }),
          detail: { because, gone: true, objects },
          ...member,
          ...byCall(call),
        },
      ],
      { mustSucceed: true, apply: voidSerials },
    );
  });
  await desk.seal();
  return ceremonyView(desk, id);
};

const abortIntent = (desk: Desk, id: string): string | undefined => {
  for (const seq of desk.store.ceremonies.entries(id).reverse()) {
    const entry = desk.journal.entry(seq);
    if (entry.type === 'ceremony.abort' && entry.outcome === 'intent') return entry.id;
  }
  return undefined;
};

export const ceremoniesHandlers: Part<'ceremonies'> = {
  'ceremonies.define': {
    about: ({ definition }) => ({
      subject: { kind: 'definition', sha256: definitionId(definition) },
    }),
    run: async ({ definition }, call) => {
      const { desk } = call;
      desk.requireReady();
      requireRole(call, ['administrator', 'officer', 'operator'], 'Defining ceremonies');
      const problems = problemsHere(desk, definition);
      if (Object.keys(problems).length > 0) {
        const [first] = Object.entries(problems);
        throw new KeymootError(
          'input-invalid',
          `The definition can’t be run here: “${first?.[0] ?? ''}” ${first?.[1] ?? ''}. Nothing was recorded.`,
          { fields: problems },
        );
      }
      const bytes = definitionBytes(definition);
      const sha256 = hash('sha256', bytes);
      const known = desk.store.ceremonies.definitions().some((row) => row.sha256 === sha256);
      if (!known)
        desk.journal.record(
          [
            {
              type: 'ceremony.define',
              detail: {
                definition_sha256: sha256,
                title: definition.title,
                template: definition.template,
              },
              evidence: [{ sha256, media: MEDIA, bytes: bytes.length }],
              ...byCall(call),
            },
          ],
          {
            apply: ([entry]) => {
              desk.store.evidence.put(MEDIA, bytes);
              desk.store.ceremonies.define(sha256, definition.title, entry?.time ?? '');
            },
          },
        );
      await desk.seal();
      return definitionView(desk, sha256);
    },
  },
  'ceremonies.definitions': {
    reads: true,
    run: (_input, { desk }) =>
      desk.store.ceremonies.definitions().map(({ sha256 }) => definitionView(desk, sha256)),
  },
  'ceremonies.approve': {
    about: ({ definitionSha256 }) => ({
      subject: { kind: 'definition', sha256: definitionSha256 },
    }),
    run: approve,
  },
  'ceremonies.arm': {
    about: ({ definitionSha256 }) => ({
      subject: { kind: 'definition', sha256: definitionSha256 },
    }),
    run: ({ definitionSha256 }, call) => arm(definitionSha256, call),
  },
  'ceremonies.list': {
    reads: true,
    run: (_input, { desk }) =>
      desk.store.ceremonies.all().map(({ id, definitionSha256, opened }) => ({
        id,
        title: desk.ceremonies.definition(definitionSha256).title,
        status: desk.ceremonies.get(id).status,
        opened,
      })),
  },
  'ceremonies.show': { reads: true, run: ({ ceremony }, { desk }) => ceremonyView(desk, ceremony) },
  'ceremonies.step': {
    about: ({ ceremony, step }, { desk }) => about(desk, ceremony, step),
    run: async ({ ceremony: id, step, input }, call) => {
      const { desk } = call;
      const ceremony = desk.ceremonies.get(id);
      const people = call.people.map((member) => member.id);
      const due = checkStep(ceremony, step, input.kind, people, desk.ceremonies.held(id));
      await runStep(ceremony, due, input, call);
      await desk.seal();
      return ceremonyView(desk, id);
    },
  },
  'ceremonies.exception': {
    about: ({ ceremony }, { desk }) => about(desk, ceremony),
    run: async ({ ceremony: id, observed, decision, substitute }, call) => {
      const { desk } = call;
      const ceremony = desk.ceremonies.get(id);
      checkAlive(ceremony);
      requireSeated(ceremony, call);
      const due = dueStep(ceremony, desk.ceremonies.held(id));
      const { undecided } = ceremony;
      if (substitute === undefined && AGREE_OBSERVED.test(decision))
        throw new KeymootError(
          'input-invalid',
          'Name the substitute as such, not in the words of the decision. Nothing was recorded.',
          { fields: { decision: 'names a substitute' } },
        );
      let words = decision;
      if (substitute !== undefined) {
        // R12: only somebody the approved definition names, and only for a seat that is theirs to take.
        const named = ceremony.definition.substitutes.some(
          ({ seat, person }) => seat === substitute.seat && person === substitute.person,
        );
        const role = desk.journal.authority.members.get(substitute.person)?.role;
        if (!named || role === undefined || !mayTake(substitute.seat, role))
          throw new KeymootError(
            'act-refused',
            'The approved definition names no such substitute. Pause, or abort.',
          );
        words = `substitute ${substitute.person} sits as ${substitute.seat}`;
      }
      desk.journal.record([
        {
          type: 'ceremony.exception',
          detail: {
            number: ceremony.exceptions.length + 1,
            step: undecided?.step ?? due?.step.id ?? '0',
            expected: undecided?.expected ?? due?.step.expected ?? 'nothing out of the ordinary',
            observed,
            decision: words,
          },
          ...ceremonyMember(ceremony),
          ...byCall(call),
        },
      ]);
      await desk.seal();
      return ceremonyView(desk, id);
    },
  },
  'ceremonies.pause': {
    about: ({ ceremony }, { desk }) => about(desk, ceremony),
    run: ({ ceremony: id, why }, call) => {
      const ceremony = call.desk.ceremonies.get(id);
      checkAlive(ceremony);
      requireSeated(ceremony, call);
      if (ceremony.status === 'PAUSED')
        throw new KeymootError('state-refused', 'This ceremony is paused already.');
      call.desk.journal.record([
        { type: 'ceremony.pause', detail: { why }, ...ceremonyMember(ceremony), ...byCall(call) },
      ]);
      return ceremonyView(call.desk, id);
    },
  },
  'ceremonies.resume': {
    about: ({ ceremony }, { desk }) => about(desk, ceremony),
    run: ({ ceremony: id }, call) => {
      const ceremony = call.desk.ceremonies.get(id);
      requireSeated(ceremony, call);
      if (ceremony.status !== 'PAUSED')
        throw new KeymootError('state-refused', 'This ceremony is not paused.');
      call.desk.journal.record([
        { type: 'ceremony.resume', detail: {}, ...ceremonyMember(ceremony), ...byCall(call) },
      ]);
      return ceremonyView(call.desk, id);
    },
  },
  'ceremonies.abort': { about: ({ ceremony }, { desk }) => about(desk, ceremony), run: abort },
  'ceremonies.close': {
    about: ({ ceremony }, { desk }) => about(desk, ceremony),
    run: async ({ ceremony: id }, call) => {
      const { desk } = call;
      desk.signer.require();
      const ceremony = desk.ceremonies.get(id);
      requireSeated(ceremony, call);
      checkClose(ceremony, desk.ceremonies.held(id));
      const { agreed, disagreed, exceptions } = ceremony;
      desk.journal.record([
        {
          type: 'ceremony.close',
          detail: {
            verdict: disagreed.length === 0 ? 'AGREED' : 'DISPUTED',
            exceptions: exceptions.length,
            agreed: agreed.length,
            disagreed: disagreed.length,
          },
          ...ceremonyMember(ceremony),
          ...byCall(call),
        },
      ]);
      await desk.seal();
      return ceremonyView(desk, id);
    },
  },
};
