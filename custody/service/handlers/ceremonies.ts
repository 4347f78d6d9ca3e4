/** Ceremonies: definitions and approvals, arming, steps, exceptions, pause, abort, closing. The engine decides what is allowed; the handlers carry it out. */
import { KeymootError } from '../../../shared/errors.ts';
import { mayTake } from '../../core/ceremonies/definition.ts';
import { checkAlive, checkClose, checkStep, dueStep } from '../../core/ceremonies/engine.ts';
import { byCall, type Part } from '../router.ts';
import { abort } from './ceremony-abort.ts';
import { approve, arm, define, draft, templateViews } from './ceremony-definitions.ts';
import { ceremonyMember, requireSeated } from './ceremony-people.ts';
import { runStep } from './ceremony-steps.ts';
import { ceremonyView, definitionView } from './ceremony-view.ts';

export const ceremoniesHandlers: Part<'ceremonies'> = {
  'ceremonies.templates': { reads: true, run: (_input, { desk }) => templateViews(desk) },
  'ceremonies.draft': { reads: true, run: (input, { desk }) => draft(input, desk) },
  'ceremonies.define': {
    run: ({ definition }, call) => define(definition, call),
  },
  'ceremonies.definitions': {
    reads: true,
    run: (_input, { desk }) =>
      desk.store.ceremonies.definitions().map(({ sha256 }) => definitionView(desk, sha256)),
  },
  'ceremonies.approve': {
    run: approve,
  },
  'ceremonies.arm': {
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
    run: async ({ ceremony: id, observed, decision, substitute }, call) => {
      const { desk } = call;
      const ceremony = desk.ceremonies.get(id);
      checkAlive(ceremony);
      requireSeated(ceremony, call);
      const due = dueStep(ceremony, desk.ceremonies.held(id));
      const { undecided } = ceremony;
      if (substitute !== undefined) {
        // R12: only a substitute whom the approved definition names, and only for the seat that it names.
        const named = ceremony.definition.substitutes.some(
          ({ seat, person }) => seat === substitute.seat && person === substitute.person,
        );
        const role = desk.journal.state.members.get(substitute.person)?.role;
        if (!named || role === undefined || !mayTake(substitute.seat, role))
          throw new KeymootError(
            'act-refused',
            'The approved definition names no such substitute. Nothing was done. Pause, or abort.',
          );
      }
      desk.journal.record([
        {
          type: 'ceremony.exception',
          detail: {
            number: ceremony.exceptions.length + 1,
            step: undecided?.step ?? due?.step.id ?? '0',
            expected: undecided?.expected ?? due?.step.expected ?? 'nothing out of the ordinary',
            observed,
            decision,
            ...(substitute === undefined ? {} : { substitute }),
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
    run: ({ ceremony: id, why }, call) => {
      const ceremony = call.desk.ceremonies.get(id);
      checkAlive(ceremony);
      requireSeated(ceremony, call);
      if (ceremony.status === 'PAUSED')
        throw new KeymootError(
          'state-refused',
          'This ceremony is paused already. Nothing was done.',
        );
      call.desk.journal.record([
        { type: 'ceremony.pause', detail: { why }, ...ceremonyMember(ceremony), ...byCall(call) },
      ]);
      return ceremonyView(call.desk, id);
    },
  },
  'ceremonies.resume': {
    run: ({ ceremony: id }, call) => {
      const ceremony = call.desk.ceremonies.get(id);
      requireSeated(ceremony, call);
      if (ceremony.status !== 'PAUSED')
        throw new KeymootError('state-refused', 'This ceremony is not paused. Nothing was done.');
      call.desk.journal.record([
        { type: 'ceremony.resume', detail: {}, ...ceremonyMember(ceremony), ...byCall(call) },
      ]);
      return ceremonyView(call.desk, id);
    },
  },
  'ceremonies.abort': { run: abort },
  'ceremonies.close': {
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
