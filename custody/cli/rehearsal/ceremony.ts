/** Playing a component ceremony from its definition, step by step, as its people would. */
import { readFileSync } from 'node:fs';
import type { CeremonyView, DefinitionView } from '../../../shared/contract/ceremonies.ts';
import { Definition } from '../../../shared/domain/ceremonies.ts';
import type { TokenRef } from '../../../shared/domain/tokens.ts';
import { x924Cmac } from '../../core/checkvalues/check-values.ts';
import { hexToWords } from '../../core/checkvalues/fingerprint.ts';
import { resourcePath } from '../../resources.ts';
import { randomComponent, type Room } from './room.ts';

/** What the sender put into the envelopes and the letter. */
export interface Envelopes {
  components: { hex: string; check: string; serial: string }[];
  expected: string;
}

const hexOf = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex').toUpperCase();

let serial = 0;
export const packEnvelopes = (bytes: 16 | 32, count = 3): Envelopes => {
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

/** The definition that ships with Keymoot, filled in for this desk. */
export const draftDefinition = async (
  room: Room,
  at: TokenRef,
  algorithm: 'AES-128' | 'AES-256',
  label: string,
  expected: string,
): Promise<Definition> => {
  const template = Definition.parse(
    JSON.parse(
      readFileSync(resourcePath('ceremonies', 'form-aes256-from-3-components.json'), 'utf8'),
    ),
  );
  const hello = await room.desk.call('desk.hello', {});
  const { sha256: policySha256 } = await room.desk.call('policy.get', {});
  const custodians = room.players.filter(({ role }) => role === 'custodian');
  const personAt = (seat: string): string =>
    (seat.startsWith('custodian-') ? custodians[Number(seat.slice(-1)) - 1] : room.player(seat))
      ?.id ?? '';
  return {
    ...template,
    title: `Form an ${algorithm} key from three components`,
    log: hello.origin ?? '',
    policySha256,
    seats: template.seats.map(({ seat }) => ({ seat, person: personAt(seat) })),
    at,
    key: { ...template.key, label, algorithm },
    expected: { method: 'X9.24-CMAC', value: expected },
  };
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

/** Does the step that is due, with everyone whose seat it names. */
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
