/** Plays a component ceremony from its definition, step by step, as its people would. */
import type { CeremonyView, DefinitionView } from '../../../shared/contract/ceremonies.ts';
import type { Definition } from '../../../shared/domain/ceremonies.ts';
import type { TokenRef } from '../../../shared/domain/tokens.ts';
import { x924Cmac } from '../../core/checkvalues/check-values.ts';
import { hexToWords } from '../../core/checkvalues/fingerprint.ts';
import { randomComponent, type Room } from './room.ts';

/** What the sender put into the envelopes and the letter. */
export interface Envelopes {
  components: { hex: string; check: string; serial: string }[];
  expected: string;
}

const hexOf = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex').toUpperCase();

const COMPONENTS = 3;
let serial = 0;
export const packEnvelopes = (bytes: 16 | 32, count = COMPONENTS): Envelopes => {
  const parts = Array.from({ length: count }, () => randomComponent(bytes));
  const sum = new Uint8Array(bytes);
  for (const part of parts)
    for (let at = 0; at < bytes; at++) sum[at] = (sum[at] ?? 0) ^ (part[at] ?? 0);
  return {
    components: parts.map((part) => ({
      hex: hexOf(part).replace(/(.{8})(?=.)/g, '$1 '),
      check: x924Cmac(part).value,
      serial: `R-${String(++serial).padStart(4, '0')}`,
    })),
    expected: x924Cmac(sum).value,
  };
};

/** The definition that the desk drafts for this rehearsal. Without `expected` there is no check value beforehand. */
export const draftDefinition = async (
  room: Room,
  at: TokenRef,
  algorithm: 'AES-128' | 'AES-256',
  label: string,
  expected?: string,
): Promise<Definition> => {
  const custodians = room.players.filter(({ role }) => role === 'custodian').slice(0, COMPONENTS);
  const { definition } = await room.desk.call('ceremonies.draft', {
    template: 'form-key-from-components',
    parameters: {
      label,
      algorithm,
      components: COMPONENTS,
      ...(expected === undefined ? {} : { expected: { value: expected } }),
      at,
      seats: [
        { seat: 'administrator', person: room.player('administrator').id },
        ...custodians.map(({ id }, index) => ({ seat: `custodian-${index + 1}`, person: id })),
        { seat: 'witness', person: room.player('witness').id },
      ],
    },
  });
  return definition;
};

export const defineAndApprove = async (
  room: Room,
  definition: Definition,
): Promise<DefinitionView> => {
  const defined = await room.call('ceremonies.define', { definition }, 'administrator');
  await room.call('ceremonies.approve', { definitionSha256: defined.sha256 }, 'administrator');
  return room.call('ceremonies.approve', { definitionSha256: defined.sha256 }, 'officer');
};

const wordsAt = (sha256: string, positions: readonly number[]): string[] => {
  const words = hexToWords(sha256);
  return positions.map((position) => words[position - 1] ?? '');
};

/** Does the due step, with everyone whose seat it names. */
export const playStep = async (
  room: Room,
  view: CeremonyView,
  definition: Definition,
  envelopes: Envelopes,
  tokenLabel: string,
): Promise<CeremonyView> => {
  const due = view.steps.find(({ step }) => step.id === view.due)?.step;
  if (due === undefined) return view;
  const seated = due.seats.map(
    (seat) => definition.seats.find((taken) => taken.seat === seat)?.person ?? '',
  );
  const names = room.byId(...seated);
  const { id: ceremony } = view;
  const channel = 'ceremonies.step';
  const step = due.id;
  switch (due.kind) {
    case 'arrive':
    case 'token.check':
      return room.call(channel, { ceremony, step, input: { kind: due.kind } }, ...names);
    case 'clock':
      return room.call(
        channel,
        { ceremony, step, input: { kind: 'clock', roomTime: new Date().toISOString() } },
        ...names,
      );
    case 'definition.read':
      return room.call(
        channel,
        {
          ceremony,
          step,
          input: {
            kind: 'definition.read',
            words: wordsAt(view.definitionSha256, view.readBack?.positions ?? []),
          },
        },
        ...names,
      );
    case 'component.enter': {
      const index = due.component ?? 0;
      const envelope = envelopes.components[index - 1];
      if (envelope === undefined) throw new Error('rehearsal: there is no such envelope');
      const component = await room.desk.secret(Buffer.from(envelope.hex), {
        purpose: 'component',
        channel,
      });
      const { check, serial: number } = envelope;
      return room.call(
        channel,
        {
          ceremony,
          step,
          input: { kind: 'component.enter', index, component, check, serial: number },
        },
        ...names,
      );
    }
    case 'key.form':
      return room.call(
        channel,
        {
          ceremony,
          step,
          input: {
            kind: 'key.form',
            phrase: due.phrase ?? '',
            login: await room.login(tokenLabel, channel),
          },
        },
        ...names,
      );
    case 'key.verify':
      return room.call(
        channel,
        { ceremony, step, input: { kind: 'key.verify', check: envelopes.expected } },
        ...names,
      );
    case 'envelopes.destroy':
      return room.call(
        channel,
        {
          ceremony,
          step,
          input: {
            kind: 'envelopes.destroy',
            phrase: due.phrase ?? '',
            serials: envelopes.components.map((envelope) => envelope.serial),
          },
        },
        ...names,
      );
    case 'agree': {
      let next = view;
      for (const name of names)
        next = await room.call(
          channel,
          { ceremony, step, input: { kind: 'agree', agree: true } },
          name,
        );
      return next;
    }
  }
};

/** The whole ceremony, from arming to closing. */
export const playCeremony = async (
  room: Room,
  definition: Definition,
  envelopes: Envelopes,
  tokenLabel: string,
  onStep: (view: CeremonyView, step: string) => void = () => undefined,
): Promise<CeremonyView> => {
  const { sha256 } = await defineAndApprove(room, definition);
  let view = await room.call('ceremonies.arm', { definitionSha256: sha256 }, 'administrator');
  for (let step = view.due; step !== undefined; step = view.due) {
    view = await playStep(room, view, definition, envelopes, tokenLabel);
    onStep(view, step);
  }
  return room.call('ceremonies.close', { ceremony: view.id }, 'administrator', 'witness');
};
