/** Generating a key in its token. */
import { randomBytes } from 'node:crypto';
import type { Input } from '../../../shared/contract/index.ts';
import type { KeyRecord } from '../../../shared/domain/keys.ts';
import { KeymootError } from '../../../shared/errors.ts';
import type { KeyReadback } from '../../../shared/token/protocol.ts';
import type { GenerateSpec } from '../../core/keys/templates.ts';
import type { TokenClient } from '../../tokens/client.ts';
import { uuidv7 } from '../ids.ts';
import { MakeKey } from '../key-act.ts';
import { specOf, type Login } from '../key-work.ts';
import { byActor, byCall, type Call } from '../router.ts';
import { telling } from '../telling.ts';
import { wishDetail, type KeyWish } from '../wish.ts';
import { controlOf, keepPublicKey, keyRecord, keyTarget, madeEntry } from './key-facts.ts';

class GenerateKey extends MakeKey<GenerateSpec> {
  protected get deadlineMs(): number {
    return this.on.spec.deadlineMs;
  }
  #common() {
    const { label, ckaid, at } = this.on.wish;
    return { target: keyTarget({ label, ckaid }), tokenSerial: at.token.serial };
  }

  protected intend() {
    const { call, wish } = this.on;
    const detail = wishDetail(wish);
    return [{ type: 'key.generate', detail, ...this.#common(), ...byCall(call) }] as const;
  }
  protected ask(client: TokenClient): Promise<KeyReadback> {
    const { call, login, wish, spec } = this.on;
    const { mechanism, secret, publicKey, privateKey, targets, cmac, deadlineMs } = spec;
    return telling(
      call,
      `The token is generating ${wish.algorithm}. This can’t be cancelled.`,
      () =>
        client.call(
          'generate',
          {
            token: wish.at.token,
            ...login,
            mechanism,
            ...(secret ? { secret } : {}),
            ...(publicKey ? { publicKey } : {}),
            ...(privateKey ? { privateKey } : {}),
            targets,
            label: wish.label,
            cmac,
          },
          { deadlineMs },
        ),
    );
  }
  protected notAsWished(difference: string): KeymootError {
    return new KeymootError(
      'key-not-as-asked',
      `The token made something other than was asked for: ${difference}. It was destroyed again, and its absence checked.`,
    );
  }
  protected failed(reason: string, _observed: string, objects: number) {
    const { call, wish } = this.on;
    return [
      {
        type: 'key.generate' as const,
        outcome: 'failure' as const,
        corr: this.intended(),
        reason,
        ...this.#common(),
        detail: { key: wish.key, objects },
        ...byActor(call),
      },
    ];
  }
  protected made(made: KeyReadback) {
    const { call, spec, wish } = this.on;
    const key = keyRecord(
      {
        id: wish.key,
        at: wish.at,
        request: spec.request,
        state: 'active',
        control: controlOf(this.desk, wish.at),
        created: new Date().toISOString(),
      },
      made,
    );
    const corr = this.intended();
    return {
      key,
      entries: [{ type: 'key.generate' as const, corr, ...madeEntry(key), ...byActor(call) }],
    };
  }
  protected keep(key: KeyRecord): () => void {
    return keepPublicKey(this.desk, key);
  }
}

export const generateKey = (
  { at, algorithm, purpose, extractable, label }: Input<'keys.generate'>,
  call: Call,
  login: Login,
): Promise<KeyRecord> => {
  const wish: KeyWish = {
    ...{ at, key: uuidv7(), kind: 'generate', algorithm, purpose, extractable, label },
    ckaid: randomBytes(16).toString('hex'),
  };
  const spec = specOf(call.desk, wish);
  if (!('mechanism' in spec)) throw new Error('keys: a spec to generate was expected');
  return new GenerateKey({ call, login, wish, spec }).run();
};
