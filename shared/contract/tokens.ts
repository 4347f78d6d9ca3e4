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
  /** Why the module can't be used now. */
  error: ErrorShape.optional(),
});
export type ModuleView = z.infer<typeof ModuleView>;

export const Capability = z.strictObject({
  algorithm: Algorithm,
  can: z.boolean(),
  why: z.string(),
});

/** SECURITY: only variables that some supported library reads; of these the desk passes only those of this library's family. */
export const LibraryEnvironment = z.record(
  z.string().refine((name) => MODULE_VARIABLES.includes(name), 'may not be set for a library'),
  z.string().max(1024),
);

export const tokensChannels = {
  /** Libraries at well-known paths, added or not. */
  'modules.find': channel(
    'none',
    Nothing,
    z.array(
      z.strictObject({ path: z.string(), family: Family, label: z.string(), added: z.boolean() }),
    ),
  ),
  /**
   * Adds a library by a granted path. It is loaded once, in a process of its own, before it is recorded. Two administrators or officers approve it, once the
   * desk has any.
   */
  'modules.add': channel(
    'two',
    z.strictObject({
      grant: Uuid,
      label: text(64),
      /** NSS and others: the string for C_Initialize. */
      parameters: z.string().max(1024).optional(),
      /** Values for variables that its family reads; they override the service's. */
      environment: LibraryEnvironment.optional(),
    }),
    ModuleView,
    { founding: true },
  ),
  'modules.list': channel('none', Nothing, z.array(ModuleRecord)),
  /** A changed library is quarantined; two people may approve the new file. */
  'modules.approve': channel('two', z.strictObject({ module: Uuid, sha256: Hex64 }), ModuleRecord),
  /** Every module with its tokens, queried now; while the watch is on, a module that does not answer is listed as last seen. */
  'tokens.list': channel('none', Nothing, z.array(ModuleView)),
  /** While on, `tokens.changed` reports tokens that appear or leave. Turn it on before the first list; changes in between would go unreported. */
  'tokens.watch': channel('none', z.strictObject({ on: z.boolean() }), Nothing),
  /**
   * Makes a training token: SoftHSM for ceremonies, NSS for exports. Its PINs come in halves like any other's. If its library is added with it, two
   * administrators or officers are needed, as for any library.
   */
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
  /** The objects on a token: the public ones, or all with a login, which takes a proof. */
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
