/** What is wrong with a definition is named by its path, all of it at once. */
import { createHash } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { Definition } from '../../../shared/domain/ceremonies.ts';
import { DEFAULT_POLICY } from '../../../shared/domain/policy.ts';
import {
  definitionBytes,
  definitionId,
  mayTake,
  problemsOf,
  type Surroundings,
} from '../../../custody/core/ceremonies/definition.ts';
import { HERE, sample } from './sample.ts';

const good = sample();
type Draft = { -readonly [K in keyof Definition]: Definition[K] };
const problems = (
  change: (draft: Draft) => void,
  surroundings: Partial<Surroundings> = {},
): Record<string, string> => {
  const draft = structuredClone(good);
  change(draft);
  return problemsOf(draft, { ...HERE, ...surroundings });
};
const at = <T>(list: readonly T[], index: number): T => {
  const found = list[index];
  if (found === undefined) throw new Error('no such item');
  return found;
};
const STRANGER = '0198c0de-0000-7000-8000-0000000000ff';

describe('a definition', () => {
  test('drafted from the template that ships with Keymoot has no problems', () => {
    expect(problems(() => undefined)).toEqual({});
  });
  test('has the SHA-256 of its canonical JSON for an id, whatever the order it was written in', () => {
    const reversed = Definition.parse(Object.fromEntries(Object.entries(good).reverse()));
    expect(definitionId(reversed)).toBe(definitionId(good));
    expect(definitionId(good)).toBe(
      createHash('sha256').update(definitionBytes(good)).digest('hex'),
    );
    expect(definitionId({ ...good, title: `${good.title} ` })).not.toBe(definitionId(good));
  });
  test('is none with check values that AES components don’t have, or that could not be compared at the end', () => {
    const pathsOf = (changes: object) =>
      Definition.safeParse({ ...good, ...changes }).error?.issues.map(({ path }) => path.join('.'));
    expect(pathsOf({ components: { count: 3, method: 'LEGACY-ZERO' } })).toEqual([
      'components.method',
    ]);
    expect(pathsOf({ expected: { method: 'P11-CHECK', value: 'abcdef' } })).toEqual([
      'expected.method',
    ]);
    for (const value of ['abcd', 'abcdef01', 'ABCDEF'])
      expect(pathsOf({ expected: { method: 'X9.24-CMAC', value } })).toEqual(['expected.value']);
    for (const value of ['abcdef', 'abcdef0123'])
      expect(pathsOf({ expected: { method: 'X9.24-CMAC', value } })).toBeUndefined();
  });
  const wrong: [string, string, (draft: Draft) => void][] = [
    ['a module that the desk doesn’t know', 'at.module', (d) => (d.at.module = STRANGER)],
    ['another desk', 'log', (d) => (d.log = 'other')],
    ['another mode', 'mode', (d) => (d.mode = 'production')],
    ['another policy', 'policySha256', (d) => (d.policySha256 = 'ab'.repeat(32))],
    ['a purpose that may not leave', 'key.extractable', (d) => (d.key.extractable = true)],
    ['too few components', 'components.count', (d) => (d.components.count = 2)],
    ['more staff than seats', 'staffing.least', (d) => (d.staffing.least = 9)],
    ['a seat taken twice', 'seats.1.seat', (d) => (at(d.seats, 1).seat = 'administrator')],
    [
      'a person on two seats',
      'seats.1.person',
      (d) => (at(d.seats, 1).person = at(d.seats, 0).person),
    ],
    ['somebody who is not enrolled', 'seats.1.person', (d) => (at(d.seats, 1).person = STRANGER)],
    [
      'a witness who is a custodian too',
      'seats.4.person',
      (d) => (at(d.seats, 4).person = at(d.seats, 1).person),
    ],
    ['no witness', 'seats', (d) => d.seats.pop()],
    ['a custodian too few', 'seats', (d) => d.seats.splice(2, 1)],
    [
      'a substitute for nobody',
      'substitutes.0.seat',
      (d) => d.substitutes.push({ seat: 'operator', person: STRANGER }),
    ],
    [
      'a substitute who has a seat',
      'substitutes.0.person',
      (d) => d.substitutes.push({ seat: 'custodian-1', person: at(d.seats, 2).person }),
    ],
    [
      'a substitute of another role',
      'substitutes.0.person',
      (d) => d.substitutes.push({ seat: 'custodian-1', person: STRANGER }),
    ],
    ['a step left out', 'steps', (d) => d.steps.splice(1, 1)],
    ['steps in another order', 'steps', (d) => d.steps.reverse()],
    ['a step twice', 'steps', (d) => d.steps.push(at(d.steps, 10))],
    ['a step of another number', 'steps.3.id', (d) => (at(d.steps, 3).id = '9')],
    [
      'a step with a seat twice',
      'steps.1.seats',
      (d) => (at(d.steps, 1).seats = ['witness', 'witness']),
    ],
    [
      'a step with a seat that nobody has',
      'steps.1.seats',
      (d) => (at(d.steps, 1).seats = ['administrator', 'officer']),
    ],
    [
      'a check that one person makes alone',
      'steps.1.seats',
      (d) => (at(d.steps, 1).seats = ['administrator']),
    ],
    [
      'an irreversible step said to be none',
      'steps.7.irreversible',
      (d) => (at(d.steps, 7).irreversible = false),
    ],
    [
      'an irreversible step without a phrase',
      'steps.7.phrase',
      (d) => delete at(d.steps, 7).phrase,
    ],
    [
      'an irreversible step by one',
      'steps.7.seats',
      (d) => (at(d.steps, 7).seats = ['administrator']),
    ],
    [
      'a phrase where nothing is irreversible',
      'steps.0.phrase',
      (d) => (at(d.steps, 0).phrase = 'X'),
    ],
    ['components in another order', 'steps.4.component', (d) => (at(d.steps, 4).component = 2)],
    ['a component at another step', 'steps.0.component', (d) => (at(d.steps, 0).component = 1)],
    [
      'an envelope without its custodian',
      'steps.4.seats',
      (d) => (at(d.steps, 4).seats = ['administrator', 'witness']),
    ],
    ['an envelope opened alone', 'steps.4.seats', (d) => (at(d.steps, 4).seats = ['custodian-1'])],
    [
      'an envelope before another custodian',
      'steps.4.seats',
      (d) => (at(d.steps, 4).seats = ['custodian-1', 'custodian-2']),
    ],
    ['an arrival without everyone', 'steps.0.seats', (d) => at(d.steps, 0).seats.pop()],
    ['an end without everyone', 'steps.10.seats', (d) => at(d.steps, 10).seats.pop()],
  ];
  for (const [what, path, change] of wrong)
    test(`with ${what} is refused at ${path}`, () => {
      expect(Object.keys(problems(change))).toContain(path);
    });
  const claims: [string, number, string, (draft: Draft) => void][] = [
    [
      'a comparison with a value that it doesn’t have',
      7,
      'none is compared',
      (d) => delete d.expected,
    ],
    [
      'a key that can’t leave, of one that may',
      7,
      'may leave the token wrapped',
      (d) => {
        d.key.purpose = 'encrypt';
        d.key.extractable = true;
      },
    ],
    [
      'other seats than there are',
      0,
      'All five seats',
      (d) => (at(d.steps, 0).expected = 'All six seats are taken, each by the person named.'),
    ],
    [
      'a check of our own making',
      1,
      'within two minutes',
      (d) => (at(d.steps, 1).expected = 'The two agree within a second.'),
    ],
  ];
  for (const [what, step, words, change] of claims)
    test(`that claims ${what} is refused with the words that would be true`, () => {
      const found = problems(change);
      expect(Object.keys(found)).toEqual([`steps.${step}.expected`]);
      expect(found[`steps.${step}.expected`]).toContain(words);
    });
  test('may tell people what to do in words of its own', () => {
    expect(
      problems((d) => {
        d.title = 'Unser Schlüssel';
        for (const step of d.steps) {
          step.text = `Bitte: ${step.text}`;
          step.undo = 'Abbrechen.';
          if (step.phrase !== undefined) step.phrase = 'JETZT';
        }
      }),
    ).toEqual({});
  });
  test('is refused where the desk has no such template to compare it with', () => {
    expect(problems(() => undefined, { template: undefined })).toEqual({
      template: 'is none that this desk has',
    });
  });
  test('is told all its problems at once', () => {
    const all = problems((d) => {
      d.log = 'other';
      d.components.count = 2;
      at(d.steps, 7).irreversible = false;
    });
    expect(Object.keys(all)).toEqual(
      expect.arrayContaining(['log', 'components.count', 'steps.7.irreversible', 'steps']),
    );
  });
  test('is refused under a strict policy, and for an algorithm that the policy lacks', () => {
    expect(
      problems(() => undefined, { policy: { ...DEFAULT_POLICY, strict: true } }),
    ).toHaveProperty('grade');
    expect(
      problems(() => undefined, { policy: { ...DEFAULT_POLICY, algorithms: ['AES-128'] } }),
    ).toEqual({
      'key.algorithm': expect.stringMatching(/a key of AES-256\. Rule “Algorithms” .*version 1/),
    });
  });
  test('seats people by their role', () => {
    expect(mayTake('custodian-3', 'custodian')).toBe(true);
    expect(mayTake('custodian-3', 'administrator')).toBe(false);
    expect(mayTake('witness', 'auditor')).toBe(true);
    expect(mayTake('witness', 'officer')).toBe(false);
    expect(mayTake('administrator', 'officer')).toBe(false);
  });
  test('has no members that the format does not have', () => {
    for (const change of [
      { extra: 1 },
      { v: 2 },
      { grade: 'B' },
      { template: 'other/1' },
      { seats: [] },
    ])
      expect(Definition.safeParse({ ...good, ...change }).success).toBe(false);
  });
});
