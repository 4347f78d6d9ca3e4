/**
 * The invented people of a rehearsal and each one's secrets. They act through the contract like any user.
 *
 * Their secrets are random for each run and exist in this process only.
 */
import { randomBytes, randomInt } from 'node:crypto';
import type { ChannelName, InputGiven, Output } from '../../../shared/contract/index.ts';
import type { Role } from '../../../shared/domain/people.ts';
import type { TokenRef } from '../../../shared/domain/tokens.ts';
import { DeskClient, type Proving } from '../client.ts';

const ALPHABET = 'abcdefghjkmnpqrstuvwxyz23456789';
const draw = (length: number, from: string): Uint8Array =>
  Uint8Array.from({ length }, () => from.charCodeAt(randomInt(from.length)));

interface Player {
  id: string;
  name: string;
  role: Role;
  passphrase: Uint8Array;
}
export interface Halves {
  first: Uint8Array;
  second: Uint8Array;
}

export const CAST = [
  ['Ada Moreno', 'administrator'],
  ['Otto Lind', 'officer'],
  ['Cleo Baptiste', 'custodian'],
  ['Chidi Eze', 'custodian'],
  ['Carmen Ruiz', 'custodian'],
  ['Wim de Boer', 'witness'],
] as const satisfies readonly (readonly [string, Role])[];

const newHalves = (): Halves => ({
  first: draw(8, '0123456789'),
  second: draw(8, '0123456789'),
});

export class Room {
  desk: DeskClient;
  readonly folder: string;
  readonly players: Player[] = [];
  readonly pins = new Map<string, Halves>();
  readonly tokens = new Map<string, TokenRef>();

  private constructor(folder: string, desk: DeskClient) {
    this.folder = folder;
    this.desk = desk;
  }
  static async enter(folder: string, env: Record<string, string> = {}): Promise<Room> {
    return new Room(folder, await DeskClient.start(folder, env));
  }

  player(name: string): Player {
    const found = this.players.find((player) => player.name === name || player.role === name);
    if (found === undefined) throw new Error(`rehearsal: there is no person ${name}`);
    return found;
  }
  /** Fresh copies, since sealing zeroes what it takes. */
  proving(...names: string[]): Proving[] {
    return names.map((name) => {
      const { id, passphrase } = this.player(name);
      return { person: id, passphrase: Uint8Array.from(passphrase) };
    });
  }
  byId(...ids: string[]): string[] {
    return ids.map((id) => this.players.find((player) => player.id === id)?.name ?? id);
  }
  token(label: string): TokenRef {
    const found = this.tokens.get(label);
    if (found === undefined) throw new Error(`rehearsal: there is no token ${label}`);
    return found;
  }
  async login(label: string, channel: ChannelName): Promise<{ first: string; second: string }> {
    const halves = this.pins.get(label);
    if (halves === undefined) throw new Error(`rehearsal: there is no PIN of ${label}`);
    return this.desk.pin(Uint8Array.from(halves.first), Uint8Array.from(halves.second), channel);
  }
  call<C extends ChannelName>(
    channel: C,
    input: InputGiven<C>,
    ...names: string[]
  ): Promise<Output<C>> {
    return this.desk.call(channel, input, this.proving(...names));
  }

  async train(family: 'softhsm' | 'nss', label: string, ...names: string[]): Promise<TokenRef> {
    const user = newHalves();
    const so = newHalves();
    this.pins.set(label, user);
    const copy = (halves: Halves) =>
      this.desk.pin(Uint8Array.from(halves.first), Uint8Array.from(halves.second), 'tokens.train');
    const { at } = await this.call(
      'tokens.train',
      {
        family,
        label,
        userPin: await copy(user),
        ...(family === 'softhsm' ? { soPin: await copy(so) } : {}),
      },
      ...names,
    );
    this.tokens.set(label, at);
    return at;
  }
  async enrol(name: string, role: Role, ...names: string[]): Promise<Player> {
    const passphrase = draw(24, ALPHABET);
    const channel = 'people.enrol';
    const handle = await this.desk.secret(Uint8Array.from(passphrase), {
      purpose: 'passphrase',
      channel,
    });
    const input = { name, role, passphrase: handle, invented: true } as const;
    const { id } = await this.call(channel, input, ...names);
    const player = { id, name, role, passphrase };
    this.players.push(player);
    return player;
  }

  /** Founds a desk in the order of design 08, T6: log token, log key, two founders, policy, then everyone else. */
  async found(name: string): Promise<{ origin: string; keySha256: string; words: string[] }> {
    const at = await this.train('softhsm', 'log');
    const founded = await this.desk.call('desk.found', {
      name,
      mode: 'rehearsal',
      at,
      login: await this.login('log', 'desk.found'),
    });
    const [first, second, ...others] = CAST;
    await this.enrol(...first);
    await this.enrol(...second);
    const founders = [first[0], second[0]];
    const { policy } = await this.desk.call('policy.get', {});
    await this.call('policy.approve', { policy }, ...founders);
    for (const [person, role] of others) await this.enrol(person, role, ...founders);
    return founded;
  }
  /** Opens the desk again after its service ended. */
  async reopen(env: Record<string, string> = {}): Promise<void> {
    this.desk = await DeskClient.start(this.folder, env);
    await this.open();
  }
  async open(): Promise<void> {
    await this.call('desk.open', { login: await this.login('log', 'desk.open') }, 'administrator');
  }
}

export const randomComponent = (bytes: number): Uint8Array => randomBytes(bytes);
