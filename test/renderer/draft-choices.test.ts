/** The window's draft asks the desk for what people chose, and for nothing besides. */
import { describe, expect, test } from 'vitest';
import type { TemplateView } from '../../shared/contract/ceremonies.ts';
import { contract } from '../../shared/contract/index.ts';
import { DEFAULT_POLICY, type Policy } from '../../shared/domain/policy.ts';
import { draftInput, firstChoices } from '../../renderer/features/ceremonies/draft-choices.ts';

const template: TemplateView = {
  name: 'form-key-from-components',
  about: 'Form an AES key from components.',
  grade: 'C',
  algorithms: ['AES-256', 'AES-128'],
  purposes: ['wrap', 'encrypt', 'mac'],
  components: { least: 3, most: 9, usual: 3 },
  checkMethod: 'X9.24-CMAC',
  seats: ['administrator', 'custodians', 'witness'],
};
const id = (digit: number) => `0198c0de-0000-7000-8000-00000000000${digit}`;
const at = {
  module: id(9),
  token: { manufacturer: 'M', model: 'T', serial: '1', label: 'work' },
};
const chosen = {
  ...firstChoices(template, DEFAULT_POLICY),
  label: 'zmk',
  seats: {
    administrator: id(1),
    ...Object.fromEntries([1, 2, 3, 4].map((n) => [`custodian-${n}`, id(n + 1)])),
    witness: id(6),
  },
  substitutes: { witness: '', 'custodian-4': id(7) },
};

describe('a draft at the window', () => {
  test('begins with an algorithm that the policy allows, or with none', () => {
    const first = (algorithms: Policy['algorithms']) =>
      firstChoices(template, { ...DEFAULT_POLICY, algorithms }).algorithm;
    expect(first(['AES-128', 'AES-256'])).toBe('AES-256');
    expect(first(['AES-128', 'P-256'])).toBe('AES-128');
    expect(first(['P-256'])).toBeUndefined();
  });
  test('names no expected check value when none was typed', () => {
    const { parameters } = draftInput(template, chosen, at);
    expect(parameters).not.toHaveProperty('expected');
    expect(parameters).toMatchObject({ algorithm: 'AES-256', purpose: 'wrap', components: 3 });
    const typed = draftInput(template, { ...chosen, expected: ' 08D7 B4fb62' }, at);
    expect(typed.parameters.expected).toEqual({ value: '08d7b4fb62' });
  });
  test('seats only the custodians of the components that there are', () => {
    const seatsOf = (components: number) => {
      const input = draftInput(template, { ...chosen, components }, at);
      expect(contract['ceremonies.draft'].input.safeParse(input).success).toBe(true);
      return [input.parameters.seats, input.parameters.substitutes].map((list = []) =>
        list.map(({ seat }) => seat),
      );
    };
    expect(seatsOf(3)).toEqual([
      ['administrator', 'custodian-1', 'custodian-2', 'custodian-3', 'witness'],
      [],
    ]);
    expect(seatsOf(4)[1]).toEqual(['custodian-4']);
  });
});
