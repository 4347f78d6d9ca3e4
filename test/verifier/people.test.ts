/** What people signed and whether enough of them did: sections 5 and 12 of the format page. */
import { describe, expect, it } from 'vitest';
import { arm, begin, tell, type Story } from './ceremony.ts';
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
        log.act(who, { subject: { kind: 'enrolment', sha256: hex(payload) } }),
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
        log.act(who, { subject: { kind: 'enrolment', sha256: hex('another') } }),
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
    expect(quorum(one)).toBe('unproven: entry 3 (policy.changed): 1 of 2 acts on this policy');
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
    expect(quorum(answer)).toBe('unproven: entry 4 (policy.changed): 1 of 2 acts on this policy');
  });

  it('does not count acts by a person who has left', () => {
    const answer = after(({ log, ana, ben }) => {
      const cem = newPerson('officer');
      log.enrol(cem, [ana, ben]);
      log.addBy([ana, ben], 'person.left', { person: cem.id }, about(cem));
      log.addBy([cem, ana], 'policy.changed', policy, { said: onPolicy });
    });
    expect(answer.parts.authenticity.result).toBe('pass');
    expect(quorum(answer)).toBe('unproven: entry 5 (policy.changed): 1 of 2 acts on this policy');
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
    const answer = after(({ log, ana, ben, ceremony, definition }) => {
      const detail = { definition_sha256: definition };
      const said = { subject: { kind: 'definition', sha256: definition } };
      log.addBy([ana], 'ceremony.approve', detail, { said });
      log.addBy([ana], 'ceremony.approve', detail, { said });
      log.addBy(
        [ben],
        'ceremony.approve',
        { definition_sha256: hex('another') },
        {
          said: { subject: { kind: 'definition', sha256: hex('another') } },
        },
      );
      log.addBy([ben], 'ceremony.approve', detail);
      log.addBy([ben], 'ceremony.arm', detail, { more: { ceremony } });
      log.add('ceremony.arm', detail, { ceremony });
    });
    expect(answer.parts.quorum.notes).toEqual([
      'entry 6 (ceremony.approve): 0 of 1 acts on this definition',
      'entry 7 (ceremony.arm): 1 of 2 approvals of its definition',
      'entry 8 (ceremony.arm): 0 of 1 acts',
      'entry 8 (ceremony.arm): 1 of 2 approvals of its definition',
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

  it('needs acts that name this ceremony, its step and the person', () => {
    const answer = after((story) => {
      const { log, ana, ben, cem, ceremony } = story;
      log.enrol(cem, [ana, ben]);
      arm(story);
      const more = { ceremony };
      const other = { ...ceremony, id: hex('another').slice(0, 32) };
      const step = { step: 's1', attempt: 1, kind: 'compare' };
      log.addBy([ana], 'ceremony.step', step, { said: { ceremony }, more });
      log.addBy([ana], 'ceremony.step', step, {
        said: { ceremony: { ...ceremony, step: 's2' } },
        more,
      });
      log.addBy([ana], 'ceremony.step', step, {
        said: { ceremony: { ...ceremony, step: 's1' } },
        more,
      });
      log.add('ceremony.step', { ...step, kind: 'token.check' }, more);
      log.add('ceremony.step', step, { ...more, outcome: 'failure' });
      log.addBy([ana], 'ceremony.agree', { person: ben.id }, { said: { ceremony }, more });
      log.addBy([ben], 'ceremony.agree', { person: ben.id }, { said: { ceremony: other }, more });
      log.addBy([ben], 'ceremony.agree', { person: ben.id }, { more });
      log.addBy([ben], 'ceremony.pause', {}, { said: { ceremony } });
      log.addBy([ben], 'ceremony.abort', { because: 'x' }, { said: { ceremony }, more });
    });
    expect(answer.parts.quorum.notes.map((note) => note.split(' (')[0])).toEqual([
      ...['entry 8', 'entry 9', 'entry 11', 'entry 13', 'entry 14', 'entry 15', 'entry 16'],
    ]);
  });

  it('needs an act for a step’s intent, which then covers what becomes of it', () => {
    const answer = after((story) => {
      const { log, ana, ben, cem, ceremony } = story;
      log.enrol(cem, [ana, ben]);
      arm(story);
      const step = { step: 's1', attempt: 1, kind: 'token.check' };
      const said = { ceremony: { ...ceremony, step: 's1' } };
      const more = { ceremony, outcome: 'intent' };
      const agreed = log.addBy([ana], 'ceremony.step', step, { said, more });
      log.add('ceremony.step', step, { ceremony, corr: agreed });
      const alone = log.add('ceremony.step', step, more);
      log.add('ceremony.step', step, { ceremony, corr: alone });
      log.add('ceremony.step', step, { ceremony, outcome: 'unknown' });
    });
    expect(answer.parts.quorum.notes).toEqual([
      'entry 10 (ceremony.step): 0 of 1 acts on this step',
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
      'entry 5 (token.module_approved): 1 of 2 acts on this module',
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
