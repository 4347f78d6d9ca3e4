/** Ceremonies as the log records them: whether each entry is allowed at its place, and the state that the engine derives. */
import { STAFF } from '../../../shared/domain/people.ts';
import type { Entry, EntryOf } from '../../../shared/log/entries.ts';
import { mayBeTaken, newCeremony, reduce, type Ceremony } from '../ceremonies/engine.ts';
import type { Context, Follow, Say } from './follow.ts';
import type { EnvelopeFact, State } from './state.ts';

const OVER = ['CLOSED', 'ABORTED'];
/** Types that a paused ceremony does not allow. */
const NOT_WHILE_PAUSED = [
  'ceremony.step',
  'ceremony.agree',
  'ceremony.disagree',
  'ceremony.close',
  'ceremony.pause',
];

/** Whether the ceremony's present state allows the entry. */
const checkPlace = ({ status }: Ceremony, entry: Entry, say: Say): void => {
  const { type, corr, ceremony: named } = entry;
  if (OVER.includes(status)) say(`the ceremony is ${status} already`);
  if (corr !== undefined) return;
  if (status === 'ABORTING' && type !== 'ceremony.abort' && type !== 'key.destroy')
    say('the ceremony is being aborted, and nothing else has a place in it');
  if (status === 'PAUSED' && (NOT_WHILE_PAUSED.includes(type) || named?.step !== undefined))
    say('the ceremony is paused');
  if (type === 'ceremony.resume' && status !== 'PAUSED') say('the ceremony is not paused');
};

const checkStep = (
  ceremony: Ceremony,
  { detail, ceremony: named, corr }: EntryOf<'ceremony.step'>,
  say: Say,
): void => {
  const known = ceremony.steps.find(({ step }) => step.id === detail.step);
  if (named?.step !== detail.step) say('it tells of another step than it names');
  if (known === undefined) {
    say('its ceremony has no such step');
    return;
  }
  if (known.step.kind !== detail.kind) say('its kind is not the one of that step');
  if (corr !== undefined) return;
  if (ceremony.openIntent !== undefined) say('another step is still open');
  if (detail.attempt !== known.attempts + 1)
    say(`it is attempt ${detail.attempt}, and that step had ${known.attempts}`);
};

const checkClose = (ceremony: Ceremony, { detail }: EntryOf<'ceremony.close'>, say: Say): void => {
  const { agreed, disagreed, exceptions, openIntent, steps } = ceremony;
  if (steps.some(({ state }) => state !== 'done')) say('it closes before every step is done');
  if (openIntent !== undefined) say('it closes while a step is open');
  if (
    detail.agreed !== agreed.length ||
    detail.disagreed !== disagreed.length ||
    detail.exceptions !== exceptions.length
  )
    say('it counts otherwise than the entries of its ceremony');
  if (detail.verdict !== (disagreed.length === 0 ? 'AGREED' : 'DISPUTED'))
    say(`${disagreed.length} disagreed, and it says ${detail.verdict}`);
};

const checkEntry = (state: State, ceremony: Ceremony, entry: Entry, say: Say): void => {
  checkPlace(ceremony, entry, say);
  const { type, outcome, ceremony: named } = entry;
  if (named?.step !== undefined && entry.corr === undefined) {
    if (!mayBeTaken(ceremony, named.step)) say(`step ${named.step} is not the one that is due`);
  }
  switch (type) {
    case 'ceremony.step':
      checkStep(ceremony, entry, say);
      return;
    case 'ceremony.agree':
    case 'ceremony.disagree':
      if (
        outcome === 'success' &&
        [...ceremony.agreed, ...ceremony.disagreed].includes(entry.detail.person)
      )
        say('that person has spoken already');
      return;
    case 'ceremony.exception': {
      const { number, step } = entry.detail;
      if (number !== ceremony.exceptions.length + 1)
        say(`it is exception ${number} after ${ceremony.exceptions.length}`);
      if (step !== '0' && !ceremony.steps.some((one) => one.step.id === step))
        say('it is about a step that its ceremony does not have');
      return;
    }
    case 'ceremony.close':
      checkClose(ceremony, entry, say);
      return;
    case 'ceremony.abort':
      if (outcome !== 'success') return;
      for (const key of state.keys)
        if (key.ceremony === ceremony.id && key.state === 'quarantine')
          say('it is over, and a key that it made and did not release is not destroyed');
      return;
    default:
  }
};

const markEnvelopes = (
  state: State,
  serials: readonly string[],
  to: EnvelopeFact['state'],
): void => {
  for (const serial of serials) {
    const envelope = state.envelopes.get(serial);
    if (envelope !== undefined) state.envelopes.set(serial, { ...envelope, state: to });
  }
};

const followEnvelopes = (state: State, entry: Entry): void => {
  if (entry.outcome !== 'success') return;
  switch (entry.type) {
    case 'component.issue':
    case 'component.receive': {
      const { serial, index, person = '' } = entry.detail;
      const to = entry.type === 'component.issue' ? 'ISSUED' : 'OPENED';
      state.envelopes.set(serial, {
        ...{ serial, ceremony: entry.ceremony?.id, component: index, person },
        state: to,
      });
      return;
    }
    case 'component.destroy':
      markEnvelopes(state, entry.detail.serials, 'DESTROYED');
      return;
    case 'envelope.state':
      markEnvelopes(state, [entry.detail.serial], entry.detail.state);
      return;
    case 'ceremony.abort': {
      const opened = [...state.envelopes].filter(
        ({ ceremony, state: now }) => ceremony === entry.ceremony?.id && now === 'OPENED',
      );
      markEnvelopes(
        state,
        opened.map(({ serial }) => serial),
        'VOID',
      );
      return;
    }
    default:
  }
};

const arm = (state: State, entry: EntryOf<'ceremony.arm'>, { doubt }: Context): void => {
  const { definition_sha256: sha256 } = entry.detail;
  if (entry.corr === undefined) state.approvals.delete(sha256);
  const named = entry.ceremony;
  if (named === undefined || entry.outcome !== 'success' || state.ceremonies.has(named.id)) return;
  const definition = state.definition(sha256);
  if (definition === undefined) {
    doubt('the definition of a ceremony is not there, so it could not be followed');
    return;
  }
  state.ceremonies.set(named.id, newCeremony(named.id, sha256, definition, entry.time));
};

const approve = (
  state: State,
  { detail }: EntryOf<'ceremony.approve'>,
  { acts }: Context,
): void => {
  const before = state.approvals.get(detail.definition_sha256) ?? new Map<string, string>();
  const by = acts
    .filter(
      ({ statement, role }) => statement.channel === 'ceremonies.approve' && STAFF.includes(role),
    )
    .map(({ keySha256, statement }): [string, string] => [keySha256, statement.person]);
  state.approvals.set(detail.definition_sha256, new Map([...before, ...by]));
};

export const followCeremonies: Follow = (state, entry, context) => {
  const { type, ceremony: named, outcome } = entry;
  if (type === 'ceremony.define' && outcome === 'success') {
    const { definition_sha256: sha256, title } = entry.detail;
    if (!state.definitions.has(sha256))
      state.definitions.set(sha256, { sha256, title, defined: entry.time });
  }
  if (type === 'ceremony.approve' && outcome === 'success') approve(state, entry, context);
  const ceremony = named === undefined ? undefined : state.ceremonies.get(named.id);
  if (type === 'ceremony.arm') arm(state, entry, context);
  if (named !== undefined) {
    // The quorum check reports that it was not armed.
    if (ceremony?.definitionSha256 !== named.definition_sha256) return;
    checkEntry(state, ceremony, entry, context.say);
    state.ceremonies.set(named.id, reduce(ceremony, entry, !context.lacking));
  }
  followEnvelopes(state, entry);
};
