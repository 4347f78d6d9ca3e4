/** From a template to an armed ceremony: drafted, defined by one person, approved by as many as the policy asks, armed. */
import { hash, randomBytes } from 'node:crypto';
import type { CeremonyView, DefinitionView } from '../../../shared/contract/ceremonies.ts';
import type { Input, Output } from '../../../shared/contract/index.ts';
import type { Definition } from '../../../shared/domain/ceremonies.ts';
import { KeymootError } from '../../../shared/errors.ts';
import {
  definitionBytes,
  definitionId,
  problemsOf,
  type Surroundings,
} from '../../core/ceremonies/definition.ts';
import { expandTemplate } from '../../core/ceremonies/draft.ts';
import { hexToWords } from '../../core/checkvalues/fingerprint.ts';
import type { Desk } from '../desk.ts';
import { byCall, requireRole, type Call } from '../router.ts';
import { templateOf, templates } from '../templates.ts';
import { ceremonyView, definitionView } from './ceremony-view.ts';
import { STAFF } from '../../../shared/domain/people.ts';

const MEDIA = 'application/vnd.keymoot.definition+json';

const surroundings = (desk: Desk): Omit<Surroundings, 'template'> => {
  const { origin, mode, state } = desk.journal;
  if (origin === undefined || mode === undefined)
    throw new KeymootError('desk-missing', 'There is no desk here yet. Found one first.');
  return {
    log: origin,
    mode,
    policySha256: desk.policySha256(),
    policy: desk.policy(),
    roleOf: (person) => {
      const member = state.members.get(person);
      return member === undefined || member.left ? undefined : member.role;
    },
    knowsModule: (id) => desk.store.modules.get(id) !== undefined,
  };
};

const problemsHere = (desk: Desk, definition: Definition): Record<string, string> =>
  problemsOf(definition, {
    ...surroundings(desk),
    template: templateOf(definition.template),
  });

/** What each template may be asked for, by its own rules. The usual number of components is one that the policy allows. */
export const templateViews = (desk: Desk): Output<'ceremonies.templates'> => {
  const { components } = desk.policy();
  return [...templates()].map(([name, { about, grade, key, components: own, seats }]) => {
    const least = Math.max(own.least, components.least);
    const most = Math.min(own.most, components.most);
    return {
      name,
      about,
      grade,
      algorithms: key.algorithms,
      purposes: key.purposes,
      components: {
        least: own.least,
        most: own.most,
        usual: Math.min(Math.max(own.usual, least), most),
      },
      checkMethod: own.method,
      seats,
    };
  });
};

export const draft = (
  { template: name, parameters }: Input<'ceremonies.draft'>,
  desk: Desk,
): Output<'ceremonies.draft'> => {
  desk.requireReady();
  const template = templates().get(name);
  if (template === undefined)
    throw new KeymootError(
      'not-found',
      `There is no template of that name. There are: ${[...templates().keys()].join(', ')}. Nothing was drafted.`,
      { fields: { template: 'unknown' } },
    );
  const definition = expandTemplate(template, parameters, surroundings(desk));
  const sha256 = definitionId(definition);
  return { sha256, words: hexToWords(sha256), definition };
};

export const define = async (definition: Definition, call: Call): Promise<DefinitionView> => {
  const { desk } = call;
  desk.requireReady();
  requireRole(call, STAFF, 'Defining ceremonies');
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
        beside: () => {
          desk.store.evidence.put(MEDIA, bytes);
        },
      },
    );
  await desk.seal();
  return definitionView(desk, sha256);
};

/** Approvals count for one ceremony, which must end before the definition is approved again. */
const requireNoneOpen = (desk: Desk, sha256: string): void => {
  const open = desk.store.ceremonies
    .all()
    .filter(({ definitionSha256 }) => definitionSha256 === sha256)
    .find(({ id }) => !['CLOSED', 'ABORTED'].includes(desk.ceremonies.get(id).status));
  if (open !== undefined)
    throw new KeymootError(
      'state-refused',
      'A ceremony on this definition is under way, and its approvals were for that one. Close or abort it; the definition is then approved anew. Nothing was done.',
      { fields: { ceremony: open.id } },
    );
};

export const approve = async (
  input: Input<'ceremonies.approve'>,
  call: Call,
): Promise<DefinitionView> => {
  const { desk } = call;
  desk.requireReady();
  requireRole(call, STAFF, 'Approving definitions');
  const { definitionSha256: sha256 } = input;
  const view = definitionView(desk, sha256);
  const [person] = call.people;
  if (call.people.length !== 1 || person === undefined)
    throw new KeymootError(
      'act-refused',
      'Each approver approves for themselves. Nothing was done.',
    );
  requireNoneOpen(desk, sha256);
  if (view.approvals.includes(person.id))
    throw new KeymootError(
      'act-refused',
      'This person has approved this definition already. Nothing was done. Another one is needed.',
    );
  desk.journal.record([
    { type: 'ceremony.approve', detail: { definition_sha256: sha256 }, ...byCall(call) },
  ]);
  await desk.seal();
  return definitionView(desk, sha256);
};

export const arm = async (sha256: string, call: Call): Promise<CeremonyView> => {
  const { desk } = call;
  desk.requireReady();
  desk.signer.require();
  requireRole(call, STAFF, 'Arming a ceremony');
  const view = definitionView(desk, sha256);
  requireNoneOpen(desk, sha256);
  desk.requireAllowed(
    'approvals',
    { approvals: view.approvals.length },
    'Approvals are counted by signatures. Nothing was done.',
  );
  const problems = problemsHere(desk, view.definition);
  if (Object.keys(problems).length > 0)
    throw new KeymootError(
      'input-invalid',
      'The definition does not fit this desk any more. Nothing was done. Define it again.',
      { fields: problems },
    );
  desk.requireSettled(view.definition.at);
  const id = randomBytes(16).toString('hex');
  desk.journal.record([
    {
      type: 'ceremony.arm',
      detail: { definition_sha256: sha256 },
      ceremony: { id, definition_sha256: sha256 },
      ...byCall(call),
    },
  ]);
  await desk.seal();
  return ceremonyView(desk, id);
};
