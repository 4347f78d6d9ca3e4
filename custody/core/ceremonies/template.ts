/**
 * Ceremony templates: `resources/ceremonies/*.json` as data, and the script that a template gives for one definition.
 *
 * A text is a sentence, or a list of sentences of which some stand only `when` the definition has a value. `{components}` and the like are placeholders for
 * values. Which sentences a definition gets depends on the definition alone, so a draft and a later check of it give the same script.
 */
import { z } from 'zod';
import { text } from '../../../shared/domain/basics.ts';
import {
  Definition,
  Step,
  StepKind,
  TemplateSeat,
  seatsFor,
} from '../../../shared/domain/ceremonies.ts';
import { numberWord } from '../../../shared/number-word.ts';

/** The conditions that a text may depend on. */
interface Facts {
  algorithm: string;
  /** The limits for the number of components, which decides the seats. */
  components: number;
  seats: number;
  /** A check value is expected, so the formed key is compared with it. */
  expected: boolean;
  extractable: boolean;
}
const VALUES = ['algorithm', 'components', 'seats', 'component'] as const;
type Value = (typeof VALUES)[number];

const PLACE = /\{([^{}]*)\}/g;
const placesIn = (template: string): string[] =>
  [...template.matchAll(PLACE)].map(([, name = '']) => name);

const Sentence = text(1024).refine(
  (sentence) =>
    placesIn(sentence).every((name) => VALUES.some((value) => value === name)) &&
    !/[{}]/.test(sentence.replaceAll(PLACE, '')),
  `may hold {${VALUES.join('}, {')}} and no other braces`,
);
const Texts = z.union([
  Sentence,
  z
    .array(
      z.strictObject({
        when: z.strictObject({
          expected: z.boolean().optional(),
          extractable: z.boolean().optional(),
        }),
        text: Sentence,
      }),
    )
    .min(1)
    .max(8),
]);
type Texts = z.infer<typeof Texts>;

const { key, components, grade, importKey, template } = Definition.shape;
const TemplateStep = z
  .strictObject({
    kind: StepKind,
    /** One such step for each component. */
    repeat: z.literal('components').optional(),
    text: Texts,
    /** What the desk checks. A definition has exactly this text, see {@link scriptOf}. */
    expected: Texts,
    /** `everyone`: all seats. `custodian`: the one of this component. */
    seats: z.array(z.enum([...TemplateSeat.options, 'everyone', 'custodian'])).min(1),
    irreversible: Step.shape.irreversible,
    undo: Texts,
    phrase: Step.shape.phrase,
  })
  .refine(
    ({ repeat, seats, ...texts }) =>
      repeat !== undefined ||
      !(seats.includes('custodian') || JSON.stringify(texts).includes('{component}')),
    'speaks of one component, and is not repeated for each',
  )
  .refine(
    ({ kind, repeat }) => (kind === 'component.enter') === (repeat !== undefined),
    'component.enter is repeated for each component, and nothing else is',
  );

type TemplateStep = z.infer<typeof TemplateStep>;

export const Template = z
  .strictObject({
    v: z.literal(1),
    template,
    /** What it is for, in one sentence. */
    about: text(256),
    title: Sentence,
    key: z.strictObject({
      /** The first is the default. */
      algorithms: z.array(key.shape.algorithm).min(1),
      purposes: z.array(key.shape.purpose).min(1),
      extractable: key.shape.extractable,
    }),
    components: z.strictObject({
      least: components.shape.count,
      most: components.shape.count,
      usual: components.shape.count,
      method: components.shape.method,
    }),
    grade,
    importKey,
    seats: z.array(TemplateSeat).min(1),
    steps: z.array(TemplateStep).min(3),
  })
  .refine(
    ({ components: { least, usual, most } }) => least <= usual && usual <= most,
    'the usual number of components lies between the least and the most',
  );
export type Template = z.infer<typeof Template>;

const render = (texts: Texts, facts: Facts, component?: number): string => {
  const values: Record<Value, string> = {
    algorithm: facts.algorithm,
    components: numberWord(facts.components),
    seats: numberWord(facts.seats),
    component: String(component ?? ''),
  };
  const sentences =
    typeof texts === 'string'
      ? [texts]
      : texts
          .filter(
            ({ when }) =>
              (when.expected ?? facts.expected) === facts.expected &&
              (when.extractable ?? facts.extractable) === facts.extractable,
          )
          .map((sentence) => sentence.text);
  return sentences.join(' ').replaceAll(PLACE, (_place, name: Value) => values[name]);
};

const factsOf = ({
  key: { algorithm, extractable },
  components: { count },
  seats,
  expected,
}: Omit<Definition, 'title' | 'steps'>): Facts => ({
  algorithm,
  components: count,
  seats: seats.length,
  expected: expected !== undefined,
  extractable,
});

/** The title and the steps that the template gives for these values. */
export const scriptOf = (
  from: Template,
  values: Omit<Definition, 'title' | 'steps'>,
): Pick<Definition, 'title' | 'steps'> => {
  const facts = factsOf(values);
  const each = Array.from({ length: facts.components }, (_, at) => at + 1);
  const seated = values.seats.map(({ seat }) => seat);
  const steps = from.steps
    .flatMap((step): { step: TemplateStep; component?: number }[] =>
      step.repeat === undefined ? [{ step }] : each.map((component) => ({ step, component })),
    )
    .map(({ step, component }, at): Step => {
      const { kind, irreversible, phrase } = step;
      return {
        id: String(at + 1),
        kind,
        ...(component === undefined ? {} : { component }),
        text: render(step.text, facts, component),
        expected: render(step.expected, facts, component),
        seats: step.seats.flatMap((seat) =>
          seat === 'everyone'
            ? seated
            : seat === 'custodian'
              ? [`custodian-${component ?? 0}`]
              : seatsFor([seat], facts.components),
        ),
        irreversible,
        undo: render(step.undo, facts, component),
        ...(phrase === undefined ? {} : { phrase }),
      };
    });
  return { title: render(from.title, facts), steps };
};
