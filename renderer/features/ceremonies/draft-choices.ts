/** The choices for a definition. The desk makes the definition from them: `ceremonies.draft`. */
import type { TemplateView } from '../../../shared/contract/ceremonies.ts';
import type { InputGiven } from '../../../shared/contract/index.ts';
import { seatsFor, type Seat } from '../../../shared/domain/ceremonies.ts';
import { KeyLabel } from '../../../shared/domain/keys.ts';
import type { Policy } from '../../../shared/domain/policy.ts';
import type { TokenRef } from '../../../shared/domain/tokens.ts';
import { refusedBy } from '../../../shared/policy/rules.ts';
import { checkDigits } from './check-digits.ts';

export interface Choices {
  algorithm: TemplateView['algorithms'][number] | undefined;
  label: string;
  purpose: TemplateView['purposes'][number] | undefined;
  components: number;
  at: TokenRef | undefined;
  /** As typed; empty when the sender gave no check value beforehand. */
  expected: string;
  seats: Partial<Record<Seat, string>>;
  substitutes: Partial<Record<Seat, string>>;
}

/** What is chosen before anybody chooses: nothing that the policy refuses. */
export const firstChoices = (template: TemplateView, policy: Policy): Choices => ({
  algorithm: template.algorithms.find(
    (algorithm) => refusedBy(policy, 'algorithms', { algorithm }) === undefined,
  ),
  label: '',
  purpose: template.purposes[0],
  components: template.components.usual,
  at: undefined,
  expected: '',
  seats: {},
  substitutes: {},
});

export const labelProblem = (label: string): string | undefined =>
  label === ''
    ? 'The key needs a label.'
    : KeyLabel.safeParse(label).success
      ? undefined
      : 'A label has at most 64 bytes of plain text, without invisible characters.';

export const seatsOf = (template: TemplateView, choices: Choices): Seat[] =>
  seatsFor(template.seats, choices.components);

export const draftInput = (
  template: TemplateView,
  { algorithm, label, purpose, components, expected, seats, substitutes }: Choices,
  at: TokenRef,
): InputGiven<'ceremonies.draft'> => {
  const all = seatsFor(template.seats, components);
  const given = (people: Choices['seats']) =>
    all.flatMap((seat) => {
      const person = people[seat] ?? '';
      return person === '' ? [] : [{ seat, person }];
    });
  const value = checkDigits(expected);
  return {
    template: template.name,
    parameters: {
      label,
      ...(algorithm === undefined ? {} : { algorithm }),
      ...(purpose === undefined ? {} : { purpose }),
      components,
      ...(value === '' ? {} : { expected: { value } }),
      at,
      seats: given(seats),
      substitutes: given(substitutes),
    },
  };
};
