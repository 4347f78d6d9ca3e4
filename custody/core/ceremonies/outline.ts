/** The part of a definition that every judge of a ceremony reads: seats, substitutes and steps (resources/formats/audit-log.md, section 12). */
import { parseCanonical } from '../../../shared/canonical.ts';
import { bool, list, shape, text, uuid, type Rule } from '../../../shared/log/rules.ts';

/** Bytes that a definition may have. */
export const MAX_DEFINITION = 2 ** 20;

export interface OutlineStep {
  id: string;
  kind: string;
  seats: readonly string[];
  irreversible: boolean;
  /** Members that only the desk reads: texts for people, and the component that a step is about. */
  text?: string;
  expected?: string;
  component?: number | undefined;
}
export interface Outline {
  seats: readonly { seat: string; person: string }[];
  substitutes: readonly { seat: string; person: string }[];
  steps: readonly OutlineStep[];
}

const seat = shape({ seat: text(32), person: uuid });
const seats = list(seat, 0, 1000);
const steps = list(
  shape({ id: text(32), kind: text(32), seats: list(text(32), 1, 16), irreversible: bool }),
  1,
  99,
);

/** Parses only the named members; a definition has others, which do not matter here. */
const pick = (value: unknown, ...names: string[]): unknown =>
  typeof value === 'object' && value !== null && !Array.isArray(value)
    ? Object.fromEntries(Object.entries(value).filter(([name]) => names.includes(name)))
    : value;
const pickEach = (value: unknown, ...names: string[]): unknown =>
  Array.isArray(value) ? value.map((item) => pick(item, ...names)) : value;

const holds = (rule: Rule, value: unknown): boolean =>
  rule(value, { plain: false, sorted: false }) === '';

/** Undefined when these bytes are not a definition. */
export const outlineIn = (bytes: Uint8Array): Outline | undefined => {
  if (bytes.length > MAX_DEFINITION) return undefined;
  let read: unknown;
  try {
    read = parseCanonical(bytes);
  } catch {
    return undefined; // not in canonical form
  }
  const said = pick(read, 'seats', 'substitutes', 'steps') as Record<string, unknown>;
  const outline = {
    seats: pickEach(said['seats'], 'seat', 'person'),
    substitutes: pickEach(said['substitutes'], 'seat', 'person'),
    steps: pickEach(said['steps'], 'id', 'kind', 'seats', 'irreversible'),
  };
  const { seats: sitting, substitutes, steps: taken } = outline;
  if (!holds(seats, sitting) || !holds(seats, substitutes) || !holds(steps, taken))
    return undefined;
  const definition = outline as Outline;
  const once = (names: readonly string[]): boolean => new Set(names).size === names.length;
  const each = [
    definition.steps.map(({ id }) => id),
    definition.seats.map(({ seat: name }) => name),
    ...definition.steps.map((step) => step.seats),
  ];
  return each.every(once) ? definition : undefined;
};
