/**
 * Ceremony definitions: people review one, approve it by hash, and then follow it. Canonical JSON; one changed byte is another definition.
 * `resources/ceremonies/` holds the templates for drafts.
 */
import { z } from 'zod';
import { Count, Hex64, Mode, Uuid, text } from './basics.ts';
import { Algorithm, CHECK_METHODS, KeyLabel, Purpose } from './keys.ts';
import { TokenRef } from './tokens.ts';

export const Seat = z
  .string()
  .regex(/^(administrator|officer|operator|witness|auditor|custodian-[1-9])$/, 'must be a seat');
export type Seat = z.infer<typeof Seat>;

/** A seat in a template: `custodians` stands for one seat per component. */
export const TemplateSeat = z.enum([
  'administrator',
  'officer',
  'operator',
  'witness',
  'auditor',
  'custodians',
]);
export type TemplateSeat = z.infer<typeof TemplateSeat>;
export const seatsFor = (seats: readonly TemplateSeat[], components: number): Seat[] =>
  seats.flatMap((seat) =>
    seat === 'custodians'
      ? Array.from({ length: components }, (_, at) => `custodian-${at + 1}`)
      : [seat],
  );

const STEP_KINDS = [
  'arrive',
  'clock',
  'definition.read',
  'token.check',
  'component.enter',
  'key.form',
  'key.verify',
  'envelopes.destroy',
  'agree',
] as const;
export const StepKind = z.enum(STEP_KINDS);
export type StepKind = z.infer<typeof StepKind>;

export const Step = z.strictObject({
  id: z.string().regex(/^[1-9][0-9]?$/, 'must be 1 to 99'),
  kind: StepKind,
  /** What the people do, in one instruction. */
  text: text(1024),
  /** What the desk checks, and what people see when it succeeds: exactly the template's text for this definition. */
  expected: text(1024),
  /** Every seat named here acts, each with its own proof. */
  seats: z.array(Seat).min(1).max(16),
  irreversible: z.boolean(),
  /** How the step can be undone, or why it can't. */
  undo: text(512),
  /** component.enter: the component's number, from 1. */
  component: z.int().min(1).max(9).optional(),
  /** For irreversible steps: the phrase to type exactly. */
  phrase: text(128).optional(),
});
export type Step = z.infer<typeof Step>;

/** Every key of this template is AES: its components and their sum have check values by this method alone. */
const AesCheckMethod = z.literal('X9.24-CMAC', 'must be X9.24-CMAC, as AES keys have it');

export const Definition = z.strictObject({
  v: z.literal(1),
  template: z.literal('form-key-from-components/1'),
  title: text(128),
  mode: Mode,
  log: text(160),
  policySha256: Hex64,
  seats: z
    .array(z.strictObject({ seat: Seat, person: Uuid }))
    .min(4)
    .max(16),
  substitutes: z.array(z.strictObject({ seat: Seat, person: Uuid })).max(16),
  at: TokenRef,
  key: z.strictObject({
    label: KeyLabel,
    algorithm: Algorithm.extract(['AES-128', 'AES-256']),
    purpose: Purpose.extract(['encrypt', 'mac', 'wrap']),
    extractable: z.boolean(),
  }),
  components: z.strictObject({
    count: z.int().min(2).max(9),
    method: AesCheckMethod,
  }),
  /** The result's check value, when the sender gave it on a separate way. */
  expected: z
    .strictObject({
      method: AesCheckMethod,
      // Checked here, since the comparison comes after the envelopes are opened, too late to find a malformed value.
      value: z
        .string()
        .regex(/^(?:[0-9a-f]{6}|[0-9a-f]{10})$/, 'must be ten lower-case hex digits, or six'),
    })
    .optional(),
  grade: z.literal('C'),
  importKey: Algorithm.extract(['RSA-2048', 'RSA-3072', 'RSA-4096']),
  staffing: z.strictObject({ least: Count }),
  steps: z.array(Step).min(3).max(99),
});
export type Definition = z.infer<typeof Definition>;

/** The choices for a draft. The rest comes from the template or this desk. */
export const DraftParameters = z.strictObject({
  /** By default the template's. */
  title: Definition.shape.title.optional(),
  label: KeyLabel,
  /** By default the template's first. */
  algorithm: Algorithm.optional(),
  purpose: Purpose.optional(),
  /** Number of components; by default the template's. */
  components: Count.optional(),
  /** The key's check value, if the sender gave it beforehand. The default method is the template's. */
  expected: z
    .strictObject({ method: z.enum(CHECK_METHODS).optional(), value: z.string().max(64) })
    .optional(),
  at: TokenRef,
  seats: Definition.shape.substitutes,
  substitutes: Definition.shape.substitutes.default([]),
});
export type DraftParameters = z.infer<typeof DraftParameters>;

const CEREMONY_STATUS = [
  'ARMED',
  'RUNNING',
  'PAUSED',
  'RECOVERY',
  'VERIFYING',
  'ABORTING',
  'ABORTED',
  'CLOSED',
] as const;
export const CeremonyStatus = z.enum(CEREMONY_STATUS);
export type CeremonyStatus = z.infer<typeof CeremonyStatus>;
