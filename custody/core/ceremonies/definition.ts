/**
 * The rules of a runnable definition that its schema can't express. Every problem names its path, and all are reported at once.
 */
import { hash } from 'node:crypto';
import { canonicalBytes } from '../../../shared/canonical.ts';
import type { Definition, Seat, StepKind } from '../../../shared/domain/ceremonies.ts';
import type { Mode } from '../../../shared/domain/basics.ts';
import type { Role } from '../../../shared/domain/people.ts';
import type { Policy } from '../../../shared/domain/policy.ts';
import { refusedBy } from '../../../shared/policy/rules.ts';
import { scriptOf, type Template } from './template.ts';

export const definitionBytes = (definition: Definition): Uint8Array => canonicalBytes(definition);
/** The definition's id: SHA-256 of its canonical JSON (R1). */
export const definitionId = (definition: Definition): string =>
  hash('sha256', definitionBytes(definition));

/** Kinds in the order this template runs them, `components` standing for one step each. */
const ORDER: readonly StepKind[] = [
  'arrive',
  'clock',
  'definition.read',
  'token.check',
  'component.enter',
  'key.form',
  'key.verify',
  'envelopes.destroy',
  'agree',
];
const IRREVERSIBLE: readonly StepKind[] = ['key.form', 'envelopes.destroy'];

/** Roles that may take a seat. */
export const mayTake = (seat: Seat, role: Role): boolean => {
  if (seat.startsWith('custodian-')) return role === 'custodian';
  if (seat === 'witness') return role === 'witness' || role === 'auditor';
  return role === seat;
};

export interface Surroundings {
  log: string;
  mode: Mode;
  policySha256: string;
  policy: Policy;
  roleOf: (person: string) => Role | undefined;
  knowsModule: (id: string) => boolean;
  /** The template that the definition names, if the desk has it. */
  template: Template | undefined;
}

/** Problems by path; empty when the definition may be approved here. */
export const problemsOf = (definition: Definition, here: Surroundings): Record<string, string> => {
  const problems: Record<string, string> = {};
  const { seats, steps, components, key, substitutes } = definition;
  const say = (path: string, problem: string) => (problems[path] ??= problem);

  if (here.template === undefined) say('template', 'is none that this desk has');
  if (!here.knowsModule(definition.at.module)) say('at.module', 'is not known at this desk');
  if (definition.log !== here.log) say('log', 'names another desk');
  if (definition.mode !== here.mode) say('mode', `this desk is for ${here.mode}`);
  if (definition.policySha256 !== here.policySha256)
    say('policySha256', 'was written under another policy');
  const { algorithm, purpose, extractable } = key;
  for (const [path, why] of [
    ['key.algorithm', refusedBy(here.policy, 'algorithms', { algorithm })],
    ['key.extractable', refusedBy(here.policy, 'extractable', { purpose, extractable })],
    ['grade', refusedBy(here.policy, 'strict', { grade: definition.grade })],
    ['components.count', refusedBy(here.policy, 'components', { count: components.count })],
  ] as const)
    if (why !== undefined) say(path, `is refused. ${why}`);
  if (definition.staffing.least > seats.length)
    say('staffing.least', 'is more than there are seats');

  // R3: one person for each seat, no person on two seats; so a witness holds no other seat.
  const bySeat = new Map<string, string>();
  const people = new Set<string>();
  for (const [at, { seat, person }] of seats.entries()) {
    const role = here.roleOf(person);
    if (bySeat.has(seat)) say(`seats.${at}.seat`, 'is taken twice');
    if (people.has(person)) say(`seats.${at}.person`, 'sits on two seats');
    if (role === undefined) say(`seats.${at}.person`, 'is not enrolled');
    else if (!mayTake(seat, role)) say(`seats.${at}.person`, `is enrolled as ${role}`);
    bySeat.set(seat, person);
    people.add(person);
  }
  for (const [at, { seat, person }] of substitutes.entries()) {
    const role = here.roleOf(person);
    if (!bySeat.has(seat)) say(`substitutes.${at}.seat`, 'has nobody to stand in for');
    if (people.has(person)) say(`substitutes.${at}.person`, 'has a seat already');
    if (role === undefined || !mayTake(seat, role))
      say(`substitutes.${at}.person`, 'may not take that seat');
    people.add(person);
  }
  for (const seat of ['administrator', 'witness'])
    if (!bySeat.has(seat)) say('seats', `nobody sits as ${seat}`);
  for (let index = 1; index <= components.count; index++)
    if (!bySeat.has(`custodian-${index}`)) say('seats', `nobody sits as custodian-${index}`);

  const wanted = ORDER.flatMap((kind) =>
    kind === 'component.enter' ? Array.from({ length: components.count }, () => kind) : [kind],
  );
  if (steps.map((step) => step.kind).join() !== wanted.join())
    say('steps', `must be, in this order: ${wanted.join(', ')}`);
  const script = here.template === undefined ? [] : scriptOf(here.template, definition).steps;
  let component = 0;
  for (const [at, step] of steps.entries()) {
    const path = `steps.${at}`;
    if (step.id !== String(at + 1)) say(`${path}.id`, `must be ${at + 1}`);
    // SECURITY: the checks that people approve must be the checks that run: each `expected` is exactly the template's text for these values. The title and each
    // step's `text`, `undo` and `phrase` are free text that can't be checked: they instruct people, and the desk claims nothing by them.
    const wantedStep = script[at];
    if (wantedStep?.kind === step.kind && step.expected !== wantedStep.expected)
      say(`${path}.expected`, `must say what will be checked: “${wantedStep.expected}”`);
    if (new Set(step.seats).size !== step.seats.length) say(`${path}.seats`, 'names a seat twice');
    for (const seat of step.seats)
      if (!bySeat.has(seat)) say(`${path}.seats`, `nobody sits as ${seat}`);
    if (step.irreversible !== IRREVERSIBLE.includes(step.kind))
      say(
        `${path}.irreversible`,
        `must be ${String(IRREVERSIBLE.includes(step.kind))} for ${step.kind}`,
      );
    if (step.irreversible !== (step.phrase !== undefined))
      say(`${path}.phrase`, 'belongs to irreversible steps, and to each of them');
    if (step.irreversible && step.seats.length < 2)
      say(`${path}.seats`, 'an irreversible step takes two people');
    if (['clock', 'definition.read', 'key.verify'].includes(step.kind) && step.seats.length < 2)
      say(`${path}.seats`, 'takes two people: one reads, the other answers');
    if (step.kind === 'component.enter') {
      component += 1;
      if (step.component !== component) say(`${path}.component`, `must be ${component}`);
      if (!step.seats.includes(`custodian-${component}`) || step.seats.length < 2)
        say(`${path}.seats`, `takes custodian-${component} and a second person`);
      if (
        step.seats.some(
          (seat) => seat.startsWith('custodian-') && seat !== `custodian-${component}`,
        )
      )
        say(`${path}.seats`, 'another custodian has no business at this envelope');
    } else if (step.component !== undefined)
      say(`${path}.component`, 'belongs to component.enter only');
    if ((step.kind === 'arrive' || step.kind === 'agree') && step.seats.length !== seats.length)
      say(`${path}.seats`, 'takes everyone');
  }
  return problems;
};
