import { z } from 'zod';
import { Claim, Hex64, Uuid, text } from '../domain/basics.ts';
import { Algorithm } from '../domain/keys.ts';
import { MODULE_VARIABLES } from '../environment.ts';
import {
  Family,
  ModuleInfo,
  ModuleRecord,
  TokenIdentity,
  TokenRef,
  TokenSummary,
} from '../domain/tokens.ts';
import { TokenObject } from '../token/protocol.ts';
import { channel } from './channel.ts';
import { Login, Nothing, PinHandles } from './desk.ts';
import { ErrorShape } from './message.ts';

export const ModuleView = z.strictObject({
  module: ModuleRecord,
  info: ModuleInfo.optional(),
  tokens: z.array(TokenSummary),
  /** Why it can't be used now, in words. */
  error: ErrorShape.optional(),
});
export type ModuleView = z.infer<typeof ModuleView>;

export const Capability = z.strictObject({
  algorithm: Algorithm,
  can: z.boolean(),
  why: z.string(),
});

/** SECURITY: only what some library reads; the desk takes of it what this library's family reads. */
export const LibraryEnvironment = z.record(
  z.string().refine((name) => MODULE_VARIABLES.includes(name), 'may not be set for a library'),
  z.string().max(1024),
);

export const tokensChannels = {
  /** Libraries at well-known places, whether added yet or not. */
  'modules.find': channel(
    'none',
    Nothing,
    z.array(
      z.strictObject({ path: z.string(), family: Family, label: z.string(), added: z.boolean() }),
    ),
  ),
  /** Adds a library by a granted path. It is loaded once, in a process of its own, before it is recorded. Two administrators or officers let it in, once there are any. */
  'modules.add': channel(
    'two',
    z.strictObject({
      grant: Uuid,
      label: text(64),
      /** NSS and others: the string that C_Initialize gets. */
      parameters: z.string().max(1024).optional(),
      /** For variables that its family reads: other values than the service has, or where it has none. */
      environment: LibraryEnvironment.optional(),
    }),
    ModuleView,
    { founding: true },
  ),
  'modules.list': channel('none', Nothing, z.array(ModuleRecord)),
  /** A library that changed is quarantined; two people may agree to the new one. */
  'modules.approve': channel('two', z.strictObject({ module: Uuid, sha256: Hex64 }), ModuleRecord),
  /** Every module with its tokens, looked at now; while they are watched, a module that does not answer is told as it was last. */
  'tokens.list': channel('none', Nothing, z.array(ModuleView)),
  /** While on, a token that appears or leaves is told by `tokens.changed`. Turned on before the first list, or what changes in between goes untold. */
  'tokens.watch': channel('none', z.strictObject({ on: z.boolean() }), Nothing),
  /** Makes a training token: SoftHSM for ceremonies, NSS for exports. Its PINs come in halves like any other's. Two administrators or officers make one whose library comes with it, as with any other. */
  'tokens.train': channel(
    'proof',
    z.strictObject({
      family: Family.extract(['softhsm', 'nss']),
      label: z.string().regex(/^[A-Za-z0-9 ._-]{1,32}$/, 'must be 1 to 32 plain characters'),
      soPin: PinHandles.optional(),
      userPin: PinHandles,
    }),
    z.strictObject({ at: TokenRef, claims: z.array(Claim) }),
    { founding: true },
  ),
  'tokens.can': channel('none', z.strictObject({ at: TokenRef }), z.array(Capability)),
  /** What is on a token: the public view, or all with a login, which takes a proof. */
  'tokens.objects': channel(
    'presence',
    z.strictObject({ at: TokenRef, login: Login.optional() }),
    z.strictObject({
      token: TokenIdentity,
      publicView: z.boolean(),
      objects: z.array(TokenObject),
    }),
  ),
} as const;
