import { z } from 'zod';
import { Claim, Count, Time, Uuid, text } from '../domain/basics.ts';
import { Algorithm, KeyLabel, KeyRecord, KeySummary, Purpose } from '../domain/keys.ts';
import { TokenRef } from '../domain/tokens.ts';
import { OUTCOMES } from '../log/entries.ts';
import { channel } from './channel.ts';
import { Login, Nothing } from './desk.ts';

export const KeyView = z.strictObject({
  key: KeyRecord,
  claims: z.array(Claim),
  /** Fingerprint in words, for reading aloud: public keys only. */
  words: z.array(z.string()),
});
export type KeyView = z.infer<typeof KeyView>;

/** One entry of a key's life. An intent is listed only while its outcome is unknown. */
export const LifeEvent = z.strictObject({
  seq: Count,
  time: Time,
  type: text(64),
  outcome: z.enum(OUTCOMES),
  /** It was interrupted, and settled afterwards. */
  recovered: z.boolean(),
});
export type LifeEvent = z.infer<typeof LifeEvent>;

export const keysChannels = {
  'keys.list': channel('none', Nothing, z.array(KeyRecord)),
  /**
   * The inventory by pages, oldest first. While `revision` is the same, no key was made or changed, so a caller that has all pages need not read them again.
   */
  'keys.page': channel(
    'none',
    z.strictObject({ from: Count, limit: z.int().min(0).max(500) }),
    z.strictObject({ revision: Count, total: Count, keys: z.array(KeySummary) }),
  ),
  'keys.show': channel('none', z.strictObject({ key: Uuid }), KeyView),
  'keys.life': channel('none', z.strictObject({ key: Uuid }), z.array(LifeEvent)),
  'keys.generate': channel(
    'two',
    z.strictObject({
      at: TokenRef,
      algorithm: Algorithm,
      purpose: Purpose,
      label: KeyLabel,
      extractable: z.boolean().default(false),
      login: Login,
    }),
    KeyView,
  ),
  /** Destroys a key on its token and proves its absence from a new process. `typed` is the key's label, typed. */
  'keys.destroy': channel(
    'two',
    z.strictObject({ key: Uuid, typed: z.string().max(256), login: Login }),
    KeyRecord,
  ),
} as const;
