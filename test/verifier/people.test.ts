/** What people signed and whether enough of them did: sections 5 and 12 of the format page. */
import { describe, expect, it } from 'vitest';
import { arm, begin, define, tell, type Story } from './ceremony.ts';
import { lay, verify, words, type Answer } from './harness.ts';
import {
  canonical,
  envelope,
  hex,
  keyObject,
  newKey,
  newPerson,
  uuid,
  type Members,
  type Person,
} from './make-bundle.ts';

/** A definition that says something else at one place. */
const retell = (paper: Buffer, [from, to]: [string, string]): Buffer =>
  Buffer.from(paper.toString('utf8').replace(from, to));

const POLICY = hex('policy');
const policy = { version: 2, policy_sha256: POLICY };
const onPolicy = { subject: { kind: 'policy', sha256: POLICY } };

const about = ({ id }: Person): { said: Members } => ({
  said: { subject: { kind: 'person', sha256: hex(id) } },
});

/** A desk with two founders, and then whatever the test adds. */
function after(add: (story: Story) => void): Answer {
  const story = begin();
  add(story);
  return verify(lay(story.log));
}

const quorum = (answer: Answer): string => `${answer.verdict}: ${words(answer, 'quorum')}`;

/** One act, spoilt, on an entry that needs none: nothing but the act itself can be at fault. */
function withAct(make: (story: Story) => Members): Answer {
  return after((story) => story.log.add('app.stop', {}, { acts: [make(story)] }));
}

describe('statements', () => {
  it('refuses what is not in the profile or the table', () => {
    const spoils: ((said: Members, story: Story) => Members | string)[] = [
      (said) => ({ ...said, v: 2 }),
      (said) => ({ ...said, kind: 'enrolment' }),
      (said) => ({ ...said, kind: 'wish' }),
      (said) => ({ ...said, more: 1 }),
      (said) => ({ ...said, nonce: 'short' }),
      (said) => ({ ...said, channel: 'area\u202everb' }),
      (said) => ({ ...said, subject: { kind: 'cheque', sha256: hex('') } }),
      (said) => ({ ...said, log: 'keymoot.local/0198c0de-0000-7000-8000-00000000ffff' }),
      (said) => ({ ...said, head: { size: 4, root: hex('') } }),
      (said, { log }) => ({ ...said, head: { size: 4, root: log.root() } }),
      (said) => JSON.stringify(said, null, 1),
      (said) => canonical(said).replace('{', '{"__proto__":1,'),
      () => '',
    ];
    for (const spoil of spoils) {
      const answer = withAct((story) => {
        const said = spoil(story.log.statement(story.ana), story);
        return envelope(typeof said === 'string' ? said : canonical(said), story.ana.key);
      });
      expect(answer.verdict).toBe('malformed');
      expect(answer.first_bad?.index).toBe(3);
    }
  });

  it('refuses envelopes of another make', () => {
    const spoils: ((sealed: Members) => Members)[] = [
      (sealed) => ({ ...sealed, payloadType: 'application/json' }),
      (sealed) => ({ ...sealed, signatures: [] }),
      (sealed) => ({ ...sealed, signatures: [sealed.signatures!, sealed.signatures!].flat() }),
      (sealed) => ({ ...sealed, payload: `${sealed.payload as string}\n` }),
      (sealed) => ({ ...sealed, payload: (sealed.payload as string).replace(/=*$/, '====') }),
      (sealed) => ({ ...sealed, more: 1 }),
    ];
    for (const spoil of spoils) {
      expect(withAct(({ log, ana }) => spoil(log.act(ana))).verdict).toBe('malformed');
    }
  });

  it('is tampered when a statement names a head that the log never had', () => {
    const answer = withAct(({ log, ana }) =>
      log.act(ana, { head: { size: 2, root: log.root(1) } }),
    );
    expect(answer.verdict).toBe('tampered');
    expect(words(answer, 'integrity')).toContain('another root for size 2');
    expect(answer.first_bad?.index).toBe(3);
  });

  it('takes a head that is older, and the head of nothing', () => {
    for (const size of [0, 1, 2, 3]) {
      const answer = withAct(({ log, ana }) =>
        log.act(ana, { head: { size, root: log.root(size) } }),
      );
      expect(answer.verdict).toBe('pass');
    }
  });

  it('is tampered when a signature is by another key, or broken, or by somebody unknown', () => {
    const stranger = newPerson('officer');
    const cases: [string, (story: Story) => Members][] = [
      ['is not enrolled', ({ log }) => log.act(stranger)],
      ['a key that is not theirs', ({ log, ana }) => log.act({ ...ana, key: stranger.key })],
      [
        'does not verify',
        ({ log, ana }) => envelope(canonical(log.statement(ana)), stranger.key, ana.key.sha256),
      ],
      ['does not verify', ({ log, ben }) => ({ ...log.act(ben), payload: log.act(ben).payload! })],
      [
        'does not verify',
        ({ log, ben }) => ({
          ...log.act(ben),
          signatures: [{ keyid: ben.key.sha256, sig: '' }],
        }),
      ],
    ];
    for (const [why, make] of cases) {
      const answer = withAct(make);
      expect(answer.verdict).toBe('tampered');
      expect(words(answer, 'authenticity')).toContain(why);
    }
  });

  it('refuses an act that is played again', () => {
    const answer = after(({ log, ana }) => {
      const act = log.act(ana);
      log.add('app.stop', {}, { acts: [act] });
      log.add('app.stop', {}, { acts: [act] });
    });
    expect(answer.verdict).toBe('malformed');
    expect(words(answer, 'format')).toContain('the nonce of an act was used before');
    expect(answer.first_bad?.index).toBe(4);
  });

  it('refuses two acts by one person in an entry', () => {
    const answer = after(({ log, ana }) =>
      log.addBy([ana, ana], 'policy.changed', policy, { said: onPolicy }),
    );
    expect(answer.verdict).toBe('malformed');
    expect(words(answer, 'format')).toContain('two acts are by the same person');
  });

  it('refuses an entry by several people that names another actor than the first', () => {
    const answer = after(({ log, ana, ben }) =>
      log.addBy([ana, ben], 'policy.changed', policy, {
        said: onPolicy,
        more: { actor: { id: ben.id, role: 'officer', auth: 'card' } },
      }),
    );
    expect(words(answer, 'format')).toContain('the actor is not the first');
  });
});

describe('enrolment', () => {
  it('is tampered when the person signed something else', () => {
    for (const changes of [
      { role: 'auditor' },
      { person: uuid() },
      { name_sha256: hex('another name') },
      { key: keyObject(newKey('Ed25519')) },
    ]) {
      const answer = after(({ log, ana, ben }) => {
        log.enrol(newPerson('witness'), [ana, ben], changes);
      });
      expect(answer.verdict).toBe('tampered');
      expect(words(answer, 'authenticity')).toContain('signed another enrolment');
    }
  });

  it('is tampered when somebody else’s key signed it', () => {
    const answer = after(({ log, ana, ben }) => {
      const person = newPerson('witness');
      const payload = canonical(log.enrolment(person));
      const acts = [ana, ben].map((who) =>
        log.act(who, {
          channel: 'people.enrol',
          subject: { kind: 'enrolment', sha256: hex(payload) },
        }),
      );
      const { id, role, key } = person;
      const statement = envelope(payload, ana.key, key.sha256);
      const detail = { person: id, role, key: keyObject(key), name_sha256: hex(id), statement };
      log.add('person.enrolled', detail, log.acting([ana, ben], acts));
    });
    expect(answer.verdict).toBe('tampered');
    expect(words(answer, 'authenticity')).toContain('is not signed by them');
  });

  it('refuses to enrol a person twice', () => {
    const answer = after(({ log, ana, ben }) => {
      log.enrol({ ...ana, key: newKey('Ed25519') }, [ana, ben]);
    });
    expect(answer.verdict).toBe('malformed');
    expect(words(answer, 'format')).toContain('enrolled already');
  });

  it('needs two others from the third person on', () => {
    const cem = newPerson('witness');
    expect(quorum(after(({ log }) => log.enrol(cem)))).toContain('unproven: entry 3');
    expect(quorum(after(({ log, ana }) => log.enrol(cem, [ana])))).toContain('1 of 2 acts');
    const other = after(({ log, ana, ben }) => {
      const person = newPerson('witness');
      const acts = [ana, ben].map((who) =>
        log.act(who, {
          channel: 'people.enrol',
          subject: { kind: 'enrolment', sha256: hex('another') },
        }),
      );
      const payload = canonical(log.enrolment(person));
      const { id, role, key } = person;
      const statement = envelope(payload, key);
      const detail = { person: id, role, key: keyObject(key), name_sha256: hex(id), statement };
      log.add('person.enrolled', detail, log.acting([ana, ben], acts));
    });
    expect(quorum(other)).toContain('0 of 2 acts');
  });
});

describe('the quorum', () => {
  it('is unproven with one act where two are needed, and with acts on something else', () => {
    const one = after(({ log, ana }) =>
      log.addBy([ana], 'policy.changed', policy, { said: onPolicy }),
    );
    expect(one.exit).toBe(3);
    expect(quorum(one)).toBe(
      'unproven: entry 3 (policy.changed): 1 of 2 acts by administrators or officers on this policy',
    );
    for (const said of [
      {},
      { subject: { kind: 'policy', sha256: hex('x') } },
      { subject: { kind: 'key', sha256: POLICY } },
    ]) {
      const other = after(({ log, ana, ben }) =>
        log.addBy([ana, ben], 'policy.changed', policy, { said }),
      );
      expect(quorum(other)).toContain('unproven: entry 3 (policy.changed): 0 of 2');
    }
  });

  it('counts keys and not names: two people with one key are one', () => {
    const answer = after(({ log, ana, ben }) => {
      const twin: Person = { ...newPerson('officer'), key: ana.key };
      log.enrol(twin, [ana, ben]);
      log.addBy([ana, twin], 'policy.changed', policy, { said: onPolicy });
    });
    expect(quorum(answer)).toBe(
      'unproven: entry 4 (policy.changed): 1 of 2 acts by administrators or officers on this policy',
    );
  });

  it('does not count acts by a person who has left', () => {
    const answer = after(({ log, ana, ben }) => {
      const cem = newPerson('officer');
      log.enrol(cem, [ana, ben]);
      log.addBy([ana, ben], 'person.left', { person: cem.id }, about(cem));
      log.addBy([cem, ana], 'policy.changed', policy, { said: onPolicy });
    });
    expect(answer.parts.authenticity.result).toBe('pass');
    expect(quorum(answer)).toBe(
      'unproven: entry 5 (policy.changed): 1 of 2 acts by administrators or officers on this policy',
    );
  });

  it('looks at the role that a person has at the time', () => {
    const answer = after(({ log, ana, ben }) => {
      const cem = newPerson('operator');
      log.enrol(cem, [ana, ben]);
      const [officer, auditor] = [
        { person: cem.id, role: 'officer' },
        { person: ben.id, role: 'auditor' },
      ];
      log.addBy([ana, cem], 'person.role_changed', officer, about(cem));
      log.addBy([ana, cem], 'person.role_changed', auditor, about(ben));
      log.addBy([ana, ben], 'person.left', { person: cem.id }, about(cem));
    });
    expect(answer.parts.quorum.notes).toEqual([
      'entry 4 (person.role_changed): 1 of 2 acts by administrators or officers on this person',
      'entry 6 (person.left): 1 of 2 acts by administrators or officers on this person',
    ]);
  });

  it('needs acts that name the person who leaves or changes their role', () => {
    const answer = after(({ log, ana, ben }) => {
      const cem = newPerson('operator');
      log.enrol(cem, [ana, ben]);
      const role = { person: cem.id, role: 'witness' };
      log.addBy([ana, ben], 'person.role_changed', role);
      log.addBy([ana, ben], 'person.role_changed', role, about(ben));
      log.addBy(
        [ana, ben],
        'person.left',
        { person: cem.id },
        {
          said: { subject: { kind: 'token', sha256: hex(cem.id) } },
        },
      );
      log.addBy([ana, ben], 'person.left', { person: cem.id }, about(cem));
    });
    const none = '0 of 2 acts by administrators or officers on this person';
    expect(answer.parts.quorum.notes).toEqual([
      `entry 4 (person.role_changed): ${none}`,
      `entry 5 (person.role_changed): ${none}`,
      `entry 6 (person.left): ${none}`,
    ]);
  });

  it.each(['key.generate', 'key.wrap', 'key.destroy', 'key.import'])(
    'needs two acts before %s, and an intent before its success',
    (type) => {
      const answer = after(({ log, ana }) => {
        const detail = { key: uuid() };
        const corr = log.addBy([ana], type, detail, { more: { outcome: 'intent' } });
        log.add(type, detail, { corr });
        log.add(type, detail);
      });
      expect(answer.parts.quorum.notes).toEqual([
        `entry 3 (${type}): 1 of 2 acts`,
        `entry 5 (${type}): it closes no intent`,
      ]);
    },
  );

  it('needs two acts on the key before it is asked to leave', () => {
    const answer = after(({ log, ana, ben }) => {
      const detail = { export: uuid(), key: uuid(), target: 'aws', algorithm: 'RSA_AES' };
      const other = { subject: { kind: 'key', sha256: hex(uuid()) } };
      log.addBy([ana, ben], 'byok.requested', detail, { said: other });
      const said = { subject: { kind: 'key', sha256: hex(detail.key) } };
      log.addBy([ana], 'byok.requested', detail, { said });
      log.addBy([ana, ben], 'byok.requested', detail, { said });
    });
    expect(answer.parts.quorum.notes).toEqual([
      'entry 3 (byok.requested): 0 of 2 acts on this key',
      'entry 4 (byok.requested): 1 of 2 acts on this key',
    ]);
  });

  it('needs two approvals of the same definition by different keys before a ceremony is armed', () => {
    const answer = after((story) => {
      const { log, ana, ben, ceremony, definition } = story;
      define(story);
      const detail = { definition_sha256: definition };
      const said = { subject: { kind: 'definition', sha256: definition } };
      const other = { subject: { kind: 'definition', sha256: hex('another') } };
      log.addBy([ana], 'ceremony.approve', detail, { said });
      log.addBy([ana], 'ceremony.approve', detail, { said });
      log.addBy([ben], 'ceremony.approve', { definition_sha256: hex('another') }, { said: other });
      log.addBy([ben], 'ceremony.approve', detail);
      log.addBy([ben], 'ceremony.arm', detail, { said, more: { ceremony } });
      log.addBy([ben], 'ceremony.arm', detail, { said: other, more: { ceremony } });
    });
    expect(answer.parts.quorum.notes).toEqual([
      'entry 7 (ceremony.approve): 0 of 1 acts on this definition',
      'entry 8 (ceremony.arm): 1 of 2 approvals of its definition',
      'entry 9 (ceremony.arm): 0 of 1 acts on this definition',
      'entry 9 (ceremony.arm): 0 of 2 approvals of its definition',
      'entry 9 (ceremony.arm): a ceremony with this id was armed before',
    ]);
  });

  it('lets two approvals arm one ceremony', () => {
    const answer = after((story) => {
      const { log, ana, ben, cem, ceremony, definition } = story;
      log.enrol(cem, [ana, ben]);
      arm(story);
      const again = { ...ceremony, id: hex('again').slice(0, 32) };
      const said = { subject: { kind: 'definition', sha256: definition } };
      const detail = { definition_sha256: definition };
      log.addBy([ben], 'ceremony.arm', detail, { said, more: { ceremony: again } });
      log.addBy([ben], 'ceremony.approve', detail, { said });
      log.addBy([ana], 'ceremony.approve', detail, { said });
      const third = { ...ceremony, id: hex('third').slice(0, 32) };
      log.addBy([ben], 'ceremony.arm', detail, { said, more: { ceremony: third } });
    });
    expect(answer.parts.quorum.notes).toEqual([
      'entry 8 (ceremony.arm): 0 of 2 approvals of its definition',
    ]);
  });

  it.each([
    ['is not in the bundle', (): Buffer | undefined => undefined],
    ['seats nobody', () => Buffer.from(canonical({ seats: [], steps: [] }))],
    [
      'seats somebody without an id',
      (paper: Buffer) => retell(paper, ['"person":"', '"person":"x']),
    ],
    ['is not canonical', (paper: Buffer) => retell(paper, ['{"seats"', '{ "seats"'])],
    ['is not JSON', () => Buffer.from('seats')],
    [
      'is longer than any',
      (paper: Buffer) => retell(paper, ['"title":"', `"title":"${'x'.repeat(2 ** 20)}`]),
    ],
  ])('can’t count the seats of a definition that %s', (_, make) => {
    const story = begin();
    const { log, ana, ben, cem, ceremony } = story;
    log.enrol(cem, [ana, ben]);
    const paper = make(story.paper);
    const definition = hex(paper ?? story.paper);
    const told = { ...story, paper: paper ?? story.paper, definition };
    told.ceremony = { ...ceremony, definition_sha256: definition };
    arm(told);
    if (paper === undefined) log.evidence.pop();
    log.addBy(
      [ana],
      'ceremony.pause',
      {},
      { said: { ceremony: told.ceremony }, more: { ceremony: told.ceremony } },
    );
    const answer = verify(lay(log));
    expect(answer.verdict).toBe('unproven');
    expect(answer.parts.quorum.notes).toEqual([
      'entry 7 (ceremony.arm): its definition is not in the bundle, so nobody is known to sit in it',
      'entry 8 (ceremony.pause): no such ceremony was armed',
    ]);
  });

  it('does not let a witness approve a definition', () => {
    const answer = after(({ log, ana, ben, definition }) => {
      const wit = newPerson('witness');
      log.enrol(wit, [ana, ben]);
      const said = { subject: { kind: 'definition', sha256: definition } };
      log.addBy([wit], 'ceremony.approve', { definition_sha256: definition }, { said });
    });
    expect(quorum(answer)).toContain('0 of 1 acts on this definition');
  });

  /** A ceremony in which the test goes on. The operator alone sits at step s1; s2 has two, and s3 is where each speaks. */
  const inside = (add: (story: Story, at: (step: string) => Members) => void): string[] =>
    after((story) => {
      const { log, ana, ben, cem, ceremony } = story;
      log.enrol(cem, [ana, ben]);
      arm(story);
      add(story, (step) => ({ said: { ceremony: { ...ceremony, step } }, more: { ceremony } }));
    }).parts.quorum.notes.map((note) => note.replace('of this ceremony', 'of it'));

  it('needs acts that name this ceremony, its step and the person', () => {
    const notes = inside(({ log, ana, ben, cem, ceremony }) => {
      const more = { ceremony };
      const other = { ...ceremony, id: hex('another').slice(0, 32) };
      const step = { step: 's1', attempt: 1, kind: 'token.check' };
      log.addBy([cem], 'ceremony.step', step, { said: { ceremony }, more });
      log.addBy([cem], 'ceremony.step', step, {
        said: { ceremony: { ...ceremony, step: 's2' } },
        more,
      });
      log.addBy([cem], 'ceremony.step', step, {
        said: { ceremony: { ...ceremony, step: 's1' } },
        more,
      });
      log.add('ceremony.step', step, more);
      log.add('ceremony.step', step, { ...more, outcome: 'failure' });
      log.addBy([ana], 'ceremony.agree', { person: ben.id }, { said: { ceremony }, more });
      log.addBy([ben], 'ceremony.agree', { person: ben.id }, { said: { ceremony: other }, more });
      log.addBy([ben], 'ceremony.agree', { person: ben.id }, { more });
      log.addBy([ben], 'ceremony.pause', {}, { said: { ceremony } });
      log.addBy(
        [ben],
        'ceremony.pause',
        {},
        { said: { ceremony: other }, more: { ceremony: other } },
      );
      log.addBy([ben], 'ceremony.abort', { because: 'x' }, { said: { ceremony }, more });
    });
    expect(notes).toEqual([
      'entry 8 (ceremony.step): 0 of 1 acts by the people at this step',
      'entry 9 (ceremony.step): 0 of 1 acts by the people at this step',
      'entry 11 (ceremony.step): 0 of 1 acts by the people at this step',
      'entry 12 (ceremony.step): 0 of 1 acts by the people at this step',
      'entry 13 (ceremony.agree): 0 of 1 acts by the person',
      'entry 14 (ceremony.agree): 0 of 1 acts by the person',
      'entry 15 (ceremony.agree): 0 of 1 acts by the person',
      'entry 16 (ceremony.pause): no such ceremony was armed',
      'entry 17 (ceremony.pause): no such ceremony was armed',
    ]);
  });

  it('needs everyone who sits at a step, as the definition says, whatever the entry calls it', () => {
    const notes = inside(({ log, ana, ben, cem }, at) => {
      const step = { step: 's2', attempt: 1, kind: 'agree' };
      log.addBy([ana], 'ceremony.step', step, at('s2'));
      log.addBy([ana, ben], 'ceremony.step', step, at('s2'));
      log.addBy([ana, cem], 'ceremony.step', step, at('s2'));
      log.addBy([ben], 'ceremony.step', { ...step, step: 's3' }, at('s3'));
      log.addBy([cem], 'ceremony.step', { ...step, step: 's3' }, at('s3'));
      log.addBy([cem], 'ceremony.step', { ...step, step: 's4' }, at('s4'));
    });
    expect(notes).toEqual([
      'entry 8 (ceremony.step): 1 of 2 acts by the people at this step',
      'entry 9 (ceremony.step): 1 of 2 acts by the people at this step',
      'entry 12 (ceremony.step): 0 of 1 acts by the people at this step',
      'entry 13 (ceremony.step): its definition has no such step',
    ]);
  });

  it('needs two people of the ceremony for an exception and for its close', () => {
    const notes = inside(({ log, ana, ben, cem, ceremony }) => {
      const about = { said: { ceremony }, more: { ceremony } };
      const dora = newPerson('officer');
      log.enrol(dora, [ana, ben]);
      const exception = { number: 1, step: 's1', expected: 'x', observed: 'y', decision: 'z' };
      const close = { verdict: 'AGREED', exceptions: 0, agreed: 0, disagreed: 0 };
      log.addBy([cem], 'ceremony.exception', exception, about);
      log.addBy([cem, dora], 'ceremony.exception', exception, about);
      log.addBy([cem, ana], 'ceremony.exception', exception, about);
      log.addBy([ben], 'ceremony.close', close, about);
      log.addBy([ben, dora], 'ceremony.close', close, about);
      log.addBy([ben, ana], 'ceremony.close', close, about);
    });
    expect(notes).toEqual([
      'entry 9 (ceremony.exception): 1 of 2 acts by people of it',
      'entry 10 (ceremony.exception): 1 of 2 acts by people of it',
      'entry 12 (ceremony.close): 1 of 2 acts by people of it',
      'entry 13 (ceremony.close): 1 of 2 acts by people of it',
    ]);
  });

  it('seats a substitute whom the definition names, once two have decided it', () => {
    const story = begin();
    const { log, ana, ben, cem } = story;
    const dora = newPerson('operator');
    log.enrol(cem, [ana, ben]).enrol(dora, [ana, ben]);
    const stands = { seat: 'operator', person: dora.id };
    story.paper = retell(story.paper, ['"substitutes":[]', `"substitutes":[${canonical(stands)}]`]);
    story.definition = hex(story.paper);
    story.ceremony = { ...story.ceremony, definition_sha256: story.definition };
    arm(story);
    const { ceremony } = story;
    const more = { ceremony };
    const swap = (by: Person[], substitute: Members) =>
      log.addBy(
        by,
        'ceremony.exception',
        { number: 1, step: 's1', expected: 'x', observed: 'y', decision: 'z', substitute },
        { said: { ceremony }, more },
      );
    const look = (who: Person) =>
      log.addBy(
        [who],
        'ceremony.step',
        { step: 's1', attempt: 1, kind: 'token.check' },
        { said: { ceremony: { ...ceremony, step: 's1' } }, more },
      );
    swap([ana], stands);
    swap([ana, ben], { ...stands, seat: 'officer' });
    look(dora);
    swap([ana, ben], stands);
    look(dora);
    look(cem);
    expect(verify(lay(log)).parts.quorum.notes).toEqual([
      'entry 9 (ceremony.exception): 1 of 2 acts by people of this ceremony',
      'entry 11 (ceremony.step): 0 of 1 acts by the people at this step',
      'entry 14 (ceremony.step): 0 of 1 acts by the people at this step',
    ]);
  });

  it('counts an act for the call that it was for, and in the ceremony that it was in', () => {
    const notes = inside(({ log, ana, ben, ceremony, definition }) => {
      const other = { channel: 'keys.generate' };
      log.addBy([ana, ben], 'policy.changed', policy, { said: { ...onPolicy, ...other } });
      log.addBy([ana, ben], 'policy.changed', policy, { said: { ...onPolicy, ceremony } });
      const key = { key: uuid() };
      const intent = { outcome: 'intent' };
      log.addBy([ana, ben], 'key.destroy', key, { said: other, more: intent });
      log.addBy([ana, ben], 'key.destroy', key, { more: { ...intent, ceremony } });
      log.addBy([ana, ben], 'key.destroy', key, {
        said: { ceremony, channel: 'ceremonies.abort' },
        more: { ...intent, ceremony },
      });
      const detail = { definition_sha256: definition };
      const subject = { kind: 'definition', sha256: definition };
      log.addBy([ana], 'ceremony.approve', detail, {
        said: { subject, channel: 'ceremonies.define' },
      });
      log.add('component.destroy', { serials: ['1'] });
      log.add('component.destroy', { serials: ['1'] }, { ceremony });
    });
    expect(notes).toEqual([
      'entry 8 (policy.changed): 0 of 2 acts by administrators or officers on this policy',
      'entry 9 (policy.changed): 0 of 2 acts by administrators or officers on this policy',
      'entry 10 (key.destroy): 0 of 2 acts',
      'entry 11 (key.destroy): 0 of 2 acts',
      'entry 13 (ceremony.approve): 0 of 1 acts on this definition',
      'entry 14 (component.destroy): no such ceremony was armed',
    ]);
  });

  it('needs acts for a step’s intent, which then cover what becomes of it', () => {
    const notes = inside(({ log, cem, ceremony }, at) => {
      const step = { step: 's1', attempt: 1, kind: 'token.check' };
      const { said } = at('s1');
      const more = { ceremony, outcome: 'intent' };
      const agreed = log.addBy([cem], 'ceremony.step', step, { said: said as Members, more });
      log.add('ceremony.step', step, { ceremony, corr: agreed });
      const alone = log.add('ceremony.step', step, more);
      log.add('ceremony.step', step, { ceremony, corr: alone });
    });
    expect(notes).toEqual(['entry 10 (ceremony.step): 0 of 1 acts by the people at this step']);
  });

  it('needs two acts on a module that is added, once there is a policy', () => {
    const answer = after(({ log, ana, ben }) => {
      const facts = {
        path: '/a "b" \\ü',
        sha256: hex('file'),
        family: 'other',
        label: 'c',
        settings_sha256: hex('s'),
      };
      const said = { subject: { kind: 'module', sha256: hex(canonical(facts)) } };
      const add = (by: Person[], more: Members = facts, about = said) =>
        log.addBy(by, 'token.module_added', { module: uuid(), ...more }, { said: about });
      add([]);
      log.addBy([ana], 'policy.changed', policy, { said: onPolicy });
      add([]);
      log.addBy([ana, ben], 'policy.changed', policy, { said: onPolicy });
      add([]);
      add([ana]);
      add([ana, ben]);
      add([ana, ben], { ...facts, settings_sha256: hex('t') });
      add([ana, ben], facts, { subject: { kind: 'module', sha256: hex('file') } });
    });
    const [, ...notes] = answer.parts.quorum.notes;
    const of = 'of 2 acts by administrators or officers on this module';
    expect(notes).toEqual([
      `entry 7 (token.module_added): 0 ${of}`,
      `entry 8 (token.module_added): 1 ${of}`,
      `entry 10 (token.module_added): 0 ${of}`,
      `entry 11 (token.module_added): 0 ${of}`,
    ]);
  });

  it('needs two acts on the wrapping key and on a module', () => {
    const answer = after(({ log, ana, ben }) => {
      const said = { subject: { kind: 'module', sha256: hex('w') } };
      const confirmed = { export: uuid(), wrapping_spki_sha256: hex('w') };
      log.addBy([ana, ben], 'byok.parameters_confirmed', confirmed, { said });
      log.addBy(
        [ana, ben],
        'token.module_approved',
        { module: uuid(), sha256: hex('w') },
        { said },
      );
      log.addBy([ana], 'token.module_approved', { module: uuid(), sha256: hex('w') }, { said });
    });
    expect(answer.parts.quorum.notes).toEqual([
      'entry 3 (byok.parameters_confirmed): 0 of 2 acts on this wrapping key',
      'entry 5 (token.module_approved): 1 of 2 acts by administrators or officers on this module',
    ]);
  });

  it('is unproven, not passed over, when an entry could not be read', () => {
    const { log, ana } = tell();
    log.raw('{}').add('app.stop', {}, { acts: [log.act(ana)] });
    const answer = verify(lay(log));
    expect(answer.verdict).toBe('malformed');
    expect(words(answer, 'quorum')).toContain('not every entry could be read');
  });
});
