/**
 * Rights follow from signatures that hold, and from nothing else: entries with real signatures, judged one after another, and what each made true.
 *
 * Which entries are refused for a lack of them is told in test/verifier, by both verifiers; here, that what does not count gives nothing.
 */
import { randomBytes } from 'node:crypto';
import { beforeEach, describe, expect, test } from 'vitest';
import { Findings } from '../../../custody/core/audit/verify/findings.ts';
import { Ledger } from '../../../custody/core/audit/verify/ledger.ts';
import { Tree } from '../../../custody/core/audit/verify/tree.ts';
import { tokenId, type Token } from '../../../custody/core/state/state.ts';
import { begin, type Story } from '../../verifier/ceremony.ts';
import {
  agreedTo,
  canonical,
  envelope,
  hex,
  newKey,
  newPerson,
  type Members,
  type Person,
} from '../../verifier/make-bundle.ts';

describe('a right', () => {
  let story: Story;
  beforeEach(() => {
    story = begin();
  });
  /** Everything that the log so far made true. */
  const judged = () => {
    const [tree, findings] = [new Tree(), new Findings()];
    const ledger = new Ledger({
      ...{ origin: story.log.origin, trust: undefined, tree, findings, random: randomBytes(16) },
      evidenceSize: (sha256) => story.log.evidence.find((bytes) => hex(bytes) === sha256)?.length,
      documents: { definition: () => undefined, approvals: () => 2 },
    });
    story.log.entries.forEach((entry, index) => {
      tree.append(entry);
      ledger.take(index, entry, { index, offset: 0 });
    });
    return ledger.state;
  };
  const spoils: Record<string, (act: Members, by: Person, about: Members) => Members> = {
    'by another key': (_, by, about) => {
      const payload = canonical(story.log.statement(by, about));
      return envelope(payload, newKey('Ed25519'), by.key.sha256);
    },
    'under another key’s name': (_act, by, about) =>
      envelope(
        canonical(story.log.statement(by, about)),
        by.key,
        (by === story.ana ? story.ben : story.ana).key.sha256,
      ),
    'by somebody unknown': (_act, _by, about) => story.log.act(newPerson('officer'), about),
    'for something else': (_, by) => story.log.act(by, { channel: 'tokens.train' }),
    'in another call': (_, by, about) =>
      story.log.act(by, { ...about, channel: 'presence.arrive' }),
    'in no form of a signature': (act) => ({
      ...act,
      signatures: [{ ...(act.signatures as Members[])[0], sig: 'AAAA' }],
    }),
  };
  /** The entry, its second act spoilt. */
  const spoilt = (type: string, detail: Members, channel: string, spoil: string) => {
    const { log, ana, ben } = story;
    const about = { channel, ...agreedTo(type, detail) };
    const second = spoils[spoil]?.(log.act(ben, about), ben, about) ?? {};
    log.add(type, detail, log.acting([ana, ben], [log.act(ana, about), second]));
  };

  test('of two people’s PIN halves follows from two acts that hold', () => {
    story.open();
    const id = tokenId(story.module, story.token as unknown as Token);
    expect(judged().twoAtInit.get(id)).toBe(true);
  });
  test.each(Object.keys(spoils))(
    'of two people’s PIN halves does not follow from an act %s',
    (how) => {
      story.open();
      const { module, token } = story;
      const id = tokenId(module, token as unknown as Token);
      spoilt('token.init', { module, token, training: true }, 'tokens.train', how);
      expect(judged().twoAtInit.get(id)).toBe(false);
    },
  );
  test.each(Object.keys(spoils))(
    'to be asked does not follow from a policy with an act %s',
    (how) => {
      spoilt('policy.changed', { version: 1, policy_sha256: hex('policy') }, 'policy.approve', how);
      expect(judged().facts.policyAgreed).toBe(false);
    },
  );
  test.each(Object.keys(spoils))('to arm does not follow from an approval %s', (how) => {
    story.open();
    const definition = story.define(story.paper());
    spoilt('ceremony.approve', { definition_sha256: definition }, 'ceremonies.approve', how);
    expect([...(judged().approvals.get(definition)?.values() ?? [])]).toEqual([story.ana.id]);
  });
  test('ends when its person leaves: acts after that count for nothing', () => {
    story.open();
    const { ana, ben, cem, log } = story;
    const definition = story.define(story.paper());
    log.addBy([ana, ben], 'person.left', { person: cem.id });
    story.approve(definition, [cem, ana]);
    expect([...(judged().approvals.get(definition)?.values() ?? [])]).toEqual([ana.id]);
  });
  test('is of a role that its person has at the time', () => {
    story.open();
    const { ana, ben, cem, log } = story;
    const definition = story.define(story.paper());
    log.addBy([ana, ben], 'person.role_changed', { person: cem.id, role: 'auditor' });
    story.approve(definition, [cem, ana]);
    expect([...(judged().approvals.get(definition)?.values() ?? [])]).toEqual([ana.id]);
  });
});
