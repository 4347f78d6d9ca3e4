/**
 * Entries appended to the log of a closed desk, their leaves and rows made to fit: nothing is contradicted, and nobody's signature is broken. What is missing is
 * that the people who must agree to such an entry ever did. The desk asks the same judge as an auditor does, and does not open.
 */
import { hash, randomBytes } from 'node:crypto';
import { copyFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { ChannelName } from '../../shared/contract/index.ts';
import { KeymootError } from '../../shared/errors.ts';
import { entryBytes, parseEntry, type Entry } from '../../custody/core/audit/entry.ts';
import { base64 } from '../../custody/core/audit/note.ts';
import {
  envelope,
  openEnvelope,
  statementBytes,
  type Act,
  type Envelope,
} from '../../custody/core/audit/statement.ts';
import { openPersonKey } from '../../custody/core/people/keys.ts';
import { Desk } from '../../custody/service/desk.ts';
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
    // A second module, as good as the first.
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

  /** The closed desk, in the hands of whoever can write its folder. */
  class Attacker {
    readonly store = Store.open(desk.data);
    readonly entries: Entry[] = [...this.store.log.entries()].map(({ entry }) =>
      parseEntry(JSON.parse(Buffer.from(entry).toString('utf8'))),
    );
    get ceremony() {
      return { id: played.view.id, definition_sha256: played.view.definitionSha256 };
    }
    /** The act by which this person once came to read. */
    arrival(person: string): Envelope {
      const found = this.entries.find(
        ({ type, acts }) =>
          type === 'session.login' && openEnvelope((acts ?? [])[0])?.statement.person === person,
      );
      return (found?.acts ?? [])[0]!;
    }
    append(more: Partial<Entry>, ...by: string[]): this {
      const last = this.entries.at(-1)!;
      const [first] = by;
      const member = this.entries.find(
        (entry) => entry.type === 'person.enrolled' && entry.detail.person === first,
      );
      const role = member?.type === 'person.enrolled' ? member.detail.role : ('desk' as const);
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
        if (entry.ceremony !== undefined)
          this.store.ceremonies.addEntry(entry.ceremony.id, entry.seq);
      });
      return this;
    }
    /** An act by somebody whose passphrase the attacker knows: their own, say. */
    async act(name: string, channel: ChannelName, about: Partial<Act> = {}): Promise<Envelope> {
      const { id, passphrase } = desk.room.player(name);
      const enrolled = this.entries.find(
        (entry) => entry.type === 'person.enrolled' && entry.detail.person === id,
      );
      const sealed = this.store.people.sealedKey(id);
      if (enrolled?.type !== 'person.enrolled' || sealed === undefined) throw new Error(name);
      const { key } = enrolled.detail;
      const sign = await openPersonKey(id, Uint8Array.from(passphrase), sealed, key);
      const { size, root } = this.store.log;
      const payload = statementBytes({
        v: 1,
        kind: 'act',
        log: enrolled.log,
        person: id,
        head: { size, root: base64(root) },
        time: new Date().toISOString(),
        channel,
        input_sha256: hash('sha256', 'anything'),
        nonce: randomBytes(16).toString('hex'),
        ...about,
      });
      return envelope(payload, key.sha256, sign(payload));
    }
  }

  /** Lets the attacker work, and wants the desk closed to what they did. */
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
  const exception = (by: number) => ({
    type: 'ceremony.exception' as const,
    detail: {
      number: by,
      step: played.view.due ?? '',
      expected: 'the check value',
      observed: 'typed wrong',
      decision: 'type it again',
      substitute: { person: substitute, seat: 'custodian-1' },
    },
  });

  test('opens when nothing was appended', () =>
    expect(refuses('', () => undefined)).rejects.toThrow('the desk opened'));

  test('an exception needs two: one custodian’s passphrase decides nothing and seats nobody', () =>
    refuses('1 of 2', async (attacker) => {
      const { ceremony } = attacker;
      const act = await attacker.act(CHIDI, 'ceremonies.exception', { ceremony });
      attacker.append({ ...exception(1), ceremony, acts: [act] }, desk.person(CHIDI));
    }));
  test('an exception is decided by people of the ceremony', () =>
    refuses('1 of 2', async (attacker) => {
      const { ceremony } = attacker;
      const acts = [
        await attacker.act(CHIDI, 'ceremonies.exception', { ceremony }),
        await attacker.act(OTTO, 'ceremonies.exception', { ceremony }),
      ];
      attacker.append({ ...exception(1), ceremony, acts }, desk.person(CHIDI));
    }));
  test('a ceremony is closed by two', () =>
    refuses('1 of 2', async (attacker) => {
      const { ceremony } = attacker;
      const act = await attacker.act(CHIDI, 'ceremonies.close', { ceremony });
      const detail = { verdict: 'AGREED' as const, exceptions: 0, agreed: 5, disagreed: 0 };
      attacker.append(
        { type: 'ceremony.close', detail, ceremony, acts: [act] },
        desk.person(CHIDI),
      );
    }));
  test('a step is signed by everyone who sits at it', () =>
    refuses('1 of 2', async (attacker) => {
      const step = played.view.due ?? '';
      const ceremony = { ...attacker.ceremony, step };
      const sits = played.definition.steps.find(({ id }) => id === step)?.seats[0];
      const person = played.definition.seats.find(({ seat }) => seat === sits)?.person ?? '';
      const [name = ''] = desk.room.byId(person);
      const act = await attacker.act(name, 'ceremonies.step', { ceremony });
      const detail = { step, attempt: 2, kind: 'key.verify', observed: 'the key is released' };
      attacker.append({ type: 'ceremony.step', detail, ceremony, acts: [act] }, person);
    }));

  const stepDone = (attacker: Attacker, acts: Envelope[]) => {
    const step = played.view.due ?? '';
    attacker.append(
      {
        type: 'ceremony.step',
        detail: { step, attempt: 2, kind: 'key.verify', observed: 'the key is released' },
        ceremony: { ...attacker.ceremony, step },
        acts,
      },
      ...acts.flatMap((act) => openEnvelope(act)?.statement.person ?? []),
    );
  };
  test('an act is good for one entry: the signatures by which people arrived do no step of a ceremony', () =>
    refuses('was used before', (attacker) => {
      stepDone(
        attacker,
        EVERYONE.map((name) => attacker.arrival(desk.person(name))),
      );
    }));
  test('an act is for its own call', () =>
    refuses('0 of 2', async (attacker) => {
      const ceremony = { ...attacker.ceremony, step: played.view.due ?? '' };
      const acts = [];
      for (const name of EVERYONE)
        acts.push(await attacker.act(name, 'ceremonies.abort', { ceremony }));
      stepDone(attacker, acts);
    }));
  test('an act in a ceremony names it', () =>
    refuses('0 of 2', async (attacker) => {
      const acts = [];
      for (const name of EVERYONE) acts.push(await attacker.act(name, 'ceremonies.step'));
      stepDone(attacker, acts);
    }));
  test('an act names a head that this log had', () =>
    refuses('another root', async (attacker) => {
      const ceremony = { ...attacker.ceremony, step: played.view.due ?? '' };
      const head = { size: attacker.store.log.size, root: base64(randomBytes(32)) };
      const acts = [];
      for (const name of EVERYONE)
        acts.push(await attacker.act(name, 'ceremonies.step', { ceremony, head }));
      stepDone(attacker, acts);
    }));
  test('a signature that does not hold is one too many, even where enough others do', () =>
    refuses('', async (attacker) => {
      const ceremony = { ...attacker.ceremony, step: played.view.due ?? '' };
      const acts = [];
      for (const name of EVERYONE)
        acts.push(await attacker.act(name, 'ceremonies.step', { ceremony }));
      const [first, ...others] = acts;
      const [last] = others;
      stepDone(attacker, [{ ...first!, signatures: last!.signatures }, ...others]);
    }));
  test('a ceremony is armed on approvals of its own', () =>
    refuses('0 of 2 approvals', async (attacker) => {
      const { definition_sha256: sha256 } = attacker.ceremony;
      const id = randomBytes(16).toString('hex');
      const act = await attacker.act(ADA, 'ceremonies.arm', {
        subject: { kind: 'definition', sha256 },
      });
      attacker.store.commit(() => {
        attacker.store.ceremonies.open({
          id,
          definitionSha256: sha256,
          opened: new Date().toISOString(),
        });
      });
      attacker.append(
        {
          type: 'ceremony.arm',
          detail: { definition_sha256: sha256 },
          ceremony: { id, definition_sha256: sha256 },
          acts: [act],
        },
        desk.person(ADA),
      );
    }));
  test('a key is destroyed by two, who said so to this call', () =>
    refuses('1 of 2', async (attacker) => {
      const acts = [
        await attacker.act(ADA, 'keys.destroy'),
        await attacker.act(CLEO, 'presence.arrive'),
      ];
      attacker.append(
        { type: 'key.destroy', outcome: 'intent', detail: { key }, acts },
        desk.person(ADA),
      );
    }));
  /** A library of the attacker's, its row made to fit, and the key moved to it: the next use of the key would load it and hand it the PIN. */
  const bringIn = (attacker: Attacker, acts: Envelope[] | undefined, ...by: string[]) => {
    const [like] = attacker.store.modules.all();
    if (like === undefined) throw new Error('the desk has no module');
    const row = { ...like, id: uuidv7(), path: '/tmp/evil.so', sha256: 'ab'.repeat(32) };
    attacker.store.commit(() => {
      attacker.store.modules.insert(row);
    });
    attacker.append({ ...moduleAdded(row), ...(acts === undefined ? {} : { acts }) }, ...by);
  };
  const anything = /module|acts|administrators/;
  test('no module comes in that nobody signed for', () =>
    refuses(anything, (attacker) => {
      bringIn(attacker, undefined);
    }));
  test('no module comes in on the signatures for another', () =>
    refuses(anything, async (attacker) => {
      const subject = { kind: 'module', sha256: 'cd'.repeat(32) } as const;
      const acts = [];
      for (const name of [ADA, OTTO])
        acts.push(await attacker.act(name, 'modules.add', { subject }));
      bringIn(attacker, acts, desk.person(ADA));
    }));
  test('no key moves to another module', () =>
    refuses('the key', (attacker) => {
      attacker.store.close();
      desk.edit((db) => {
        db.prepare('UPDATE key SET module = (SELECT id FROM module WHERE id <> key.module)').run();
      });
    }));
  test('an outcome closes an intent', () =>
    refuses('closes no intent', (attacker) => {
      attacker.append({ type: 'key.destroy', detail: { key, objects: 1 } });
      attacker.store.commit(() => {
        attacker.store.keys.setDestroyed(key);
      });
    }));
});
