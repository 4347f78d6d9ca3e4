/** A founded desk for a test file: the service as it ships, real tokens, invented people. Founding takes a second or two, so a file does it once. */
import { hash } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import Sqlite from 'better-sqlite3';
import { expect } from 'vitest';
import type { CeremonyView } from '../../shared/contract/ceremonies.ts';
import type { ChannelName, InputGiven, Output } from '../../shared/contract/index.ts';
import type { Definition } from '../../shared/domain/ceremonies.ts';
import type { KeyRecord } from '../../shared/domain/keys.ts';
import type { ErrorCode } from '../../shared/errors.ts';
import { KeymootError } from '../../shared/errors.ts';
import {
  defineAndApprove,
  draftDefinition,
  packEnvelopes,
  playStep,
  type Envelopes,
} from '../../custody/cli/rehearsal/ceremony.ts';
import { Room } from '../../custody/cli/rehearsal/room.ts';
import { Desk, type Emit } from '../../custody/service/desk.ts';
import { handlers } from '../../custody/service/handlers/index.ts';
import { Router } from '../../custody/service/router.ts';
import { canonicalBytes } from '../../shared/canonical.ts';
import type { Binding } from '../../shared/sealed.ts';
import { seal } from '../../shared/sealing.ts';
import { softhsmLibrary } from './softhsm.ts';

export const possible = softhsmLibrary() !== undefined;
if (!possible) console.warn('SKIPPED: a desk needs SoftHSM');

export const ADA = 'administrator';
export const OTTO = 'officer';
export const CLEO = 'Cleo Baptiste';
export const CHIDI = 'Chidi Eze';
export const CARMEN = 'Carmen Ruiz';
export const WIM = 'witness';
export const EVERYONE = [ADA, CLEO, CHIDI, CARMEN, WIM] as const;

export interface Played {
  view: CeremonyView;
  definition: Definition;
  envelopes: Envelopes;
}

/** The error of a refused call. Fails the test if the call is not refused, or if the refusal has no message for people. */
export const refusal = async (call: Promise<unknown>): Promise<KeymootError> => {
  const error: unknown = await call.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  if (!(error instanceof KeymootError))
    throw new Error('the call was not refused by the desk', { cause: error });
  expect(error.message.split(' ').length, error.message).toBeGreaterThan(3);
  expect(error.message).not.toMatch(/\n\s+at |\bundefined\b|\[object|node_modules/);
  return error;
};
export const refusedAs = async (code: ErrorCode, call: Promise<unknown>): Promise<KeymootError> => {
  const error = await refusal(call);
  expect(error.code, error.message).toBe(code);
  return error;
};

let labels = 0;
/** A label that no other test of this file uses. */
export const newLabel = (what = 'key'): string => `${what}-${++labels}`;

export class TestDesk {
  readonly home: string;
  readonly room: Room;

  private constructor(home: string, room: Room) {
    this.home = home;
    this.room = room;
  }
  /** A founded desk with a training token `work`. */
  static async found(): Promise<TestDesk> {
    const home = mkdtempSync(join(tmpdir(), 'keymoot-desk-'));
    const room = await Room.enter(join(home, 'desk'));
    const desk = new TestDesk(home, room);
    try {
      await room.found('test.keymoot.local');
      await room.train('softhsm', 'work', ADA, OTTO);
    } catch (error) {
      await desk.remove();
      throw error;
    }
    return desk;
  }
  async remove(): Promise<void> {
    await this.room.desk.stop();
    rmSync(this.home, { recursive: true, force: true });
  }

  get data(): string {
    return this.room.folder;
  }
  call<C extends ChannelName>(
    channel: C,
    input: InputGiven<C>,
    ...names: string[]
  ): Promise<Output<C>> {
    return this.room.call(channel, input, ...names);
  }
  person(name: string): string {
    return this.room.player(name).id;
  }

  /** The whole visible state of the desk. */
  async state(): Promise<Record<string, unknown>> {
    const look = <C extends ChannelName>(channel: C, input: InputGiven<C>) =>
      this.room.desk.call(channel, input);
    const { size, root } = await look('log.state', {});
    return {
      size,
      root,
      people: await look('people.list', {}),
      policy: await look('policy.get', {}),
      modules: await look('modules.list', {}),
      keys: await look('keys.list', {}),
      definitions: await look('ceremonies.definitions', {}),
      ceremonies: await look('ceremonies.list', {}),
      exports: (await look('exports.list', {})).map((job) => ({
        ...job,
        remainingMs: 0,
        readBack: undefined,
      })),
      unfinished: await look('recovery.list', {}),
    };
  }
  /** Requires a refusal with this code, and that the desk, log included, is unchanged afterwards. */
  async unchanged(code: ErrorCode, act: () => Promise<unknown>): Promise<KeymootError> {
    const before = await this.state();
    const error = await refusedAs(code, act());
    const after = await this.state();
    // A PIN that a token refused is logged as one entry; nothing else is.
    if (code === 'pin-wrong') {
      expect(after['size']).toBe(Number(before['size']) + 1);
      expect({ ...after, size: 0, root: '' }).toEqual({ ...before, size: 0, root: '' });
    } else expect(after).toEqual(before);
    return error;
  }
  async logSize(): Promise<number> {
    return (await this.room.desk.call('log.state', {})).size;
  }
  /** Entries from `from` on, as the log has them. */
  async entries(from = 0): Promise<Record<string, unknown>[]> {
    const all: Record<string, unknown>[] = [];
    for (let next = from; ;) {
      const { size, entries } = await this.call('log.entries', { from: next, limit: 500 }, ADA);
      all.push(...entries.map(({ entry }) => entry));
      next += entries.length;
      if (next >= size || entries.length === 0) return all;
    }
  }

  /** A proof's handle, for calling the contract directly. */
  async proof(name: string, channel: ChannelName, inputSha256: string): Promise<string> {
    const { id, passphrase } = this.room.player(name);
    return this.room.desk.secret(Uint8Array.from(passphrase), {
      purpose: 'proof',
      channel,
      person: id,
      input_sha256: inputSha256,
    });
  }
  /** Both halves of a PIN as typed. */
  pin(first: string, second: string, channel: ChannelName) {
    return this.room.desk.pin(Buffer.from(first), Buffer.from(second), channel);
  }

  async generate(
    label: string,
    more: Partial<InputGiven<'keys.generate'>> = {},
  ): Promise<KeyRecord> {
    const { key } = await this.call(
      'keys.generate',
      {
        at: this.room.token('work'),
        algorithm: 'AES-256',
        purpose: 'encrypt',
        label,
        login: await this.room.login('work', 'keys.generate'),
        ...more,
      },
      ADA,
      OTTO,
    );
    return key;
  }

  async draft(
    change: (definition: Definition) => Definition = (same) => same,
    label = newLabel('formed'),
  ): Promise<{ definition: Definition; envelopes: Envelopes }> {
    const envelopes = packEnvelopes(16);
    const draft = await draftDefinition(
      this.room,
      this.room.token('work'),
      'AES-128',
      label,
      envelopes.expected,
    );
    return { definition: change(draft), envelopes };
  }
  /** An armed ceremony, played up to a step if one is named. */
  async arm(
    upTo = '1',
    change: (definition: Definition) => Definition = (same) => same,
  ): Promise<Played> {
    const { definition, envelopes } = await this.draft(change);
    const { sha256 } = await defineAndApprove(this.room, definition);
    const view = await this.call('ceremonies.arm', { definitionSha256: sha256 }, ADA);
    return this.play({ view, definition, envelopes }, upTo);
  }
  /** Plays until `upTo` is due, or to the end. */
  async play(played: Played, upTo?: string): Promise<Played> {
    let { view } = played;
    while (view.due !== undefined && view.due !== upTo)
      view = await playStep(this.room, view, played.definition, played.envelopes, 'work');
    return { ...played, view };
  }

  /** The stopped desk opened in this process, where a test may set the clock. The caller closes it. */
  async inside(emit: Emit = () => undefined): Promise<Inside> {
    return new Inside(this.room, await Desk.open(this.room.folder, emit));
  }

  /** Opens the stopped desk's database as another program could. The caller has stopped the service. */
  edit<T>(change: (db: Sqlite.Database) => T): T {
    const db = new Sqlite(join(this.data, 'desk.sqlite'));
    try {
      return change(db);
    } finally {
      db.close();
    }
  }
}

/** The service without its process: the same desk and router. */
export class Inside {
  readonly desk: Desk;
  readonly #router: Router;
  readonly #room: Room;
  constructor(room: Room, desk: Desk) {
    this.#room = room;
    this.desk = desk;
    this.#router = new Router(this.desk, handlers);
  }
  #put(bytes: Uint8Array, binding: Binding): string {
    const { secrets } = this.desk;
    return secrets.put(binding, seal(secrets.publicKey, Uint8Array.from(bytes), binding));
  }
  login(label: string, channel: ChannelName): { first: string; second: string } {
    const pin = this.#room.pins.get(label);
    if (pin === undefined) throw new Error(`no PIN of ${label}`);
    const half = (bytes: Uint8Array) => this.#put(bytes, { purpose: 'pin-half', channel });
    return { first: half(pin.first), second: half(pin.second) };
  }
  async call<C extends ChannelName>(
    channel: C,
    input: InputGiven<C>,
    ...names: string[]
  ): Promise<Output<C>> {
    const proofs = names.map((name) => {
      const { id: person, passphrase } = this.#room.player(name);
      const input_sha256 = hash('sha256', canonicalBytes(input));
      return {
        person,
        secret: this.#put(passphrase, { purpose: 'proof', channel, person, input_sha256 }),
      };
    });
    return (await this.#router.handle({ id: 1, channel, input, proofs })) as Output<C>;
  }
}

/** Every row of every table, for comparing before and after. */
export const dump = (db: Sqlite.Database): Record<string, unknown[]> =>
  Object.fromEntries(
    db
      .prepare<[], { name: string }>(
        "SELECT name FROM sqlite_schema WHERE type = 'table' ORDER BY name",
      )
      .all()
      .map(({ name }) => [name, db.prepare(`SELECT * FROM "${name}"`).all()]),
  );
