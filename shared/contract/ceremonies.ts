import { z } from 'zod';
import { CeremonyId, Claim, Count, Hex64, Time, Uuid, text } from '../domain/basics.ts';
import {
  CeremonyStatus,
  Definition,
  DraftParameters,
  Seat,
  Step,
  TemplateSeat,
} from '../domain/ceremonies.ts';
import { Check, CHECK_METHODS } from '../domain/keys.ts';
import { channel } from './channel.ts';
import { Login, Nothing } from './desk.ts';

/** A template that ships with Keymoot, with the parameters that this desk allows. The first of each list is the default. */
export const TemplateView = z.strictObject({
  name: z.string(),
  about: z.string(),
  grade: Definition.shape.grade,
  algorithms: z.array(Definition.shape.key.shape.algorithm),
  purposes: z.array(Definition.shape.key.shape.purpose),
  components: z.strictObject({ least: Count, most: Count, usual: Count }),
  checkMethod: z.enum(CHECK_METHODS),
  seats: z.array(TemplateSeat),
});
export type TemplateView = z.infer<typeof TemplateView>;

export const DefinitionView = z.strictObject({
  sha256: Hex64,
  words: z.array(z.string()),
  title: z.string(),
  defined: Time,
  approvals: z.array(Uuid),
  needed: Count,
  definition: Definition,
});
export type DefinitionView = z.infer<typeof DefinitionView>;

/** A request for words at random positions of a text that was read aloud. Positions count from 1. */
export const ReadBack = z.strictObject({ of: z.string(), positions: z.array(z.int().min(1)) });

export const CeremonyView = z.strictObject({
  id: CeremonyId,
  definitionSha256: Hex64,
  title: z.string(),
  status: CeremonyStatus,
  words: z.array(z.string()),
  steps: z.array(
    z.strictObject({
      step: Step,
      state: z.enum(['waiting', 'due', 'open', 'done', 'failed']),
      attempts: Count,
      started: Time.optional(),
      ended: Time.optional(),
      by: z.array(Uuid),
      observed: z.string(),
    }),
  ),
  /** The person at each seat now, including substitutes. */
  seats: z.array(z.strictObject({ seat: Seat, person: Uuid })),
  due: z.string().optional(),
  /** Numbers of the components held now, and of those received but to be entered again. */
  held: z.array(Count),
  again: z.array(Count),
  components: z.array(
    z.strictObject({
      index: Count,
      person: Uuid,
      check: Check,
      commitment: Hex64,
      serial: z.string(),
    }),
  ),
  exceptions: z.array(
    z.strictObject({
      number: Count,
      step: z.string(),
      expected: z.string(),
      observed: z.string(),
      decision: z.string(),
      /** The person at each seat from then on. */
      substitute: z.strictObject({ seat: Seat, person: Uuid }).optional(),
      open: z.boolean(),
    }),
  ),
  agreed: z.array(Uuid),
  disagreed: z.array(Uuid),
  readBack: ReadBack.optional(),
  key: Uuid.optional(),
  check: Check.optional(),
  verdict: z.string().optional(),
  claims: z.array(Claim),
});
export type CeremonyView = z.infer<typeof CeremonyView>;

/** A step's input, by its kind. Secrets are handles. */
export const StepInput = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('arrive') }),
  z.strictObject({ kind: z.literal('clock'), roomTime: Time }),
  z.strictObject({ kind: z.literal('definition.read'), words: z.array(z.string().max(32)).max(8) }),
  z.strictObject({ kind: z.literal('token.check') }),
  z.strictObject({
    kind: z.literal('component.enter'),
    index: z.int().min(1).max(9),
    component: Uuid,
    check: z.string().max(64),
    serial: text(64),
  }),
  z.strictObject({ kind: z.literal('key.form'), phrase: z.string().max(256), login: Login }),
  z.strictObject({ kind: z.literal('key.verify'), check: z.string().max(64) }),
  z.strictObject({
    kind: z.literal('envelopes.destroy'),
    phrase: z.string().max(256),
    serials: z.array(text(64)).max(16),
  }),
  z.strictObject({ kind: z.literal('agree'), agree: z.boolean(), because: text(1024).optional() }),
]);
export type StepInput = z.infer<typeof StepInput>;

const which = { ceremony: CeremonyId };

export const ceremoniesChannels = {
  'ceremonies.templates': channel('none', Nothing, z.array(TemplateView)),
  /** Drafts the definition from a template and parameters. Nothing is recorded. */
  'ceremonies.draft': channel(
    'none',
    z.strictObject({ template: z.string().max(64), parameters: DraftParameters }),
    z.strictObject({ sha256: Hex64, words: z.array(z.string()), definition: Definition }),
  ),
  'ceremonies.define': channel('proof', z.strictObject({ definition: Definition }), DefinitionView),
  'ceremonies.definitions': channel('none', Nothing, z.array(DefinitionView)),
  /** Its words are compared on paper before, and read back by another person as the ceremony's first step. */
  'ceremonies.approve': channel(
    'proof',
    z.strictObject({ definitionSha256: Hex64 }),
    DefinitionView,
  ),
  'ceremonies.arm': channel('proof', z.strictObject({ definitionSha256: Hex64 }), CeremonyView),
  'ceremonies.list': channel(
    'none',
    Nothing,
    z.array(
      z.strictObject({ id: CeremonyId, title: z.string(), status: CeremonyStatus, opened: Time }),
    ),
  ),
  'ceremonies.show': channel('none', z.strictObject(which), CeremonyView),
  'ceremonies.step': channel(
    'seats',
    z.strictObject({ ...which, step: Step.shape.id, input: StepInput }),
    CeremonyView,
  ),
  'ceremonies.exception': channel(
    'two',
    z.strictObject({
      ...which,
      observed: text(1024),
      decision: text(1024),
      substitute: z.strictObject({ seat: Seat, person: Uuid }).optional(),
    }),
    CeremonyView,
  ),
  'ceremonies.pause': channel('proof', z.strictObject({ ...which, why: text(256) }), CeremonyView),
  'ceremonies.resume': channel('proof', z.strictObject(which), CeremonyView),
  /**
   * When a key is in the token, two people abort, and the key is destroyed. `typed`: the label of a key already released, which is destroyed as by
   * `keys.destroy`.
   */
  'ceremonies.abort': channel(
    'proof',
    z.strictObject({
      ...which,
      because: text(1024),
      typed: z.string().max(256).optional(),
      login: Login.optional(),
    }),
    CeremonyView,
  ),
  'ceremonies.close': channel('two', z.strictObject(which), CeremonyView),
} as const;
