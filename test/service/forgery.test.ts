/**
 * Entries appended to the log of a closed desk, their leaves, index and rows made to fit: no table contradicts the log. Either the required people never agreed
 * to the entry, or it contradicts the log before it. The desk uses the same judge as an auditor, and does not open.
 */
import { hash, randomBytes } from 'node:crypto';
import { copyFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { ChannelName } from '../../shared/contract/index.ts';
import { KeymootError } from '../../shared/errors.ts';
import type { Entry } from '../../shared/log/entries.ts';
import type { Envelope } from '../../shared/log/shapes.ts';
import type { Act } from '../../shared/log/statement.ts';
import { entryBytes, subjectOf } from '../../custody/core/audit/entry.ts';
import { base64 } from '../../custody/core/audit/note.ts';
import { readEntry } from '../../custody/core/audit/reading.ts';
import { envelope, openEnvelope, statementBytes } from '../../custody/core/audit/statement.ts';
import { openPersonKey } from '../../custody/core/people/keys.ts';
import { follow, type CountedAct } from '../../custody/core/state/follow.ts';
import { State } from '../../custody/core/state/state.ts';
import { indexRows } from '../../custody/projections/log-index.ts';
import { project } from '../../custody/projections/projections.ts';
import { Desk } from '../../custody/service/desk.ts';
import { documentsOf } from '../../custody/service/documents.ts';
import { uuidv7 } from '../../custody/service/ids.ts';
import { moduleAdded } from '../../custody/service/module-facts.ts';
import { Store } from '../../custody/store/store.ts';
import {
  ADA,
  CHIDI,
  CLEO,
  EVERYONE,
  OTTO,
  TestDesk,
  newLabel,
  possible,
  refusedAs,
  type Played,
} from '../support/desk.ts';
import { softhsmFolder, type ThrowAway } from '../support/softhsm.ts';

describe.skipIf(!possible)('an entry that was appended behind the desk’s back', () => {
  let desk: TestDesk;
  let played: Played;
  let substitute: string;
  let key: string;
  let hsm: ThrowAway;
  const file = () => join(desk.data, 'desk.sqlite');
  const kept = () => join(desk.home, 'kept.sqlite');

  beforeAll(async () => {
    desk = await TestDesk.found();
    substitute = (await desk.room.enrol('Sana Idris', 'custodian', ADA, OTTO)).id;
    key = (await desk.generate(newLabel())).id;
    for (const name of EVERYONE)
      await desk.call('presence.arrive', { person: desk.person(name) }, name);
    hsm = await softhsmFolder();
    // A second module, properly added like the first.
    await desk.call(
      'modules.add',
      {
        grant: await desk.room.desk.grant('module', hsm.options.path),
        label: 'other',
        environment: { ...hsm.options.env },
      },
      ADA,
      OTTO,
    );
    played = await desk.arm('9', (definition) => ({
      ...definition,
      substitutes: [{ seat: 'custodian-1', person: substitute }],
    }));
    const { id, due } = played.view;
    const step = due ?? '';
    const seats = played.definition.steps.find((one) => one.id === step)?.seats ?? [];
    const people = played.definition.seats
      .filter(({ seat }) => seats.includes(seat))
      .map(({ person }) => person);
    // A check that failed for good: two people must decide.
    await refusedAs(
      'readback-wrong',
      desk.call(
        'ceremonies.step',
        { ceremony: id, step, input: { kind: 'key.verify', check: '0102030405' } },
        ...desk.room.byId(...people),
      ),
    );
    await desk.room.desk.stop();
    copyFileSync(file(), kept());
  });
  afterAll(async () => {
    await desk.remove();
    hsm.remove();
  });

  /** The members of an entry beside its frame. */
  type Piece = Pick<Entry, 'type' | 'detail'> & Partial<Omit<Entry, 'type' | 'detail'>>;

  /** The closed desk, modified by an attacker who can write its folder. */
  class Attacker {
    readonly store = Store.open(desk.data);
    readonly entries: Entry[] = [...this.store.log.entries()].map(({ entry }) => readEntry(entry));
    readonly #state = new State(documentsOf(this.store));
    constructor() {
      for (const entry of this.entries) this.#believe(entry);
    }
    get ceremony() {
      return { id: played.view.id, definition_sha256: played.view.definitionSha256 };
    }
    /** The ceremony at the step that is due. */
    get atStep() {
      return { ...this.ceremony, step: played.view.due ?? '' };
    }
    /** The state that would result if every act counted and every entry were allowed: rows are forged from it. */
    #believe(entry: Entry): void {
      const acts = (entry.acts ?? []).flatMap((act): CountedAct[] => {
        const statement = openEnvelope(act)?.statement;
        const member = this.#state.members.get(statement?.person ?? '');
        if (statement?.kind !== 'act' || member === undefined) return [];
        return [{ statement, role: member.role, keySha256: member.key.sha256 }];
      });
      const ignore = () => undefined;
      follow(this.#state, entry, { acts, lacking: false, say: ignore, doubt: ignore });
    }
    /** The entry of this person's arrival. */
    arrival(person: string): Entry {
      const found = this.entries.find(
        ({ type, acts = [] }) =>
          type === 'session.login' &&
          acts.some((act) => openEnvelope(act)?.statement.person === person),
      );
      if (found === undefined) throw new Error('nobody arrived');
      return found;
    }
    append(more: Piece, ...by: string[]): this {
      const last = this.entries.at(-1)!;
      const [first] = by;
      const role = this.#state.members.get(first ?? '')?.role ?? ('desk' as const);
      const { v, log, app, where } = last;
      const entry = {
        ...{ v, log, app, where },
        id: uuidv7(),
        seq: this.store.log.size,
        time: new Date().toISOString(),
        outcome: 'success',
        actor:
          first === undefined
            ? { id: 'desk', role, auth: 'none' }
            : { id: first, role, auth: 'passphrase' },
        ...more,
      } as Entry;
      this.store.commit(() => {
        this.store.log.append(entryBytes(entry));
        this.#believe(entry);
        for (const row of indexRows(entry)) this.store.index.add(row);
        project(entry, this.#state, this.store);
      });
      return this;
    }
    /** An act on this piece by a person whose passphrase the attacker knows, for example the attacker's own. */
    async act(
      name: string,
      channel: ChannelName,
      piece: Piece,
      about: Partial<Act> = {},
    ): Promise<Envelope> {
      const { id, passphrase } = desk.room.player(name);
      const member = this.#state.members.get(id);
      const sealed = this.store.people.sealedKey(id);
      if (member === undefined || sealed === undefined) throw new Error(name);
      const { key } = member;
      const sign = await openPersonKey(id, Uint8Array.from(passphrase), sealed, key);
      const { size, root } = this.store.log;
      const { ceremony } = piece;
      const payload = statementBytes({
        v: 1,
        kind: 'act',
        log: this.entries[0]!.log,
        person: id,
        head: { size, root: base64(root) },
        time: new Date().toISOString(),
        channel,
        input_sha256: hash('sha256', 'anything'),
        subject: subjectOf({ outcome: 'success', ceremony: undefined, ...piece }),
        ...(ceremony === undefined ? {} : { ceremony }),
        nonce: randomBytes(16).toString('hex'),
        ...about,
      });
      return envelope(payload, key.sha256, sign(payload));
    }
    /** Appends the piece with an act on it by each of these people, the first of them as its actor. */
    async forge(
      piece: Piece,
      channel: ChannelName,
      names: readonly string[],
      about: Partial<Act> = {},
    ): Promise<void> {
      const acts = [];
      for (const name of names) acts.push(await this.act(name, channel, piece, about));
      this.append({ ...piece, acts }, ...names.map((name) => desk.person(name)));
    }
  }

  /** Runs the attack, and expects that the desk refuses to open. */
  const refuses = async (why: string | RegExp, work: (attacker: Attacker) => unknown) => {
    for (const suffix of ['-wal', '-shm']) rmSync(`${file()}${suffix}`, { force: true });
    copyFileSync(kept(), file());
    const attacker = new Attacker();
    await work(attacker);
    attacker.store.close();
    let error: unknown;
    try {
      (await Desk.open(desk.data, () => undefined)).close();
    } catch (reason) {
      error = reason;
    }
    if (!(error instanceof KeymootError)) throw new Error('the desk opened', { cause: error });
    expect(error.code).toBe('store-tampered');
    expect(error.message).toMatch(why);
  };
  const exception = ({ ceremony }: Attacker): Piece => ({
    type: 'ceremony.exception',
    detail: {
      number: 1,
      step: played.view.due ?? '',
      expected: 'the check value',
      observed: 'typed wrong',
      decision: 'type it again',
      substitute: { person: substitute, seat: 'custodian-1' },
    },
    ceremony,
  });
  /** A next attempt at the due step: its intent or its success. */
  const step = ({ atStep }: Attacker, outcome: 'intent' | 'success' = 'intent'): Piece => ({
    type: 'ceremony.step',
    outcome,
    detail: { step: atStep.step, attempt: 2, kind: 'key.verify' },
    ceremony: atStep,
  });
  /** The people at the due step. */
  const sitting = (): string[] => {
    const seats = played.definition.steps.find(({ id }) => id === played.view.due)?.seats ?? [];
    const people = played.definition.seats.filter(({ seat }) => seats.includes(seat));
    return desk.room.byId(...people.map(({ person }) => person));
  };

  test('opens when nothing was appended', () =>
    expect(refuses('', () => undefined)).rejects.toThrow('the desk opened'));

  test('an exception needs two: one custodian’s passphrase decides nothing and seats nobody', () =>
    refuses('1 of 2', (attacker) =>
      attacker.forge(exception(attacker), 'ceremonies.exception', [CHIDI]),
    ));
  test('an exception is decided by people of the ceremony', () =>
    refuses('1 of 2', (attacker) =>
      attacker.forge(exception(attacker), 'ceremonies.exception', [CHIDI, OTTO]),
    ));
  test('a ceremony is closed by two', () =>
    refuses('1 of 2', (attacker) => {
      const detail = { verdict: 'AGREED' as const, exceptions: 0, agreed: 5, disagreed: 0 };
      const { ceremony } = attacker;
      return attacker.forge({ type: 'ceremony.close', detail, ceremony }, 'ceremonies.close', [
        CHIDI,
      ]);
    }));
  test('a step is signed by everyone who sits at it', () =>
    refuses('1 of 2', (attacker) =>
      attacker.forge(step(attacker), 'ceremonies.step', sitting().slice(0, 1)),
    ));
  test('an act is good for one entry: the signatures by which people arrived do no step of a ceremony', () =>
    refuses('was used before', (attacker) => {
      const people = sitting().map((name) => desk.person(name));
      const acts = people.flatMap((person) => attacker.arrival(person).acts ?? []);
      attacker.append({ ...step(attacker), acts }, ...people);
    }));
  test('an act is for what its person agreed to: that a step begins does not say how it ends', () =>
    refuses('signed something else', async (attacker) => {
      const acts = [];
      for (const name of sitting())
        acts.push(await attacker.act(name, 'ceremonies.step', step(attacker, 'intent')));
      const [first = ''] = sitting();
      attacker.append({ ...step(attacker, 'success'), acts }, desk.person(first));
    }));
  test('an act is good for one entry, even if another says the very same', () =>
    refuses('was used before', (attacker) => {
      const person = desk.person(ADA);
      const { type, detail, acts } = attacker.arrival(person);
      attacker.append({ type, detail, acts }, person);
    }));
  test('an act is for its own call', () =>
    refuses('0 of 2', (attacker) =>
      attacker.forge(step(attacker), 'ceremonies.abort', [...EVERYONE]),
    ));
  test('an act in a ceremony names it', () =>
    refuses('signed something else', (attacker) =>
      attacker.forge(step(attacker), 'ceremonies.step', [...EVERYONE], { ceremony: undefined }),
    ));
  test('an act names a head that this log had', () =>
    refuses('another root', (attacker) => {
      const head = { size: attacker.store.log.size, root: base64(randomBytes(32)) };
      return attacker.forge(step(attacker), 'ceremonies.step', [...EVERYONE], { head });
    }));
  test('a signature that does not hold is one too many, even where enough others do', () =>
    refuses('does not hold', async (attacker) => {
      const piece = step(attacker);
      const acts = [];
      for (const name of EVERYONE) acts.push(await attacker.act(name, 'ceremonies.step', piece));
      const [first, ...others] = acts;
      const forged = { ...first!.signatures[0]!, sig: others[0]!.signatures[0]!.sig };
      attacker.append(
        { ...piece, acts: [{ ...first!, signatures: [forged] }, ...others] },
        desk.person(ADA),
      );
    }));
  test('an act names the key of its person', () =>
    refuses('a key that is not theirs', async (attacker) => {
      const piece = step(attacker);
      const [mine, other] = [
        await attacker.act(CHIDI, 'ceremonies.step', piece),
        await attacker.act(OTTO, 'ceremonies.step', piece),
      ];
      attacker.append(
        { ...piece, acts: [{ ...mine, signatures: other.signatures }] },
        desk.person(CHIDI),
      );
    }));
  test('a ceremony is armed on approvals of its own', () =>
    refuses('0 of 2 approvals', (attacker) => {
      const { definition_sha256 } = attacker.ceremony;
      const ceremony = { id: randomBytes(16).toString('hex'), definition_sha256 };
      return attacker.forge(
        { type: 'ceremony.arm', detail: { definition_sha256 }, ceremony },
        'ceremonies.arm',
        [ADA],
      );
    }));
  test('a key is destroyed by two, who said so to this call', () =>
    refuses('1 of 2', async (attacker) => {
      const piece: Piece = { type: 'key.destroy', outcome: 'intent', detail: { key } };
      const acts = [
        await attacker.act(ADA, 'keys.destroy', piece),
        await attacker.act(CLEO, 'presence.arrive', piece),
      ];
      attacker.append({ ...piece, acts }, desk.person(ADA));
    }));
  /** The attacker's library: the next use of a key that is moved to it would load it and give it the PIN. */
  const evil = ({ store }: Attacker): Piece => {
    const [like] = store.modules.all();
    if (like === undefined) throw new Error('the desk has no module');
    const row = { ...like, id: uuidv7(), path: '/tmp/evil.so', sha256: 'ab'.repeat(32) };
    store.commit(() => {
      store.modules.keepSettings(row);
    });
    return moduleAdded(row);
  };
  test('no module comes in that nobody signed for', () =>
    refuses('0 of 2 administrators or officers', (attacker) => {
      attacker.append(evil(attacker));
    }));
  test('no module comes in on the signatures for another', () =>
    refuses('signed something else', async (attacker) => {
      const acts = [];
      for (const name of [ADA, OTTO])
        acts.push(await attacker.act(name, 'modules.add', evil(attacker)));
      attacker.append({ ...evil(attacker), acts }, desk.person(ADA));
    }));
  test('no key moves to another module', () =>
    refuses('a key', (attacker) => {
      attacker.store.close();
      desk.edit((db) => {
        db.prepare('UPDATE key SET module = (SELECT id FROM module WHERE id <> key.module)').run();
      });
    }));
  test('an outcome closes an intent', () =>
    refuses('closes no intent', (attacker) => {
      attacker.append({ type: 'key.destroy', detail: { key, objects: 1 } });
    }));

  describe('that needs nobody’s signature', () => {
    const id = '0198c0de-0000-7000-8000-0000000000aa';
    test('tells of no package of an export that was never wrapped', () =>
      refuses('names an export that nobody requested', (attacker) => {
        const sha256 = 'ab'.repeat(32);
        attacker.append({
          type: 'byok.package_created',
          detail: {
            ...{ export: id, key, blob_sha256: sha256, blob_bytes: 512 },
            manifest_sha256: sha256,
          },
        });
      }));
    test('names no module that was not added', () =>
      refuses('names a module that was not added', (attacker) => {
        attacker.append({
          type: 'token.module_changed',
          detail: { module: id, sha256: 'ab'.repeat(32) },
        });
      }));
    test('is not dated before what it follows', () =>
      refuses('older than the entry before it', (attacker) => {
        const before = Date.parse(attacker.entries.at(-1)!.time) - 60_000;
        attacker.append({
          type: 'session.logout',
          detail: { person: desk.person(CHIDI) },
          time: new Date(before).toISOString(),
        });
      }));
    test('says nothing of a step that is not due', () =>
      refuses('is not the one that is due', (attacker) => {
        const serials = ['KM-1'];
        attacker.append({
          type: 'component.destroy',
          detail: { serials },
          ceremony: { ...attacker.ceremony, step: '1' },
        });
      }));
  });
});
