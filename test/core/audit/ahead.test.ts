/** Signatures that are looked at ahead of the judge, on other threads: they change when something is found, never what. */
import { describe, expect, it } from 'vitest';
import { Findings, PARTS, type Verdict } from '../../../custody/core/audit/verify/findings.ts';
import { Ledger } from '../../../custody/core/audit/verify/ledger.ts';
import { Tree } from '../../../custody/core/audit/verify/tree.ts';
import {
  Log,
  agreedTo,
  canonical,
  newPerson,
  type Members,
  type Person,
} from '../../verifier/make-bundle.ts';

const judgeOf = (log: Log) => {
  const findings = new Findings();
  const tree = new Tree();
  const ledger = new Ledger({
    origin: log.origin,
    trust: undefined,
    tree,
    findings,
    random: Buffer.alloc(16, 3),
    evidenceSize: () => undefined,
    documents: { definition: () => undefined, approvals: () => undefined },
  });
  const verdict = (): Verdict => {
    findings.judged(...PARTS);
    return findings.verdict({ log: null, size: null, root: null });
  };
  return { tree, ledger, verdict };
};
const inTurn = (log: Log): Verdict => {
  const { tree, ledger, verdict } = judgeOf(log);
  for (const [index, entry] of log.entries.entries()) {
    tree.append(entry);
    ledger.take(index, entry, { index, offset: 0 });
  }
  return verdict();
};
/** In portions, each read and looked at before it is judged. */
const ahead = async (log: Log, portion: number): Promise<Verdict> => {
  const { tree, ledger, verdict } = judgeOf(log);
  for (let from = 0; from < log.size; from += portion) {
    const reads = log.entries.slice(from, from + portion).flatMap((entry, at) => {
      const index = from + at;
      tree.append(entry);
      return ledger.read(index, entry, { index, offset: 0 }) ?? [];
    });
    await ledger.verifyAhead(reads);
    for (const read of reads) ledger.judge(read);
  }
  return verdict();
};

const founded = (): { log: Log; ada: Person; otto: Person } => {
  const ada = newPerson('administrator');
  const otto = newPerson('officer', 'ECDSA-P256');
  return { log: new Log().genesis().enrol(ada).enrol(otto), ada, otto };
};
/** An act about somebody's log-in. */
const onLogin = (log: Log, by: Person, person: string): Members =>
  log.act(by, agreedTo('session.login', { person }));
const login = (log: Log, { id }: Person, by: Person, act = onLogin(log, by, id)): Log => {
  log.add('session.login', { person: id }, log.acting([by], [act]));
  return log;
};
/** Somebody else's signature in the place of this act's own. */
const signedBy = (act: Members, other: Members): Members => {
  const [mine] = act['signatures'] as Members[];
  const [theirs] = other['signatures'] as Members[];
  return { ...act, signatures: [{ ...mine, sig: theirs?.['sig'] ?? '' }] };
};

const logs: [string, () => Log, string | undefined][] = [
  [
    'people of both kinds of keys act',
    () => {
      const { log, ada, otto } = founded();
      for (let at = 0; at < 6; at++) login(log, ada, at % 2 === 0 ? ada : otto);
      return log;
    },
    undefined,
  ],
  [
    'an act has the signature of another',
    () => {
      const { log, ada } = founded();
      return login(log, ada, ada, signedBy(onLogin(log, ada, ada.id), log.act(ada)));
    },
    'does not hold',
  ],
  [
    'an act has a signature of no form that its key could have made',
    () => {
      const { log, ada, otto } = founded();
      return login(log, otto, otto, signedBy(onLogin(log, otto, otto.id), log.act(ada)));
    },
    'does not hold',
  ],
  [
    'somebody acts who was never enrolled',
    () => {
      const { log, ada } = founded();
      return login(log, ada, newPerson('administrator'));
    },
    'is not enrolled',
  ],
  [
    'somebody acts who left before',
    () => {
      const { log, ada, otto } = founded();
      log.addBy([ada, otto], 'person.left', { person: otto.id });
      log.addBy([ada, otto], 'policy.changed', { version: 1, policy_sha256: 'cd'.repeat(32) });
      return log;
    },
    'of 2',
  ],
  [
    'an entry can’t be read',
    () => {
      const { log, ada } = founded();
      log.raw(canonical(log.entry('clock.changed', { step_ms: 0, more: 1 })));
      return login(log, ada, ada);
    },
    'does not know',
  ],
];

describe('signatures looked at ahead', () => {
  for (const [what, make, said] of logs)
    it(`lead to the same verdict when ${what}`, async () => {
      const log = make();
      const verdict = inTurn(log);
      const { quorum: _quorum, ...parts } = verdict.parts;
      if (said === undefined)
        for (const part of Object.values(parts)) expect(part.notes).toEqual([]);
      else expect(JSON.stringify(verdict)).toContain(said);
      for (const portion of [1, 2, 5, 100]) expect(await ahead(log, portion)).toEqual(verdict);
    });
});
