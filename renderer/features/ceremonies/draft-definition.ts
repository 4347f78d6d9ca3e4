/** A definition from the template that ships with Keymoot and what people chose. */
import { Definition, type Seat } from '../../../shared/domain/ceremonies.ts';
import { KeyLabel } from '../../../shared/domain/keys.ts';
import type { TokenRef } from '../../../shared/domain/tokens.ts';
import template from '../../../resources/ceremonies/form-aes256-from-3-components.json';

export const TEMPLATE = Definition.parse(template);
export const SEATS: readonly Seat[] = TEMPLATE.seats.map(({ seat }) => seat);

export interface Choices {
  algorithm: 'AES-128' | 'AES-256';
  label: string;
  purpose: 'encrypt' | 'mac' | 'wrap';
  at: TokenRef | undefined;
  /** As typed; empty when the sender gave none beforehand. */
  expected: string;
  seats: Partial<Record<Seat, string>>;
  substitutes: Partial<Record<Seat, string>>;
}

export const NO_CHOICES: Choices = {
  algorithm: 'AES-256',
  label: '',
  purpose: 'wrap',
  at: undefined,
  expected: '',
  seats: {},
  substitutes: {},
};

export const checkDigits = (typed: string): string => typed.replaceAll(/\s/g, '').toLowerCase();
/** A check value by X9.24-CMAC: ten hex digits, or six for short. */
export const isCheckValue = (typed: string): boolean =>
  /^(?:[0-9a-f]{6}|[0-9a-f]{10})$/.test(checkDigits(typed));

export const labelProblem = (label: string): string | undefined =>
  label === ''
    ? 'The key needs a label.'
    : KeyLabel.safeParse(label).success
      ? undefined
      : 'A label has at most 64 bytes of plain text, without invisible characters.';

const given = (people: Choices['seats']) =>
  Object.entries(people).flatMap(([seat, person]) =>
    person === undefined || person === '' ? [] : [{ seat, person }],
  );

export const draftDefinition = (
  choices: Choices & { at: TokenRef },
  here: { mode: 'rehearsal' | 'production'; log: string; policySha256: string },
): Definition => {
  const { expected: _replaced, ...rest } = TEMPLATE;
  const expected = checkDigits(choices.expected);
  return {
    ...rest,
    title: `Form an ${choices.algorithm} key from three components`,
    ...here,
    seats: SEATS.map((seat) => ({ seat, person: choices.seats[seat] ?? '' })),
    substitutes: given(choices.substitutes),
    at: choices.at,
    key: {
      ...TEMPLATE.key,
      label: choices.label,
      algorithm: choices.algorithm,
      purpose: choices.purpose,
    },
    ...(expected === '' ? {} : { expected: { method: 'X9.24-CMAC' as const, value: expected } }),
    steps: TEMPLATE.steps.map((step) =>
      step.kind === 'key.form' && expected === ''
        ? { ...step, expected: 'The token holds one new key, sensitive and not extractable.' }
        : step,
    ),
  };
};
