/** Who may do what follows from signed statements alone: a desk opens a log, and gives rights by it, only where the judge finds nothing. Entries as an attacker would build them too. */
import { describe, expect, test } from 'vitest';
import type { State } from '../../../custody/core/state/state.ts';
import { Findings } from '../../../custody/core/audit/verify/findings.ts';
import { Ledger } from '../../../custody/core/audit/verify/ledger.ts';
import { Tree } from '../../../custody/core/audit/verify/tree.ts';
import {
  agreedTo,
  canonical,
  envelope,
  hex,
  keyObject,
  Log,
  newKey,
  newPerson,
  uuid,
  type Members,
  type Person,
} from '../../verifier/make-bundle.ts';

const JUDGED = ['format', 'integrity', 'authenticity', 'quorum', 'state'] as const;

/** A judge that has read a log, and what it makes of it. */
const judged = (log: Log): { state: State; wrong: string[] } => {
  const findings = new Findings();
  const tree = new Tree();
  const judge = new Ledger({
    ...{ origin: log.origin, trust: undefined, tree, findings, random: Buffer.alloc(16, 7) },
    evidenceSize: () => undefined,
    documents: { definition: () => undefined, approvals: () => 2 },
  });
  for (const [index, entry] of log.entries.entries()) {
    tree.append(entry);
    judge.take(index, entry, { index, offset: 0 });
  }
  findings.judged(...JUDGED);
  const { parts } = findings.verdict({ log: null, size: null, root: null });
  const wrong = JUDGED.flatMap((name) => parts[name].notes.map((note) => `${name}: ${note}`));
  return { state: judge.state, wrong };
};

const ada = newPerson('administrator');
const otto = newPerson('officer', 'ECDSA-P256');
const cleo = newPerson('custodian');
const eve = newPerson('administrator');
const POLICY = { version: 1, policy_sha256: hex('policy') };

/** Two founders, a policy of both, and a custodian. */
const founded = (): Log => {
  const log = new Log({ rehearsal: true }).genesis().enrol(ada).enrol(otto);
  log.addBy([ada, otto], 'policy.changed', POLICY);
  return log.enrol(cleo, [ada, otto]);
};
/** The same and more, which the judge takes. */
const takes = (more: (log: Log) => unknown): State => {
  const log = founded();
  more(log);
  const { state, wrong } = judged(log);
  expect(wrong).toEqual([]);
  return state;
};
/** The same and more, of which the last entry is refused, for such a reason. */
const refuses = (why: RegExp, more: (log: Log) => unknown): void => {
  const log = founded();
  more(log);
  const { wrong } = judged(log);
  expect(wrong.join('\n')).toMatch(why);
  for (const each of wrong) expect(each).toMatch(new RegExp(`\\b${log.size - 1}\\b`));
};
const role = (of: Person, to: string): Members => ({ person: of.id, role: to });

describe('rights', () => {
  test('begin with two founders, each on their own word, and a policy of both', () => {
    const state = takes(() => undefined);
    expect([...state.members].map(({ id, role: has }) => [id, has])).toEqual(
      [ada, otto, cleo].map((person) => [person.id, person.role]),
    );
    expect(state.facts.policy).toMatchObject({ version: 1, sha256: POLICY.policy_sha256 });
  });

  test('are given to no third founder, and to nobody later without two managers', () => {
    const two = new Log().genesis().enrol(ada).enrol(otto).enrol(eve);
    expect(judged(two).wrong.join()).toMatch(/quorum/);
    for (const by of [[], [ada], [ada, cleo], [cleo]])
      refuses(/^quorum/, (log) => log.enrol(eve, by));
    refuses(/format: .*acts twice/, (log) => log.enrol(eve, [ada, ada]));
    // Nobody vouches for themselves: who is not enrolled yet has no word.
    refuses(/authenticity: .*not enrolled/, (log) => log.enrol(eve, [ada, eve]));
    expect(takes((log) => log.enrol(eve, [ada, otto])).members.has(eve.id)).toBe(true);
  });

  test('are given on the new person’s own signature, in the words that they signed', () => {
    const statement = (log: Log, by: Person): Members =>
      envelope(canonical(log.enrolment(eve)), by.key, eve.key.sha256);
    const detail = (log: Log, change: Members = {}): Members => ({
      ...{ person: eve.id, role: eve.role, key: keyObject(eve.key), name_sha256: hex(eve.id) },
      statement: statement(log, eve),
      ...change,
    });
    const enrol = (change: (log: Log) => Members) => (log: Log) =>
      log.addBy([ada, otto], 'person.enrolled', detail(log, change(log)));
    takes(enrol(() => ({})));
    for (const change of [
      { role: 'officer' },
      { person: uuid() },
      { name_sha256: hex('another') },
      { key: keyObject(newKey('Ed25519')) },
    ])
      refuses(
        /authenticity: .*signed another enrolment/,
        enrol(() => change),
      );
    refuses(
      /authenticity: .*did not sign/,
      enrol((log) => ({ statement: statement(log, ada) })),
    );
  });

  test('are given once: no person is enrolled again, and no key gets a second name', () => {
    refuses(/format: .*enrolled/, (log) => log.enrol(ada, [ada, otto]));
    refuses(/format: .*enrolled/, (log) =>
      log.enrol({ ...ada, key: newKey('Ed25519') }, [ada, otto]),
    );
    refuses(/state: .*key that somebody has/, (log) =>
      log.enrol({ ...cleo, id: uuid() }, [ada, otto]),
    );
  });

  test('follow from acts whose signature holds, of people who are known, in this log', () => {
    const detail = role(cleo, 'operator');
    const about = { channel: 'people.setRole', ...agreedTo('person.role_changed', detail) };
    const acts =
      (second: (log: Log) => Members, by: Person = otto) =>
      (log: Log) =>
        log.add(
          'person.role_changed',
          detail,
          log.acting([ada, by], [log.act(ada, about), second(log)]),
        );
    takes(acts((log) => log.act(otto, about)));
    const stranger = newPerson('officer');
    refuses(
      /authenticity: .*not enrolled/,
      acts((log) => log.act(stranger, about)),
    );
    // Signed by somebody else than it names; and by another key than its own.
    refuses(
      /authenticity: .*not theirs/,
      acts((log) => envelope(canonical(log.statement(otto, about)), stranger.key)),
    );
    refuses(
      /authenticity: .*does not hold/,
      acts((log) => envelope(canonical(log.statement(otto, about)), stranger.key, otto.key.sha256)),
    );
    refuses(
      /authenticity: .*does not hold/,
      acts((log) => {
        const payload = Buffer.from(canonical(log.statement(otto, about))).toString('base64');
        return { ...log.act(otto, about), payload };
      }),
    );
    refuses(
      /format: .*another log/,
      acts((log) => log.act(otto, { ...about, log: new Log().origin })),
    );
    refuses(
      /format: /,
      acts((log) => ({ ...log.act(otto, about), payload: 'bm90IEpTT04=' })),
    );
  });

  test('follow from acts for this call, this person and this role', () => {
    const detail = role(cleo, 'officer');
    const change =
      (said: Members, by = [ada, otto]) =>
      (log: Log) =>
        log.addBy(by, 'person.role_changed', detail, { said });
    expect(takes(change({})).members.get(cleo.id)?.role).toBe('officer');
    refuses(/^quorum: /, change({}, [ada]));
    refuses(/^quorum: /, change({}, [ada, cleo]));
    refuses(/^quorum: /, change({ channel: 'people.remove' }));
    for (const other of [role(cleo, 'witness'), role(ada, 'officer')])
      refuses(/authenticity: .*something else/, change(agreedTo('person.role_changed', other)));
    refuses(/authenticity: .*something else/, change(agreedTo('person.left', detail)));
  });

  test('are given by an act once: the same ones, written down again, are refused', () => {
    refuses(/format: .*nonce/, (log) => {
      const up = role(cleo, 'officer');
      const about = { channel: 'people.setRole', ...agreedTo('person.role_changed', up) };
      const acts = [ada, otto].map((person) => log.act(person, about));
      log.add('person.role_changed', up, log.acting([ada, otto], acts));
      log.addBy([ada, otto], 'person.role_changed', role(cleo, 'custodian'));
      log.add('person.role_changed', up, log.acting([ada, otto], acts));
    });
  });

  test('go with the person who leaves, whom two let go', () => {
    const leave = (of: Person, by: Person[]) => (log: Log) =>
      log.addBy(by, 'person.left', { person: of.id, why: 'moved' });
    const state = takes(leave(otto, [ada, otto]));
    expect(state.members.get(otto.id)?.left).toBe(true);
    for (const by of [[ada], [cleo, ada]]) refuses(/^quorum/, leave(cleo, by));
    refuses(/^quorum: .*1 of 2/, (log) => {
      leave(otto, [ada, otto])(log);
      log.addBy([ada, otto], 'person.role_changed', role(cleo, 'officer'));
    });
  });

  test('are ruled by the policy that two managers put in force', () => {
    const second = { version: 2, policy_sha256: hex('2') };
    const change =
      (by: Person[], said: Members = {}) =>
      (log: Log) =>
        log.addBy(by, 'policy.changed', second, { said });
    expect(takes(change([ada, otto])).facts.policy?.sha256).toBe(hex('2'));
    for (const by of [[], [ada], [ada, cleo]]) refuses(/^quorum/, change(by));
    refuses(/^quorum/, change([ada, otto], { channel: 'people.enrol' }));
    refuses(/authenticity/, change([ada, otto], agreedTo('policy.changed', POLICY)));
  });

  test('of a module are those of the file that two let in, until two approve another', () => {
    const module = uuid();
    const facts = { path: '/x', sha256: hex('1'), family: 'other', label: 'x' };
    const detail = { module, ...facts, settings_sha256: hex('settings') };
    const add =
      (by: Person[], said: Members = {}) =>
      (log: Log) =>
        log.addBy(by, 'token.module_added', detail, { said });
    // While a desk is founded nobody can be asked.
    const before = new Log().genesis();
    add([])(before);
    expect(judged(before).wrong).toEqual([]);
    for (const by of [[], [ada], [ada, cleo]]) refuses(/^quorum/, add(by));
    const elsewhere = agreedTo('token.module_added', { ...detail, path: '/y' });
    refuses(/authenticity/, add([ada, otto], elsewhere));
    const file = (state: State) => state.modules.get(module)?.sha256;
    expect(file(takes(add([ada, otto])))).toBe(hex('1'));
    const approve = (by: Person[]) => (log: Log) => {
      add([ada, otto])(log);
      log.add('token.module_changed', { module, sha256: hex('2') });
      log.addBy(by, 'token.module_approved', { module, sha256: hex('2') });
    };
    for (const by of [[ada], [ada, cleo]]) refuses(/^quorum/, approve(by));
    expect(file(takes(approve([ada, otto])))).toBe(hex('2'));
  });

  test('do not change by what failed or was only meant', () => {
    for (const outcome of ['failure', 'intent', 'unknown']) {
      const state = takes((log) => {
        const more = { outcome };
        log.addBy([ada, otto], 'person.role_changed', role(cleo, 'officer'), { more });
        log.addBy([ada, otto], 'person.left', { person: cleo.id }, { more });
        const policy = { version: 2, policy_sha256: hex('2') };
        log.addBy([ada, otto], 'policy.changed', policy, { more });
      });
      expect(state.members.get(cleo.id)).toMatchObject({ role: 'custodian', left: false });
      expect(state.facts.policy?.version).toBe(1);
    }
  });
});
