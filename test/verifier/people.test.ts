/** What people signed and whether enough of them did: sections 5 and 12 of the format page. */
import { describe, expect, it } from 'vitest';
import { begin, tell, type Story } from './ceremony.ts';
import { lay, verify, words, type Answer } from './harness.ts';
import {
  canonical,
  envelope,
  hex,
  keyObject,
  newKey,
  newPerson,
  QUIET,
  QUIETLY,
  uuid,
  type Members,
  type Person,
} from './make-bundle.ts';

const policy = { version: 1, policy_sha256: hex('policy') };

/** A desk with two founders, and then whatever the test adds. */
function after(add: (story: Story) => void): Answer {
  const story = begin();
  add(story);
  return verify(lay(story.log));
}

const quorum = (answer: Answer): string => `${answer.verdict}: ${words(answer, 'quorum')}`;

/** One act, spoilt, on an entry that needs none: nothing but the act itself can be at fault. */
function withAct(make: (story: Story) => Members): Answer {
  return after((story) => story.log.add(QUIET, QUIETLY, { acts: [make(story)] }));
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
      (said) => ({ ...said, subject: { type: 'cheque', sha256: hex('') } }),
      (said) => ({ ...said, subject: { kind: 'policy', sha256: hex('') } }),
      ({ subject, ...rest }) => (subject === undefined ? '' : rest),
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
      log.add(QUIET, QUIETLY, { acts: [act] });
      log.add(QUIET, QUIETLY, { acts: [act] });
    });
    expect(answer.verdict).toBe('malformed');
    expect(words(answer, 'format')).toContain('the nonce of an act was used before');
    expect(answer.first_bad?.index).toBe(4);
  });

  it('refuses two acts by one person in an entry', () => {
    const answer = after(({ log, ana }) => log.addBy([ana, ana], 'policy.changed', policy));
    expect(answer.verdict).toBe('malformed');
    expect(words(answer, 'format')).toContain('two acts are by the same person');
  });

  it('refuses an entry by several people that names another actor than the first', () => {
    const answer = after(({ log, ana, ben }) =>
      log.addBy([ana, ben], 'policy.changed', policy, {
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
      const { id, role, key } = newPerson('witness');
      const payload = canonical(log.enrolment({ id, role, key }));
      const statement = envelope(payload, ana.key, key.sha256);
      const detail = { person: id, role, key: keyObject(key), name_sha256: hex(id), statement };
      log.addBy([ana, ben], 'person.enrolled', detail);
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
    const operator = newPerson('operator');
    const other = after(({ log, ana, ben }) => {
      log.enrol(operator, [ana, ben]).enrol(cem, [ana, operator]);
    });
    expect(quorum(other)).toContain('unproven: entry 4 (person.enrolled): 1 of 2 acts by managers');
  });
});

describe('the quorum', () => {
  const SHORT = '1 of 2 acts by managers, in policy.approve';

  it('is unproven with one act where two are needed, and with acts in another call', () => {
    const one = after(({ log, ana }) => log.addBy([ana], 'policy.changed', policy));
    expect(one.exit).toBe(3);
    expect(quorum(one)).toBe(`unproven: entry 3 (policy.changed): ${SHORT}`);
    const other = after(({ log, ana, ben }) => {
      log.addBy([ana, ben], 'policy.changed', policy, { said: { channel: 'people.remove' } });
    });
    expect(quorum(other)).toContain('unproven: entry 3 (policy.changed): 0 of 2');
  });

  it('counts keys and not names: two people with one key are one', () => {
    const answer = after(({ log, ana, ben }) => {
      const twin: Person = { ...newPerson('officer'), key: ana.key };
      log.enrol(twin, [ana, ben]);
      log.addBy([ana, twin], 'policy.changed', policy);
    });
    expect(quorum(answer)).toBe(`tampered: entry 4 (policy.changed): ${SHORT}`);
  });

  it('does not seat one key at two seats', () => {
    const story = begin();
    story.open();
    const { log, ana, ben, cem } = story;
    const twin: Person = { ...newPerson('operator'), key: ana.key };
    log.enrol(twin, [ana, ben]);
    const paper = Buffer.from(story.paper().toString('utf8').replaceAll(cem.id, twin.id));
    const ceremony = story.ceremony({ paper });
    ceremony.operator = twin;
    ceremony.steps('1', '2');
    expect(verify(lay(log)).parts.quorum.notes).toEqual([
      `entry ${log.size - 1} (ceremony.step): 1 of 2 acts by everyone at the step, in ceremonies.step`,
    ]);
  });

  it('does not count acts by a person who has left', () => {
    const answer = after(({ log, ana, ben }) => {
      const cem = newPerson('officer');
      log.enrol(cem, [ana, ben]);
      log.addBy([ana, ben], 'person.left', { person: cem.id });
      log.addBy([cem, ana], 'policy.changed', policy);
    });
    expect(answer.parts.authenticity.result).toBe('pass');
    expect(quorum(answer)).toBe(`unproven: entry 5 (policy.changed): ${SHORT}`);
  });

  it('looks at the role that a person has at the time', () => {
    const answer = after(({ log, ana, ben }) => {
      const cem = newPerson('operator');
      log.enrol(cem, [ana, ben]);
      const [officer, auditor] = [
        { person: cem.id, role: 'officer' },
        { person: ben.id, role: 'auditor' },
      ];
      log.addBy([ana, cem], 'person.role_changed', officer);
      log.addBy([ana, cem], 'person.role_changed', auditor);
      log.addBy([ana, ben], 'person.left', { person: cem.id });
    });
    expect(answer.parts.quorum.notes).toEqual([
      'entry 4 (person.role_changed): 1 of 2 acts by managers, in people.setRole',
      'entry 6 (person.left): 1 of 2 acts by managers, in people.remove',
    ]);
  });

  it('asks nobody before two people have put a policy in force', () => {
    const story = begin();
    const { log, ana } = story;
    story.addModule(uuid(), { by: [] });
    story.policy(2, { by: [ana] }).addModule(uuid(), { by: [] });
    story.policy().addModule(uuid(), { by: [] });
    const entries = verify(lay(log)).parts.quorum.notes.map((note) => note.split(':')[0]);
    expect(entries).toEqual(['entry 4 (policy.changed)', 'entry 7 (token.module_added)']);
  });

  it('needs approvals by different keys, which arm one ceremony on one definition', () => {
    const story = begin().staff();
    const { log, ana, ben, cem } = story;
    const definition = story.define(story.paper());
    const another = story.define(story.paper());
    story.approve(definition, [ana, ana]).approve(another, [ben, cem]);
    story.arm(definition);
    const armed = story.arm(another).more();
    story.approve(definition).arm(definition, { more: armed });
    story.approve(another).arm(another, { more: armed });
    const { size } = log;
    expect(verify(lay(log)).parts.quorum.notes).toEqual([
      `entry ${size - 8} (ceremony.arm): 1 of 2 approvals of its definition`,
      `entry ${size - 4} (ceremony.arm): it is armed on another definition`,
      `entry ${size - 1} (ceremony.arm): a ceremony with this id was armed before`,
    ]);
  });

  it('seats a substitute whom the definition names, once two have decided it', () => {
    const story = begin().staff();
    const { log, ana, dora, cem } = story;
    const stands = { seat: 'operator', person: dora.id };
    const ceremony = story.ceremony();
    const short: number[] = [];
    const look = (who: Person, enough: boolean): void => {
      if (!enough) short.push(log.size);
      ceremony.step('1', { by: [who] });
    };
    short.push(log.size);
    ceremony.exception({ by: [ana], detail: { substitute: stands } });
    look(dora, false);
    ceremony.exception({ detail: { number: 2, substitute: { ...stands, seat: 'officer' } } });
    look(dora, false);
    ceremony.exception({ detail: { number: 3, substitute: stands } });
    look(dora, true);
    look(cem, false);
    const { notes } = verify(lay(log)).parts.quorum;
    expect(notes.map((note) => Number(/^entry (\d+) /.exec(note)?.[1]))).toEqual(short);
  });

  it('needs a ceremony that was armed, on that definition, for whatever names one', () => {
    const story = begin().staff();
    const { log, ana } = story;
    const { ceremony } = story.ceremony().more();
    const others = [
      { ...ceremony, id: hex('another').slice(0, 32) },
      { ...ceremony, definition_sha256: hex('another') },
    ];
    const from = log.size;
    for (const other of others) {
      story.add([ana], 'ceremony.pause', {}, { more: { ceremony: other } });
      log.add(QUIET, QUIETLY, { ceremony: other });
    }
    log.add(QUIET, QUIETLY, { ceremony });
    expect(verify(lay(log)).parts.quorum.notes).toEqual(
      ['ceremony.pause', QUIET, 'ceremony.pause', QUIET].map(
        (type, i) => `entry ${from + i} (${type}): no such ceremony was armed`,
      ),
    );
  });

  it('needs acts for an intent, which then cover what becomes of it', () => {
    const story = begin().open();
    const { log, ana, ben } = story;
    story.destroy(story.key(), { by: [ana, ben], became: { outcome: 'failure' } });
    expect(verify(lay(log)).exit).toBe(0);
    story.destroy(story.key(), { by: [ana], became: { outcome: 'failure' } });
    expect(verify(lay(log)).parts.quorum.notes).toEqual([
      `entry ${log.size - 2} (key.destroy): 1 of 2 acts by managers, in keys.destroy`,
    ]);
  });

  it('is unproven, not passed over, when an entry could not be read', () => {
    const { log, ana } = tell();
    log.raw('{}').add(QUIET, QUIETLY, { acts: [log.act(ana)] });
    const answer = verify(lay(log));
    expect(answer.verdict).toBe('malformed');
    expect(words(answer, 'quorum')).toContain('not every entry could be read');
  });
});
