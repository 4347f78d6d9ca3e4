/** The desk itself: hello, founding, opening, secrets, files, the log. */
import { z } from 'zod';
import { Base64, Count, Hex64, Mode, Time, Uuid, text } from '../domain/basics.ts';
import { ErrorShape } from './message.ts';
import { FILE_PURPOSES, type FilePurpose } from './names.ts';
import { TokenIdentity, TokenRef } from '../domain/tokens.ts';
import { Binding, SealedSecret } from '../sealed.ts';
import { channel } from './channel.ts';

export const Nothing = z.strictObject({});
/** Two handles of PIN halves, in the order of their envelopes. */
export const PinHandles = z.strictObject({ first: Uuid, second: Uuid });
export type PinHandles = z.infer<typeof PinHandles>;
/** PIN halves, and the typed confirmation when the token reports its last try. */
export const Login = z.strictObject({ ...PinHandles.shape, lastTry: z.boolean().default(false) });

export const DeskState = z.enum(['EMPTY', 'FOUNDING', 'READY']);
const SignerState = z.enum(['SEALING', 'UNSEALED', 'NO SIGNER']);

export const LogState = z.strictObject({
  origin: z.string().optional(),
  size: Count,
  root: Base64,
  sealed: Count,
  unsealed: Count,
  since: Time.optional(),
  signer: SignerState,
  why: z.string(),
  keySha256: Hex64.optional(),
  /** The token of the log key, which is its only key. */
  at: TokenRef.optional(),
});
export type LogState = z.infer<typeof LogState>;

export const Unfinished = z.strictObject({
  intent: Uuid,
  seq: Count,
  type: z.string(),
  time: Time,
  what: z.string(),
  token: TokenRef.optional(),
  until: Time,
});
export type Unfinished = z.infer<typeof Unfinished>;

export const Trust = z.strictObject({
  v: z.literal(1),
  log: z.string(),
  keys: z.array(z.strictObject({ spki: Base64, from: Count, to: Count.optional() })),
  anchors: z.array(z.string()).optional(),
  people: z.array(Hex64).optional(),
});
export type Trust = z.infer<typeof Trust>;

const EntryView = z.strictObject({
  seq: Count,
  entry: z.record(z.string(), z.unknown()),
  leaf: Hex64,
});

const VerdictPart = z.strictObject({
  result: z.enum(['pass', 'fail', 'unproven']),
  notes: z.array(z.string()),
});
/** A verifier's verdict on a bundle (resources/formats/audit-log.md, section 11). */
export const VerdictView = z.strictObject({
  v: z.literal(1),
  verdict: z.enum(['pass', 'tampered', 'malformed', 'unproven']),
  exit: z.int().min(0).max(3),
  log: z.string().nullable(),
  size: Count.nullable(),
  root: z.string().nullable(),
  parts: z.strictObject({
    format: VerdictPart,
    integrity: VerdictPart,
    authenticity: VerdictPart,
    completeness: VerdictPart,
    quorum: VerdictPart,
    state: VerdictPart,
  }),
  not_proven: z.array(z.string()),
  first_bad: z
    .strictObject({
      index: Count.optional(),
      path: z.string().optional(),
      offset: Count.optional(),
      why: z.string(),
    })
    .optional(),
});
export type VerdictView = z.infer<typeof VerdictView>;

export const deskChannels = {
  'desk.hello': channel(
    'none',
    Nothing,
    z.strictObject({
      protocol: z.literal(1),
      version: z.string(),
      build: Hex64,
      epoch: Count,
      /** X25519 public key to seal secrets to. */
      publicKey: Base64,
      state: DeskState,
      mode: Mode.optional(),
      origin: z.string().optional(),
    }),
  ),
  'desk.status': channel(
    'none',
    Nothing,
    z.strictObject({
      state: DeskState,
      mode: Mode.optional(),
      log: LogState,
      unfinished: z.array(Unfinished),
      here: z.array(Uuid),
      warnings: z.array(z.string()),
    }),
  ),
  /** Makes the log key on a token, then genesis and the first checkpoints (design 08, T6). */
  'desk.found': channel(
    'none',
    z.strictObject({
      name: z.string().regex(/^[a-z0-9.-]{1,64}$/, 'must be 1 to 64 of a–z, 0–9, dot and hyphen'),
      mode: Mode,
      at: TokenRef,
      login: Login,
    }),
    z.strictObject({ origin: z.string(), keySha256: Hex64, words: z.array(z.string()) }),
  ),
  /** Opens the log's signer. */
  'desk.open': channel('proof', z.strictObject({ login: Login }), LogState, { founding: true }),
  'desk.lock': channel('none', Nothing, LogState),
  'secrets.put': channel(
    'none',
    z.strictObject({ binding: Binding, box: SealedSecret }),
    z.strictObject({ handle: Uuid }),
  ),
  'files.grant': channel(
    'none',
    z.strictObject({
      purpose: z.enum(Object.keys(FILE_PURPOSES) as [FilePurpose, ...FilePurpose[]]),
      path: z.string().min(1).max(4096),
    }),
    z.strictObject({ grant: Uuid, name: z.string() }),
  ),
  'log.state': channel('none', Nothing, LogState),
  'log.seal': channel('presence', Nothing, LogState),
  'log.entries': channel(
    'presence',
    z.strictObject({ from: Count, limit: z.int().min(1).max(500) }),
    z.strictObject({ size: Count, entries: z.array(EntryView) }),
  ),
  'log.proof': channel(
    'presence',
    z.strictObject({ seq: Count }),
    z.strictObject({
      seq: Count,
      size: Count,
      root: Base64,
      leaf: Hex64,
      path: z.array(Base64),
      note: z.string().optional(),
    }),
  ),
  'log.export': channel(
    'proof',
    z.strictObject({ grant: Uuid }),
    z.strictObject({ size: Count, root: Base64, files: Count, keySha256: Hex64 }),
  ),
  'log.trust': channel('none', Nothing, Trust),
  /** Writes the trust file, which must travel on another way than the bundle. */
  'log.saveTrust': channel(
    'none',
    z.strictObject({ grant: Uuid }),
    z.strictObject({
      name: z.string(),
      /** Hash of the file, for comparison at the destination. */
      sha256: Hex64,
      keySha256: Hex64,
      /** The log key's fingerprint, for reading aloud. */
      words: z.array(z.string()),
    }),
  ),
  /** Judges an exported bundle, of this desk or another. Without a trust file nothing can be authentic; anchors are texts of checkpoints held outside. */
  'log.verify': channel(
    'none',
    z.strictObject({
      bundle: Uuid,
      trust: Uuid.optional(),
      anchors: z.array(z.string().max(4096)).max(16).optional(),
    }),
    VerdictView,
  ),
  'recovery.list': channel('none', Nothing, z.array(Unfinished)),
  /** Examines the token and settles one unfinished act: adopts the key if it is as requested, or destroys it. */
  'recovery.settle': channel(
    'two',
    z.strictObject({ intent: Uuid, login: Login, found: z.enum(['adopt', 'destroy']) }),
    z.strictObject({
      outcome: z.enum(['adopted', 'destroyed', 'nothing-was-made']),
      key: Uuid.optional(),
      says: z.string(),
    }),
  ),
} as const;

/** Events of the desk. */
export const deskEvents = {
  'log.changed': LogState,
  'desk.changed': z.strictObject({ state: DeskState }),
  /** Progress of long work: what it waits for, and the elapsed time. */
  progress: z.strictObject({ request: Count, text: text(256), elapsedMs: Count }),
  /** The answer of `tokens.list` changed, by an act of this desk or, while watching, by itself. */
  'tokens.changed': Nothing,
  'ceremony.changed': z.strictObject({ ceremony: z.string() }),
  'signer.lost': z.strictObject({ error: ErrorShape, token: TokenIdentity }),
} as const;
