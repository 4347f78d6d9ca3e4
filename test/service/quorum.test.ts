/** Acts that need two people, and acts that are refused while the log can't be sealed (design 08, T5 and T6). */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { Room } from '../../custody/cli/rehearsal/room.ts';
import { playStep } from '../../custody/cli/rehearsal/ceremony.ts';
import {
  ADA,
  CHIDI,
  CLEO,
  OTTO,
  TestDesk,
  WIM,
  newLabel,
  possible,
  refusedAs,
} from '../support/desk.ts';

describe.skipIf(!possible)('founding', () => {
  let home: string;
  let room: Room;
  beforeAll(async () => {
    home = mkdtempSync(join(tmpdir(), 'keymoot-founding-'));
    room = await Room.enter(join(home, 'desk'));
  });
  afterAll(async () => {
    await room.desk.stop();
    rmSync(home, { recursive: true, force: true });
  });
  const found = async (mode: 'rehearsal' | 'production') =>
    room.desk.call('desk.found', {
      name: 'order.keymoot.local',
      mode,
      at: room.token('log'),
      login: await room.login('log', 'desk.found'),
    });
  const state = async () => (await room.desk.call('desk.status', {})).state;

  test('nothing works before it but what it needs', async () => {
    expect(await state()).toBe('EMPTY');
    await refusedAs('desk-missing', room.enrol('Ada', 'administrator'));
    await refusedAs('desk-missing', room.desk.call('log.trust', {}));
    await refusedAs('act-required', room.desk.call('exports.load', { export: uuid, grant: uuid }));
    await refusedAs('two-required', generate());
    await room.train('softhsm', 'log');
  });
  const uuid = '0198c0de-0000-7000-8000-000000000001';
  const generate = async (...names: string[]) =>
    room.call(
      'keys.generate',
      {
        at: { module: uuid, token: { manufacturer: '', model: '', serial: '', label: '' } },
        algorithm: 'AES-128',
        purpose: 'mac',
        label: 'x',
        login: { first: uuid, second: uuid },
      },
      ...names,
    );
  test('seals no production log with a training token', async () => {
    await refusedAs('policy-refused', found('production'));
    expect(await state()).toBe('EMPTY');
    expect((await room.desk.call('log.state', {})).size).toBe(0);
  });
  test('founds nothing with a wrong PIN', async () => {
    const login = await room.desk.pin(Buffer.from('wrong'), Buffer.from('halves'), 'desk.found');
    await refusedAs(
      'pin-wrong',
      room.desk.call('desk.found', { name: 'x', mode: 'rehearsal', at: room.token('log'), login }),
    );
    expect(await state()).toBe('EMPTY');
  });
  test('a rehearsal’s name ends in /rehearsal, whatever it is called', async () => {
    const { origin } = await found('rehearsal');
    expect(origin).toMatch(/^order\.keymoot\.local\/[0-9a-f-]{36}\/rehearsal$/);
    expect(await state()).toBe('FOUNDING');
  });
  test('happens once', () => refusedAs('desk-exists', found('rehearsal')));
  test('begins with two people who can manage, and no third before the policy', async () => {
    await refusedAs('role-refused', room.enrol('Cleo', 'custodian'));
    await room.enrol('Ada', 'administrator');
    await refusedAs('ambiguous', room.enrol('Ada', 'officer'));
    const { policy } = await room.desk.call('policy.get', {});
    await refusedAs('two-required', room.call('policy.approve', { policy }, 'Ada'));
    await refusedAs('two-required', room.call('policy.approve', { policy }, 'Ada', 'Ada'));
    await room.enrol('Otto', 'officer');
    await refusedAs('desk-not-ready', room.enrol('Eve', 'administrator'));
    await refusedAs('desk-not-ready', generate('Ada', 'Otto'));
  });
  test('ends when both approve the policy', async () => {
    const { policy } = await room.desk.call('policy.get', {});
    await refusedAs(
      'input-invalid',
      room.call('policy.approve', { policy: { ...policy, version: 2 } }, 'Ada', 'Otto'),
    );
    await room.call('policy.approve', { policy }, 'Ada', 'Otto');
    expect(await state()).toBe('READY');
  });
});

describe.skipIf(!possible)('what two people must agree to', () => {
  let desk: TestDesk;
  beforeAll(async () => {
    desk = await TestDesk.found();
  });
  afterAll(() => desk.remove());

  const enrol = (...names: string[]) => desk.room.enrol(newLabel('Person'), 'witness', ...names);
  test('enrolling needs two managers once the desk is founded', async () => {
    await desk.unchanged('two-required', () => enrol());
    await desk.unchanged('two-required', () => enrol(ADA));
    await desk.unchanged('two-required', () => enrol(ADA, ADA));
    await desk.unchanged('role-refused', () => enrol(ADA, CLEO));
    await desk.unchanged('role-refused', () => enrol(CLEO, CHIDI));
  });
  test('a short passphrase enrols nobody', () =>
    desk.unchanged('input-invalid', async () => {
      const passphrase = await desk.room.desk.secret(Buffer.from('too short'), {
        purpose: 'passphrase',
        channel: 'people.enrol',
      });
      return desk.call('people.enrol', { name: 'Short', role: 'witness', passphrase }, ADA, OTTO);
    }));
  test('two managers remain, whatever two managers agree to', async () => {
    for (const name of [ADA, OTTO]) {
      await desk.unchanged('policy-refused', () =>
        desk.call('people.remove', { person: desk.person(name), why: 'gone' }, ADA, OTTO),
      );
      await desk.unchanged('policy-refused', () =>
        desk.call('people.setRole', { person: desk.person(name), role: 'witness' }, ADA, OTTO),
      );
    }
    await desk.room.enrol('Olga Weiss', 'officer', ADA, OTTO);
    await desk.call(
      'people.setRole',
      { person: desk.person('Olga Weiss'), role: 'auditor' },
      ADA,
      OTTO,
    );
    await desk.unchanged('policy-refused', () =>
      desk.call('people.remove', { person: desk.person(OTTO), why: 'gone' }, ADA, OTTO),
    );
  });
  test('nobody leaves twice, and who has left gets no role', async () => {
    const person = desk.person('Olga Weiss');
    await desk.unchanged('two-required', () =>
      desk.call('people.remove', { person, why: 'gone' }, ADA),
    );
    await desk.call('people.remove', { person, why: 'gone' }, ADA, OTTO);
    await desk.unchanged('state-refused', () =>
      desk.call('people.remove', { person, why: 'gone' }, ADA, OTTO),
    );
    await desk.unchanged('state-refused', () =>
      desk.call('people.setRole', { person, role: 'officer' }, ADA, OTTO),
    );
  });
  test('the policy is changed by two managers, one version at a time', async () => {
    const { policy, version } = await desk.room.desk.call('policy.get', {});
    const next = { ...policy, version: version + 1, pinHalf: 5 };
    await desk.unchanged('two-required', () => desk.call('policy.approve', { policy: next }, ADA));
    await desk.unchanged('two-required', () =>
      desk.call('policy.approve', { policy: next }, OTTO, OTTO),
    );
    await desk.unchanged('role-refused', () =>
      desk.call('policy.approve', { policy: next }, ADA, CLEO),
    );
    await desk.unchanged('input-invalid', () =>
      desk.call('policy.approve', { policy: { ...next, version: version + 2 } }, ADA, OTTO),
    );
    await desk.unchanged('input-invalid', () =>
      desk.call('policy.approve', { policy: { ...next, version } }, ADA, OTTO),
    );
    await desk.unchanged('input-invalid', () =>
      desk.call('policy.approve', { policy: { ...next, approvals: 1 } }, ADA, OTTO),
    );
    await desk.unchanged('input-invalid', () =>
      desk.call(
        'policy.approve',
        { policy: { ...next, components: { least: 9, most: 2 } } },
        ADA,
        OTTO,
      ),
    );
    await desk.call('policy.approve', { policy: next }, ADA, OTTO);
    expect((await desk.room.desk.call('policy.get', {})).policy.pinHalf).toBe(5);
    const refused = await desk.unchanged('policy-refused', () =>
      desk.generate(newLabel(), { purpose: 'wrap', extractable: true }),
    );
    expect(refused.fields).toEqual({ rule: 'extractable' });
    expect(refused.message).toBe(
      `The policy does not allow it: a key for wrapping other keys that can leave its token. Rule “Keys that may leave” (extractable) of the policy, version ${version + 1}, says: Only keys for encrypting may be made so that they can leave their token, and then only wrapped. Two administrators or officers can change it, by approving the next version of the policy. Nothing was made.`,
    );
  });
  test('keys are made by two people whose roles allow it', async () => {
    await desk.unchanged('two-required', () => generate(ADA));
    await desk.unchanged('two-required', () => generate(ADA, ADA));
    await desk.unchanged('role-refused', () => generate(ADA, WIM));
  });
  const generate = async (...names: string[]) =>
    desk.call(
      'keys.generate',
      {
        at: desk.room.token('work'),
        algorithm: 'AES-128',
        purpose: 'mac',
        label: newLabel(),
        login: await desk.room.login('work', 'keys.generate'),
      },
      ...names,
    );

  test('a definition is armed on two approvals by different people, and one changed byte is another definition', async () => {
    const { definition } = await desk.draft();
    const { sha256: definitionSha256 } = await desk.call('ceremonies.define', { definition }, ADA);
    const arm = () => desk.call('ceremonies.arm', { definitionSha256 }, ADA);
    const approve = (name: string, ...more: string[]) =>
      desk.call('ceremonies.approve', { definitionSha256 }, name, ...more);
    await desk.unchanged('policy-refused', arm);
    await approve(ADA);
    await desk.unchanged('policy-refused', arm);
    await desk.unchanged('act-refused', () => approve(ADA));
    await desk.unchanged('act-refused', () => approve(ADA, OTTO));
    await desk.unchanged('role-refused', () => approve(CLEO));
    await desk.unchanged('role-refused', () => approve(WIM));
    await desk.unchanged('policy-refused', arm);

    const changed = { ...definition, title: `${definition.title}.` };
    const other = await desk.call('ceremonies.define', { definition: changed }, ADA);
    expect(other.approvals).toEqual([]);
    await approve(OTTO);
    await desk.unchanged('policy-refused', () =>
      desk.call('ceremonies.arm', { definitionSha256: other.sha256 }, ADA),
    );
    await desk.unchanged('act-required', () => desk.call('ceremonies.arm', { definitionSha256 }));
    expect((await arm()).status).toBe('ARMED');
  });
  test('approvals are for one ceremony: the next on the same definition has its own', async () => {
    const { definition } = await desk.draft();
    const { sha256: definitionSha256 } = await desk.call('ceremonies.define', { definition }, ADA);
    const arm = () => desk.call('ceremonies.arm', { definitionSha256 }, ADA);
    const approve = (name: string) => desk.call('ceremonies.approve', { definitionSha256 }, name);
    await approve(ADA);
    await approve(OTTO);
    const { id } = await arm();
    await desk.unchanged('state-refused', arm);
    await desk.unchanged('state-refused', () => approve(ADA));
    await desk.call('ceremonies.abort', { ceremony: id, because: 'begun by mistake' }, ADA);
    await desk.unchanged('policy-refused', arm);
    await approve(ADA);
    await desk.unchanged('policy-refused', arm);
    await approve(OTTO);
    expect((await arm()).id).not.toBe(id);
  });
  test('defining the same again changes nothing and keeps its approvals', async () => {
    const { definition } = await desk.draft();
    const first = await desk.call('ceremonies.define', { definition }, ADA);
    await desk.call('ceremonies.approve', { definitionSha256: first.sha256 }, OTTO);
    const size = await desk.logSize();
    const again = await desk.call('ceremonies.define', { definition }, OTTO);
    expect(again.approvals).toEqual([desk.person(OTTO)]);
    expect(await desk.logSize()).toBe(size);
  });
  test('an approval no longer counts when its approver has left', async () => {
    const leaver = (await desk.room.enrol('Olga Weiss II', 'officer', ADA, OTTO)).id;
    const { definition } = await desk.draft();
    const { sha256: definitionSha256 } = await desk.call('ceremonies.define', { definition }, ADA);
    for (const name of [ADA, 'Olga Weiss II'])
      await desk.call('ceremonies.approve', { definitionSha256 }, name);
    await desk.call('people.remove', { person: leaver, why: 'left' }, ADA, OTTO);
    await desk.unchanged('policy-refused', () =>
      desk.call('ceremonies.arm', { definitionSha256 }, ADA),
    );
  });

  describe('without a signer', () => {
    test('reading, planning and searching work; keys, exports, arming and closing do not', async () => {
      const ended = await desk.play(await desk.arm());
      const { definition } = await desk.draft();
      const key = await desk.generate(newLabel(), { extractable: true });
      await desk.room.desk.call('desk.lock', {});
      expect((await desk.room.desk.call('log.state', {})).signer).toBe('NO SIGNER');

      await desk.room.desk.call('tokens.list', {});
      await desk.room.desk.call('keys.list', {});
      await desk.room.desk.call('ceremonies.show', { ceremony: ended.view.id });
      await desk.call('log.entries', { from: 0, limit: 10 }, ADA);
      const { sha256: definitionSha256 } = await desk.call(
        'ceremonies.define',
        { definition },
        ADA,
      );
      for (const name of [ADA, OTTO])
        await desk.call('ceremonies.approve', { definitionSha256 }, name);
      const { unsealed, signer, why } = await desk.room.desk.call('log.state', {});
      expect({ unsealed, signer }).toEqual({ unsealed: 3, signer: 'NO SIGNER' });
      expect(why).toBe('The desk was locked.');

      await desk.unchanged('signer-missing', () => generate(ADA, OTTO));
      await desk.unchanged('signer-missing', () =>
        desk.call('ceremonies.arm', { definitionSha256 }, ADA),
      );
      await desk.unchanged('signer-missing', () =>
        desk.call('ceremonies.close', { ceremony: ended.view.id }, ADA, WIM),
      );
      await desk.unchanged('signer-missing', async () =>
        desk.call(
          'exports.request',
          {
            key: key.id,
            target: 'aws-kms',
            algorithm: 'RSAES_OAEP_SHA_1',
            login: await desk.room.login('work', 'exports.request'),
          },
          ADA,
          OTTO,
        ),
      );
      await desk.unchanged('signer-missing', async () =>
        desk.call(
          'keys.destroy',
          { key: key.id, typed: key.label, login: await desk.room.login('work', 'keys.destroy') },
          ADA,
          OTTO,
        ),
      );
      await desk.unchanged('signer-missing', async () =>
        desk.call(
          'log.export',
          { grant: await desk.room.desk.grant('bundle', join(desk.home, 'bundle')) },
          ADA,
        ),
      );
      await desk.unchanged('presence-required', () => desk.room.desk.call('log.seal', {}));
      await desk.unchanged('signer-missing', () => desk.call('log.seal', {}, ADA));
    });
    test('opening it needs the log token’s PIN, and a wrong one is written down', async () => {
      const before = await desk.logSize();
      await refusedAs(
        'pin-wrong',
        desk.call('desk.open', { login: await desk.pin('wrong', 'wrong', 'desk.open') }, ADA),
      );
      await refusedAs(
        'pin-half-missing',
        desk.call('desk.open', { login: await desk.pin('wrong', '', 'desk.open') }, ADA),
      );
      expect((await desk.room.desk.call('log.state', {})).signer).toBe('NO SIGNER');
      expect((await desk.entries(before))[0]).toMatchObject({
        type: 'session.login_failed',
        reason: 'pin-wrong',
        detail: { what: 'token' },
      });
    });
    test('its return seals everything, and the log says how long it was away', async () => {
      const before = await desk.logSize();
      await desk.room.open();
      const state = await desk.room.desk.call('log.state', {});
      expect(state).toMatchObject({ signer: 'SEALING', unsealed: 0 });
      const entry = (await desk.entries(before)).find(({ type }) => type === 'log.checkpoint');
      expect(entry).toMatchObject({ detail: { entries: 4 } });
    });
    test('a ceremony’s key is not formed either', async () => {
      const played = await desk.arm('8');
      await desk.room.desk.call('desk.lock', {});
      await desk.unchanged('signer-missing', () =>
        playStep(desk.room, played.view, played.definition, played.envelopes, 'work'),
      );
      await desk.room.open();
      expect((await desk.play(played, '9')).view.due).toBe('9');
    });
  });
});
