/** One draft for every face: what people chose becomes a definition whose words are those of the checks, or each choice that makes no sense is named. */
import { describe, expect, test } from 'vitest';
import type { DraftParameters } from '../../../shared/domain/ceremonies.ts';
import { KeymootError } from '../../../shared/errors.ts';
import { DEFAULT_POLICY } from '../../../shared/domain/policy.ts';
import { problemsOf, type Surroundings } from '../../../custody/core/ceremonies/definition.ts';
import { expandTemplate } from '../../../custody/core/ceremonies/draft.ts';
import { Template } from '../../../custody/core/ceremonies/template.ts';
import { custodians, HERE, parameters, person, TEMPLATE, templateJson } from './sample.ts';

const drafted = (changes: Partial<DraftParameters> = {}, here: Partial<Surroundings> = {}) =>
  expandTemplate(TEMPLATE, { ...parameters(), ...changes }, { ...HERE, ...here });
const refused = (
  changes: Partial<DraftParameters>,
  here: Partial<Surroundings> = {},
): Record<string, string> => {
  try {
    drafted(changes, here);
  } catch (error) {
    if (!(error instanceof KeymootError)) throw error;
    expect(error.code).toBe('input-invalid');
    expect(error.message).toMatch(/Nothing was drafted\.$/);
    return error.fields ?? {};
  }
  throw new Error('it was drafted');
};
const withoutExpected = () => {
  const { expected: _given, ...rest } = parameters();
  return expandTemplate(TEMPLATE, rest, HERE);
};
const seated = (seat: string, who: string): DraftParameters['seats'] =>
  parameters().seats.map((pair) => (pair.seat === seat ? { seat, person: who } : pair));

describe('a draft', () => {
  test('says that the key is compared with the expected value only if there is one', () => {
    const forming = (definition: ReturnType<typeof drafted>) =>
      definition.steps.find(({ kind }) => kind === 'key.form')?.expected;
    expect(forming(drafted())).toBe(
      'The token holds one new key, sensitive and not extractable. Its check value is the expected one.',
    );
    const without = withoutExpected();
    expect(without).not.toHaveProperty('expected');
    expect(forming(without)).toBe(
      'The token holds one new key, sensitive and not extractable. No check value is given beforehand, so none is compared here.',
    );
    expect(JSON.stringify(without)).not.toContain('the expected one');
  });
  test('can be defined as it is, with as many components as were asked for', () => {
    for (const count of [3, 4, 9]) {
      const { components, seats, steps, title, staffing } = drafted({
        ...parameters(count),
        components: count,
        algorithm: 'AES-128',
      });
      expect(components.count).toBe(count);
      expect(seats).toHaveLength(count + 2);
      expect(staffing).toEqual({ least: count + 2 });
      expect(steps).toHaveLength(count + 8);
      expect(steps[3 + count]).toMatchObject({
        id: String(4 + count),
        component: count,
        seats: [`custodian-${count}`, 'witness'],
      });
      expect(steps[3 + count]?.text).toContain(`Custodian ${count} opens envelope ${count} `);
      expect(title).toMatch(/^Form an AES-128 key from (three|four|nine) components$/);
    }
    expect(problemsOf(drafted(), HERE)).toEqual({});
  });
  test('takes what was not chosen from the template and the desk', () => {
    expect(drafted()).toMatchObject({
      title: 'Form an AES-256 key from three components',
      log: HERE.log,
      mode: HERE.mode,
      policySha256: HERE.policySha256,
      key: { algorithm: 'AES-256', purpose: 'wrap', extractable: false },
      components: { count: 3, method: 'X9.24-CMAC' },
      expected: { method: 'X9.24-CMAC', value: '0000000000' },
    });
    expect(drafted({ title: 'Ours' }).title).toBe('Ours');
  });
  test('takes a check value as people write it', () => {
    expect(drafted({ expected: { value: '08D7 B4' } }).expected?.value).toBe('08d7b4');
  });

  const stranger = person('ff');
  const wrong: [string, string, Partial<DraftParameters>, RegExp, Partial<Surroundings>?][] = [
    ['an algorithm it lacks', 'algorithm', { algorithm: 'RSA-2048' }, /AES-256, AES-128/],
    ['a purpose it lacks', 'purpose', { purpose: 'sign' }, /wrap, encrypt, mac/],
    ['one component', 'components', { components: 1 }, /2 to 9/],
    ['ten components', 'components', { components: 10 }, /2 to 9/],
    [
      'fewer components than the policy allows',
      'components',
      { ...parameters(2), components: 2 },
      /2 components\. Rule “Components” .* 3 to 9/,
    ],
    [
      'an algorithm that the policy lacks',
      'algorithm',
      {},
      /policy/,
      { policy: { ...DEFAULT_POLICY, algorithms: ['AES-128'] } },
    ],
    ['a check value that is too short', 'expected', { expected: { value: 'abcd' } }, /ten hex/],
    ['a check value of no hex', 'expected', { expected: { value: '08d7bZ' } }, /ten hex/],
    [
      'a check value by another method',
      'expected',
      { expected: { method: 'P11-CHECK', value: 'abcdef' } },
      /never compared/,
    ],
    ['a seat without anyone', 'seats.custodian-3', { ...parameters(2) }, /nobody/],
    [
      'a seat it doesn’t have',
      'seats.custodian-4',
      { seats: [...parameters().seats, ...custodians(4).slice(3)] },
      /no seat/,
    ],
    [
      'a seat for two',
      'seats.custodian-1',
      { seats: [...parameters().seats, { seat: 'custodian-1', person: person('c4') }] },
      /more than once/,
    ],
    [
      'a person who isn’t enrolled',
      'seats.custodian-2',
      { seats: seated('custodian-2', stranger) },
      /not enrolled/,
    ],
    [
      'a person on two seats',
      'seats.custodian-2',
      { seats: seated('custodian-2', person('c1')) },
      /two seats/,
    ],
    [
      'a person of another role',
      'seats.witness',
      { seats: seated('witness', person('c4')) },
      /enrolled as custodian/,
    ],
    [
      'a substitute who has a seat',
      'substitutes.custodian-1',
      { substitutes: [{ seat: 'custodian-1', person: person('c2') }] },
      /a seat already/,
    ],
    [
      'a token through an unknown library',
      'at',
      { at: { ...parameters().at, module: stranger } },
      /not known/,
    ],
  ];
  for (const [what, parameter, changes, words, here] of wrong)
    test(`with ${what} is refused, and “${parameter}” is named`, () => {
      const fields = refused(changes, here);
      expect(Object.keys(fields)).toEqual([parameter]);
      expect(fields[parameter]).toMatch(words);
    });
  test('is told all that makes no sense at once', () => {
    expect(
      Object.keys(refused({ algorithm: 'P-256', expected: { value: 'x' }, seats: [] })),
    ).toEqual(
      expect.arrayContaining(['algorithm', 'seats.administrator', 'seats.witness', 'expected']),
    );
  });
});

describe('a template', () => {
  type Json = Record<string, unknown>;
  const forming = 5;
  const changed = (change: (template: Json, steps: Json[]) => void) => {
    const json = templateJson();
    change(json, json['steps'] as Json[]);
    return Template.safeParse(json).success;
  };
  test('that ships with Keymoot is one', () => {
    expect(changed(() => undefined)).toBe(true);
  });
  const faults: [string, (template: Json, steps: Json[]) => void][] = [
    ['a member it does not have', (t) => (t['note'] = 'x')],
    ['a value that there is not', (t) => (t['title'] = 'A key for {customer}')],
    ['a brace that is left open', (t) => (t['title'] = 'A key {algorithm')],
    [
      'a condition that there is not',
      (_, steps) =>
        Object.assign(steps[forming] ?? {}, { expected: [{ when: { weather: true }, text: 'x' }] }),
    ],
    [
      'a component’s number in a step that is not repeated',
      (_, steps) => Object.assign(steps[0] ?? {}, { text: 'Custodian {component} sits down.' }),
    ],
    [
      'a component’s custodian in a step that is not repeated',
      (_, steps) => Object.assign(steps[0] ?? {}, { seats: ['custodian'] }),
    ],
    ['components entered once for all', (_, steps) => delete steps[4]?.['repeat']],
    [
      'a usual number that is none it allows',
      (t) => Object.assign(t['components'] as Json, { usual: 2, least: 3 }),
    ],
  ];
  for (const [what, change] of faults)
    test(`with ${what} is none`, () => {
      expect(changed(change)).toBe(false);
    });
});
