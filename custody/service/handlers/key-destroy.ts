/** Destroying a key at its token, for the keys' and the ceremonies' handlers. */
import type { KeyRecord } from '../../../shared/domain/keys.ts';
import { KeymootError } from '../../../shared/errors.ts';
import type { NewEntry } from '../../core/audit/entry.ts';
import { otherThan } from '../../core/keys/same-key.ts';
import type { KeyReadback } from '../../../shared/token/protocol.ts';
import { DEADLINES, type TokenClient } from '../../tokens/client.ts';
import type { KeyIntent } from '../desk.ts';
import { KeyAct, type ActOn } from '../key-act.ts';
import {
  anotherKey,
  askToDestroy,
  findWished,
  specOfKey,
  stillThere,
  type Login,
} from '../key-work.ts';
import { wishDetail, type KeyWish } from '../wish.ts';
import { reasonOf } from '../reason.ts';
import { byActor, byCall, requireRole, type Call } from '../router.ts';
import { keyTarget } from './key-facts.ts';
import { MANAGERS } from '../../../shared/domain/people.ts';

/** Checks the role of the people who destroy a key, and the typed label that confirms the key (R7). The channel itself requires two proofs. */
export const requireMayDestroy = (key: KeyRecord, typed: string | undefined, call: Call): void => {
  requireRole(call, MANAGERS, 'Destroying keys');
  if (key.state === 'destroyed')
    throw new KeymootError('state-refused', 'This key was destroyed before. Nothing was done.');
  if (typed !== key.label)
    throw new KeymootError(
      'readback-wrong',
      'The name typed is not the key’s label. Nothing was destroyed.',
      { fields: { typed: 'differs' } },
    );
};

class DestroyKey extends KeyAct<{ destroyed: number }, number> {
  readonly #key: KeyRecord;
  readonly #where: Pick<NewEntry, 'ceremony'>;
  #found: KeyReadback['objects'] = [];
  protected readonly deadlineMs = DEADLINES.destroy;

  constructor(on: ActOn, key: KeyRecord, where: Pick<NewEntry, 'ceremony'>) {
    super(on);
    this.#key = key;
    this.#where = where;
  }
  #common() {
    const { at } = this.#key;
    return { target: keyTarget(this.#key), tokenSerial: at.token.serial, ...this.#where };
  }
  #intent(): KeyIntent {
    const { call, wish } = this.on;
    return { type: 'key.destroy', detail: wishDetail(wish), ...this.#common(), ...byCall(call) };
  }
  #outcome(corr: string, objects: number, refused?: KeymootError): NewEntry {
    return {
      type: 'key.destroy',
      ...(refused === undefined ? {} : { outcome: 'failure', reason: reasonOf(refused) }),
      corr,
      detail: { key: this.#key.id, objects },
      ...this.#common(),
      ...byActor(this.on.call),
    };
  }

  protected async look(client: TokenClient): Promise<void> {
    const { byId } = await findWished(this.bench, client);
    this.#found = byId.objects;
    const other = this.#found.length === 0 ? undefined : otherThan(this.#key, byId);
    if (other === undefined) return;
    // Another key under its id is not touched; finding it is recorded.
    const error = anotherKey(this.#key, other);
    const [{ id }] = this.desk.openIntents([this.#intent()], 0);
    this.desk.closeIntent(id, [this.#outcome(id, 0, error)]);
    await this.desk.seal();
    throw error;
  }
  protected intend(): readonly [KeyIntent] {
    return [this.#intent()];
  }
  protected ask(client: TokenClient): Promise<{ destroyed: number }> {
    return askToDestroy(client, this.bench);
  }
  async #left(): Promise<number> {
    return (await findWished(this.bench)).byId.objects.length;
  }
  #gone(): number {
    const objects = this.#found.length;
    this.desk.closeIntent(this.intended(), [this.#outcome(this.intended(), objects)]);
    return objects;
  }
  protected async record(): Promise<number> {
    // The token reported success but still has objects: Recovery settles that.
    if ((await this.#left()) > 0) throw stillThere();
    return this.#gone();
  }
  protected async afterRefusal(error: KeymootError): Promise<number> {
    const left = await this.#left();
    if (left === 0) return this.#gone();
    // Half of a pair is left: Recovery settles that.
    if (left < this.#found.length) throw stillThere();
    this.desk.closeIntent(this.intended(), [this.#outcome(this.intended(), 0, error)]);
    await this.desk.seal();
    throw error;
  }
}

/**
 * Destroys a key under an intent, proves its absence from a new process, records both.
 *
 * @returns the number of objects destroyed
 */
export const destroyKey = (
  key: KeyRecord,
  call: Call,
  login: Login,
  where: Pick<NewEntry, 'ceremony'> = {},
): Promise<number> => {
  const { at, algorithm, purpose, extractable, label, ckaid } = key;
  const wish: KeyWish = {
    ...{ at, key: key.id, kind: 'destroy', algorithm, purpose, extractable, label, ckaid },
  };
  const spec = specOfKey(call.desk, key);
  return new DestroyKey({ call, login, wish, spec }, key, where).run();
};
